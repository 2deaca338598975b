# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the line waits for an operator to do: see a FAIL, scan a serial."""

import os

import judge
import rig
from shift import plug_new, pull_out


def bad_device(station, simulator, serial, slot):
    """A device that fails, whose FAIL is shown."""
    plug_new(station, simulator, serial, slot, key='rsa-2048', fault='weak-key')
    record = station.wait_slot(slot, 'fail')
    rig.expect_equal((record['device'], record['acknowledged']), (serial, False), f'{record}')
    return record


def acknowledgements(station):
    return [event for event in station.json('event', 'list', '--limit', '0')
            if event['kind'] == 'fail-acknowledged']


def expect_held(station, slot, device, attempts, words):
    """The FAIL of `device` stands, and the device that is in the slot was not touched."""
    record = station.slot(slot)
    rig.expect_equal((record['state'], record['acknowledged'], record['device'],
                      record['present']), ('fail', False, device, True), f'{words}: {record}')
    rig.expect_equal(len(station.attempts()), attempts, f'attempts {words}')


def a_fail_stays_until_it_is_seen_over_every_restart():
    with rig.station(slots=2, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        first = bad_device(station, simulator, 'BAD-1', 1)
        pull_out(station, simulator, 'BAD-1', 1)
        plug_new(station, simulator, 'GOOD-1', 1)
        rig.wait_until(lambda: station.slot(1)['present'], 'GOOD-1 is in slot 1')
        plug_new(station, simulator, 'GOOD-2', 2)
        station.wait_slot(2, 'pass')
        pull_out(station, simulator, 'GOOD-2', 2)
        expect_held(station, 1, 'BAD-1', 2, 'while slot 2 worked')
        station.kill()
        station.start()
        expect_held(station, 1, 'BAD-1', 2, 'after a kill')
        station.stop()
        station.start()
        expect_held(station, 1, 'BAD-1', 2, 'after a clean stop')
        rig.expect_equal(station.slot(1)['reason'], first['reason'], 'the reason')
        rig.expect_equal(station.slot(1)['operator-text'], first['operator-text'], 'the sentence')

        station.cli('slot', 'acknowledge', '1')
        station.wait_slot(1, 'pass')
        rig.expect_equal(station.slot(1)['device'], 'GOOD-1', 'the device that waited')
        told = acknowledgements(station)
        rig.expect_equal(len(told), 1, f'{told}')
        rig.expect_equal((told[0]['subject'], told[0]['detail']),
                         (f'attempt {first["attempt"]}',
                          f'slot 1, device BAD-1: {first["reason"]}'), f'{told}')
        pull_out(station, simulator, 'GOOD-1', 1)
        station.kill()
        station.start()
        rig.expect_equal(station.slot(1)['state'], 'empty', 'a FAIL that was seen stays away')
        station.cli('slot', 'acknowledge', '1', exit_code=None)
        judge.judge_devices(station, simulator, ['GOOD-1', 'GOOD-2'])


def a_shift_of_fails_is_acknowledged():
    with rig.station(slots=3, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        for slot in (1, 2, 3):
            bad_device(station, simulator, f'BAD-{slot}', slot)
        pull_out(station, simulator, 'BAD-3', 3)
        station.cli('slot', 'acknowledge')
        rig.expect_equal(station.slot(3)['state'], 'empty', 'nobody is in slot 3')
        record = station.slot(1)
        rig.expect_equal((record['state'], record['acknowledged']), ('fail', True), f'{record}')
        pull_out(station, simulator, 'BAD-1', 1)
        station.wait_slot(1, 'empty')
        rig.expect_equal(len(acknowledgements(station)), 3, 'events')

        attempts = len(station.attempts())
        station.cli('slot', 'start', '2')
        station.wait_ended(attempts + 1)
        station.wait_slot(2, 'fail')
        station.cli('slot', 'start', '2')
        station.wait_ended(attempts + 2)
        rig.expect_equal(len(acknowledgements(station)), 4, 'a start is an acknowledgement')
        told = station.cli('slot', 'acknowledge', '1', exit_code=None)
        rig.expect(told.returncode != 0 and 'no FAIL' in told.stderr, f'{told}')


def bind(station, slot, serial, exit_code=0):
    run = station.cli('slot', 'bind', str(slot), serial, exit_code=exit_code)
    return run.stdout + run.stderr


def expect_refused(station, slot, serial, *words):
    told = bind(station, slot, serial, exit_code=None)
    for word in words:
        rig.expect(word in told, f'{serial} for slot {slot}: {word!r} is not in {told!r}')
    return told


def plug_unlabelled(station, simulator, name, slot):
    plug_new(station, simulator, name, slot)
    record = station.wait_slot(slot, 'waiting')
    rig.expect_equal((record['waiting-for'], record['present']), ('serial', True), f'{record}')


def scanned_serials_go_from_the_label_to_the_manifest():
    with rig.station(slots=3, acknowledge=True) as station:
        simulator = station.simulator()
        station.cli('batch', 'create', 'B1', '--product', 'lamp', '--profile', 'aws-iot',
                    '--serial-scan', '--serial-pattern', 'AC24-[0-9]{4}')
        plug_new(station, simulator, 'OWN-2', 2)
        record = station.wait_slot(2, 'waiting')
        rig.expect_equal(record['waiting-for'], 'batch', f'{record}')
        expect_refused(station, 0, 'AC24-0001', 'AC24-0001', 'no batch runs')
        station.cli('batch', 'start', 'B1')
        plug_unlabelled(station, simulator, 'OWN-1', 1)

        expect_refused(station, 0, 'AC24-001', 'AC24-001', 'pattern')
        expect_refused(station, 1, 'AC24 0001', 'AC24 0001', 'no serial')
        expect_refused(station, 3, 'AC24-0001', 'slot 3', 'empty')
        rig.expect_equal(station.attempts(), [], 'a wrong scan starts nothing')

        rig.expect('slot 2' in bind(station, 0, 'AC24-0002'), 'slot 2 waits longest')
        station.wait_slot(2, 'pass')
        expect_refused(station, 1, 'AC24-0002', 'AC24-0002 is in slot 2')
        pull_out(station, simulator, 'OWN-2', 2)
        expect_refused(station, 1, 'AC24-0002', 'AC24-0002', 'passed already')
        rig.expect('slot 1' in bind(station, 1, 'AC24-0001'), 'slot 1 waits')
        station.wait_slot(1, 'pass')

        rig.expect('next device' in bind(station, 0, 'AC24-0003'), 'nobody waits')
        rig.wait_until(lambda: station.json('status').get('next-serial') == 'AC24-0003',
                       'the status tells the next serial')
        plug_new(station, simulator, 'OWN-3', 3)
        record = station.wait_slot(3, 'pass')
        rig.expect_equal(record['device'], 'AC24-0003', f'{record}')
        rig.expect('next-serial' not in station.json('status'), 'it is taken')
        judge_labels(station, simulator, {f'OWN-{n}': f'AC24-000{n}' for n in (1, 2, 3)})


def judge_labels(station, simulator, labels):
    """Certificates, devices, transcripts and the manifest all say the label."""
    path = os.path.join(station.folder, 'labels.jsonl')
    station.cli('export', 'jsonl', '--batch', 'B1', '--output', path)
    with open(path, encoding='utf-8') as file:
        manifest = file.read()
    events = station.json('event', 'list', '--limit', '0')
    for own, label in labels.items():
        device = station.json('device', 'show', label)
        rig.expect(device['state'] == 'passed' and device['chip-id'], f'{device}')
        rig.expect(label in station.json('cert', 'show', label)['subject'], f'{label}: subject')
        rig.expect(label in manifest and own not in manifest, f'{label} in the manifest')
        attempt = station.attempts(label)[-1]
        transcript = station.attempt(attempt['id'])['transcript']
        rig.expect(f'own-serial {own}' in transcript, f'{own} is not in {transcript!r}')
        told = [one['detail'] for one in events
                if one['kind'] == 'serial-differs' and one['subject'] == label]
        rig.expect(len(told) == 1 and own in told[0], f'{label}: {told}')
    rig.expect_equal(simulator.certificate('OWN-1') is not None, True, 'the device has its own')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_fail_stays_until_it_is_seen_over_every_restart,
        a_shift_of_fails_is_acknowledged,
        scanned_serials_go_from_the_label_to_the_manifest,
    )})
