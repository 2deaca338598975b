# SPDX-License-Identifier: LGPL-2.1-or-later
"""The registry, from the line to the command line: units pass into targets, every operation is done
over the command line and judged by what the lists say afterwards, and docs/registry.md is run as it
stands."""

import json
import os
import re
import sqlite3
import subprocess
import tempfile

import rig

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'registry.md')
BLOCK = re.compile(r'<!-- run: ([\w-]+) -->\n```\n(.*?)```', re.DOTALL)
ACCOUNTS = {'pre': '210987654321', 'prod': '123456789012', 'other': '111122223333'}


def add_targets(station, *names):
    for name in names:
        station.cli('target', 'add', name, '--kind', 'aws', '--mode', 'sni-only', '--account', ACCOUNTS[name],
                    '--region', 'eu-west-1')
        station.cli('registry', 'ca', 'register', name, 'ca')


def make_units(station, simulator, count, prefix='SN'):
    for number in range(count):
        name = f'{prefix}-{number}'
        simulator.new(name, driver='smp', serial=name)
        station.run_device(simulator, name, 1, 'pass')
        simulator.unplug(name)


def statuses(station, target, *words):
    return {one['device']: one['status'] for one in station.json('registry', 'list', target, *words)}


def change(station, *words, exit_code=0, counts=None):
    """A change of the registry; `counts` are those of the summary: changed, so already, refused."""
    run = station.cli('registry', *words, '--json', exit_code=exit_code)
    if counts is not None:
        summary = json.loads(run.stdout)
        rig.expect_equal((summary['changed'], summary['unchanged'], summary['refused']), counts, ' '.join(words))
    return run


def everything(station):
    """All that a change could change."""
    return [station.json(*words) for words in
            (('registry', 'list'), ('outbox', 'list', '--all'), ('target', 'list'), ('event', 'list', '--limit', '0'))]


def every_operation_goes_from_the_command_line():
    with rig.station() as station:
        add_targets(station, 'pre', 'prod', 'other')
        station.start_batch()
        station.cli('batch', 'targets', 'B1', 'pre', '--status', 'INACTIVE')
        make_units(station, station.simulator(), 3)
        rig.expect_equal(statuses(station, 'pre'), {f'SN-{n}': 'INACTIVE' for n in range(3)}, 'at PASS')
        rig.expect_equal(station.json('batch', 'show', 'B1')['targets'], ['pre'], 'targets of the batch')
        rig.expect_equal(station.json('cert', 'show', 'SN-0')['registrations'], ['pre INACTIVE'], 'at the certificate')
        change(station, 'register', 'prod', '--batch', 'B1', counts=(3, 0, 0))
        change(station, 'register', 'prod', '--batch', 'B1', counts=(0, 3, 0))
        change(station, 'deactivate', 'prod', 'SN-0', 'SN-1', counts=(2, 0, 0))
        change(station, 'activate', 'prod', 'SN-1', counts=(1, 0, 0))
        transfer(station)
        change(station, 'revoke', 'prod', 'SN-1', counts=(1, 0, 0))
        change(station, 'activate', 'prod', 'SN-1', exit_code=8, counts=(0, 0, 1))
        change(station, 'delete', 'prod', 'SN-1', counts=(1, 0, 0))
        rig.expect_equal(statuses(station, 'prod'), {'SN-2': 'ACTIVE'}, 'what is left in production')
        station.cli('device', 'void', 'SN-2', '--reason', 'fell off the bench')
        rig.expect_equal({one['status'] for one in station.json('registry', 'list', '--device', 'SN-2')}, {'REVOKED'},
                         'a void unit, wherever it is registered')
        authority(station)


def transfer(station):
    """SN-0, from production into another account, after each way back was gone once."""
    offer = ('transfer', 'prod', 'SN-0', '--account', ACCOUNTS['other'], '--message', 'lamps for you')
    change(station, *offer, counts=(1, 0, 0))
    rig.expect_equal(statuses(station, 'prod', '--status', 'PENDING_TRANSFER'), {'SN-0': 'PENDING_TRANSFER'}, 'outgoing')
    change(station, 'revoke', 'prod', 'SN-0', exit_code=8, counts=(0, 0, 1))
    change(station, 'cancel-transfer', 'prod', 'SN-0', counts=(1, 0, 0))
    change(station, *offer, counts=(1, 0, 0))
    change(station, 'reject-transfer', 'other', 'SN-0', '--reason', 'not ours', counts=(1, 0, 0))
    rejected, = (one for one in station.json('registry', 'list', 'prod') if one['device'] == 'SN-0')
    rig.expect_equal((rejected['status'], rejected['reject-reason']), ('INACTIVE', 'not ours'), 'rejected')
    change(station, *offer, counts=(1, 0, 0))
    change(station, 'accept-transfer', 'other', 'SN-0', counts=(1, 0, 0))
    rig.expect_equal(statuses(station, 'other'), {'SN-0': 'INACTIVE'}, 'accepted')
    rig.expect('SN-0' not in statuses(station, 'prod'), 'gone from where it came from')
    change(station, 'transfer', 'pre', 'SN-0', '--account', '99', exit_code=2)


def authority(station):
    listed, = (one for one in station.json('registry', 'ca', 'list', 'prod'))
    rig.expect_equal((listed['name'], listed['status'], listed['certificate-mode']), ('ca', 'ACTIVE', 'SNI_ONLY'), 'CA')
    station.cli('registry', 'ca', 'delete', 'prod', 'ca', exit_code=None)
    station.cli('registry', 'ca', 'deactivate', 'prod', 'ca')
    station.cli('registry', 'ca', 'delete', 'prod', 'ca')
    rig.expect_equal(station.json('registry', 'ca', 'list', 'prod'), [], 'CAs of production')


def a_code_is_certified_with_the_registration_of_a_ca():
    code = '0123456789abcdef' * 4
    with rig.station() as station:
        station.cli('target', 'add', 'own', '--kind', 'aws', '--mode', 'registered-ca', '--account', ACCOUNTS['prod'],
                    '--region', 'eu-west-1')
        station.cli('registry', 'ca', 'register', 'own', 'ca', exit_code=2)  # AWS would ask for it
        output = os.path.join(station.folder, 'verification.pem')
        station.cli('registry', 'ca', 'register', 'own', 'ca', '--code', code, '--output', output)
        subject = subprocess.run(['openssl', 'x509', '-in', output, '-noout', '-subject'], capture_output=True, text=True,
                                 check=True).stdout
        rig.expect(code in subject, subject)
        operation, = station.json('outbox', 'list', 'own')
        rig.expect('BEGIN CERTIFICATE' in operation['arguments'], 'the courier gets it')
        before = len(station.json('event', 'list', '--limit', '0'))
        station.cli('registry', 'ca', 'register', 'own', 'ca', '--code', code, exit_code=2)
        rig.expect_equal(len(station.json('event', 'list', '--limit', '0')), before, 'events: the signer was not asked')


def a_dry_run_changes_nothing():
    with rig.station() as station:
        add_targets(station, 'pre', 'prod')
        station.start_batch()
        make_units(station, station.simulator(), 2)
        change(station, 'register', 'pre', 'SN-0')
        before = everything(station)
        run = station.cli('registry', 'register', 'pre', '--batch', 'B1', '--dry-run')
        rig.expect_equal(run.stdout.splitlines(), ['SN-1: none -> ACTIVE', 'pre: 1 would change, 1 so already, 0 refused'],
                         'what would be')
        for words in (('revoke', 'pre', 'SN-0'), ('deactivate', 'pre', 'SN-0'), ('register', 'prod', '--batch', 'B1')):
            change(station, *words, '--dry-run', exit_code=0)
        change(station, 'activate', 'prod', 'SN-0', '--dry-run', exit_code=8, counts=(0, 0, 1))
        rig.expect_equal(everything(station), before, 'after dry runs')
        change(station, 'register', 'pre', '--batch', 'B1', counts=(1, 1, 0))
        rig.expect(everything(station) != before, 'a change that is one changes something')


def what_is_refused_is_told_by_line():
    with rig.station() as station:
        add_targets(station, 'pre')
        station.start_batch()
        make_units(station, station.simulator(), 2)
        path = os.path.join(station.folder, 'list')
        sha256 = next(one['sha256'] for one in station.certificates() if one['device'] == 'SN-1')
        write(path, f'# pallet 7\nSN-0\n\n  UNKNOWN-1\r\n{sha256}\nUNKNOWN-2\n')
        run = change(station, 'register', 'pre', '--file', path, exit_code=8, counts=(2, 0, 2))
        told = re.findall(r'line (\d+) of (\S+), (\S+): \S', run.stderr)
        rig.expect_equal(told, [('4', path, 'UNKNOWN-1'), ('6', path, 'UNKNOWN-2')], run.stderr)
        change(station, 'register', 'pre', '--file', path, exit_code=8, counts=(0, 2, 2))
        change(station, 'register', 'pre', 'UNKNOWN-3', exit_code=8, counts=(0, 0, 1))
        write(path, 'SN-0\nSN-1\n')
        change(station, 'register', 'pre', '--file', path, counts=(0, 2, 0))
        write(path, '# nobody\n\n')
        rig.expect('Nothing to do' in station.cli('registry', 'register', 'pre', '--file', path).stdout, 'nothing to do')
        refused_at_once(station, path)


def refused_at_once(station, path):
    """Then not one line is done."""
    write(path, 'SN-0\nno serial\n')
    run = change(station, 'revoke', 'pre', '--file', path, exit_code=2)
    rig.expect('Line 2 of' in run.stderr, run.stderr)
    change(station, 'revoke', 'pre', exit_code=2)
    change(station, 'revoke', 'pre', 'SN-0', '--batch', 'B1', exit_code=2)
    change(station, 'revoke', 'nowhere', 'SN-0', exit_code=3)
    change(station, 'revoke', 'pre', '--batch', 'B9', exit_code=3)
    change(station, 'revoke', 'pre', '--file', os.path.join(station.folder, 'none'), exit_code=3)
    change(station, 'register', 'pre', 'SN-0', '--status', 'active', exit_code=2)
    rig.expect_equal(set(statuses(station, 'pre').values()), {'ACTIVE'}, 'after what was refused at once')


def write(path, text):
    with open(path, 'w', encoding='utf-8', newline='') as file:
        file.write(text)


def lists_go_on_while_units_come():
    """Pages of one and of two rows, a unit between each two of them: none twice, none missing."""
    with rig.station() as station:
        add_targets(station, 'pre')
        station.start_batch()
        station.cli('batch', 'targets', 'B1', 'pre')
        simulator = station.simulator()
        make_units(station, simulator, 4)
        for order, expected in (([], 4), (['--ascending'], 9)):
            seen, marker, came = [], [], 0
            while marker is not None:
                run = station.cli('registry', 'list', 'pre', '--json', '--limit', '1', *order, *marker)
                seen += [one['device'] for one in json.loads(run.stdout)]
                more = re.search(r'--marker (\S+)', run.stderr)
                marker = ['--marker', more.group(1)] if more else None
                if came < 2:
                    make_units(station, simulator, 1, f'NEW-{len(order)}-{came}')
                    came += 1
            rig.expect_equal(len(seen), len(set(seen)), f'no row twice: {seen}')
            rig.expect(len(seen) >= expected - 1 and {f'SN-{n}' for n in range(4)} <= set(seen), f'all rows: {seen}')
        station.cli('registry', 'list', 'pre', '--marker', 'nonsense', exit_code=2)


def ledger_path(station):
    return next(os.path.join(folder, 'station.db') for folder, _, files in os.walk(station.folder) if 'station.db' in files)


# ---- many ----

def multiply(station, count):
    """The first unit and its certificate `count` times in the ledger, by hand: the line would take hours."""
    station.stop()
    path = ledger_path(station)
    ledger = sqlite3.connect(path)
    ledger.execute('PRAGMA synchronous = OFF')
    for number in range(1, count):
        device = copy_row(ledger, 'devices', id=None, serial=f'MANY-{number}', chip_id=None)
        spki = os.urandom(32)
        copy_row(ledger, 'keys', spki_sha256=spki, device=device)
        copy_row(ledger, 'certificates', id=None, device=device, log_index=1000 + number, spki_sha256=spki,
                 serial_number=os.urandom(16), sha256=os.urandom(32))
    ledger.commit()
    ledger.close()
    station.start()
    return path


def copy_row(ledger, table, **changed):
    cursor = ledger.execute(f'SELECT * FROM {table} LIMIT 1')
    row = dict(zip((column[0] for column in cursor.description), cursor.fetchone()))
    row.update(changed)
    return ledger.execute(f'INSERT INTO {table} ({", ".join(row)}) VALUES ({", ".join("?" * len(row))})',
                          list(row.values())).lastrowid


def a_killed_daemon_does_the_rest_when_asked_again():
    count = 4000
    with rig.station() as station:
        add_targets(station, 'pre')
        station.start_batch()
        make_units(station, station.simulator(), 1)
        path = multiply(station, count)
        with tempfile.TemporaryFile() as told:
            command = subprocess.Popen([rig.program('keycradle'), '--config', station.config, 'registry', 'register', 'pre',
                                        '--batch', 'B1'], stdout=subprocess.DEVNULL, stderr=told, env=rig.environment())
            rig.wait_until(lambda: registered(path) >= 1000, 'a thousand are registered', pause=0.001)
            station.kill()
            code = command.wait(rig.PATIENCE)
            told.seek(0)
            words = told.read().decode()
        done = registered(path)
        rig.expect(done < count, f'{done} of {count}: the daemon was killed too late')
        rig.expect(code == 4 and 'the same command again does the rest' in words, f'{code}: {words}')
        station.start()
        rig.expect_equal(on_record(station), done, 'registrations of which an event tells')
        change(station, 'register', 'pre', '--batch', 'B1', counts=(count - done, done, 0))
        rig.expect_equal(on_record(station), count, 'registrations of which an event tells, at last')
        listed = station.json('registry', 'list', 'pre')
        rig.expect_equal((len(listed), len({one['sha256'] for one in listed})), (count, count), 'rows of all pages')
        rig.expect_equal(len(station.json('outbox', 'list', 'pre', '--state', 'waiting')), count + 1, 'operations, and the CA')


def on_record(station):
    return sum(int(event['detail'].split()[0]) for event in station.json('event', 'list', '--limit', '0')
               if event['kind'] == 'registry-register')


def registered(path):
    ledger = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
    try:
        return ledger.execute('SELECT count(*) FROM registrations').fetchone()[0]
    finally:
        ledger.close()


# ---- what the clouds are to be told ----

def the_outbox_is_decided_by_people():
    with rig.station() as station:
        add_targets(station, 'pre')
        station.start_batch()
        make_units(station, station.simulator(), 2)
        change(station, 'register', 'pre', '--batch', 'B1')
        first, second = sorted(one['id'] for one in station.json('outbox', 'list', 'pre') if 'device' in one)
        station.cli('outbox', 'park', str(first), exit_code=2)  # without a reason
        station.cli('outbox', 'park', str(first), '--reason', 'the account moves')
        rig.expect_equal(state_of(station, first), 'parked', 'parked')
        station.cli('outbox', 'retry', str(first))
        station.cli('outbox', 'drop', str(second), '--reason', 'it is there by hand')
        station.cli('outbox', 'retry', str(second), exit_code=2)
        station.cli('outbox', 'retry', '999', exit_code=3)
        station.cli('outbox', 'retry', str(first), '999', exit_code=8)
        rig.expect_equal(station.cli('outbox', 'done', 'pre', '--batch', 'B1').stdout, '1 done\n', 'the batch')
        rig.expect_equal([state_of(station, one) for one in (first, second)], ['done', 'dropped'], 'both')
        left, = station.json('outbox', 'list', 'pre')
        rig.expect_equal(left['operation'], 'register-ca', 'what is left')
        station.cli('outbox', 'done', str(left['id']), '--reason', 'in the console')
        rig.expect_equal(station.json('outbox', 'list'), [], 'nothing waits')


def state_of(station, number):
    state, = {one['state'] for one in station.json('outbox', 'list', '--all') if one['id'] == number}
    return state


def a_cloud_that_is_not_told_is_warned_of():
    with rig.station() as station:
        add_targets(station, 'pre', 'prod')
        station.start_batch()
        make_units(station, station.simulator(), 2)
        change(station, 'register', 'pre', '--batch', 'B1')
        change(station, 'register', 'prod', '--batch', 'B1')
        rig.expect_equal(station.json('status')['warnings'], [], 'warnings of what is new')
        station.stop()
        ledger = sqlite3.connect(ledger_path(station))
        ledger.execute('DROP TRIGGER operations_keep_facts')  # nobody waits for two days here
        ledger.execute("UPDATE registry_operations SET at = at - 172800000000 "
                       "WHERE target = (SELECT id FROM targets WHERE name = 'pre')")
        ledger.execute("UPDATE registry_operations SET state = 'alarm', answer = 'another one' "
                       "WHERE id = (SELECT max(id) FROM registry_operations)")
        ledger.commit()
        ledger.close()
        station.start()
        first, second = station.json('status')['warnings']
        rig.expect('Target pre' in first and 'more than a day; 3 operations wait' in first, first)
        rig.expect('Target prod: 1 alarms' in second, second)
        shown, = station.json('outbox', 'list', 'prod', '--state', 'alarm')
        rig.expect_equal(shown['answer'], 'another one', 'what the warning speaks of')
        station.cli('outbox', 'done', 'pre', '--batch', 'B1')
        station.cli('outbox', 'retry', str(shown['id']))
        left, = station.json('status')['warnings']
        rig.expect('1 operations wait' in left, left)  # the CA


# ---- four eyes ----

def a_revocation_waits_for_two():
    with rig.station(start=False) as station:
        with open(station.config, 'a', encoding='utf-8') as file:
            file.write('\n[roles]\nDualControl=registry\n')
        station.start()
        add_targets(station, 'pre')
        station.start_batch()
        make_units(station, station.simulator(), 1)
        change(station, 'register', 'pre', 'SN-0')
        change(station, 'revoke', 'pre', 'SN-0', '--dry-run', counts=(1, 0, 0))
        run = station.cli('registry', 'revoke', 'pre', 'SN-0', 'UNKNOWN', exit_code=9)
        rig.expect('Request 1 waits: revoke in the registry pre: SN-0, UNKNOWN' in run.stderr, run.stderr)
        rig.expect_equal(statuses(station, 'pre'), {'SN-0': 'ACTIVE'}, 'nothing is done yet')
        station.cli('approval', 'grant', '1', exit_code=5)  # his own


# ---- the page ----

def run_block(station, folder, blocks, name):
    run = subprocess.run(['bash', '-eu', '-o', 'pipefail', '-c', blocks[name]], cwd=folder, capture_output=True, text=True,
                         env=rig.environment(KEYCRADLE_CONFIG=station.config), stdin=subprocess.DEVNULL, check=False)
    rig.expect(run.returncode == 0, f'the block "{name}" ended with {run.returncode}:\n{run.stdout}{run.stderr}')
    return run.stdout + run.stderr


def the_pages_steps_work_as_they_are_written():
    with open(PAGE, encoding='utf-8') as file:
        blocks = dict(BLOCK.findall(file.read()))
    with rig.station() as station:
        folder = tempfile.mkdtemp(dir=station.folder)
        def run(name):
            return run_block(station, folder, blocks, name)
        rig.expect('pre-production' in run('targets'), 'targets are listed')
        rig.expect('SNI_ONLY' in run('authorities'), 'the CA is listed')
        run('batch')
        make_units(station, station.simulator(), 3, 'WO-240917')
        rig.expect_equal(set(statuses(station, 'pre-production').values()), {'ACTIVE'}, 'at PASS')
        rig.expect('would change' in run('register'), 'dry run')
        shown = run('activate')
        rig.expect('exit status 8' in shown and 'line 5 of shipped.txt, WO-240917-9999' in shown, shown)
        rig.expect(run('void').count('REVOKED') == 2, 'in both')
        rig.expect('3 done' in run('outbox'), 'what a manifest brought')
        rig.expect_equal(set(blocks), {'targets', 'authorities', 'batch', 'register', 'activate', 'void', 'outbox'},
                         'blocks that are run')


rig.main({test.__name__: test for test in (
    every_operation_goes_from_the_command_line,
    a_code_is_certified_with_the_registration_of_a_ca,
    a_dry_run_changes_nothing,
    what_is_refused_is_told_by_line,
    lists_go_on_while_units_come,
    a_killed_daemon_does_the_rest_when_asked_again,
    the_outbox_is_decided_by_people,
    a_cloud_that_is_not_told_is_warned_of,
    a_revocation_waits_for_two,
    the_pages_steps_work_as_they_are_written,
)})
