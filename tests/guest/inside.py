# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: a station on the ports of a real kernel, named by a real udev.

Runs as root; the daemon runs as the user keycradle, who may open what udev gives to its groups.
"""

import glob
import grp
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import judge  # noqa: E402
import rig  # noqa: E402
from guest import Line, Station, node_at, place_of, properties, say, settled  # noqa: E402


# ---- the parts of the test ----

def a_microcontroller_that_was_there_first_passes(line):
    """Coldplug: the daemon starts after udev has named the port."""
    line.fixture.new('BOARD-1', driver='cortex-m3', serial='BOARD-1')
    line.fixture.plug('BOARD-1', 1)
    node = rig.wait_until(lambda: glob.glob('/dev/ttyUSB*'), 'the board has a tty')[0]
    settled()
    path = properties(node)['ID_PATH']
    rig.expect(path.endswith('-usb-0:1:1.0'), f'the ID_PATH of port 1: {path}')
    for port in (1, 2, 3, 4):
        line.paths[port] = path.replace('-usb-0:1:', f'-usb-0:{port}:')
    line.station.allow('smp', 'tty 0403:6001  # the fixture\'s converters')
    line.station.bind({1: f'IdPath={path}', 2: f'IdPath={place_of(line.paths[2])}', 3: '',
                       4: f'Port=/dev/serial/by-path/{line.paths[4]}-port0'})
    line.station.start()
    line.station.install_rules()
    line.station.start_batch()
    line.wait_passed(1, 'BOARD-1')
    certificate = line.station.json('cert', 'show', 'BOARD-1')
    rig.expect_equal(certificate['state'], 'verified', f'BOARD-1: {certificate}')
    rig.expect(os.path.basename(node) in line.opens.names(), f'{node} was seen to be opened')
    say(f'BOARD-1 on a Cortex-M3 passed on {node}, {path}')


def a_device_comes_to_a_running_daemon(line, name='HOT-1'):
    line.fixture.new(name, driver='smp', key='p-256', serial=name)
    line.fixture.plug(name, 2)
    line.wait_passed(2, name)
    line.fixture.unplug(name, 2)
    line.wait_empty(2)
    line.passed.append(name)
    say(f'{name} was plugged in, passed and was taken out')


def what_udev_says_again_disturbs_nothing(line):
    """udev's package does so at each upgrade, while a line works. Slot 2 is bound by ID_PATH,
    slot 4 by a link that udev makes."""
    slow = {2: 'SLOW-2', 4: 'SLOW-4'}
    before = len(line.station.attempts())
    for slot, name in slow.items():
        line.fixture.new(name, driver='smp', key='p-256', serial=name, latency=400)
        line.fixture.plug(name, slot)
    line.station.wait_slot(2, 'working')
    line.station.wait_slot(4, 'working')
    subprocess.run(['udevadm', 'trigger', '--action=add', '--settle', '--subsystem-match=tty'],
                   check=True)
    for slot, name in slow.items():
        line.wait_passed(slot, name)
        line.fixture.unplug(name, slot)
        line.wait_empty(slot)  # so all that udev said before has arrived
        line.passed.append(name)
    attempts = line.station.attempts()[before:]
    rig.expect_equal([one['result'] for one in attempts], ['passed', 'passed'],
                     f'one attempt a device: {attempts}')
    say('SLOW-2 and SLOW-4 passed in one attempt while udev named all ports again')


def what_was_cut_comes_back_with_its_certificate(line):
    """Pulled while it answers, after its certificate was stored: nobody waits for a timeout."""
    line.fixture.new('CUT-1', driver='smp', key='p-256', serial='CUT-1', fault='unplug=1500x1')
    line.fixture.plug('CUT-1', 2)
    record = line.wait_ended(2, 'CUT-1')
    rig.expect_equal((record['state'], record['reason']), ('fail', 'unplugged'), f'{record}')
    line.wait_empty(2)
    stored = line.station.json('cert', 'show', 'CUT-1')
    rig.expect_equal(stored['state'], 'issued', f'the certificate of CUT-1: {stored}')
    line.fixture.unplug('CUT-1', 2)
    line.fixture.plug('CUT-1', 2)
    line.station.wait_slot(2, 'pass')
    again = line.station.json('cert', 'show', 'CUT-1')
    rig.expect_equal((again['sha256'], again['state']), (stored['sha256'], 'verified'),
                     'the certificate of CUT-1')
    line.fixture.unplug('CUT-1', 2)
    line.wait_empty(2)
    line.passed.append('CUT-1')
    say('CUT-1 was cut and came back with the same certificate')


def what_no_slot_claims_is_never_opened(line):
    """Its driver knows the device and its user may open it: it is just not ours to touch."""
    line.fixture.new('STRANGER-1', driver='smp', key='p-256', serial='STRANGER-1')
    line.opens.names()  # forgotten: nodes get the names of those before them
    line.fixture.plug('STRANGER-1', 3)
    node = node_at(line.paths[3])
    status = os.stat(node)
    rig.expect_equal((grp.getgrgid(status.st_gid).gr_name, status.st_mode & 0o777),
                     ('keycradle', 0o660), f'what our rule gave {node}')
    a_device_comes_to_a_running_daemon(line, 'HOT-2')  # by then the daemon has seen both
    opened = {name for name in line.opens.names() if name.startswith('ttyUSB')}
    rig.expect(opened and os.path.basename(node) not in opened, f'opened: {opened}, and {node} must not be')
    rig.expect_equal(line.fixture.order('heard', 3), 0, 'bytes that STRANGER-1 heard')
    line.fixture.unplug('STRANGER-1', 3)
    say(f'{node}, which no slot claims, was never opened')


def a_slot_learns_its_port(line):
    """Two ask for the same: who is refused proves that the other one's learning has begun."""
    results = []

    def learn():
        results.append(line.station.cli('slot', 'learn', '3', '--seconds', '300',
                                        exit_code=None))
    threads = [threading.Thread(target=learn) for _ in range(2)]
    for thread in threads:
        thread.start()
    rig.wait_until(lambda: results, 'one of two learners is refused')
    rig.expect('learned already' in results[0].stderr, f'{results[0]}')
    line.fixture.plug('STRANGER-1', 3)
    for thread in threads:
        thread.join()
    rig.expect_equal(len(results), 2, 'answers to two learners')
    place = place_of(line.paths[3])
    rig.expect(results[1].returncode == 0 and place in results[1].stdout,
               f'slot 3 is to be {place}: {results[1]}')
    line.wait_passed(3, 'STRANGER-1')
    line.passed.append('STRANGER-1')
    say(f'slot 3 learned {place}, and STRANGER-1 passed there')


def the_line_works_on_real_serial_ports():
    station = Station()
    try:
        line = Line(station)
        a_microcontroller_that_was_there_first_passes(line)
        a_device_comes_to_a_running_daemon(line)
        what_udev_says_again_disturbs_nothing(line)
        what_was_cut_comes_back_with_its_certificate(line)
        what_no_slot_claims_is_never_opened(line)
        a_slot_learns_its_port(line)
        judge.judge_devices(station, line.fixture, line.passed)
        station.stop()
        station.judge_logs()
    except BaseException:
        station.tell_story()
        raise
    finally:
        station.close()


if __name__ == '__main__':
    the_line_works_on_real_serial_ports()
