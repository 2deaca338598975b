# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a supervisor does at the desk: operators and their badges, scanned serials, voiding, exports
of what is new. A terminal is a real one, so that what it shows can be looked at."""

import json
import os
import pty
import subprocess
import threading

import rig

BADGE = 'B4DGE-4711'
PIN = '81256'


class Terminal:
    """keycradle on a pseudo terminal."""

    def __init__(self, station, *words):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [rig.program('keycradle'), '--config', station.config, *words], stdin=slave,
            stdout=slave, stderr=slave, env=rig.environment(), start_new_session=True)
        os.close(slave)
        self.shown = ''
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                chunk = os.read(self.master, 4096)
            except OSError:  # how the end of a terminal shows
                return
            self.shown += chunk.decode(errors='replace')

    def wait_for(self, words):
        rig.wait_until(lambda: words in self.shown, f'the terminal shows {words!r}')

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self, code):
        rig.expect_equal(self.process.wait(rig.PATIENCE), code, f'exit code after {self.shown!r}')
        self.reader.join(rig.PATIENCE)
        os.close(self.master)
        return self.shown


def add_operator(station, name, role, secrets, *words, exit_code=0):
    """With badge and PIN on standard input."""
    read, write = os.pipe()
    os.write(write, secrets.encode())
    os.close(write)
    run = subprocess.run(
        [rig.program('keycradle'), '--config', station.config, 'operator', 'add', name, '--role',
         role, '--badge-file', '-', *words], stdin=read, capture_output=True, text=True,
        check=False, env=rig.environment())
    os.close(read)
    rig.expect_equal(run.returncode, exit_code, run.stderr)


def badge_and_pin_are_asked_for_and_never_shown():
    with rig.station() as station:
        terminal = Terminal(station, 'operator', 'add', 'ANNA', '--role', 'supervisor')
        for prompt, keys in (('Scan the badge', BADGE), ('PIN, or Enter', PIN),
                             ('once more', PIN)):
            terminal.wait_for(prompt)
            terminal.type(keys + '\r')
        shown = terminal.end(0)
        rig.expect(BADGE not in shown and PIN not in shown, f'a secret was shown: {shown!r}')
        rig.expect_equal([(one['name'], one['pin']) for one in station.json('operator', 'list')],
                         [('ANNA', True)], 'operators')

        terminal = Terminal(station, 'operator', 'add', 'MEI', '--role', 'operator')
        terminal.wait_for('Scan the badge')
        terminal.type(BADGE[:3] + '\x03\r')  # Ctrl-C, then Enter
        terminal.end(2)
        terminal = Terminal(station, 'operator', 'add', 'MEI', '--role', 'operator')
        for prompt, keys in (('Scan the badge', 'other'), ('PIN, or Enter', '1'),
                             ('once more', '2')):
            terminal.wait_for(prompt)
            terminal.type(keys + '\r')
        rig.expect('differ' in terminal.end(2), 'two PINs that differ')
        rig.expect_equal(len(station.json('operator', 'list')), 1, 'operators')


def operators_come_and_go_on_record():
    with rig.station() as station:
        add_operator(station, 'MEI', 'operator', BADGE + '\n', '--language', 'zh_CN')
        add_operator(station, 'ANNA', 'supervisor', f'other\n{PIN}\n', '--pin-file', '-')
        add_operator(station, 'OTTO', 'operator', BADGE + '\n', exit_code=2)  # MEI's badge
        station.cli('operator', 'disable', 'MEI')
        station.cli('operator', 'disable', 'NOBODY', exit_code=3)
        found = {one['name']: (one['role'], one['enabled'], one['pin'])
                 for one in station.json('operator', 'list')}
        rig.expect_equal(found, {'MEI': ('operator', False, False),
                                 'ANNA': ('supervisor', True, True)}, 'operators')
        station.cli('operator', 'enable', 'MEI')
        told = station.cli('event', 'list').stdout
        rig.expect('MEI' in told and BADGE not in told and PIN not in told, f'events: {told}')


def a_monitor_hears_of_audit_events_and_of_the_status():
    with rig.station() as station:
        monitor = subprocess.Popen(
            [rig.program('keycradle'), '--config', station.config, 'monitor', '--json'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=rig.environment())
        heard = []
        reader = threading.Thread(
            target=lambda: heard.extend(json.loads(line) for line in monitor.stdout), daemon=True)
        reader.start()
        try:
            rig.wait_until(lambda: heard, 'the monitor listens')
            add_operator(station, 'MEI', 'operator', BADGE + '\n')
            station.cli('operator', 'disable', 'MEI')
            rig.wait_until(
                lambda: [one for one in heard if one['signal'] == 'EventRecorded'
                         and (one['event']['kind'], one['event']['subject'])
                         == ('operator-disable', 'MEI')], 'the audit event is heard of')
            rig.wait_until(
                lambda: [one for one in heard if one['signal'] == 'StatusChanged'
                         and 'operators' in one['status']], 'the status is heard of')
        finally:
            monitor.terminate()
            monitor.wait()
        reader.join(rig.PATIENCE)


def an_attempt_tells_how_long_each_step_took():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch(target=1)
        simulator.new('D1', driver='smp', serial='D1')
        station.run_device(simulator, 'D1', 1, 'pass')
        attempt = station.attempt(station.attempts()[0]['id'])
        steps = attempt['steps']
        names = [one['step'] for one in steps]
        rig.expect_equal(names[:3] + names[-1:], ['open', 'identify', 'register', 'record'],
                         'steps')
        times = [one['at'] for one in steps] + [attempt['ended-at']]
        rig.expect(times == sorted(times) and times[0] >= attempt['started-at'],
                   f'times {times} of {attempt}')
        told = station.cli('attempt', 'show', str(attempt['id'])).stdout
        for step in names:
            rig.expect(f'  {step} ' in told, f'{step} is not in {told}')


def a_batch_and_the_status_tell_how_it_goes():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch(target=3)
        for name, state in (('D1', 'pass'), ('D2', 'fail')):
            options = {'fault': 'weak-key'} if state == 'fail' else {}
            simulator.new(name, driver='smp', serial=name, **options)
            station.run_device(simulator, name, 1, state)
            simulator.unplug(name)
        told = station.cli('batch', 'show', 'B1').stdout
        batch = station.json('batch', 'show', 'B1')
        rig.expect_equal((batch['passed-last-hour'], len(batch['failures'])), (1, 1), batch)
        rig.expect(batch['failures'][0]['reason'] in told, told)
        rig.expect('First-pass yield 50.0% (1 of 2 passed at once)\n' in told, told)
        rig.expect('Cycle time ' in told and 'Units per hour   1\n' in told, told)
        status = station.cli('status').stdout
        rig.expect('Disk ' in status and 'Clock ' in status, status)


def a_voided_certificate_is_void_on_record():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch(target=1)
        simulator.new('D1', driver='smp', serial='D1')
        station.run_device(simulator, 'D1', 1, 'pass')
        serial = station.attempts()[0]['device']
        station.cli('device', 'void', serial, exit_code=2)  # no reason
        station.cli('device', 'void', serial, '--reason', 'stolen')
        shown = station.json('cert', 'list')[0]
        rig.expect_equal((shown['state'], shown['void-reason']), ('void', 'stolen'), 'certificate')


def an_export_of_what_is_new_holds_only_that():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch(target=3)
        path = os.path.join(station.folder, 'new.csv')
        for count, name in enumerate(('D1', 'D2'), 1):
            simulator.new(name, driver='smp', serial=name)
            station.run_device(simulator, name, 1, 'pass')
            simulator.unplug(name)
            summary = station.json('export', 'csv', '--batch', 'B1', '--output', path,
                                   '--new-only')
            rig.expect_equal(summary['rows'], 1, f'new devices in export {count}')
        listed = station.json('export', 'list', '--batch', 'B1')
        # there was none before the first, so that was a whole one
        rig.expect_equal([(one['format'], one['rows'], one['new-only']) for one in listed],
                         [('csv', 1, True), ('csv', 1, False)], 'exports')
        rig.expect('1 devices of B1 as csv' in station.cli('status').stdout, 'last export')

        terminal = Terminal(station, 'export', 'csv', '--batch', 'B1', '--output', path)
        rig.expect('2 of 2 devices, 100%' in terminal.end(0), terminal.shown)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        badge_and_pin_are_asked_for_and_never_shown,
        operators_come_and_go_on_record,
        a_monitor_hears_of_audit_events_and_of_the_status,
        an_attempt_tells_how_long_each_step_took,
        a_batch_and_the_status_tell_how_it_goes,
        a_voided_certificate_is_void_on_record,
        an_export_of_what_is_new_holds_only_that,
    )})
