# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every driver must stand: each fault that a device can have ends in a FAIL that an operator
understands, with the port free at once and the next device passing; a device pulled out at any byte
of its CSR and of what is installed comes back to one certificate; a device that failed, passed, or
was there twice is treated as such. The same tests for each driver of the registry:

  contract.py TEST DRIVER
"""

import array
import errno
import fcntl
import os
import subprocess
import sys

import dialects
import judge
import rig

TIOCGEXCL = 0x80045440

# fault → the reasons that may stand in the ledger
REASONS = {
    'garbage': {'unknown-device', 'garbled', 'no-answer'},
    'silence': {'no-answer'},
    'half-line': {'no-answer'},
    'flood': {'flood', 'garbled'},
    'drip': {'no-answer', 'unknown-device'},
    'unplug=40': {'unplugged'},
    'unplug-in=40': {'unplugged'},
    'no-identity': {'identity'},
    'weak-key': {'rsa-too-small', 'ec-curve', 'ec-point'},  # the last where the host builds the request
    'duplicate-key': {'duplicate-key'},
    'bad-signature': {'csr-signature'},
    'leak-private-key': {'private-key-leaked'},
    'leak-der': {'private-key-leaked'},
    'refuse-install': {'refused'},
    'wrong-certificate': {'read-back'},
    'wrong-key': {'proof'},
}


def faults_of(dialect):
    """The simulator's own list, without what this device can't have."""
    known = {line.split()[0] for line in rig.simulator_says('faults')}
    tested = {fault.split('=')[0] for fault in REASONS}
    rig.expect_equal(tested, known, 'the faults that are tested, against `keycradle-sim faults`')
    rig.expect(dialect.impossible <= tested, f'contract.ini names unknown faults: {dialect.impossible}')
    return [fault for fault in REASONS if fault.split('=')[0] not in dialect.impossible]


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
    rig.wait_until(free, f'the port of slot {slot} is free', seconds=5)


def expect_understandable(record):
    text = record.get('operator-text', '')
    rig.expect(len(text) >= 20 and text.rstrip().endswith('.') and ' ' in text,
               f'an operator can\'t act on {text!r}: {record}')
    rig.expect('-' not in record['reason'] or record['reason'] not in text,
               f'a word for engineers in {text!r}')


def pull_out(station, simulator, name, slot):
    simulator.unplug(name)
    rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


def sound_one_passes(station, simulator, name):
    record = station.run_device(simulator, name, 1)
    rig.expect_equal(record['state'], 'pass', f'a sound device: {record}')
    return record


def expect_fault(station, slot, fault):
    record = station.slot(slot)
    expect_port_free(station, slot)
    rig.expect_equal(record['state'], 'fail', f'{fault}: {record}')
    rig.expect(record['reason'] in REASONS[fault], f'{fault}: {record}')
    expect_understandable(record)
    attempt = station.attempt(record['attempt'])
    rig.expect_equal((attempt['result'], attempt['reason']), ('failed', record['reason']),
                     f'{fault}: the ledger')
    print(f'{fault}: {record["reason"]}: {record["detail"]}')


def every_fault_ends_in_words(dialect):
    """All of them at once, each in a slot of its own."""
    faults = faults_of(dialect)
    with rig.station(slots=len(faults), start=False) as station:
        station.set_attempt_seconds(8)
        dialect.prepare(station)
        simulator = station.start().simulator()
        station.start_batch()
        first = dialect.new(simulator, 1, fault='duplicate-key')  # it can't be known as a duplicate
        sound_one_passes(station, simulator, first)
        pull_out(station, simulator, first, 1)
        names = [dialect.new(simulator, 100 + slot, fault=fault)
                 for slot, fault in enumerate(faults, 1)]
        for slot, name in enumerate(names, 1):
            simulator.plug(name, slot)
        station.wait_ended(1 + len(faults))
        for slot, fault in enumerate(faults, 1):
            expect_fault(station, slot, fault)
            pull_out(station, simulator, names[slot - 1], slot)
        next_ones_pass(station, dialect, simulator, len(faults))


def next_ones_pass(station, dialect, simulator, slots):
    before = len(station.attempts())
    serials = [dialect.new(simulator, 300 + slot) for slot in range(1, slots + 1)]
    for slot, serial in enumerate(serials, 1):
        simulator.plug(serial, slot)
    station.wait_ended(before + slots)
    for slot in range(1, slots + 1):
        station.wait_slot(slot, 'pass')
    judge.judge_devices(station, simulator, serials)


def it_comes_again(dialect):
    """After a FAIL, after a PASS, after a supervisor's word, and twice at once."""
    with rig.station(slots=2, start=False) as station:
        station.set_attempt_seconds(8)
        dialect.prepare(station)
        simulator = station.start().simulator()
        station.start_batch()
        name = dialect.new(simulator, 1, fault='bad-signaturex1')
        record = station.run_device(simulator, name, 1)
        rig.expect_equal(record['state'], 'fail', f'a wrong signature: {record}')
        pull_out(station, simulator, name, 1)
        record = station.run_device(simulator, name, 1)
        rig.expect_equal(record['state'], 'pass', f'again, without the fault: {record}')
        pull_out(station, simulator, name, 1)
        certificate = station.json('cert', 'show', name)['sha256']
        record = station.run_device(simulator, name, 2)
        rig.expect_equal((record['state'], record['reason']), ('fail', 'already-done'), f'{record}')
        pull_out(station, simulator, name, 2)
        station.cli('device', 'retry', name)
        record = station.run_device(simulator, name, 1)
        rig.expect_equal(record['state'], 'pass', f'a supervisor let it: {record}')
        rig.expect_equal(station.json('cert', 'show', name)['sha256'], certificate,
                         'the key is the same, so is the certificate')
        judge.judge_devices(station, simulator, [name])
        twins(station, dialect, simulator)


def twins(station, dialect, simulator):
    """Two units with one identity at the same time: one of them at most gets a certificate."""
    pull_out(station, simulator, dialect.serial(1), 1)
    serial = dialect.serial(2)
    before = len(station.attempts())
    for slot, name in enumerate(('left', 'right'), 1):
        simulator.new(name, **{**dialect.options, 'driver': dialect.name, 'serial': serial,
                               'chip': 'TWIN', 'latency': 40})
        simulator.plug(name, slot)
    station.wait_ended(before + 2)
    states = sorted(station.slot(slot)['state'] for slot in (1, 2))
    rig.expect_equal(states, ['fail', 'pass'],
                     f'two with one identity: {[station.slot(slot) for slot in (1, 2)]}')
    live = [one for one in station.certificates()
            if one['device'] == serial and one['state'] in judge.LIVE]
    rig.expect_equal(len(live), 1, 'live certificates of the twins')


# ---- pulled out at each byte ----

def unescaped_length(text):
    """Of bytes as a transcript has them (g_strescape)."""
    length = place = 0
    while place < len(text):
        place += 1 if text[place] != '\\' else 4 if text[place + 1] in '01234567' else 2
        length += 1
    return length


def reach(transcript, steps, direction):
    """From which to which byte, counted from the start in one direction, `steps` go."""
    current, count, first, last = '', 0, None, 0
    for line in transcript.splitlines():
        if line.startswith('# step '):
            current = line.split()[2]
        if line[:2] == direction + ' ':
            length = unescaped_length((line.split(' ', 2) + [''])[2])
            if current in steps:
                first = count if first is None else first
                last = count + length
            count += length
    rig.expect(first is not None, f'nothing was said in {steps}')
    return first, last


def cuts_of(station, dialect, simulator):
    """A sound device shows where its CSR and its certificate lie. (fault, last byte) of each."""
    name = dialect.new(simulator, 1)
    record = sound_one_passes(station, simulator, name)
    transcript = station.attempt(record['attempt'])['transcript']
    pull_out(station, simulator, name, 1)
    return {'unplug': reach(transcript, ('generate-key', 'read-csr'), '<'),
            'unplug-in': reach(transcript, ('install',), '>')}


class Played:
    """What the devices of a plan hold, after the play."""

    def __init__(self, folder):
        self.folder = folder

    def item(self, serial, name):
        try:
            with open(os.path.join(self.folder, f'{serial}.{name}'), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return None

    def certificate(self, serial):
        return self.item(serial, 'cert.der')


def write_plan(path, dialect, slots, cuts):
    serials = []
    with open(path, 'w', encoding='utf-8') as plan:
        for number, (fault, offset) in enumerate(cuts, 1000):
            serial = dialect.serial(number)
            settings = {**dialect.options, 'driver': dialect.name, 'serial': serial,
                        'fault': f'{fault}={offset}x1', 'slot': 1 + number % slots}
            plan.write(f'[device {serial}]\n'
                       + ''.join(f'{key}={value}\n' for key, value in settings.items()) + '\n')
            serials.append(serial)
    return serials


def pulled_out_at(dialect, every):
    slots = 12
    with rig.station(slots=slots, start=False) as station:
        dialect.prepare(station, Driver=dialect.name)  # the same bytes each time: nobody else asks
        simulator = station.start().simulator()
        station.start_batch()
        reaches = cuts_of(station, dialect, simulator)
        simulator.close()
        cuts = [(fault, offset) for fault, (first, last) in reaches.items()
                for offset in range(first + 1, last + 1, every)]
        plan = os.path.join(station.folder, 'cuts.plan')
        state = os.path.join(station.folder, 'played')
        serials = write_plan(plan, dialect, slots, cuts)
        run = subprocess.run([rig.program('keycradle-sim'), 'play', plan, '--ports', station.ports,
                              '--state', state], capture_output=True, text=True, check=False,
                             env=rig.environment())
        rig.expect_equal(run.returncode, 0, f'the play of {len(cuts)} cuts: {run.stderr}')
        station.wait_ended(1 + 2 * len(cuts))
        judge_cuts(station, cuts, serials, Played(state))
        print(f'{dialect.name}: {len(cuts)} cuts, every {every} bytes of {reaches}')


def judge_cuts(station, cuts, serials, played):
    certificates, failed = {}, {}
    for one in station.certificates():
        certificates.setdefault(one['device'], []).append(one)
    for one in station.attempts():
        if one['result'] == 'failed':
            failed.setdefault(one.get('device'), []).append(one['reason'])
    for (fault, offset), serial in zip(cuts, serials):
        mine = certificates.get(serial, [])
        rig.expect_equal(len(mine), 1, f'certificates of {serial}, cut at {fault}={offset}: {mine}')
    rig.expect_equal({reason for one in failed.values() for reason in one}, {'unplugged'}, 'reasons')
    # One that was cut before the ledger knew who it was has no name there.
    uncut = [serial for serial in serials if serial not in failed]
    rig.expect(len(uncut) <= len(failed.get(None, [])), f'never cut: {uncut}')
    judge.judge_devices(station, played, serials)


def pulled_out_it_comes_back(dialect):
    pulled_out_at(dialect, 61)


def pulled_out_at_each_byte_it_comes_back(dialect):
    pulled_out_at(dialect, 1)


TESTS = {test.__name__: test for test in (
    every_fault_ends_in_words,
    it_comes_again,
    pulled_out_it_comes_back,
    pulled_out_at_each_byte_it_comes_back,
)}

if __name__ == '__main__':
    name = sys.argv[2] if len(sys.argv) > 2 else ''
    rig.main({test: lambda one=TESTS[test]: one(dialects.Dialect(name)) for test in TESTS})
