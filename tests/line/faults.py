# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every fault that the simulators know ends in a FAIL that an operator understands; the port
is free at once, and the next device in that slot passes."""

import array
import errno
import fcntl
import hashlib
import os
import subprocess

import judge
import many
import rig

DRIVERS = {'smp': {'key': 'p-256'}, 'nrf91': {}, 'freertos': {}}

TIOCGEXCL = 0x80045440

# fault → the reasons that may stand in the ledger
REASONS = {
    'garbage': {'unknown-device', 'garbled'},
    'silence': {'no-answer'},
    'half-line': {'no-answer'},
    'flood': {'flood'},
    'drip': {'no-answer', 'unknown-device'},
    'unplug=40': {'unplugged'},
    'unplug-in=40': {'unplugged'},
    'no-identity': {'identity'},
    'weak-key': {'rsa-too-small', 'ec-curve'},
    'duplicate-key': {'duplicate-key'},
    'bad-signature': {'csr-signature'},
    'leak-private-key': {'private-key-leaked'},
    'leak-der': {'private-key-leaked'},
    'refuse-install': {'refused'},
    'wrong-certificate': {'read-back'},
    'wrong-key': {'proof'},
}


def faults_known():
    """The simulator's own list."""
    run = subprocess.run([rig.program('keycradle-sim'), 'faults'], capture_output=True, text=True,
                         check=True, env=rig.environment())
    return {line.split()[0] for line in run.stdout.split('\n\n')[0].splitlines()}


def every_fault_has_its_test():
    rig.expect_equal({fault.split('=')[0] for fault in REASONS}, faults_known(),
                     'the faults that are tested, against `keycradle-sim faults`')


def expect_port_free(station, slot):
    """The lock that the station holds while it works can be taken, and no TIOCEXCL is left."""
    path = os.path.realpath(os.path.join(station.ports, f'slot{slot}'))

    def free():
        try:
            port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EIO):
                return True  # it was pulled out
            raise
        try:
            fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
            exclusive = array.array('i', [0])
            fcntl.ioctl(port, TIOCGEXCL, exclusive)
            return exclusive[0] == 0
        except BlockingIOError:
            return False
        finally:
            os.close(port)
    rig.wait_until(free, f'the port of slot {slot} is free', seconds=1)


def expect_understandable(record):
    text = record.get('operator-text', '')
    rig.expect(len(text) >= 20 and text.rstrip().endswith('.') and ' ' in text,
               f'an operator can\'t act on {text!r}: {record}')
    rig.expect('-' not in record['reason'] or record['reason'] not in text,
               f'a word for engineers in {text!r}')


def one_fault(fault):
    """All drivers at once, each in a slot of its own."""
    with rig.station(slots=len(DRIVERS), start=False) as station:
        station.set_attempt_seconds(6)
        station.start()
        simulator = station.simulator()
        station.start_batch()
        if fault == 'duplicate-key':
            first_with_the_shared_key(station, simulator)
        names = {}
        before = len(station.attempts())
        for slot, (driver, options) in enumerate(DRIVERS.items(), 1):
            name = many.serial_for(driver, 100 + slot)
            simulator.new(name, driver=driver, serial=name, fault=fault, **options)
            simulator.plug(name, slot)
            names[slot] = name
        station.wait_ended(before + len(DRIVERS))
        for slot, (driver, _) in enumerate(DRIVERS.items(), 1):
            expect_port_free(station, slot)
            record = station.slot(slot)
            what = f'{fault} on {driver}'
            rig.expect_equal(record['state'], 'fail', f'{what}: {record}')
            rig.expect(record['reason'] in REASONS[fault], f'{what}: {record}')
            expect_understandable(record)
            attempt = station.attempt(record['attempt'])
            rig.expect_equal((attempt['result'], attempt['reason']), ('failed', record['reason']),
                             f'{what}: the ledger')
            print(f'{what}: {record["reason"]}: {record["operator-text"]}')
        next_ones_pass(station, simulator, names)


def first_with_the_shared_key(station, simulator):
    """The first device with that key can't be known as a duplicate: it passes."""
    for slot, (driver, options) in enumerate(DRIVERS.items(), 1):
        name = many.serial_for(driver, 200 + slot)
        simulator.new(name, driver=driver, serial=name, fault='duplicate-key', **options)
        simulator.plug(name, slot)
        station.wait_slot(slot, 'pass', 'fail')
        simulator.unplug(name)
        station.wait_slot(slot, 'empty', 'fail')


def next_ones_pass(station, simulator, names):
    serials = []
    before = len(station.attempts())
    for slot, (driver, options) in enumerate(DRIVERS.items(), 1):
        simulator.unplug(names[slot])
        rig.wait_until(lambda one=slot: not station.slot(one)['present'],
                       f'slot {slot} is empty')
        serial = many.serial_for(driver, 300 + slot)
        simulator.new(serial, driver=driver, serial=serial, **options)
        simulator.plug(serial, slot)
        serials.append(serial)
    station.wait_ended(before + len(DRIVERS))
    for slot in names:
        station.wait_slot(slot, 'pass')
    judge.judge_devices(station, simulator, serials)


def pulled_out_at(direction, offsets):
    """Cuts a device at each offset, then plugs it in again: one certificate, the same bytes."""
    with rig.station(slots=4) as station:
        simulator = station.simulator()
        station.start_batch()
        serials = []
        for first in range(0, len(offsets), 4):
            group = {}
            for slot, offset in enumerate(offsets[first:first + 4], 1):
                driver = list(DRIVERS)[(first + slot) % len(DRIVERS)]
                name = many.serial_for(driver, 400 + first + slot)
                simulator.new(name, driver=driver, serial=name, fault=f'{direction}={offset}x1',
                              **DRIVERS[driver])
                group[slot] = (name, offset)
            serials += cut_and_come_back(station, simulator, group)
        judge.judge_devices(station, simulator, serials)
        for serial in serials:
            mine = [one for one in station.certificates() if one['device'] == serial]
            rig.expect_equal(len(mine), 1, f'certificates of {serial}, for one key: {mine}')


def cut_and_come_back(station, simulator, group):
    before = len(station.attempts())
    for slot, (name, _) in group.items():
        simulator.plug(name, slot)
    station.wait_ended(before + len(group))
    stored = {one['device']: one['sha256'] for one in station.certificates()}
    ended = {one.get('device'): one for one in station.attempts()[before:]}
    for slot, (name, offset) in group.items():
        record = station.wait_slot(slot, 'pass', 'fail', 'empty')
        if record['state'] == 'pass':
            continue  # the offset lies behind the end of the dialogue
        simulator.unplug(name)
        rig.wait_until(lambda one=slot: not station.slot(one)['present'], f'slot {slot} is empty')
        simulator.plug(name, slot)
        record = station.wait_slot(slot, 'pass', 'fail')
        while record['state'] == 'fail' and record['reason'] == 'unplugged':
            record = station.wait_slot(slot, 'pass', 'working')
        record = station.wait_slot(slot, 'pass')
        certificate = station.json('cert', 'show', name)
        if name in stored:
            rig.expect_equal(certificate['sha256'], stored[name],
                             f'{name} was cut at {offset} ({ended.get(name)}) and came back')
    for slot, (name, _) in group.items():
        simulator.unplug(name)
        rig.wait_until(lambda one=slot: not station.slot(one)['present'], f'slot {slot} is empty')
    return [name for name, _ in group.values()]


def spread(count, most):
    """`count` offsets, close together at first, up to `most`; the same in each run."""
    offsets = set()
    for number in range(count):
        digest = hashlib.sha256(b'offset %d' % number).digest()
        offsets.add(1 + int.from_bytes(digest[:4], 'big') % most)
    return sorted(offsets)


def pulled_out_while_it_speaks_it_comes_back():
    pulled_out_at('unplug', spread(32, 2400))


def pulled_out_while_it_listens_it_comes_back():
    pulled_out_at('unplug-in', spread(32, 4000))


TESTS = {test.__name__: test for test in (
    every_fault_has_its_test,
    pulled_out_while_it_speaks_it_comes_back,
    pulled_out_while_it_listens_it_comes_back,
)}
TESTS.update({fault: lambda one=fault: one_fault(one) for fault in REASONS})
if __name__ == '__main__':
    rig.main(TESTS)
