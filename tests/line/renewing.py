# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices that come back: a new key and certificate, or new roots and endpoint alone, for all that have
passed or for a list; pulled out and killed at any place, each gets exactly one.

  renewing.py TEST [DRIVER]
"""

import os
import random
import re
import subprocess
import sys
import time

import dialects
import judge
import owner_rig
import rig
from contract import Played, cuts_of, pull_out, write_plan


def make_batch(station, name, *words, profile='aws-iot', start=True):
    station.cli('batch', 'create', name, '--product', 'lamp', '--profile', profile, *words)
    if start:
        station.cli('batch', 'start', name)


def close_batch(station, name):
    """With its report, so that what is collected later holds it."""
    station.cli('batch', 'close', name)
    rig.wait_until(lambda: not station.json('batch', 'show', name)['report-due'], f'{name} has its report')


def run_to(station, simulator, name, state, slot=1):
    record = station.run_device(simulator, name, slot)
    rig.expect_equal(record['state'], state, f'{name}: {record}')
    pull_out(station, simulator, name, slot)
    return record


def of_device(station, serial):
    """Its certificates, oldest first."""
    return sorted((one for one in station.certificates() if one['device'] == serial),
                  key=lambda one: one['log-index'])


def expect_renewed(station, serial, batch='R1'):
    """One new certificate, and the one before it is void as superseded."""
    mine = of_device(station, serial)
    rig.expect_equal([(one['batch'], one['state'], one.get('void-reason')) for one in mine],
                     [('B1', 'void', 'superseded'), (batch, 'verified', None)],
                     f'certificates of {serial}')
    rig.expect(mine[0]['spki-sha256'] != mine[1]['spki-sha256'], f'{serial} kept its key')
    shown = station.json('device', 'show', serial)
    rig.expect_equal([one.get('replaces') for one in shown['certificates']],
                     [None, mine[0]['sha256']], f'what replaced what of {serial}')
    rig.expect_equal(shown['batch'], batch, f'the batch of {serial}')


def counts(station, batch, *keys):
    record = station.json('batch', 'show', batch)
    return tuple(record.get(key) for key in keys)


def events(station, kind):
    return [one for one in station.json('event', 'list', '--limit', '0') if one['kind'] == kind]


# ---- the whole ----

def a_device_comes_back_for_the_next(dialect):
    with rig.station(slots=2, start=False) as station:
        dialect.prepare(station)
        simulator = station.start().simulator()
        make_batch(station, 'B1', '--target', '3')
        names = [dialect.new(simulator, number) for number in (1, 2, 3)]
        for name in names:
            run_to(station, simulator, name, 'pass')
        close_batch(station, 'B1')
        make_batch(station, 'R1', '--renew')
        for name in names[:2]:
            run_to(station, simulator, name, 'pass')
            expect_renewed(station, name)
        stranger = dialect.new(simulator, 9)
        rig.expect_equal(run_to(station, simulator, stranger, 'fail')['reason'], 'not-finished',
                         'a device that nobody knows')
        rig.expect_equal(run_to(station, simulator, names[0], 'fail')['reason'], 'already-done',
                         'a device that is renewed already')
        before = of_device(station, names[1])[-1]['sha256']
        station.cli('device', 'retry', names[1])
        run_to(station, simulator, names[1], 'pass')
        rig.expect_equal(of_device(station, names[1])[-1]['sha256'], before, 'it is the same again')
        rig.expect_equal(counts(station, 'B1', 'passed', 'devices', 'first-passed'), (3, 3, 3), 'B1')
        rig.expect_equal(counts(station, 'R1', 'kind', 'passed', 'devices'), ('renew', 2, 2), 'R1')
        judge.judge_devices(station, simulator, names)


def pulled_out_at(dialect, every):
    slots = 12
    with rig.station(slots=slots, start=False) as station:
        dialect.prepare(station, Driver=dialect.name)
        simulator = station.start().simulator()
        make_batch(station, 'B0')
        reaches = cuts_of(station, dialect, simulator)
        simulator.close()
        cuts = [(fault, offset) for fault, (first, last) in reaches.items()
                for offset in range(first + 1, last + 1, every)]
        state = os.path.join(station.folder, 'played')
        close_batch(station, 'B0')
        make_batch(station, 'B1')
        whole, plan = (os.path.join(station.folder, name) for name in ('whole.plan', 'cuts.plan'))
        serials = write_plan(plan, dialect, slots, cuts)
        with open(plan, encoding='utf-8') as file, open(whole, 'w', encoding='utf-8') as other:
            other.write(re.sub(r'(?m)^fault=.*\n', '', file.read()))
        play(station, whole, state)
        station.wait_ended(1 + len(cuts))
        close_batch(station, 'B1')
        make_batch(station, 'R1', '--renew')
        play(station, plan, state)
        station.wait_ended(1 + 3 * len(cuts))
        for serial in serials:
            expect_renewed(station, serial)
        judge.judge_devices(station, Played(state), serials)
        failed = [one['reason'] for one in station.attempts() if one['result'] == 'failed']
        rig.expect_equal(failed, ['unplugged'] * len(cuts), 'reasons')
        print(f'{dialect.name}: {len(cuts)} cuts, every {every} bytes of {reaches}')


def play(station, plan, state):
    run = subprocess.run([rig.program('keycradle-sim'), 'play', plan, '--ports', station.ports,
                          '--state', state], capture_output=True, text=True, check=False,
                         env=rig.environment())
    rig.expect_equal(run.returncode, 0, f'the play of {plan}: {run.stderr}')


def pulled_out_it_is_renewed_once(dialect):
    pulled_out_at(dialect, 401 if dialect.name == 'linux' else 151)


def pulled_out_at_each_byte_it_is_renewed_once(dialect):
    pulled_out_at(dialect, 1)


# ---- killed ----

def again_until_it_passes(station, simulator, name):
    """As an operator does it: in and out, until the slot says PASS."""
    def passed():
        record = station.slot(1)
        if record['state'] == 'fail':
            rig.expect(record['reason'] in ('unplugged', 'no-answer', 'port', 'signer-unreachable', 'busy-device'),
                       f'{name}: {record}')
            pull_out(station, simulator, name, 1)
            simulator.plug(name, 1)
        return record['state'] == 'pass' and record['device'] == name
    rig.wait_until(passed, f'{name} has passed')


def killed(victim, rounds):
    pick = random.Random(7)
    with rig.station() as station:
        simulator = station.simulator()
        make_batch(station, 'B1')
        names = [f'KILL-{number}' for number in range(rounds)]
        for name in names:
            simulator.new(name, driver='smp', key='p-256', serial=name, latency=4)
            run_to(station, simulator, name, 'pass')
        took = [one['ended-at'] - one['started-at'] for one in station.attempts()]
        make_batch(station, 'R1', '--renew', start=False)
        station.cli('batch', 'pause', 'B1')
        station.cli('batch', 'start', 'R1')
        for name in names:
            simulator.plug(name, 1)
            time.sleep(pick.uniform(0, max(took) / 1e6))
            if victim == 'daemon':
                station.kill()
                station.start()
            else:
                station.kill_signer()
            again_until_it_passes(station, simulator, name)
            pull_out(station, simulator, name, 1)
            expect_renewed(station, name)
        rig.wait_until(lambda: station.cli('ca', 'status', exit_code=None).returncode == 0,
                       'the signer is back')
        judge.judge_devices(station, simulator, names)
        print(f'{victim}: killed {rounds} times')


def a_killed_daemon_renews_once():
    killed('daemon', 8)


def a_killed_signer_renews_once():
    killed('signer', 8)


# ---- who it is ----

def what_is_called_like_a_unit_gets_nothing():
    """The same serial with another key: refused, and the unit's certificate lives on."""
    with rig.station() as station:
        simulator = station.simulator()
        make_batch(station, 'B1')
        simulator.new('TRUE-1', driver='smp', key='p-256', serial='TRUE-1', chip='C1')
        run_to(station, simulator, 'TRUE-1', 'pass')
        close_batch(station, 'B1')
        make_batch(station, 'R1', '--renew')
        other = rig.Simulator(station, keeps=False)
        station.simulators.append(other)
        other.new('FALSE-1', driver='smp', key='p-256', serial='TRUE-1', chip='C1')
        record = run_to(station, other, 'FALSE-1', 'fail')
        rig.expect_equal(record['reason'], 'proof', 'what is not the unit')
        rig.expect('device retry' in record['detail'], f'what a supervisor may do: {record}')
        rig.expect_equal([one['state'] for one in of_device(station, 'TRUE-1')], ['verified'],
                         'the certificate of the true one')
        run_to(station, simulator, 'TRUE-1', 'pass')
        expect_renewed(station, 'TRUE-1')
        # A unit whose key is really gone: a supervisor says so.
        make_batch(station, 'R2', '--renew', start=False)
        station.cli('batch', 'close', 'R1')
        station.cli('batch', 'start', 'R2')
        station.cli('device', 'retry', 'TRUE-1')
        run_to(station, other, 'FALSE-1', 'pass')
        rig.expect_equal(of_device(station, 'TRUE-1')[-1]['batch'], 'R2', 'the last one')


def a_voided_unit_needs_leave():
    with rig.station() as station:
        simulator = station.simulator()
        make_batch(station, 'B1')
        simulator.new('VOID-1', driver='smp', key='p-256', serial='VOID-1')
        run_to(station, simulator, 'VOID-1', 'pass')
        station.cli('device', 'void', 'VOID-1', '--reason', 'stolen')
        close_batch(station, 'B1')
        make_batch(station, 'R1', '--renew')
        rig.expect_equal(run_to(station, simulator, 'VOID-1', 'fail')['reason'], 'device-voided', 'held')
        station.cli('device', 'retry', 'VOID-1')
        run_to(station, simulator, 'VOID-1', 'pass')
        rig.expect_equal([one.get('void-reason') for one in of_device(station, 'VOID-1')],
                         ['stolen', None], 'why each is void')


# ---- roots and endpoint alone ----

def profile_with(station, name, endpoint, roots):
    """aws-iot under another name, with another endpoint and these roots."""
    with open(station.profile_path(), encoding='utf-8') as file:
        text = file.read()
    text = re.sub(r'(?m)^#?\s*(Endpoint|ServerRoots)=.*\n', '', text)
    text = text.replace('[device]\n', f'[device]\nEndpoint={endpoint}\nServerRoots={roots}\n', 1)
    path = os.path.join(os.path.dirname(station.profile_path()), name + '.profile')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def make_root(station, name, days):
    path = os.path.join(station.folder, name + '.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                    '-nodes', '-keyout', path + '.key', '-out', path, '-subj', f'/CN={name}', '-days',
                    str(days)], check=True, capture_output=True)
    with open(path, encoding='ascii') as file:
        return path, judge.der_of_pem(file.read())


def roots_and_endpoint_come_alone():
    with rig.station(slots=2, start=False) as station:
        path, root = make_root(station, 'new-root', 20)
        profile_with(station, 'aws-2', 'new.example.com', path)
        simulator = station.start().simulator()
        make_batch(station, 'B1')
        for serial in ('REF-1', 'REF-2'):
            simulator.new(serial, driver='smp', key='p-256', serial=serial)
            run_to(station, simulator, serial, 'pass')
        simulator.new('duino', driver='arduino')
        small = run_to(station, simulator, 'duino', 'pass')['device']
        before = simulator.certificate('REF-1')
        close_batch(station, 'B1')
        make_batch(station, 'F1', '--refresh', profile='aws-2')
        run_to(station, simulator, 'REF-1', 'pass')
        rig.expect_equal(simulator.certificate('REF-1'), before, 'the certificate on the device')
        rig.expect_equal(simulator.item('REF-1', 'roots.der'), root, 'the roots on the device')
        rig.expect_equal(simulator.item('REF-1', 'endpoint'), b'new.example.com', 'the endpoint')
        rig.expect_equal([one['state'] for one in of_device(station, 'REF-1')], ['verified'],
                         'its certificates')
        shown = station.json('device', 'show', 'REF-1')
        rig.expect_equal((shown['endpoint'], [one['subject'] for one in shown['roots']]),
                         ('new.example.com', ['CN=new-root']), 'on record')
        record = run_to(station, simulator, 'duino', 'fail')
        rig.expect_equal(record['reason'], 'unsupported', f'{small} can\'t take roots')
        rig.expect('server roots' in record['detail'], f'{record}')
        rig.expect_equal(counts(station, 'F1', 'kind', 'passed', 'failed'), ('refresh', 1, 1), 'F1')
        ending = station.json('campaign', 'list', '--within', '90d', '--what', 'root')
        rig.expect_equal([(one['device'], one['about']) for one in ending],
                         [('REF-1', 'CN=new-root')], 'whose root ends within 90 days')
        judge.judge_devices(station, simulator, ['REF-1', 'REF-2'])
        lost_key_is_not_refreshed(station)


def lost_key_is_not_refreshed(station):
    """A unit that does not prove its certificate gets no roots either."""
    other = rig.Simulator(station, keeps=False)
    station.simulators.append(other)
    other.new('blank', driver='smp', key='p-256', serial='REF-2', chip='REF-2')
    record = station.run_device(other, 'blank', 2)
    rig.expect(record['state'] == 'fail' and record['reason'] in ('proof', 'duplicate-device'),
               f'a unit without its key: {record}')


# ---- lists and campaigns ----

def a_campaign_takes_its_units_and_no_others():
    with rig.station(start=False) as station:
        station.edit(station.profile_path(), r'^Validity=.*$', 'Validity=30d')
        simulator = station.start().simulator()
        make_batch(station, 'B1')
        names = [f'END-{number}' for number in range(4)]
        for name in names[:3]:
            simulator.new(name, driver='smp', key='p-256', serial=name)
            run_to(station, simulator, name, 'pass')
        rig.expect_equal(station.json('campaign', 'list', '--within', '20d'), [], 'within 20 days')
        ending = station.json('campaign', 'list', '--within', '90d', '--what', 'certificate')
        rig.expect_equal([one['device'] for one in ending], names[:3], 'within 90 days')
        path = os.path.join(station.folder, 'back.txt')
        station.cli('campaign', 'list', '--within', '90d', '--what', 'certificate', '--output', path)
        with open(path, encoding='ascii') as file:
            rig.expect_equal(file.read().split(), names[:3], 'serials in the file')
        with open(path, 'w', encoding='ascii') as file:
            file.write('END-0\nEND-1\n')
        close_batch(station, 'B1')
        make_batch(station, 'R1', '--renew', '--file', path)
        run_to(station, simulator, 'END-0', 'pass')
        rig.expect_equal(run_to(station, simulator, 'END-2', 'fail')['reason'], 'not-listed', 'END-2')
        rig.expect_equal(counts(station, 'R1', 'listed', 'passed', 'left'), (2, 1, 1), 'R1')
        left = station.json('campaign', 'progress', 'R1', '--state', 'left')
        rig.expect_equal([one['device'] for one in left], ['END-1'], 'who is left')
        with open(path, 'w', encoding='ascii') as file:
            file.write('END-2\nNOBODY\n')
        run = station.cli('batch', 'units', 'R1', '--file', path, exit_code=3)
        rig.expect('NOBODY' in run.stderr, f'the one that nobody knows: {run}')
        said = station.cli('batch', 'close', 'R1').stdout
        rig.expect('never came' in said, f'what is missing when it is closed: {said}')
        missing = events(station, 'batch-units-missing')
        rig.expect_equal([one['detail'] for one in missing],
                         ['1 units of the list never came: END-1'], 'on record')


# ---- tickets, and the owner ----

def a_ticket_counts_what_is_renewed():
    with rig.station(start=False) as station:
        owner = owner_rig.Owner(station.folder)
        owner_rig.demand_tickets(station, owner)
        simulator = station.start().simulator()
        owner.pin(station)
        load(station, owner, 'B1', 2)
        make_batch(station, 'B1')
        for name in ('TICK-1', 'TICK-2'):
            simulator.new(name, driver='smp', key='p-256', serial=name)
            run_to(station, simulator, name, 'pass')
        close_batch(station, 'B1')
        make_batch(station, 'R1', '--renew', start=False)
        run = station.cli('batch', 'start', 'R1', exit_code=None)
        rig.expect(run.returncode != 0 and 'ticket' in run.stderr, f'without a ticket: {run}')
        load(station, owner, 'R1', 1)
        station.cli('batch', 'start', 'R1')
        run_to(station, simulator, 'TICK-1', 'pass')
        record = run_to(station, simulator, 'TICK-2', 'fail')
        rig.expect_equal(record['reason'], 'ticket-used-up', 'the second one')
        close_batch(station, 'R1')
        make_batch(station, 'F1', '--refresh')  # nothing is issued: no ticket
        run_to(station, simulator, 'TICK-1', 'pass')
        close_batch(station, 'F1')
        folder = os.path.join(station.folder, 'collected')
        station.cli('audit', 'collect', folder)
        owner.expect_accepts(folder)
        expect_renewed_by_events(folder)


def load(station, owner, batch, count):
    path = os.path.join(station.folder, f'{batch}.ticket')
    with open(path, 'wb') as file:
        file.write(owner.ticket(batch, count))
    station.cli('ticket', 'load', path)


def expect_renewed_by_events(folder):
    """The owner reads what came back."""
    text = ''
    for place, _, files in os.walk(folder):
        for name in files:
            if 'ledger' in name:
                with open(os.path.join(place, name), encoding='utf-8', errors='replace') as file:
                    text += file.read()
    for kind in ('device-return', 'old-key-proven'):
        rig.expect(f'"{kind}"' in text, f'no event {kind} in the evidence')


PLAIN = (a_killed_daemon_renews_once, a_killed_signer_renews_once,
         what_is_called_like_a_unit_gets_nothing, a_voided_unit_needs_leave,
         roots_and_endpoint_come_alone, a_campaign_takes_its_units_and_no_others,
         a_ticket_counts_what_is_renewed)
DIALECTS = (a_device_comes_back_for_the_next, pulled_out_it_is_renewed_once,
            pulled_out_at_each_byte_it_is_renewed_once)

if __name__ == '__main__':
    driver = sys.argv[2] if len(sys.argv) > 2 else 'smp'
    rig.main({**{test.__name__: test for test in PLAIN},
              **{test.__name__: lambda one=test: one(dialects.Dialect(driver)) for test in DIALECTS}})
