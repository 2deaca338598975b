# SPDX-License-Identifier: LGPL-2.1-or-later
"""The operator's screen, the real program in a real terminal, worked as an operator works it."""

import os
import random
import time

import many
import rig
from terminal import Terminal, terminal

BADGES = {'mei': ('operator', 'B4471', None), 'anna': ('supervisor', 'B0007', '9182')}


def plug_new(simulator, serial, slot, **options):
    simulator.new(serial, **{'driver': 'smp', 'key': 'p-256', 'serial': serial, **options})
    simulator.plug(serial, slot)


def secret(station, name, text):
    path = os.path.join(station.folder, name)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text + '\n')
    os.chmod(path, 0o600)
    return path


def add_people(station):
    for name, (role, badge, pin) in BADGES.items():
        words = ['--badge-file', secret(station, f'{name}.badge', badge)]
        if pin:
            words += ['--pin-file', secret(station, f'{name}.pin', pin)]
        station.cli('operator', 'add', name, '--role', role, *words)


def event_kinds(station):
    return [event['kind'] for event in station.json('event', 'list')]


# ---- a shift ----

def a_fail_stays_until_it_is_seen():
    with rig.station(slots=2, acknowledge=True) as station:
        simulator = station.simulator()
        with terminal(station) as screen:
            screen.wait('SCAN>', 'F3')
            station.start_batch(target=2)
            screen.wait('B1', '0/2')
            plug_new(simulator, 'GOOD-1', 1)
            screen.wait('GOOD-1', '1/2')
            simulator.unplug('GOOD-1')
            screen.wait_gone('GOOD-1')
            plug_new(simulator, 'WEAK-1', 1, key='rsa-2048', fault='weak-key')
            screen.wait('WEAK-1', 'too weak')
            simulator.unplug('WEAK-1')
            rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is empty')
            plug_new(simulator, 'GOOD-2', 1)
            rig.wait_until(lambda: station.slot(1)['present'], 'the next unit is there')
            screen.wait('WEAK-1')
            rig.expect_equal(len(station.attempts()), 2, 'the next unit is not touched')
            screen.keys('a')
            screen.wait('GOOD-2', '2/2')
            rig.expect('fail-acknowledged' in event_kinds(station), 'it is on record')


def control_barcodes_do_what_keys_do():
    with rig.station(slots=3, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        with terminal(station) as screen:
            screen.wait('B1')
            for slot in (1, 2):
                plug_new(simulator, f'WEAK-{slot}', slot, key='rsa-2048', fault='weak-key')
                station.wait_slot(slot, 'fail')
            screen.wait('also FAIL: 2')
            screen.scan('KCSLOTD')  # slot 2
            screen.wait('also FAIL: 1')
            screen.scan('KCSEEN')
            rig.wait_until(lambda: station.slot(2)['acknowledged'], 'slot 2 was seen')
            rig.expect(not station.slot(1)['acknowledged'], 'slot 1 was not')
            screen.scan('KCLOG')
            screen.wait('fail-acknowledged')
            screen.scan('KCHELP')
            screen.wait('KCHELP|Help')
            screen.scan('KCNO')
            screen.scan('KCLINE')
            screen.wait('WEAK-1')
            screen.scan('KCEXIT')
            rig.expect_equal(screen.wait_end(), '0', 'exit status')


def scans_start_batches_and_name_units():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.cli('batch', 'create', 'WO-17', '--product', 'lamp', '--profile', 'aws-iot',
                    '--serial-scan', '--serial-pattern', 'AC-[0-9]{4}', '--target', '2')
        with terminal(station) as screen:
            screen.wait('SCAN>')
            screen.scan('wo-18')
            screen.wait('wo-18')
            screen.scan('WO-17')
            rig.wait_until(lambda: station.json('batch', 'show', 'WO-17')['state'] == 'running',
                           'the batch runs')
            simulator.new('X1', driver='smp', key='p-256')
            simulator.plug('X1', 1)
            station.wait_slot(1, 'waiting')
            screen.wait('SCAN')
            screen.scan('XX-0001')
            screen.wait('XX-0001')
            rig.expect_equal(station.slot(1)['state'], 'waiting', 'a wrong label names nothing')
            screen.scan('AC-0001')
            record = station.wait_slot(1, 'pass', 'fail')
            rig.expect_equal((record['state'], record['device']), ('pass', 'AC-0001'), f'{record}')
            screen.wait('AC-0001', '1/2')


# ---- people ----

def the_screen_locks_and_badges_open_it():
    with rig.station(slots=1) as station:
        add_people(station)
        with terminal(station) as screen:
            screen.wait('SCAN>')
            screen.scan('B4471')
            screen.wait('mei')
            screen.keys('F11')
            screen.wait('your badge')
            screen.keys('q', 'F3')
            screen.wait('your badge')
            screen.scan('B9999')
            screen.wait('not known')
            screen.scan('B0007')
            screen.wait('anna')
            screen.wait_gone('your badge')
            kinds = event_kinds(station)
            rig.expect({'sign-in', 'sign-out', 'sign-in-refused'} <= set(kinds), f'{kinds}')


def a_screen_that_is_started_waits_for_a_badge():
    with rig.station(slots=1) as station:
        add_people(station)
        with terminal(station, conf='') as screen:
            screen.wait('your badge')
            screen.keys('q', 'C-c')
            screen.wait('locked')
            rig.expect(not screen.is_dead(), 'Ctrl-C does not get past the lock')
            screen.scan('B4471')
            screen.wait('mei')
            with terminal(station, conf='') as second:
                second.wait('mei', 'F3')
            screen.keys('C-c')
            rig.expect_equal(screen.wait_end(), '0', 'exit status')


def a_supervisor_is_asked_for_what_only_he_may():
    with rig.station(slots=1) as station:
        add_people(station)
        station.start_batch()
        state = lambda: station.json('batch', 'show', 'B1')['state']  # noqa: E731
        with terminal(station) as screen:
            screen.wait('B1')
            screen.keys('F3')
            screen.wait('B1.*lamp')
            screen.keys('p')
            screen.wait('[Ss]upervisor')
            screen.scan('B4471')  # an operator
            screen.keys('Enter')  # no PIN
            screen.wait('not known|may not')
            rig.expect_equal(state(), 'running', 'an operator pauses nothing')
            screen.keys('Escape')
            screen.keys('p')
            screen.wait('[Ss]upervisor')
            screen.scan('B0007')
            screen.wait('PIN')
            screen.scan('9182')
            screen.wait('paused|PAUSED')
            rig.expect_equal(state(), 'paused', 'the supervisor paused it')
            screen.wait('paused|PAUSED')
            events = [event for event in station.json('event', 'list')
                      if event['kind'] == 'batch-pause']
            rig.expect('anna' in events[0]['actor'], f'{events}')


# ---- trouble ----

def the_screen_outlives_the_daemon():
    with rig.station(slots=2, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        with terminal(station) as screen:
            plug_new(simulator, 'WEAK-1', 1, key='rsa-2048', fault='weak-key')
            screen.wait('WEAK-1', 'too weak')
            station.kill()
            screen.wait('WEAK-1', 'Leave units in')
            screen.keys('a')
            screen.wait('Nothing was done')
            station.start()
            screen.wait_gone('Leave units in')
            screen.wait('WEAK-1', 'FAIL|[#█]')
            rig.expect('fail-acknowledged' not in event_kinds(station),
                       'a key to nobody is no acknowledgement')
            screen.keys('a')
            rig.wait_until(lambda: 'fail-acknowledged' in event_kinds(station), 'it was seen')


def killing_screens_disturbs_nothing():
    with rig.station(slots=8) as station:
        simulator = station.simulator()
        station.start_batch(target=8)
        serials = many.make_devices(simulator, 8, latency=20)
        screens = [Terminal(station) for _ in range(3)]
        try:
            for screen in screens:
                screen.wait('B1')
            for slot, serial in enumerate(serials, 1):
                simulator.plug(serial, slot)
            station.wait_slot(1, 'working', 'pass')
            screens[0].kill()
            screens[1].keys('q')
            screens[1].wait_end()
            many.wait_all_passed(station, 8)
            screens[2].wait('8/8')
            screens[2].judge()
        finally:
            for screen in screens:
                screen.close()
        rig.expect_equal([one['result'] for one in station.attempts()], ['passed'] * 8, 'attempts')


def any_size_at_any_moment():
    random.seed(7)
    with rig.station(slots=4, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch(target=40)
        with terminal(station) as screen:
            screen.wait('B1')
            for turn in range(40):
                slot = turn % 4 + 1
                if turn >= 4:
                    simulator.unplug(f'R-{turn - 4}')
                    rig.wait_until(lambda slot=slot: not station.slot(slot)['present'],
                                   f'slot {slot} is empty')
                plug_new(simulator, f'R-{turn}', slot)
                screen.resize(random.randint(10, 200), random.randint(3, 60))
                screen.keys(random.choice(['F2', 'F3', 'F5', 'F6', 'F7', 'F8', 'F1', 'Escape']))
                station.wait_slot(slot, 'pass')
            screen.resize(80, 24)
            screen.keys('Escape', 'F2')
            screen.wait('40/40', 'SCAN>')


def sixty_four_busy_slots_are_all_shown():
    with rig.station(slots=64) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        station.listen()
        with terminal(station, columns=200, rows=60) as screen:
            screen.wait('B1')
            for wave in range(3):
                names = [f'L-{wave}-{slot}' for slot in range(1, 65)]
                for slot, name in enumerate(names, 1):
                    plug_new(simulator, name, slot)
                for slot in range(1, 65):
                    station.wait_slot(slot, 'pass')
                screen.wait(f'PASS {64 * (wave + 1)}')
                shown = screen.text()
                missing = [name for name in names if name not in shown]
                rig.expect(not missing, f'not on the screen: {missing}\n{shown}')
                for name in names:
                    simulator.unplug(name)
                for slot in range(1, 65):
                    station.wait_slot(slot, 'empty')


def plain_terminals_show_everything():
    with rig.station(slots=4, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        plug_new(simulator, 'WEAK-1', 1, key='rsa-2048', fault='weak-key')
        plug_new(simulator, 'GOOD-1', 2)
        station.wait_slot(1, 'fail')
        station.wait_slot(2, 'pass')
        for term, variables in (('vt100', {'LC_ALL': 'C'}), ('linux', {'LC_ALL': 'C'}),
                                ('xterm-256color', {'NO_COLOR': '1'}), ('tmux', {'LC_ALL': 'C'})):
            with terminal(station, term=term, **variables) as screen:
                text = screen.wait('WEAK-1', 'GOOD-1', 'SCAN>', 'too weak')
                if variables.get('LC_ALL') == 'C':
                    rig.expect(text.isascii(), f'{term}: only ASCII\n{text}')
                if 'NO_COLOR' in variables:
                    rig.expect('\x1b[3' not in screen.coloured().replace('\x1b[39m', ''),
                               'no colours')


def languages_change_while_it_runs():
    with rig.station(slots=1) as station:
        with terminal(station, columns=100, rows=30) as screen:
            english = screen.wait('SCAN>', 'Help')
            screen.keys('F9')
            screen.wait('Deutsch')
            screen.keys('Down', 'Enter')
            screen.wait('Hilfe')
            screen.keys('F9')
            screen.keys('Down', 'Enter')
            screen.wait('帮助')
            screen.keys('F9')
            screen.keys('Up', 'Up', 'Enter')
            rig.expect_equal(screen.wait('Help').splitlines()[-1], english.splitlines()[-1],
                             'the footer')


def a_refusal_comes_in_the_operators_language():
    with rig.station(slots=1) as station:
        simulator = station.simulator()
        station.cli('batch', 'create', 'B1', '--product', 'lamp', '--profile', 'aws-iot',
                    '--serial-scan', '--serial-pattern', 'AC-[0-9]{4}', '--target', '2')
        station.cli('batch', 'start', 'B1')
        plug_new(simulator, 'X1', 1, driver='smp', key='p-256')
        station.wait_slot(1, 'waiting')
        with terminal(station, words=('--language', 'de')) as screen:
            screen.wait('Seriennummer des Ger')
            screen.scan('XX-0001')
            screen.wait(r'Seriennummer XX-0001 passt nicht zum Muster AC-\[0-9]\{4} des Auftrags')


def hostile_words_stay_words():
    with rig.station(slots=1, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        with terminal(station) as screen:
            raw = os.path.join(station.folder, 'raw')
            screen.tmux('pipe-pane', f'cat >{raw}')
            plug_new(simulator, 'GARBLE-1', 1, driver='freertos', fault='garbage=200')
            station.wait_slot(1, 'fail', 'pass')
            screen.keys('F6', 'Tab', 'Enter', 't')
            time.sleep(0.5)
            with open(raw, 'rb') as file:
                written = file.read()
            bad = [one for one in written if one < 32 and one not in b'\x1b\r\n\t\x08\x0e\x0f\x07']
            rig.expect(not bad, f'control bytes reached the terminal: {bad[:5]}')


def manifest_in(folder):
    """Not what stands beside it, nor a file that has not got its name yet."""
    for name in os.listdir(folder):
        if name.endswith('.ndjson') and not name.startswith('.'):
            return os.path.join(folder, name)
    return None


def a_file_is_exported_from_the_screen():
    with rig.station(slots=1) as station:
        simulator = station.simulator()
        station.start_batch(target=1)
        folder = os.path.join(station.folder, 'out')
        os.mkdir(folder)
        with terminal(station, conf=f'[screen]\nExportFolder={folder}\n') as screen:
            plug_new(simulator, 'GOOD-1', 1)
            screen.wait('1/1')
            screen.keys('F7')
            screen.wait('aws', folder[:20])
            screen.keys('x')
            manifest = rig.wait_until(lambda: manifest_in(folder), 'a manifest is there')
            screen.wait('1 row|rows|SHA')
        verdict = station.json('manifest', 'verify', manifest)
        rig.expect(verdict['genuine'], f'{verdict}')


def without_a_terminal_it_says_so():
    with rig.station(start=False) as station:
        import subprocess
        run = subprocess.run([rig.program('keycradle-tui'), '--config', station.config],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                             env=rig.environment(), timeout=rig.PATIENCE)
        rig.expect_equal(run.returncode, 2, 'exit status')
        rig.expect(len(run.stderr.strip().splitlines()) == 1 and 'terminal' in run.stderr,
                   f'{run.stderr!r}')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_fail_stays_until_it_is_seen,
        control_barcodes_do_what_keys_do,
        scans_start_batches_and_name_units,
        the_screen_locks_and_badges_open_it,
        a_screen_that_is_started_waits_for_a_badge,
        a_supervisor_is_asked_for_what_only_he_may,
        the_screen_outlives_the_daemon,
        killing_screens_disturbs_nothing,
        any_size_at_any_moment,
        sixty_four_busy_slots_are_all_shown,
        plain_terminals_show_everything,
        languages_change_while_it_runs,
        a_refusal_comes_in_the_operators_language,
        hostile_words_stay_words,
        a_file_is_exported_from_the_screen,
        without_a_terminal_it_says_so,
    )})
