# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices that try to harm the station: it keeps its size, and the other slots keep working."""

import base64
import os
import re

import many
import rig

MIB = 1024  # KiB, as /proc counts


def sixty_four_busy_slots_stay_small():
    with rig.station(slots=64) as station:
        simulator = station.simulator()
        station.start_batch()
        serials = many.make_devices(simulator, 64, baud=19200)
        for slot, serial in enumerate(serials, 1):
            simulator.plug(serial, slot)
        most_busy = 0

        def all_passed():
            nonlocal most_busy
            states = [record['state'] for record in station.slot_list().values()]
            most_busy = max(most_busy, states.count('working'))
            rig.expect('fail' not in states, f'{station.slot_list()}')
            return states.count('pass') == 64
        rig.wait_until(all_passed, '64 slots show PASS', pause=0.1)
        peak = rig.status_field(station.daemon.pid, 'VmHWM')
        print(f'{most_busy} slots were busy at once; the daemon never held more than {peak} KiB')
        rig.expect(most_busy >= 60, f'only {most_busy} slots were busy at once')
        rig.expect(peak < 64 * MIB, f'the daemon held {peak} KiB')


def run_many(station, simulator, slots, names):
    """A device into each slot, the next one when the port of the one before was closed."""
    waiting = list(names)
    place = {}

    def plug_next(slot):
        name = waiting.pop(0)
        simulator.new(name, driver='smp', key='p-256', serial=name)
        place[name] = slot
        simulator.plug(name, slot)

    simulator.events.clear()
    for slot in range(1, slots + 1):
        plug_next(slot)
    for number in range(len(names)):
        name = simulator.nth_event('closed', number)
        simulator.unplug(name)
        if waiting:
            plug_next(place[name])


def thousands_of_devices_leave_nothing_in_memory():
    with rig.station(slots=8) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        sizes, files = [], []
        for wave in range(8):
            run_many(station, simulator, 8, [f'MANY-{wave}-{number}' for number in range(500)])
            sizes.append(rig.status_field(station.daemon.pid, 'RssAnon'))
            files.append(len(os.listdir(f'/proc/{station.daemon.pid}/fd')))
            print(f'after {500 * (wave + 1)} devices: {sizes[-1]} KiB, {files[-1]} files',
                  flush=True)
        rig.wait_until(lambda: station.json('batch', 'show', 'B1')['passed'] == 4000,
                       'all have passed')
        rig.expect(sizes[-1] - sizes[3] < 1 * MIB, f'memory grows: {sizes} KiB')
        rig.expect(files[-1] <= files[0] + 2, f'files stay open: {files}')


def a_flood_costs_a_bounded_buffer():
    with rig.station(slots=4, start=False) as station:
        station.set_attempt_seconds(20)
        station.start()
        simulator = station.simulator()
        station.start_batch()
        simulator.new('CALM-1', driver='smp', key='p-256', serial='CALM-1')
        station.run_device(simulator, 'CALM-1', 4, 'pass')
        before = rig.status_field(station.daemon.pid, 'VmHWM')
        for slot, driver in enumerate(('smp', 'nrf91', 'freertos'), 1):
            name = many.serial_for(driver, 600 + slot)
            simulator.new(name, driver=driver, serial=name, fault='flood')
            simulator.plug(name, slot)
        for slot in (1, 2, 3):
            record = station.wait_slot(slot, 'fail')
            rig.expect_equal(record['reason'], 'flood', f'{record}')
        after = rig.status_field(station.daemon.pid, 'VmHWM')
        print(f'three floods took the daemon from {before} KiB to {after} KiB')
        rig.expect(after - before < 8 * MIB, f'from {before} KiB to {after} KiB')


def other_slots_work_while_one_is_flooded_and_one_is_silent():
    with rig.station(slots=4) as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('FLOOD-1', driver='smp', serial='FLOOD-1', fault='flood=100')
        simulator.new('QUIET-1', driver='smp', serial='QUIET-1', fault='silence=100')
        simulator.plug('FLOOD-1', 1)
        simulator.plug('QUIET-1', 2)
        for number in range(6):
            slot = 3 + number % 2
            name = f'GOOD-{number}'
            simulator.new(name, driver='smp', key='p-256', serial=name)
            simulator.plug(name, slot)
            station.wait_slot(slot, 'pass')
            simulator.unplug(name)
            rig.wait_until(lambda one=slot: not station.slot(one)['present'],
                           f'slot {slot} is empty')
        rig.expect_equal(station.slot(1)['state'], 'fail', 'the flooded slot')


def hostile_words_never_reach_a_terminal():
    with rig.station(slots=1) as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('GARBLE-1', driver='freertos', serial='GARBLE-1', fault='garbage=200')
        station.run_device(simulator, 'GARBLE-1', 1)
        for words in (('attempt', 'list'), ('attempt', 'show', '1'), ('slot', 'list'),
                      ('device', 'list'), ('event', 'list')):
            for more in ((), ('--json',)):
                text = station.cli(*words, *more).stdout
                bad = [character for character in text
                       if (character < ' ' and character not in '\n\t') or character == '\x7f']
                rig.expect(not bad, f'keycradle {" ".join(words + more)} prints {bad[:5]}')


def a_weak_rsa_key_is_refused():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('WEAK-1', driver='smp', key='rsa-2048', serial='WEAK-1', fault='weak-key')
        record = station.run_device(simulator, 'WEAK-1', 1)
        rig.expect_equal((record['state'], record.get('reason')), ('fail', 'rsa-too-small'),
                         f'{record}')
        rig.expect_equal(station.certificates(), [], 'nothing was signed')
        rig.expect_equal(station.json('ca', 'status')['log-size'], 0, 'nothing was logged')


def scalar_of(path):
    """The secret number in a P-256 key's PEM, as PKCS#8."""
    with open(path, encoding='ascii') as file:
        lines = [line for line in file.read().splitlines() if not line.startswith('-----')]
    der = base64.b64decode(''.join(lines))
    begin = der.index(b'\x02\x01\x01\x04\x20') + 5
    return der[begin:begin + 32]


def needles(secret):
    """Half of it, as it may stand in a file: raw, as a transcript escapes it, hex, base64."""
    part = secret[8:24]
    yield from (part, part.hex().encode(), part.hex().upper().encode())
    yield b''.join(b'\\%03o' % byte for byte in part)
    for shift in range(3):
        whole = base64.b64encode(b'\0' * shift + part)
        inner = whole[4 if shift else 0:20]
        yield from (inner, inner.replace(b'+', b'-').replace(b'/', b'_'))


def expect_nowhere(folder, secret, words):
    """In no file of the station; the simulated devices keep their keys, that is what they are for."""
    looked = 0
    for path, folders, files in os.walk(folder):
        if 'devices' in folders:
            folders.remove('devices')
        for name in files:
            if not os.path.isfile(os.path.join(path, name)):
                continue  # a port
            with open(os.path.join(path, name), 'rb') as file:
                content = file.read()
            looked += 1
            lines_joined = re.sub(rb'\\[rn]|\s', b'', content)
            for needle in needles(secret):
                rig.expect(needle not in content and needle not in lines_joined,
                           f'{words}: {name} holds {needle!r}')
    rig.expect(looked > 10, f'only {looked} files were looked at')


def a_private_key_that_comes_out_raises_an_alarm():
    kinds = [(driver, fault) for driver in ('smp', 'nrf91', 'freertos')
             for fault in ('leak-private-key', 'leak-der')]
    with rig.station(slots=len(kinds)) as station:
        simulator = station.simulator()
        station.start_batch()
        names = []
        for slot, (driver, fault) in enumerate(kinds, 1):
            names.append(many.serial_for(driver, 700 + slot))
            simulator.new(names[-1], driver=driver, serial=names[-1], fault=fault,
                          **({'key': 'p-256'} if driver == 'smp' else {}))
            simulator.plug(names[-1], slot)
        station.wait_ended(len(kinds))
        alarms = [event for event in station.json('event', 'list')
                  if event['kind'] == 'private-key-leaked']
        rig.expect_equal(sorted(alarm['subject'] for alarm in alarms), sorted(names), 'alarms')
        rig.expect_equal(station.certificates(), [], 'nothing was signed')
        rig.expect_equal(station.json('status')['keys-seen'], 0, 'no such key is believed')
        station.stop()
        for name, kind in zip(names, kinds):
            found = [os.path.join(simulator.state, one) for one in os.listdir(simulator.state)
                     if one.startswith(name) and one.endswith('.key')]
            rig.expect_equal(len(found), 1, f'keys of {name}')
            secret = scalar_of(found[0])
            rig.expect(any(needle in secret for needle in needles(secret)), 'needles are found')
            expect_nowhere(station.folder, secret, f'{kind}')


def two_units_with_one_identity_get_one_certificate():
    with rig.station(slots=3) as station:
        simulator = station.simulator()
        station.start_batch()
        for slot, name in enumerate(('left', 'right'), 1):
            simulator.new(name, driver='smp', key='p-256', serial='TWIN-1', chip='CHIP-1',
                          latency=100)
            simulator.plug(name, slot)
        station.wait_ended(2)
        records = sorted((station.slot(slot) for slot in (1, 2)), key=lambda one: one['state'])
        rig.expect_equal([one['state'] for one in records], ['fail', 'pass'], f'{records}')
        print(f'{records[0]["reason"]}: {records[0]["operator-text"]}')
        simulator.new('other', driver='smp', key='p-256', serial='TWIN-1', chip='CHIP-2')
        record = station.run_device(simulator, 'other', 3)
        rig.expect_equal((record['state'], record['reason']), ('fail', 'duplicate-device'),
                         f'the same serial on another chip: {record}')
        rig.expect_equal(len(station.certificates()), 1, 'certificates')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        sixty_four_busy_slots_stay_small,
        thousands_of_devices_leave_nothing_in_memory,
        a_flood_costs_a_bounded_buffer,
        other_slots_work_while_one_is_flooded_and_one_is_silent,
        hostile_words_never_reach_a_terminal,
        a_weak_rsa_key_is_refused,
        a_private_key_that_comes_out_raises_an_alarm,
        two_units_with_one_identity_get_one_certificate,
    )})
