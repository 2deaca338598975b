# SPDX-License-Identifier: LGPL-2.1-or-later
"""What only the whole fleet's keys show, and what comes of it."""

import os

import related_keys
import rig

NOT_NOW = 75


def pass_device(station, simulator, name, slot, **options):
    simulator.new(name, driver='smp', serial=name, **options)
    record = station.run_device(simulator, name, slot)
    rig.expect_equal(record['state'], 'pass', f'{name}: {record}')
    simulator.unplug(name)
    rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


def checked_to_the_end(station):
    status = station.json('status')
    return status if status['keys-checked'] == status['keys-seen'] else None


def export(station, exit_code):
    path = os.path.join(station.folder, 'manifest.jsonl')
    run = station.cli('export', 'jsonl', '--batch', 'B1', '--output', path, exit_code=exit_code)
    rig.expect_equal(os.path.exists(path), exit_code == 0, 'there is a manifest')
    return run


def void(station, *names):
    for name in names:
        station.cli('device', 'void', name, '--reason', 'weak key')


def run_again(station, simulator, name):
    if station.slot(1)['present']:
        simulator.unplug(name)
        rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')
    return station.run_device(simulator, name, 1)


def expect_told(station, kind, *names):
    """One finding about two units, an event about each."""
    finding, = station.json('key', 'findings')
    rig.expect_equal((finding['kind'], {finding['device'], finding['partner']}),
                     (kind, set(names)), 'the finding')
    told = [event['subject'] for event in station.json('event', 'list')
            if event['kind'] == 'key-finding']
    rig.expect_equal(sorted(told), sorted(names), 'events')


def a_shared_prime_keeps_a_manifest_from_being_sealed():
    """The signer refuses the second at once; what that tells of the first one only the whole fleet's
    check knows, for the first has its certificate already."""
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        shared, first, second = (related_keys.prime() for _ in range(3))
        one = related_keys.rsa_key(station.folder, 'one', shared, first)
        two = related_keys.rsa_key(station.folder, 'two', shared, second)
        pass_device(station, simulator, 'TWIN-1', 1, key='rsa-2048', key_file=one)
        pass_device(station, simulator, 'GOOD-1', 1, key='rsa-2048')
        simulator.new('TWIN-2', driver='smp', serial='TWIN-2', key='rsa-2048', key_file=two)
        record = station.run_device(simulator, 'TWIN-2', 1)
        rig.expect_equal((record['state'], record['reason']), ('fail', 'rsa-shared-prime'),
                         f'{record}')

        status = rig.wait_until(lambda: checked_to_the_end(station), 'all keys are checked')
        rig.expect_equal([status[key] for key in ('keys-seen', 'key-findings', 'weak-units')],
                         [3, 1, 1], 'keys, findings, units')
        expect_told(station, 'rsa-shared-prime', 'TWIN-1', 'TWIN-2')
        refusal = export(station, NOT_NOW).stderr
        rig.expect('TWIN-1 (rsa-shared-prime with TWIN-2)' in refusal and 'TWIN-2 (' not in refusal
                   and 'keycradle device void' in refusal, f'TWIN-1 is named: {refusal}')
        void(station, 'TWIN-1')
        export(station, 0)
        rig.expect_equal(station.json('status')['weak-units'], 0, 'units to void')


def near_elliptic_keys_are_found_too():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        number = related_keys.ec_number()
        for name, private in (('NEAR-1', number), ('NEAR-2', number + 5),
                              ('FAR-1', number + 2**80)):
            path = related_keys.ec_key(station.folder, name, private)
            pass_device(station, simulator, name, 1, key='p-256', key_file=path)
        # Nobody waits for the background: the export itself brings the check up to date.
        refusal = export(station, NOT_NOW).stderr
        rig.expect('NEAR-1 (ec-near-key with NEAR-2)' in refusal
                   and 'NEAR-2 (ec-near-key with NEAR-1)' in refusal and 'FAR-1' not in refusal,
                   f'the two are named: {refusal}')
        expect_told(station, 'ec-near-key', 'NEAR-1', 'NEAR-2')
        rig.expect('2 units have a key' in station.cli('doctor', exit_code=None).stdout,
                   'the doctor says it')
        void(station, 'NEAR-1')
        rig.expect('NEAR-1 (' not in export(station, NOT_NOW).stderr, 'NEAR-1 is void')
        void(station, 'NEAR-2')
        export(station, 0)
        # The same key once more is refused; a new one is fine.
        station.cli('device', 'retry', 'NEAR-1')
        record = run_again(station, simulator, 'NEAR-1')
        rig.expect_equal((record['state'], record['reason']), ('fail', 'key-finding'), f'{record}')
        related_keys.ec_key(station.folder, 'NEAR-1', related_keys.ec_number())
        record = run_again(station, simulator, 'NEAR-1')
        rig.expect_equal(record['state'], 'pass', f'with a new key: {record}')
        export(station, 0)


def a_killed_daemon_goes_on_where_the_check_was():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        number = related_keys.ec_number()
        path = related_keys.ec_key(station.folder, 'one', number)
        pass_device(station, simulator, 'NEAR-1', 1, key='p-256', key_file=path)
        rig.wait_until(lambda: checked_to_the_end(station), 'the first key is checked')
        station.stop()
        station.start()
        rig.expect_equal(station.json('status')['keys-checked'], 1, 'the mark after a restart')

        related_keys.ec_key(station.folder, 'two', number + 3)
        path = os.path.join(station.folder, 'two.pem')
        pass_device(station, simulator, 'NEAR-2', 1, key='p-256', key_file=path)
        station.kill()
        station.start()
        status = rig.wait_until(lambda: checked_to_the_end(station), 'both keys are checked')
        rig.expect_equal([status[key] for key in ('keys-seen', 'key-findings', 'weak-units')],
                         [2, 1, 2], 'keys, findings, units after a kill')
        for _ in range(2):
            station.kill()
            station.start()
        status = rig.wait_until(lambda: checked_to_the_end(station), 'all is still checked')
        rig.expect_equal(status['key-findings'], 1, 'the finding is there once')
        export(station, NOT_NOW)


def refused_as_duplicate(station, simulator, name, owner, **options):
    simulator.new(name, driver='smp', serial=name, **options)
    record = station.run_device(simulator, name, 1)
    rig.expect_equal((record['state'], record['reason']), ('fail', 'duplicate-key'), f'{record}')
    rig.expect(f'device {owner} ' in record['detail'], f'{owner} is named: {record}')
    simulator.unplug(name)
    rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')


def a_key_in_disguise_is_known_by_its_number():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        p, q = related_keys.prime(), related_keys.prime()
        number = related_keys.ec_number()
        folder = station.folder
        pass_device(station, simulator, 'RSA-1', 1, key='rsa-2048',
                    key_file=related_keys.rsa_key(folder, 'rsa', p, q))
        pass_device(station, simulator, 'EC-1', 1, key='p-256',
                    key_file=related_keys.ec_key(folder, 'ec', number))
        refused_as_duplicate(station, simulator, 'RSA-2', 'RSA-1', key='rsa-2048',
                             key_file=related_keys.rsa_key(folder, 'exponent', p, q, 65539))
        refused_as_duplicate(station, simulator, 'EC-2', 'EC-1', key='p-256',
                             key_file=related_keys.ec_key(folder, 'negated', -number))
        rig.expect_equal(station.json('status')['keys-seen'], 2, 'keys')
        export(station, 0)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_shared_prime_keeps_a_manifest_from_being_sealed,
        near_elliptic_keys_are_found_too,
        a_killed_daemon_goes_on_where_the_check_was,
        a_key_in_disguise_is_known_by_its_number,
    )})
