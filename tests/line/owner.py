# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/security.md, taken at its word: its blocks of commands are run as they stand, by a shell on a
terminal on which somebody types the key's passphrase. What is done between them (the PC's setup, the
work on the line) is done here."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import rig

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'security.md')
BLOCK = re.compile(r'<!-- run: ([\w-]+) -->\n```\n(.*?)```', re.DOTALL)
PASSPHRASE = 'words that only the owner knows'


def blocks():
    with open(PAGE, encoding='utf-8') as file:
        return dict(BLOCK.findall(file.read()))


def type_passphrases(terminal, process):
    """Answers each question for a passphrase; returns what was shown."""
    shown, asked = '', 0
    end = time.monotonic() + rig.PATIENCE
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if not ready:
            if process.poll() is not None:
                return shown
            continue
        try:
            shown += os.read(terminal, 65536).decode(errors='replace')
        except OSError:  # the shell has ended, and with it the terminal
            return shown
        questions = len(re.findall(r'pass ?phrase[^\n]*:', shown, re.IGNORECASE))
        if questions > asked:
            asked = questions
            os.write(terminal, PASSPHRASE.encode() + b'\n')
    raise rig.Failure(f'the commands have not ended: {shown}')


def run(station, folder, name):
    """Runs the page's block `name` in `folder`; returns what it printed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ['bash', '-eu', '-o', 'pipefail', '-c', blocks()[name]], cwd=folder, stdin=slave, stdout=slave, stderr=slave,
        env=rig.environment(KEYCRADLE_CONFIG=station.config), start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))  # makes it the controlling one
    os.close(slave)
    shown = type_passphrases(master, process)
    os.close(master)
    code = process.wait(rig.PATIENCE)
    rig.expect(code == 0, f'the block "{name}" ended with {code}:\n{shown}')
    return shown


def set_up(station, folder):
    """What the page says of the station, in a demo's folders."""
    shutil.copy(os.path.join(folder, 'owner.pem'), os.path.dirname(station.config))
    with open(station.signer_config, 'a', encoding='utf-8') as file:
        file.write(f'\n[tickets]\nOwner={os.path.join(os.path.dirname(station.config), "owner.pem")}\n')
    profile = station.profile_path()
    shutil.copy(profile, os.path.join(os.path.dirname(profile), 'sensor.profile'))
    station.start()
    here = os.path.dirname(station.config)
    for parent, _, files in os.walk(here):
        if 'station.pem' in files:
            shutil.copy(os.path.join(parent, 'station.pem'), folder)
    shutil.copy(os.path.join(here, 'ca', 'ca.pem'), folder)


def work(station, simulator, batch, count):
    words = ['--product', 'lamp', '--profile', 'sensor', '--target', str(count)]
    if batch == 'B-2026-47':
        words += ['--serial-prefix', 'SN-', '--serial-first', '1', '--serial-last', '9', '--serial-width', '6']
    station.cli('batch', 'create', batch, *words)
    station.cli('batch', 'start', batch)
    for number in range(count):
        name = f'{batch}-{number}'
        simulator.new(name, driver='smp', **({} if batch == 'B-2026-47' else {'serial': name}))
        station.run_device(simulator, name, 1, 'pass')
        simulator.unplug(name)
    station.cli('batch', 'close', batch)


def fetch_report(station, folder, batch, file):
    """Of a closed batch: it is made by itself."""
    def final():
        return [one for one in station.json('report', 'list', '--batch', batch) if one['final']]
    report = rig.wait_until(final, f'the final report of {batch}')[0]
    station.cli('report', 'save', str(report['id']), '--output', os.path.join(folder, file))


def the_owners_steps_work_as_they_are_written():
    with rig.station(start=False) as station:
        folder = os.path.join(station.folder, 'owner')
        os.mkdir(folder)
        run(station, folder, 'owner-key')
        set_up(station, folder)
        run(station, folder, 'ticket-make')
        run(station, folder, 'ticket-openssl')
        rig.expect('B-2026-47' in run(station, folder, 'ticket-load'), 'the ticket is listed')
        simulator = station.simulator()
        work(station, simulator, 'B-2026-47', 3)
        station.cli('ticket', 'load', os.path.join(folder, 'ticket-2.p7s'))
        work(station, simulator, 'B-2026-48', 2)
        fetch_report(station, folder, 'B-2026-47', 'report.p7s')
        station.cli('export', 'aws', '--batch', 'B-2026-47', '--output', os.path.join(folder, 'manifest.ndjson'))
        shown = run(station, folder, 'report-openssl')
        rig.expect('Issued=3' in shown and 'Remaining=0' in shown, shown)
        run(station, folder, 'audit-collect')
        run(station, folder, 'audit-verify')
        run(station, folder, 'prove')
        rig.expect('proven' in run(station, folder, 'proof-openssl'), 'openssl and a shell see it too')


def openssl_and_a_shell_see_a_proof_that_is_wrong():
    """The page's loop must fail where it should, for every device of a batch and each hash."""
    with rig.station(start=False) as station:
        folder = os.path.join(station.folder, 'owner')
        os.mkdir(folder)
        run(station, folder, 'owner-key')
        set_up(station, folder)
        run(station, folder, 'ticket-make')
        run(station, folder, 'ticket-load')
        simulator = station.simulator()
        work(station, simulator, 'B-2026-47', 3)
        proof = os.path.join(folder, 'SN-000001.tlog-proof')
        for serial in ('SN-000001', 'SN-000002', 'SN-000003'):
            made = os.path.join(folder, f'{serial}.proof')
            station.cli('audit', 'prove', serial, '--output', made)
            with open(made, encoding='utf-8') as file:
                lines = file.read().splitlines(keepends=True)
            shutil.copy(made, proof)
            rig.expect('proven' in run(station, folder, 'proof-openssl'), f'the proof of {serial}')
            for place in range(1, lines.index('\n')):
                forged = list(lines)
                forged[place] = flip(lines[place])
                with open(proof, 'w', encoding='utf-8') as file:
                    file.writelines(forged)
                rig.expect(not is_proven(station, folder), f'line {place} of the proof of {serial} was changed')


def flip(line):
    """Another digit or letter in the middle of the line's last word."""
    head, _, word = line.rstrip('\n').rpartition(' ')
    at = len(word) // 2
    other = 'B' if word[at] == 'A' else 'A'
    if word.isdigit():
        return f'{head} {int(word) ^ 1}\n'
    return f'{head}{" " if head else ""}{word[:at]}{other}{word[at + 1:]}\n'


def is_proven(station, folder):
    try:
        return 'proven' in run(station, folder, 'proof-openssl')
    except rig.Failure:
        return False


rig.main({test.__name__: test for test in (
    the_owners_steps_work_as_they_are_written,
    openssl_and_a_shell_see_a_proof_that_is_wrong,
)})
