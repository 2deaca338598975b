#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the owner gets: a ticket is used up at the line, the closed batch's report and the manifest's
statement verify with openssl alone, and what a crash left out comes back from the signer's log."""

import configparser
import hashlib
import os
import signal
import sqlite3
import subprocess

import rig


class Owner:
    """A key pair made by openssl, tickets made by keycradle ticket make."""

    def __init__(self, station):
        self.station = station
        self.key = os.path.join(station.folder, 'owner.key')
        self.certificate = os.path.join(station.folder, 'owner.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-keyout', self.key, '-out',
                        self.certificate, '-subj', '/CN=Owner', '-days', '100'],
                       check=True, capture_output=True)
        with open(station.signer_config, 'a', encoding='utf-8') as file:
            file.write(f'\n[tickets]\nOwner={self.certificate}\n')

    def ticket(self, number, count, batch='B1', **options):
        folder = os.path.dirname(self.station.config)
        path = os.path.join(self.station.folder, f'ticket-{number}.p7s')
        words = [word for key, value in options.items()
                 for word in ('--' + key.replace('_', '-'), value)]
        self.station.cli('ticket', 'make', '--key', self.key, '--certificate', self.certificate,
                         '--number', str(number), '--batch', batch, '--profile', 'aws-iot',
                         '--count', str(count), '--station', find(folder, 'station.pem'),
                         '--ca-file', find(folder, 'ca.pem'), '--output', path, *words)
        return path


def find(folder, name):
    for place, _, files in os.walk(folder):
        if name in files:
            return os.path.join(place, name)
    raise rig.Failure(f'there is no {name} below {folder}')


def verified_text(station, path):
    """What the station signed, by openssl, with the station's certificate pinned."""
    pinned = find(os.path.dirname(station.config), 'station.pem')
    run = subprocess.run(['openssl', 'cms', '-verify', '-inform', 'DER', '-in', path, '-certfile',
                          pinned, '-CAfile', pinned, '-purpose', 'any'], capture_output=True,
                         text=True, check=False)
    rig.expect_equal(run.returncode, 0, f'openssl verifies {path}: {run.stderr}')
    text = configparser.ConfigParser(interpolation=None)
    text.optionxform = str
    text.read_string(run.stdout)
    return text


def hash_of_event(station, event):
    """The chain, followed from the ledger's identity to `event`, as docs/evidence.md has it."""
    database = sqlite3.connect(f'file:{find(os.path.dirname(station.config), "station.db")}?mode=ro',
                               uri=True)
    (identity,) = database.execute('SELECT value FROM identity').fetchone()
    value = hashlib.sha256(b'keycradle ledger' + identity).digest()
    for number, at, *texts in database.execute(
            'SELECT id, at, actor, kind, subject, detail FROM audit_events WHERE id <= ? ORDER BY id',
            (event,)):
        value += number.to_bytes(8, 'big') + at.to_bytes(8, 'big')
        for text in texts:
            value += len(text.encode()).to_bytes(4, 'big') + text.encode()
        value = hashlib.sha256(value).digest()
    database.close()
    return identity.hex(), value.hex()


def expect_chain(station, ledger):
    identity, value = hash_of_event(station, int(ledger['Event']))
    rig.expect_equal(ledger['Id'], identity, 'the ledger is the one that was signed about')
    rig.expect_equal(ledger['EventHash'], value, 'the chain up to there is the one that was signed')


def final_report(station, batch='B1'):
    def found():
        reports = [one for one in station.json('report', 'list', '--batch', batch) if one['final']]
        return reports[0] if reports else None
    report = rig.wait_until(found, f'the final report of {batch}')
    path = os.path.join(station.folder, 'report.p7s')
    station.cli('report', 'save', str(report['id']), '--output', path)
    return verified_text(station, path)


def a_ticket_is_used_up_and_the_report_says_so():
    with rig.station(slots=1, start=False) as station:
        owner = Owner(station)
        station.start()
        simulator = station.simulator()
        station.cli('batch', 'create', 'B1', '--profile', 'aws-iot')
        run = station.cli('batch', 'start', 'B1', exit_code=75)
        rig.expect('no ticket' in run.stderr and 'keycradle ticket load FILE' in run.stderr, run.stderr)
        ticket = owner.ticket(7, 3)
        station.cli('ticket', 'load', ticket)
        run = station.cli('ticket', 'load', ticket, exit_code=2)
        station.cli('batch', 'start', 'B1')
        for number in range(4):
            name = f'D-{number}'
            simulator.new(name, driver='smp', serial=name)
            slot = station.run_device(simulator, name, 1)
            expected = 'pass' if number < 3 else 'fail'
            rig.expect_equal(slot['state'], expected, f'{name}: {slot}')
            simulator.unplug(name)
            rig.wait_until(lambda: not station.slot(1)['present'], 'the slot is free')
        rig.expect_equal(slot['reason'], 'ticket-used-up', 'why the fourth failed')
        batch = station.json('batch', 'show', 'B1')
        rig.expect_equal((batch['ticket'], batch['ticket-remaining']), (7, 0), 'what is left')
        rig.wait_until(lambda: any(event['kind'] == 'signer-refusal' for event in
                                   station.json('event', 'list')), 'the refusal is in the ledger')
        station.cli('batch', 'close', 'B1')
        text = final_report(station)
        rig.expect_equal(text['report']['Final'], 'yes', 'it is final')
        rig.expect_equal([text['ticket'][key] for key in ('Number', 'Count', 'Issued', 'Remaining')],
                         ['7', '3', '3', '0'], 'the ticket')
        rig.expect_equal([text['ledger'][key] for key in ('Devices', 'Verified', 'Void', 'Open')],
                         ['4', '3', '0', '0'], 'the ledger')
        # both tries: the ticket that came twice, and the fourth device
        rig.expect_equal(text['log']['Refusals'], '2', 'refusals on record')
        with open(ticket, 'rb') as file:
            rig.expect_equal(text['ticket']['Sha256'], hashlib.sha256(file.read()).hexdigest(),
                             'the very ticket')
        expect_chain(station, text['ledger'])
        rig.expect_equal(station.json('batch', 'show', 'B1')['report-due'], False, 'nothing is due')


def a_manifest_carries_what_the_station_signed():
    with rig.station(slots=1) as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('D-1', driver='smp', serial='D-1')
        station.run_device(simulator, 'D-1', 1, 'pass')
        path = os.path.join(station.folder, 'm.csv')
        run = station.cli('export', 'csv', '--batch', 'B1', '--output', path)
        rig.expect('m.csv.p7s' in run.stdout, run.stdout)
        text = verified_text(station, path + '.p7s')
        with open(path, 'rb') as file:
            rig.expect_equal(text['manifest']['Sha256'], hashlib.sha256(file.read()).hexdigest(),
                             'it is about this file')
        rig.expect_equal(text['manifest']['Rows'], '1', 'rows')
        expect_chain(station, text['ledger'])
        pinned = find(os.path.dirname(station.config), 'station.pem')
        run = station.cli('manifest', 'verify', path, '--station', pinned)
        rig.expect('yes, about this file' in run.stdout, run.stdout)
        other = find(os.path.dirname(station.config), 'ca.pem')
        run = station.cli('manifest', 'verify', path, '--station', other, exit_code=6)
        rig.expect('no: ' in run.stdout, run.stdout)
        with open(path, 'a', encoding='utf-8') as file:
            file.write('x')
        run = station.cli('manifest', 'verify', path, exit_code=6)
        rig.expect('another file' in run.stdout, run.stdout)


def a_signer_that_is_away_signs_later():
    """The export is whole without it; the closed batch gets its report when it is back."""
    with rig.station(slots=1) as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('D-1', driver='smp', serial='D-1')
        station.run_device(simulator, 'D-1', 1, 'pass')
        signer = station.signer_pid()
        os.kill(signer, signal.SIGSTOP)
        path = os.path.join(station.folder, 'm.csv')
        try:
            run = station.cli('export', 'csv', '--batch', 'B1', '--output', path)
            rig.expect('signature is missing' in run.stderr, run.stderr)
            rig.expect(not os.path.exists(path + '.p7s'), 'there is no statement yet')
            station.cli('batch', 'close', 'B1')
            rig.expect_equal(station.json('batch', 'show', 'B1')['report-due'], True, 'it is shown as due')
            station.kill()  # and a crash on top of it
        finally:
            os.kill(signer, signal.SIGCONT)
        station.kill_signer()
        station.start()
        text = final_report(station)
        rig.expect_equal(text['ledger']['Verified'], '1', 'the ledger')
        (export,) = station.json('export', 'list')
        rig.expect_equal(export['stated'], False, 'the export has none')
        station.cli('device', 'void', 'D-1', '--reason', 'scrapped')  # it was good when the file was made
        station.cli('export', 'statement', str(export['id']), '--output', path + '.p7s')
        station.cli('manifest', 'verify', path)
        verified_text(station, path + '.p7s')
        (export,) = station.json('export', 'list')
        rig.expect_equal(export['stated'], True, 'now it has one')
        folder = os.path.join(station.folder, 'collection')
        station.cli('audit', 'collect', folder)
        station.cli('audit', 'verify', folder, '--manifest', path, '--station', os.path.join(folder, 'station.pem'),
                    '--kept', os.path.join(folder, 'checkpoints'))


def what_is_open_at_the_end_becomes_void():
    """A unit that was pulled out before it had its certificate: it is signed, but never verified."""
    with rig.station(slots=1) as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('D-1', driver='smp', serial='D-1', fault='refuse-install')
        simulator.plug('D-1', 1)
        station.wait_ended(1)
        before = station.certificates()
        rig.expect_equal([one['state'] for one in before], ['issued'], 'signed, not verified')
        station.cli('batch', 'close', 'B1')
        text = final_report(station)
        rig.expect_equal([text['ledger'][key] for key in ('Verified', 'Void', 'Open')],
                         ['0', '1', '0'], 'the ledger')
        (after,) = station.certificates()
        rig.expect_equal((after['state'], after['void-reason']), ('void', 'batch-closed'), 'void, on record')
        line = f'{after["log-index"]} batch-closed\n'
        rig.expect_equal(text['ledger']['VoidsSha256'], hashlib.sha256(line.encode()).hexdigest(), 'which one')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_ticket_is_used_up_and_the_report_says_so,
        a_manifest_carries_what_the_station_signed,
        a_signer_that_is_away_signs_later,
        what_is_open_at_the_end_becomes_void,
    )})
