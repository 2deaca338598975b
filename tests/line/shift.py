# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shift at the line: batches, roles, configuration, a clean stop."""

import os
import shutil
import subprocess

import judge
import many
import rig

NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']


def plug_new(station, simulator, serial, slot, **options):
    simulator.new(serial, **{'driver': 'smp', 'key': 'p-256', 'serial': serial, **options})
    simulator.plug(serial, slot)


def pull_out(station, simulator, name, slot):
    simulator.unplug(name)
    rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


def a_device_waits_until_its_batch_runs():
    with rig.station() as station:
        simulator = station.simulator()
        plug_new(station, simulator, 'W-1', 1)
        station.wait_slot(1, 'waiting')
        station.start_batch()
        station.wait_slot(1, 'pass')
        pull_out(station, simulator, 'W-1', 1)
        station.cli('batch', 'pause', 'B1')
        plug_new(station, simulator, 'W-2', 1)
        station.wait_slot(1, 'waiting')
        rig.expect_equal(len(station.attempts()), 1, 'no attempt while the batch is paused')
        station.cli('batch', 'start', 'B1')
        station.wait_slot(1, 'pass')
        station.cli('batch', 'close', 'B1')
        rig.expect_equal(station.json('batch', 'show', 'B1')['state'], 'closed', 'state')
        refused = station.cli('batch', 'start', 'B1', exit_code=None)
        rig.expect(refused.returncode != 0 and refused.stderr.strip(),
                   f'a closed batch must not start again: {refused}')


def a_batch_takes_no_more_than_its_target():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch(target=2)
        for serial in ('T-1', 'T-2'):
            plug_new(station, simulator, serial, 1)
            station.wait_slot(1, 'pass')
            pull_out(station, simulator, serial, 1)
        plug_new(station, simulator, 'T-3', 1)
        record = station.wait_slot(1, 'fail', 'waiting')
        rig.expect_equal(record.get('reason'), 'batch-full', f'the third of two: {record}')
        rig.expect_equal(len(station.certificates()), 2, 'certificates')


def a_complete_batch_makes_way_for_the_next():
    with rig.station() as station:
        simulator = station.simulator()
        station.cli('batch', 'create', 'NEXT', '--product', 'lamp', '--profile', 'aws-iot')
        station.start_batch(target=1)
        refused = station.cli('batch', 'start', 'NEXT', exit_code=None)
        rig.expect(refused.returncode != 0 and 'B1' in refused.stderr, f'B1 runs: {refused}')
        plug_new(station, simulator, 'C-1', 1)
        station.wait_slot(1, 'pass')
        station.cli('batch', 'start', 'NEXT')
        states = {one['name']: one['state'] for one in station.json('batch', 'list')}
        rig.expect_equal(states, {'B1': 'paused', 'NEXT': 'running'}, 'batches')
        rig.expect('batch-pause' in [one['kind'] for one in station.json('event', 'list')],
                   'it is on record')


def devices_without_a_name_get_one_of_the_range():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch(serial_prefix='AC24-', serial_first=7, serial_last=8, serial_width=6)
        for number in (7, 8):
            simulator.new(f'N-{number}', driver='smp', key='p-256')
            simulator.plug(f'N-{number}', 1)
            record = station.wait_slot(1, 'pass', 'fail')
            rig.expect_equal((record['state'], record.get('device')),
                             ('pass', f'AC24-{number:06d}'), f'{record}')
            pull_out(station, simulator, f'N-{number}', 1)
        simulator.new('N-9', driver='smp', key='p-256')
        simulator.plug('N-9', 1)
        record = station.wait_slot(1, 'fail')
        rig.expect_equal(record['reason'], 'batch-full', f'the range is used up: {record}')
        subjects = sorted(one['subject'] for one in station.certificates())
        rig.expect('AC24-000007' in subjects[0] and 'AC24-000008' in subjects[1], f'{subjects}')


def a_device_that_has_passed_runs_again_only_when_allowed():
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        plug_new(station, simulator, 'R-1', 1)
        station.wait_slot(1, 'pass')
        first = station.json('cert', 'show', 'R-1')['sha256']
        pull_out(station, simulator, 'R-1', 1)
        record = station.run_device(simulator, 'R-1', 1)
        rig.expect_equal(record['reason'], 'already-done', f'{record}')
        pull_out(station, simulator, 'R-1', 1)
        station.cli('device', 'retry', 'R-1')
        station.run_device(simulator, 'R-1', 1, 'pass')
        rig.expect_equal(station.json('cert', 'show', 'R-1')['sha256'], first,
                         'the same device with the same key gets the same certificate')
        rig.expect_equal(len(station.certificates()), 1, 'certificates')


def a_restart_finds_every_pass_again():
    with rig.station(slots=3, acknowledge=True) as station:
        simulator = station.simulator()
        station.start_batch()
        for slot in (1, 2, 3):
            plug_new(station, simulator, f'P-{slot}', slot)
            station.wait_slot(slot, 'pass')
        before = station.json('batch', 'show', 'B1')
        station.kill()
        simulator.unplug('P-3')
        plug_new(station, simulator, 'P-4', 3)
        station.start()
        for slot, serial in ((1, 'P-1'), (2, 'P-2')):
            record = station.wait_slot(slot, 'pass', 'fail')
            rig.expect_equal((record['state'], record['device'], record['batch']),
                             ('pass', serial, 'B1'), f'{record}')
        rig.expect_equal(station.wait_slot(3, 'pass')['device'], 'P-4', 'the one that came')
        after = station.json('batch', 'show', 'B1')
        rig.expect_equal((after['attempts'], after['passed']),
                         (before['attempts'] + 1, before['passed'] + 1), 'nothing counts twice')
        told = sorted(event['subject'] for event in station.json('event', 'list', '--limit', '0')
                      if event['kind'] == 'pass-checked')
        rig.expect_equal(told, ['P-1', 'P-2'], 'what was checked is on record')
        station.cli('batch', 'close', 'B1')
        station.stop()
        station.start()
        for slot in (1, 2, 3):
            station.wait_slot(slot, 'pass')
        judge.judge_devices(station, simulator, ['P-1', 'P-2', 'P-4'])


def a_cut_device_may_come_back_in_another_slot():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.start_batch()
        plug_new(station, simulator, 'CUT-1', 1, fault='unplug-in=2400')
        record = station.wait_slot(1, 'fail')
        rig.expect_equal(record['reason'], 'unplugged', f'{record}')
        first = station.json('cert', 'show', 'CUT-1')['sha256']
        station.run_device(simulator, 'CUT-1', 2, 'pass')
        rig.expect_equal(station.json('cert', 'show', 'CUT-1')['sha256'], first, 'the certificate')
        judge.judge_devices(station, simulator, ['CUT-1'])


def exit_codes_say_what_happened():
    with rig.station() as station:
        station.cli('nonsense', exit_code=2)
        station.cli('slot', 'list', '--nonsense', exit_code=2)
        station.cli('batch', 'show', 'NONE', exit_code=3)
        station.cli('device', 'show', 'NONE', exit_code=3)
        station.cli('attempt', 'show', '77', exit_code=3)
        station.cli('slot', 'start', '9', exit_code=3)
        for words in (('batch', 'show', 'NONE'), ('slot', 'start', '9')):
            told = station.cli(*words, exit_code=3)
            rig.expect(told.stdout == '' and len(told.stderr) > 15, f'{words}: {told}')
        station.kill_signer()
        rig.wait_until(lambda: station.json('ca', 'status', exit_code=None).get('reachable'),
                       'the signer is back by itself')
        station.stop()
        station.cli('status', exit_code=4)


def a_slot_out_of_service_does_nothing():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.start_batch()
        station.cli('slot', 'disable', '1', '--reason', 'bent pin')
        record = station.slot(1)
        rig.expect_equal((record['state'], record['disabled-reason']), ('disabled', 'bent pin'),
                         f'{record}')
        plug_new(station, simulator, 'D-1', 1)
        plug_new(station, simulator, 'D-2', 2)
        station.wait_slot(2, 'pass')
        rig.expect_equal(len(station.attempts()), 1, 'attempts')
        simulator.unplug('D-2')
        station.stop()
        station.start()
        record = station.slot(1)
        rig.expect_equal((record['state'], record['disabled-reason']), ('disabled', 'bent pin'),
                         f'after a restart: {record}')
        station.cli('slot', 'enable', '1')
        station.wait_slot(1, 'pass')


def strangers_are_refused_in_words():
    rig.expect(os.getuid() == 0 and shutil.which('setpriv'), 'run as root, with setpriv')
    with rig.station() as station:
        for folder, folders, _ in os.walk(station.folder):
            os.chmod(folder, 0o755)
        program = os.path.join(station.folder, 'keycradle')
        shutil.copy(rig.program('keycradle'), program)
        os.chmod(program, 0o755)
        socket = station.json('status').get('socket') or find_socket(station)
        for words in (('status',), ('batch', 'create', 'X', '--product', 'p', '--profile',
                                    'aws-iot'), ('device', 'retry', 'X'),
                      ('slot', 'disable', '1')):
            run = subprocess.run([*NOBODY, program, '--socket', socket, *words],
                                 capture_output=True, text=True, check=False, cwd='/',
                                 env=rig.environment(), timeout=rig.PATIENCE)
            rig.expect(run.returncode in (4, 5) and len(run.stderr.strip()) > 20,
                       f'keycradle {words} as a stranger: {run}')
        rig.expect_equal(station.json('batch', 'list'), [], 'nothing was done')


def find_socket(station):
    for folder, _, files in os.walk(station.folder):
        if 'station.sock' in files:
            return os.path.join(folder, 'station.sock')
    raise rig.Failure('there is no station.sock')


def a_wrong_configuration_is_named_by_file_and_line():
    with rig.station(start=False) as station:
        station.cli('config', 'check')
        with open(station.config, encoding='utf-8') as file:
            good = file.read()
        mistakes = [('[station]\n', '[station]\nColour=blue\n', 'Colour'),
                    ('[slot 1]', '[slott 1]', 'slott'),
                    ('[station]\n', '[station]\nAttemptSeconds=soon\n', 'soon'),
                    ('[slot 1]', '[slot one]', 'one'),
                    ('Mode=demo', 'Mode=fun', 'fun')]
        for old, new, word in mistakes:
            rig.expect(old in good, f'{old!r} in {good}')
            text = good
            if word == 'soon':
                text = '\n'.join(line for line in text.splitlines()
                                 if 'AttemptSeconds' not in line) + '\n'
            text = text.replace(old, new, 1)
            line = 1 + text[:text.index(word)].count('\n')
            with open(station.config, 'w', encoding='utf-8') as file:
                file.write(text)
            place = f'{station.config}:{line}'
            run = station.cli('config', 'check', exit_code=None)
            told = run.stdout + run.stderr
            rig.expect(run.returncode != 0 and place in told, f'{word}: no {place} in {told!r}')
            daemon = subprocess.run([rig.program('keycradled'), '--config', station.config],
                                    capture_output=True, text=True, check=False,
                                    env=rig.environment(), timeout=rig.PATIENCE)
            told = daemon.stdout + daemon.stderr
            rig.expect(daemon.returncode != 0 and place in told,
                       f'keycradled, {word}: no {place} in {told!r}')


def a_demo_ca_is_refused_in_production():
    with rig.station(start=False) as station:
        station.edit(station.config, r'^Mode=demo$', 'Mode=production')
        station.edit(station.signer_config, r'^Mode=demo$', 'Mode=production')
        run = subprocess.run([rig.program('keycradle-signer'), '--check', '--config',
                              station.signer_config], capture_output=True, text=True, check=False,
                             env=rig.environment(), timeout=rig.PATIENCE)
        rig.expect(run.returncode != 0 and 'demo' in (run.stdout + run.stderr).lower(),
                   f'the signer must refuse its demo CA in words: {run}')
        station.start(wait=False)
        rig.wait_until(lambda: station.daemon.poll() is not None
                       or station.cli('status', exit_code=None).returncode == 0,
                       'keycradled answers or has ended')
        if station.daemon.poll() is not None:
            return
        simulator = station.simulator()
        station.start_batch()
        plug_new(station, simulator, 'P-1', 1)
        station.wait_slot(1, 'fail', 'waiting')
        rig.expect_equal(station.certificates(), [], 'nothing was issued')


def sigterm_lets_running_attempts_end():
    with rig.station(slots=4) as station:
        simulator = station.simulator()
        station.start_batch()
        serials = many.make_devices(simulator, 4, latency=60)
        for slot, serial in enumerate(serials, 1):
            simulator.plug(serial, slot)
        for slot in range(1, 5):
            station.wait_slot(slot, 'working')
        station.stop()
        station.start()
        results = [one['result'] for one in station.attempts()]
        rig.expect_equal(results[:4], ['passed'] * 4, 'attempts that ran at SIGTERM')
        judge.judge_devices(station, simulator, serials)
        rig.expect_equal(station.stop(), None, 'a second stop')
        rig.expect_equal(station.signer_pid(), None, 'the signer ends with its daemon')


def a_ledger_that_was_damaged_is_found_after_a_kill():
    with rig.station() as station:
        ledger = station.json('status')['ledger']
        mark = ledger + '.clean'
        rig.expect(not os.path.exists(mark), 'a mark while the station runs')
        station.stop()
        rig.expect(os.path.exists(mark), 'the mark of a clean stop')

        def start_again():
            run = subprocess.run([rig.program('keycradled'), '--config', station.config], timeout=rig.PATIENCE,
                                 capture_output=True, text=True, env=rig.environment(), check=False)
            rig.expect_equal(run.returncode, 1, f'a start on a damaged ledger: {run}')
            rig.expect('is damaged' in run.stderr, f'{run}')

        def check():
            return subprocess.run([rig.program('keycradled'), '--check-ledger', ledger], timeout=rig.PATIENCE,
                                  capture_output=True, text=True, env=rig.environment(), check=False)

        station.start()
        rig.expect_equal(check().returncode, 0, 'a check while the station runs')
        station.kill()
        station.kill_signer()
        rig.expect(not os.path.exists(mark), 'a mark after a kill')
        station.start()
        station.kill()
        station.kill_signer()
        with open(ledger, 'r+b') as file:
            file.seek(os.path.getsize(ledger) - 17 * 4096)
            file.write(b'\xff' * 16 * 4096)
        start_again()
        start_again()
        found = check()
        rig.expect(found.returncode == 1 and 'is damaged' in found.stderr, f'{found}')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_device_waits_until_its_batch_runs,
        a_batch_takes_no_more_than_its_target,
        a_complete_batch_makes_way_for_the_next,
        devices_without_a_name_get_one_of_the_range,
        a_device_that_has_passed_runs_again_only_when_allowed,
        a_restart_finds_every_pass_again,
        a_ledger_that_was_damaged_is_found_after_a_kill,
        a_cut_device_may_come_back_in_another_slot,
        exit_codes_say_what_happened,
        a_slot_out_of_service_does_nothing,
        strangers_are_refused_in_words,
        a_wrong_configuration_is_named_by_file_and_line,
        a_demo_ca_is_refused_in_production,
        sigterm_lets_running_attempts_end,
    )})
