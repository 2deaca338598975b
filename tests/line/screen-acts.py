# SPDX-License-Identifier: LGPL-2.1-or-later
"""What supervisors, engineers and operators on a bad day do at the screen, in a real terminal."""

import os
import re
import time

import rig
from screen import add_people, event_kinds, plug_new
from terminal import terminal


def allow(screen):
    """The supervisor's badge and PIN, where they are asked for."""
    screen.wait('Supervisor', 'Scan the badge')
    screen.scan('B0007')
    screen.wait('Type the PIN')
    screen.scan('9182')
    screen.wait_gone('Type the PIN')


def fill(screen, *texts):
    """Types into the form's fields, one after the other; Enter goes to the next."""
    for text in texts:
        if text:
            screen.keys(*text)
        screen.keys('Enter')


# ---- the supervisor ----

def a_form_makes_batches_with_each_kind_of_serial():
    with rig.station(slots=1) as station:
        add_people(station)
        with terminal(station) as screen:
            screen.wait('SCAN>')
            screen.keys('F3')
            screen.wait('N makes one')
            screen.keys('n')
            screen.wait('New batch')
            fill(screen, '', 'x', '', '2', '')
            screen.wait('Name the batch')
            fill(screen, 'b-1', '', '', '', '')
            allow(screen)
            screen.wait('b-1 +x +NOT STARTED')

            screen.keys('n')
            fill(screen, 'B-1', 'lamp', '', '10', '')
            screen.wait('already')
            fill(screen, '2', '', '', '')
            screen.keys('Right')
            screen.wait('B-12-0001 to B-12-0015')
            fill(screen, '', '', '', '', '')
            allow(screen)
            screen.wait('B-12 +lamp')

            screen.keys('n')
            fill(screen, 'B-3', 'lamp', '', '1')
            screen.keys('Left')
            fill(screen, '', '[')
            screen.wait('This is no pattern')
            fill(screen, 'A]-1')
            allow(screen)
            screen.wait('B-3 +lamp')
        shown = {one: station.json('batch', 'show', one) for one in ('b-1', 'B-12', 'B-3')}
        rig.expect_equal((shown['b-1']['target'], shown['b-1'].get('serial-prefix')), (2, None), 'b-1')
        rig.expect_equal([shown['B-12'][f'serial-{one}'] for one in ('prefix', 'first', 'last', 'width')],
                         ['B-12-', 1, 15, 4], 'B-12')
        rig.expect_equal((shown['B-3']['serial-scan'], shown['B-3']['serial-pattern']),
                         (True, '[A]-1'), 'B-3')


def a_batch_is_started_paused_and_closed_on_the_screen():
    with rig.station(slots=1) as station:
        add_people(station)
        station.cli('batch', 'create', 'WO-1', '--product', 'lamp', '--profile', 'aws-iot',
                    '--target', '2')
        state = lambda: station.json('batch', 'show', 'WO-1')['state']  # noqa: E731
        with terminal(station) as screen:
            screen.wait('SCAN>')
            screen.keys('s')
            screen.wait('After F3 it means: Start')
            screen.scan('wo-1')
            screen.wait('Batch WO-1 runs')
            screen.keys('F3', 'p')
            allow(screen)
            screen.wait('PAUSED')
            rig.expect_equal(state(), 'paused', 'state')
            screen.keys('s')
            screen.wait('RUNNING')
            screen.keys('p')
            screen.wait('Scan the badge')  # one word of the supervisor is for one act
            screen.keys('Escape')
            screen.wait('Nothing was done')
            rig.expect_equal(state(), 'running', 'state')
            screen.keys('c')
            screen.wait("can't go on")
            allow(screen)
            screen.wait('CLOSED', 'Export it with F7')
            rig.expect_equal(state(), 'closed', 'state')
            screen.keys('s')
            screen.wait('is closed')


def a_slot_goes_out_of_service_and_comes_back():
    with rig.station(slots=2) as station:
        add_people(station)
        station.start_batch()
        with terminal(station) as screen:
            screen.wait('B1')
            screen.keys('d')
            screen.wait('Choose a slot first')
            screen.keys('2', 'd', 'Enter')
            screen.wait('Say why')
            screen.keys(*'bent', 'Enter')
            allow(screen)
            screen.wait('Slot 2 is out of service', 'DISABLED|OFF', 'bent')
            rig.expect_equal(station.slot(2)['disabled-reason'], 'bent', 'reason')
            screen.keys('r')
            screen.wait('D puts it back')
            screen.keys('d')
            allow(screen)
            screen.wait('Slot 2 is in service')
            rig.expect(station.slot(2)['enabled'], 'slot 2 is in service')
            screen.keys('F8', 'l')
            screen.wait('configuration file')
            screen.keys('w')
            screen.wait('configuration file')


def learning_ends_when_its_dialog_is_left():
    with rig.station(slots=2, start=False) as station:
        station.edit(station.config, r'^Port=.*slot2$', 'IdPath=pci-0000:00:14.0-usb-0:9:1.0')
        station.start()
        with terminal(station) as screen:
            screen.wait('SCAN>')
            screen.keys('F8', '2', 'l')
            screen.wait('you answer for it as the user [a-z]')
            screen.keys('Enter')
            screen.wait('place of slot 2 now', r'\b2\d seconds')
            screen.keys('x')
            screen.wait('Answer this first')
            screen.wait(r'\b1\d seconds')
            screen.keys('Escape')
            screen.wait('was cancelled; its port is as it was')
            screen.keys('l', 'Enter')
            screen.wait('place of slot 2 now')
        rig.expect('slot-learned' not in event_kinds(station), 'nothing was learned')


def a_used_unit_runs_again_and_its_certificate_is_voided():
    with rig.station(slots=1) as station:
        add_people(station)
        simulator = station.simulator()
        station.start_batch(target=5)
        plug_new(simulator, 'GOOD-1', 1)
        station.wait_slot(1, 'pass')
        with terminal(station) as screen:
            screen.wait('GOOD-1')
            screen.keys('r')
            screen.wait('has passed', "'Run again'")
            screen.keys('1', 'Enter')
            screen.wait('Unit GOOD-1', 'ACTIVE')
            screen.keys('r')
            allow(screen)
            screen.wait('runs again in slot 1')
            rig.expect('9182' not in screen.text(), 'the PIN is shown nowhere')
            station.wait_ended(2)
            station.wait_slot(1, 'pass')
            screen.keys('v', *'cracked', 'Enter')
            allow(screen)
            screen.wait('certificate of unit GOOD-1 is void', 'VOID')
            simulator.unplug('GOOD-1')
            station.wait_slot(1, 'empty')
            screen.keys('r')
            allow(screen)
            screen.wait('put it into a slot')
        rig.expect_equal(station.certificates()[0]['void-reason'], 'cracked', 'reason')
        rig.expect({'certificate-void', 'retry-allowed'} <= set(event_kinds(station)),
                   f'{event_kinds(station)}')


# ---- the engineer ----

def a_unit_is_found_by_scan_and_by_the_log():
    with rig.station(slots=2, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch(target=5)
        plug_new(simulator, 'GOOD-1', 1)
        plug_new(simulator, 'WEAK-1', 2, key='rsa-2048', fault='weak-key')
        station.wait_slot(1, 'pass')
        station.wait_slot(2, 'fail')
        with terminal(station) as screen:
            screen.wait('WEAK-1')
            screen.keys('F4')
            screen.wait('Scan a unit')
            screen.scan('NOT-HERE')
            screen.wait('NOT-HERE')
            screen.scan('GOOD-1')
            screen.wait('Unit GOOD-1', 'ACTIVE', 'Proving', '! SLOT 2 FAIL.*…')
            screen.keys('t')
            screen.wait('What was said', '# step open')
            screen.keys('PageDown')
            screen.wait_gone('# step open')
            screen.keys('Escape')
            screen.wait('Certificate')
            screen.keys('F6')
            screen.wait('/ Find')
            screen.keys('/', *'weak')
            screen.wait('1 line has these words|[2-9] lines have these words', 'WEAK-1')
            screen.wait_gone('certificate-verified')
            screen.keys('Enter', 'Tab')
            screen.wait('Attempts', 'key too weak')
            screen.keys('Enter')
            screen.wait('Unit WEAK-1', 'FAIL')


def health_says_what_is_wrong_and_what_to_do():
    with rig.station(slots=1) as station:
        with terminal(station) as screen:
            screen.wait('signer ok')
            os.rename(station.signer_config, station.signer_config + '.away')
            station.kill_signer()
            screen.wait('! .*(signer|the other side did not answer)', seconds=30)
            screen.keys('F5')
            screen.wait('Signer', 'things? to look at')
            os.rename(station.signer_config + '.away', station.signer_config)
            screen.wait('OK +Signer', seconds=60)


# ---- a bad day ----

def of_three_fails_each_is_seen_for_itself():
    with rig.station(slots=4, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        with terminal(station) as screen:
            screen.wait('B1')
            for slot in (1, 2, 4):
                plug_new(simulator, f'WEAK-{slot}', slot, key='rsa-2048', fault='weak-key')
                station.wait_slot(slot, 'fail')
            screen.wait(r'also FAIL: 2, 4')
            screen.keys('a')
            screen.wait('Slots 1, 2, 4 have failed', 'then again')
            screen.keys('2', 'a')
            screen.wait('Slot 2: seen')
            screen.keys('a')
            screen.wait('Slots 1, 4 have failed')
            screen.scan('KCSLOTG')
            screen.scan('KCSEEN')
            screen.wait('Slot 4: seen')
            screen.keys('Escape', 'a')
            screen.wait('Slot 1: seen')
            screen.keys('a')
            screen.wait('No FAIL waits')
            rig.expect_equal(event_kinds(station).count('fail-acknowledged'), 3, 'seen')


def wrong_keyboards_and_unknown_codes_are_told_apart():
    with rig.station(slots=1) as station:
        add_people(station)
        with terminal(station) as screen:
            screen.wait('your badge')
            screen.scan('KCSEENß')
            screen.wait("another country's keyboard")
            screen.scan('WO-99')
            screen.wait('Nobody knows this code', 'no badge of this station')
            screen.keys('F12')
            screen.wait('does nothing here')
            screen.scan('B4471')
            screen.wait('mei works here')
            screen.scan('B0007')
            screen.wait('anna works here')


def a_fail_outlives_the_lock():
    with rig.station(slots=2, acknowledge=True) as station:
        add_people(station)
        simulator = station.simulator()
        station.start_batch()
        with terminal(station) as screen:
            screen.wait('your badge')
            screen.scan('B4471')
            screen.wait('OPERATOR mei')
            plug_new(simulator, 'WEAK-1', 1, key='rsa-2048', fault='weak-key')
            screen.wait('PRESS A')
            screen.keys('F11')
            screen.wait('your badge')
            screen.keys('a')
            screen.wait('is locked')
            screen.scan('KCSEEN')
            screen.wait('too weak')
            rig.expect('fail-acknowledged' not in event_kinds(station), 'nobody has seen it')
            simulator.unplug('WEAK-1')
            plug_new(simulator, 'GOOD-2', 2)
            screen.wait('GOOD-2', 'too weak')
            screen.scan('B0007')
            screen.wait('anna works here', 'too weak')
            screen.keys('a')
            screen.wait('Slot 1: seen')
            seen = [one for one in station.json('event', 'list')
                    if one['kind'] == 'fail-acknowledged']
            rig.expect('anna' in seen[0]['actor'], f'{seen}')


def a_restart_asks_for_the_badge_again():
    with rig.station(slots=1, acknowledge=True) as station:
        add_people(station)
        simulator = station.simulator()
        station.start_batch()
        with terminal(station) as screen:
            screen.wait('your badge')
            screen.scan('B4471')
            screen.wait('OPERATOR mei')
            plug_new(simulator, 'SLOW-1', 1, latency=200)
            station.wait_slot(1, 'working')
            simulator.unplug('SLOW-1')
            screen.wait('unplugged early')
            station.kill()
            screen.wait('comes back by itself')
            screen.keys('a')
            screen.wait('no contact')
            station.start()
            screen.wait('unplugged early', 'your badge', 'OPERATOR nobody')
            screen.wait_gone('no contact')
            time.sleep(2)  # the same badge again at once is a stutter
            screen.scan('B4471')
            screen.wait('OPERATOR mei')
            screen.keys('a')
            screen.wait('Slot 1: seen')
            screen.kill()
        with terminal(station) as screen:
            screen.wait('OPERATOR mei', 'INSERT|█')


# ---- bell and command ----

def lamp_and_horn_are_told():
    with rig.station(slots=2, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch(target=1)
        script, told = (os.path.join(station.folder, name) for name in ('horn', 'told'))
        with open(script, 'w', encoding='utf-8') as file:
            file.write(f'#!/bin/sh\nprintf "%s|" "$@" >>{told}\necho >>{told}\n')
        os.chmod(script, 0o755)
        raw = os.path.join(station.folder, 'raw')

        def lines():
            if not os.path.exists(told):
                return []
            with open(told, encoding='utf-8') as file:
                return file.read().splitlines()

        def bells():
            with open(raw, 'rb') as file:
                return file.read().count(b'\a')
        with terminal(station, conf=f'[alarm]\nCommand={script} lamp\n') as screen:
            screen.wait('B1')
            screen.tmux('pipe-pane', f'cat >{raw}')
            plug_new(simulator, 'WEAK-1', 2, key='rsa-2048', fault='weak-key')
            rig.wait_until(lambda: lines() == ['lamp|fail|2|rsa-too-small|'], 'the FAIL was told')
            rig.wait_until(lambda: bells() == 1, 'the bell rang')
            plug_new(simulator, 'GOOD-1', 1)
            rig.wait_until(lambda: lines()[1:] == ['lamp|batch-done|B1|'], 'the end was told')
            rig.wait_until(lambda: bells() == 2, 'the bell rang again')


# ---- control barcodes ----

CLOCK = re.compile(r'\d\d:\d\d:\d\d')


def codes_of_the_card(station):
    text = station.cli('card', '--ascii').stdout
    return sorted(set(re.findall(r'\bKC[A-Z]+\b', text)) - {'KCEXIT'})


def every_control_barcode_gets_an_answer_in_every_view():
    with rig.station(slots=2) as station:
        codes = codes_of_the_card(station)
        rig.expect(len(codes) > 35, f'{codes}')
        station.start_batch()
        views = ('KCLINE', 'KCJOB', 'KCUNIT', 'KCTRUST', 'KCLOG', 'KCEXPORT', 'KCSLOTS')
        silent = []
        with terminal(station) as screen:
            screen.wait('B1')
            for view in views:
                for code in codes:
                    screen.scan('KCNO')
                    screen.scan('KCNO' if view == 'KCLINE' else view)
                    if code in (view, 'KCNO'):
                        time.sleep(2.1)  # the same again at once is a stutter
                    before = stable(screen)
                    screen.scan(code)
                    if not answered(screen, before) and not answers_again(screen, view, code):
                        silent.append((view, code))
            screen.scan('KCNO')
            screen.scan('KCLINE')
            screen.wait('INSERT|█')
            screen.scan('KCEXIT')
            rig.expect_equal(screen.wait_end(), '0', 'exit status')
        rig.expect(not silent, f'no answer: {silent}')


def answers_again(screen, view, code):
    """The same once more, from another slot: what was chosen already changes nothing to be seen."""
    time.sleep(2.1)
    screen.scan('KCNO')
    screen.scan('KCNO' if view == 'KCLINE' else view)
    screen.scan('KCSLOTC' if code == 'KCSLOTD' else 'KCSLOTD')
    time.sleep(0.5)
    before = stable(screen)
    screen.scan(code)
    return answered(screen, before)


def stable(screen):
    """What stands there, without the clock and the last scan."""
    lines = CLOCK.sub('', screen.text()).splitlines()
    return [re.sub('LAST SCAN.*', '', line) for line in lines]


def answered(screen, before):
    """Something else stands there, or a sentence in the line of notices."""
    end = time.monotonic() + 3
    while time.monotonic() < end:
        now = stable(screen)
        if now != before or now[-4].strip():
            return True
        time.sleep(0.02)
    return False


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_form_makes_batches_with_each_kind_of_serial,
        a_batch_is_started_paused_and_closed_on_the_screen,
        a_slot_goes_out_of_service_and_comes_back,
        learning_ends_when_its_dialog_is_left,
        a_used_unit_runs_again_and_its_certificate_is_voided,
        a_unit_is_found_by_scan_and_by_the_log,
        health_says_what_is_wrong_and_what_to_do,
        of_three_fails_each_is_seen_for_itself,
        wrong_keyboards_and_unknown_codes_are_told_apart,
        a_fail_outlives_the_lock,
        a_restart_asks_for_the_badge_again,
        lamp_and_horn_are_told,
        every_control_barcode_gets_an_answer_in_every_view,
    )})
