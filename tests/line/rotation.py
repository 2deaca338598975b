# SPDX-License-Identifier: LGPL-2.1-or-later
"""One CA takes over from another, or stands beside it, while units run through the line."""

import base64
import itertools
import json
import os
import re
import signal
import subprocess
import threading

import judge
import rig

SLOTS = 3


def add_authority(station, name):
    """A second CA in the signer's configuration, which issues nothing yet."""
    folder = os.path.join(station.folder, 'ca-' + name)
    subprocess.run([rig.program('keycradle-signer'), 'init-demo', '--folder', folder], check=True,
                   stdout=subprocess.DEVNULL, env=rig.environment())
    with open(station.signer_config, encoding='utf-8') as file:
        text = file.read()
    text += (f'\n[ca {name}]\nKey=file:{folder}/ca.key\nCertificate={folder}/ca.pem\n'
             f'PassphraseFile={folder}/ca.passphrase\n')
    return text, folder


def write_config(station, text, issuing):
    text = re.sub(r'(?m)^\[signer\]$', f'[signer]\nIssuing={issuing}', text)
    with open(station.signer_config, 'w', encoding='utf-8') as file:
        file.write(text)


def reload(station):
    """As systemctl reload does it."""
    os.kill(station.signer_pid(), signal.SIGHUP)


def issuing(station):
    return station.json('ca', 'status').get('name')


def run_shift(station, simulator, slot, done, ended):
    """Units through one slot, one after the other, until `ended` is set."""
    for number in itertools.count():
        if ended.is_set():
            return
        serial = f'R-{slot}-{number}'
        simulator.new(serial, driver='smp', key='p-256', serial=serial)
        simulator.plug(serial, slot)
        record = station.wait_slot(slot, 'pass', 'fail')
        done.append((serial, record['state'], record.get('reason'), record.get('detail')))
        simulator.unplug(serial)
        rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


def run_one(station, simulator, serial):
    simulator.new(serial, driver='smp', key='p-256', serial=serial)
    record = station.run_device(simulator, serial, 1)
    rig.expect_equal(record['state'], 'pass', f'{serial}: {record}')
    simulator.unplug(serial)
    rig.wait_until(lambda: not station.slot(1)['present'], 'the slot is empty')


def credentials(station, serial):
    """Certificate and chain as the device got them, by the last transcript."""
    attempt = station.attempts(serial)[-1]
    text = station.attempt(attempt['id'])['transcript']
    notes = {name: [base64.b64decode(found) for found in re.findall(rf'# {name} (\S+)', text)]
             for name in ('certificate', 'chain')}
    return notes['certificate'][-1], notes['chain']


def pem(der):
    text = base64.b64encode(der).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return '\n'.join(['-----BEGIN CERTIFICATE-----', *lines, '-----END CERTIFICATE-----', ''])


def verifies(station, certificate, chain):
    """TRUE where the chain alone is enough to verify it."""
    paths = [os.path.join(station.folder, name) for name in ('one.pem', 'above.pem')]
    for path, content in zip(paths, (pem(certificate), ''.join(map(pem, chain)))):
        with open(path, 'w', encoding='ascii') as file:
            file.write(content)
    run = subprocess.run(['openssl', 'verify', '-x509_strict', '-partial_chain', '-trusted',
                          paths[1], paths[0]], capture_output=True, text=True, check=False)
    return run.returncode == 0


def judge_chains(station, serials):
    """How many certificates each CA signed; every chain must be of the certificate's own CA."""
    counts = {}
    for serial in serials:
        certificate, chain = credentials(station, serial)
        rig.expect(chain, f'{serial} got no chain')
        rig.expect(verifies(station, certificate, chain), f'{serial}: the chain does not verify')
        counts[chain[0]] = counts.get(chain[0], 0) + 1
    return counts


def judge_manifest(station):
    """Each row has the CA of its own certificate."""
    path = os.path.join(station.folder, 'aws.json')
    station.cli('export', 'aws', '--batch', 'B1', '--output', path)
    authorities = set()
    with open(path, encoding='utf-8') as file:
        for line in file:
            row = json.loads(line)
            authority = judge.der_of_pem(row['CACertificatePem'])
            rig.expect(verifies(station, judge.der_of_pem(row['CertificatePem']), [authority]),
                       f'{row["ThingName"]} has another CA in the manifest')
            authorities.add(authority)
    rig.expect_equal(len(authorities), 2, 'CAs in the manifest')
    rig.expect_equal(station.json('manifest', 'verify', path)['genuine'], True, 'the manifest')


def a_ca_takes_over_in_the_middle_of_a_shift():
    with rig.station(slots=SLOTS) as station:
        simulator = station.simulator()
        text, _ = add_authority(station, '2026')
        station.start_batch()
        station.listen()
        done, ended = [], threading.Event()
        threads = [threading.Thread(target=run_shift, daemon=True,
                                    args=(station, simulator, slot, done, ended))
                   for slot in range(1, SLOTS + 1)]
        for thread in threads:
            thread.start()
        rig.wait_until(lambda: len(done) >= SLOTS, 'the shift is under way')
        write_config(station, text, '2026')
        reload(station)
        rig.wait_until(lambda: issuing(station) == '2026', 'the new CA issues')
        so_far = len(done)
        rig.wait_until(lambda: len(done) >= so_far + 3 * SLOTS, 'the shift goes on')
        ended.set()
        for thread in threads:
            thread.join(rig.PATIENCE)
        rig.expect(all(one[1] == 'pass' for one in done), f'no unit failed: {done}')
        rig.expect(all(one['result'] == 'passed' for one in station.attempts()),
                   'no attempt failed')
        serials = [one[0] for one in done]
        counts = judge_chains(station, serials)
        rig.expect_equal(len(counts), 2, f'both CAs issued: {list(counts.values())}')
        judge.judge_ledger(station)
        begun = [one['subject'] for one in station.json('event', 'list')
                 if one['kind'] == 'ca-begin']
        rig.expect_equal(begun, ['2026'], 'the change is on record')
        rig.expect_equal([one['name'] for one in station.json('ca', 'list')], ['ca', '2026'],
                         'CAs')
        judge_manifest(station)


def a_profile_gets_a_ca_of_its_own_in_the_middle_of_a_batch():
    with rig.station() as station:
        simulator = station.simulator()
        text, _ = add_authority(station, 'second')
        station.start_batch()
        run_one(station, simulator, 'FIRST')
        profile = next(os.path.join(folder, 'aws-iot.profile')
                       for folder, _, files in os.walk(station.folder)
                       if 'aws-iot.profile' in files)
        with open(profile, encoding='utf-8') as file:
            words = file.read()
        with open(profile, 'w', encoding='utf-8') as file:
            file.write(words.replace('[certificate]\n', '[certificate]\nCA=second\n'))
        write_config(station, text, 'ca')
        reload(station)
        rig.wait_until(lambda: len(station.json('ca', 'list')) == 2, 'the second CA is there')
        run_one(station, simulator, 'LATER')
        counts = judge_chains(station, ['FIRST', 'LATER'])
        rig.expect_equal(len(counts), 2, 'each was signed by another CA')
        rig.expect_equal(issuing(station), 'ca', 'the first one issues where a profile names none')


def a_wrong_reload_changes_nothing_and_is_told():
    with rig.station() as station:
        simulator = station.simulator()
        text, folder = add_authority(station, 'next')
        station.start_batch()
        run_one(station, simulator, 'FIRST')
        os.rename(os.path.join(folder, 'ca.key'), os.path.join(folder, 'away.key'))
        write_config(station, text, 'next')
        reload(station)
        problem = rig.wait_until(lambda: station.json('ca', 'status').get('problem'),
                                 'the signer says what is wrong')
        rig.expect('goes on with what it had' in problem and 'ca.key' in problem, problem)
        found = station.cli('doctor', exit_code=None).stdout
        rig.expect('goes on with what it had' in found, f'doctor says it, too: {found}')
        run_one(station, simulator, 'MEANWHILE')
        os.rename(os.path.join(folder, 'away.key'), os.path.join(folder, 'ca.key'))
        reload(station)
        rig.wait_until(lambda: issuing(station) == 'next', 'the next CA issues')
        rig.expect(not station.json('ca', 'status').get('problem'), 'nothing is wrong any more')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_ca_takes_over_in_the_middle_of_a_shift,
        a_profile_gets_a_ca_of_its_own_in_the_middle_of_a_batch,
        a_wrong_reload_changes_nothing_and_is_told,
    )})
