# SPDX-License-Identifier: LGPL-2.1-or-later
"""People at the line: screens are connections of their own, with roles that come and go."""

import contextlib
import importlib.util
import os
import pwd
import sys
import time

import rig

if importlib.util.find_spec('gi') is None:
    print('python3-gi is not installed: no screens here')
    sys.exit(77)

from gi.repository import Gio, GLib  # noqa: E402

INTERFACE = 'org.keycradle.Station1'
PATH = '/org/keycradle/Station1'
NOT_PERMITTED = 'org.keycradle.Error.NotPermitted'
MEI = 'BADGE-MEI-58291'
SVEN, SVEN_PIN = 'BADGE-SVEN-77120', '40375912'


class Screen:
    """One connection, and the signals that it heard with the time of each."""

    def __init__(self, station):
        address = 'unix:path=' + os.path.join(os.path.dirname(station.config), 'station.sock')
        self.connection = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)
        self.heard = []
        self.connection.signal_subscribe(None, INTERFACE, None, PATH, None,
                                         Gio.DBusSignalFlags.NONE, self._hear)

    def _hear(self, _connection, _sender, _path, _interface, name, parameters):
        self.heard.append((name, parameters.unpack()[0], time.monotonic()))

    def call(self, method, kind=None, *values, files=None):
        parameters = GLib.Variant(kind, values) if kind else None
        try:
            answer = self.connection.call_with_unix_fd_list_sync(
                None, PATH, INTERFACE, method, parameters, None, Gio.DBusCallFlags.NONE, -1,
                files, None)[0]
        except GLib.Error as error:
            return Gio.dbus_error_get_remote_error(error) or error.message
        return answer.unpack()[0] if answer.n_children() else None

    def must(self, method, kind=None, *values, **more):
        answer = self.call(method, kind, *values, **more)
        rig.expect(not isinstance(answer, str) or '.Error.' not in answer, f'{method}: {answer}')
        return answer

    def refused(self, method, kind=None, *values):
        rig.expect_equal(self.call(method, kind, *values), NOT_PERMITTED, method)

    def hear(self, name, matches, words):
        """The first signal of that name that matches, and when it came."""
        def found():
            while GLib.MainContext.default().iteration(False):
                pass
            return next(((record, at) for kind, record, at in self.heard
                         if kind == name and matches(record)), None)
        return rig.wait_until(found, words, pause=0.002)

    def add(self, name, role, badge, pin=None):
        options = {'role': GLib.Variant('s', role), 'badge': GLib.Variant('s', badge)}
        if pin:
            options['pin'] = GLib.Variant('s', pin)
        self.must('AddOperator', '(sa{sv})', name, options)


def here(name):
    return f'{name} ({pwd.getpwuid(os.getuid()).pw_name})'


def actor_of(station, kind):
    events = station.json('event', 'list')
    return next(event['actor'] for event in events if event['kind'] == kind)


def pass_one(station, simulator, serial):
    simulator.new(serial, driver='smp', key='p-256', serial=serial)
    simulator.plug(serial, 1)
    station.wait_slot(1, 'pass')
    simulator.unplug(serial)
    station.wait_slot(1, 'empty')


def a_screen_rises_for_one_act_and_falls_again():
    with rig.station() as station:
        simulator = station.simulator()
        engineer, screen = Screen(station), Screen(station)
        engineer.add('mei', 'operator', MEI)
        engineer.add('sven', 'supervisor', SVEN, SVEN_PIN)
        station.cli('batch', 'create', 'B1', '--product', 'lamp', '--profile', 'aws-iot')
        screen.must('LimitRole', '(s)', 'operator')
        screen.must('SignIn', '(s)', MEI)
        screen.hear('StatusChanged', lambda status: status.get('operator') == 'mei',
                    'the screen hears who signed in')
        screen.must('SetBatchState', '(ss)', 'B1', 'running')
        rig.expect_equal(actor_of(station, 'batch-start'), here('mei'), 'who started the batch')
        pass_one(station, simulator, 'P-1')
        rig.expect_equal(station.attempts()[0].get('operator'), 'mei', 'whose attempt')

        screen.refused('SetBatchState', '(ss)', 'B1', 'paused')
        screen.refused('VoidDevice', '(ss)', 'P-1', 'scratched')
        screen.refused('Authorize', '(ssu)', SVEN, 'wrong pin', 2)
        screen.must('Authorize', '(ssu)', SVEN, SVEN_PIN, 2)
        screen.must('VoidDevice', '(ss)', 'P-1', 'scratched')
        rig.expect_equal(actor_of(station, 'certificate-void'), here('sven'), 'who voided')
        rig.wait_until(lambda: screen.must('GetStatus')['role'] == 'operator', 'the role ends',
                       seconds=5)
        screen.refused('SetBatchState', '(ss)', 'B1', 'paused')
        engineer.must('SetBatchState', '(ss)', 'B1', 'paused')
        rig.expect_equal(actor_of(station, 'batch-pause'), pwd.getpwuid(os.getuid()).pw_name,
                         'the other connection acts for itself')


def an_event_is_on_each_screen_within_100_ms():
    with rig.station() as station:
        screens = [Screen(station) for _ in range(3)]
        for screen in screens:
            screen.must('GetStatus')
        delays = []
        for number in range(20):
            name = f'E-{number}'
            screens[0].must('CreateBatch', '(sa{sv})', name,
                            {'profile': GLib.Variant('s', 'aws-iot')})
            done = time.monotonic()
            for screen in screens:
                _, at = screen.hear('EventRecorded',
                                    lambda event, name=name: event['subject'] == name,
                                    f'the event about {name}')
                delays.append(at - done)
        delays.sort()
        print(f'event to screen: median {delays[len(delays) // 2] * 1000:.1f} ms, '
              f'worst {delays[-1] * 1000:.1f} ms')
        rig.expect(delays[-1] < 0.1, f'the slowest event took {delays[-1]:.3f} s')


def files_below(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def guesses_are_slow_and_badges_never_written():
    with rig.station() as station:
        engineer, screen = Screen(station), Screen(station)
        engineer.add('sven', 'supervisor', SVEN, SVEN_PIN)
        screen.must('LimitRole', '(s)', 'operator')
        begin = time.monotonic()
        for number in range(5):
            screen.refused('Authorize', '(ssu)', SVEN, f'GUESS-{number}', 60)
        took = time.monotonic() - begin
        rig.expect(took > 2.9, f'five guesses took only {took:.1f} s')
        refusals = [event for event in station.json('event', 'list') if event['kind'] == 'sign-in-refused']
        rig.expect_equal(len(refusals), 5, 'refusals on record')
        screen.must('Authorize', '(ssu)', SVEN, SVEN_PIN, 60)
        station.stop()
        for path in [*files_below(station.folder)]:
            with open(path, 'rb') as file:
                content = file.read()
            for secret in (SVEN, SVEN_PIN, 'GUESS-'):
                rig.expect(secret.encode() not in content, f'{secret} stands in {path}')


def a_crash_leaves_the_steps_and_nobody_signed_in():
    with rig.station() as station:
        simulator = station.simulator()
        engineer = Screen(station)
        engineer.add('mei', 'operator', MEI)
        engineer.must('SignIn', '(s)', MEI)
        station.start_batch()
        simulator.new('CRASH-1', driver='smp', key='p-256', serial='CRASH-1', latency=150)
        simulator.plug('CRASH-1', 1)
        rig.wait_until(lambda: station.slot(1).get('step') == 'read-csr', 'a step in the middle')
        station.kill()
        station.start()
        rig.expect_equal(station.json('status').get('operator'), None, 'who is signed in')
        attempt = next(one for one in station.attempts() if one['result'] == 'interrupted')
        shown = station.attempt(attempt['id'])
        steps = [step['step'] for step in shown['steps']]
        rig.expect_equal(steps[:5], ['open', 'identify', 'register', 'generate-key', 'read-csr'],
                         'steps')
        times = [step['at'] for step in shown['steps']]
        rig.expect(times == sorted(times) and times[0] >= shown['started-at'], f'{times}')
        rig.expect_equal(shown.get('operator'), 'mei', 'whose attempt it was')


# ---- who does not read ----

FILES_MOST = 16  # of clients, at once


def full_pipe():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    return reading, writing


def who_reads_nothing_holds_up_nobody():
    with rig.station() as station, open(os.devnull, 'wb') as nothing:
        simulator = station.simulator()
        station.start_batch()
        auditor = Screen(station)
        auditor.must('LimitRole', '(s)', 'auditor')

        def collect():
            files = Gio.UnixFDList.new()
            files.append(nothing.fileno())
            return auditor.call('CollectEvidence', '(sh)', 'ledger', 0, files=files)

        rig.expect_equal(collect(), None, 'a collection')
        pipes = []

        def is_refused_or_stalls_one_more():
            if collect() == 'org.keycradle.Error.State':
                return True
            pipes.append(full_pipe())
            files = Gio.UnixFDList.new()
            files.append(pipes[-1][1])
            auditor.connection.call_with_unix_fd_list(
                None, PATH, INTERFACE, 'CollectEvidence', GLib.Variant('(sh)', ('ledger', 0)), None,
                Gio.DBusCallFlags.NONE, -1, files, None, None)
            return False

        rig.wait_until(is_refused_or_stalls_one_more, 'one more is refused')
        rig.expect(len(pipes) >= FILES_MOST, f'only {len(pipes)} files at once')
        begin = time.monotonic()
        for _ in range(5):
            auditor.must('GetStatus')
        pass_one(station, simulator, 'LINE-1')
        took = time.monotonic() - begin
        rig.expect(took < 10, f'a unit and some questions took {took:.1f} s')
        for reading, writing in pipes:
            os.close(reading)
            os.close(writing)
        rig.wait_until(lambda: collect() is None, 'the files are given back')
        station.stop(seconds=10)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_screen_rises_for_one_act_and_falls_again,
        an_event_is_on_each_screen_within_100_ms,
        guesses_are_slow_and_badges_never_written,
        a_crash_leaves_the_steps_and_nobody_signed_in,
        who_reads_nothing_holds_up_nobody)})
