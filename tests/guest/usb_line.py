# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: a station whose slots are USB ports, with devices on the kernel's own USB. The daemon
runs as the user keycradle, so it reaches them by our udev rules alone.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import guest  # noqa: E402
import judge  # noqa: E402
import rig  # noqa: E402
from guest import say  # noqa: E402


class Line(guest.Line):
    """A station on two of the bench's ports. There is no fixture outside of the guest."""

    def __init__(self, station, bench):
        self.station = station
        self.bench = bench
        self.passed = []
        bench.plug('FIRST-1', 1)
        bench.find(1)
        guest.settled()
        node = '/dev/bus/usb/{:03}/{:03}'.format(*map(int, bench.address(1)[4:].split('/')[:2]))
        first = guest.properties(node)['ID_PATH']
        rig.expect(first.endswith('-usb-0:1'), f'the ID_PATH of port 1: {first}')
        self.paths = {1: first, 2: f'{first[:-1]}2'}
        station.bind({slot: f'IdPath={path}' for slot, path in self.paths.items()})
        station.start()
        station.start_batch()

    def take_out(self, name, port=1):
        self.bench.take_out(name, port)
        self.wait_empty(port)
        self.passed.append(name)


def a_device_that_was_there_first_passes(line):
    line.wait_passed(1, 'FIRST-1')
    certificate = line.station.json('cert', 'show', 'FIRST-1')
    rig.expect_equal(certificate['state'], 'verified', f'FIRST-1: {certificate}')
    line.take_out('FIRST-1')
    say(f'FIRST-1 passed at {line.paths[1]}')


def two_come_to_a_running_daemon(line):
    for port in (1, 2):
        line.bench.plug(f'HOT-{port}', port)
    for port in (1, 2):
        line.wait_passed(port, f'HOT-{port}')
        line.take_out(f'HOT-{port}', port)
    say('HOT-1 and HOT-2 were plugged in together and passed')


def what_stalls_and_dribbles_passes(line):
    line.bench.plug('ODD-1', 1, **{'usb-fault': 'stall=3,short=5'})
    line.wait_passed(1, 'ODD-1')
    line.take_out('ODD-1')
    say('ODD-1 stalled once, answered in transfers of 5 bytes and passed')


def what_was_yanked_comes_back_with_its_certificate(line):
    line.bench.plug('CUT-1', 1, fault='unplug=1100x1')
    record = line.wait_ended(1, 'CUT-1')
    rig.expect_equal((record['state'], record['reason']), ('fail', 'unplugged'), f'{record}')
    line.bench.wait_gone(1)
    line.wait_empty(1)
    stored = line.station.json('cert', 'show', 'CUT-1')
    rig.expect_equal(stored['state'], 'issued', f'the certificate of CUT-1: {stored}')
    line.bench.simulator.unplug('CUT-1')
    line.bench.simulator.plug('CUT-1', 1)
    line.station.wait_slot(1, 'pass')
    again = line.station.json('cert', 'show', 'CUT-1')
    rig.expect_equal((again['sha256'], again['state']), (stored['sha256'], 'verified'),
                     'the certificate of CUT-1')
    line.take_out('CUT-1')
    say('CUT-1 was yanked in an answer and came back with the same certificate')


def what_shows_a_keyboard_too_gets_nothing(line):
    before = len(line.station.attempts())
    line.bench.plug('EVIL-1', 1, **{'usb-fault': 'hostile=5'})
    line.bench.find(1)
    line.bench.plug('GOOD-2', 2)
    line.wait_passed(2, 'GOOD-2')  # by then the daemon has seen both
    attempts = line.station.attempts()[before:]
    rig.expect_equal([one['result'] for one in attempts], ['passed'], f'attempts: {attempts}')
    line.bench.take_out('EVIL-1', 1)
    line.take_out('GOOD-2', 2)
    say('a device with a keyboard beside its interface was not asked anything')


PARTS = (a_device_that_was_there_first_passes, two_come_to_a_running_daemon,
         what_stalls_and_dribbles_passes, what_was_yanked_comes_back_with_its_certificate,
         what_shows_a_keyboard_too_gets_nothing)


def the_line_works_on_real_usb(bench):
    station = guest.Station(slots=2)
    try:
        line = Line(station, bench)
        for part in PARTS:
            part(line)
        judge.judge_devices(station, bench.simulator, line.passed)
        station.stop()
        station.judge_logs()
    except BaseException:
        station.tell_story()
        raise
    finally:
        station.close()
