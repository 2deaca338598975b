# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes out in writing: manifests, transcripts, man pages."""

import csv
import glob
import json
import os
import subprocess

import judge
import many
import rig

FORMATS = ('aws', 'csv', 'jsonl')


def provision(station, simulator, count):
    serials = many.make_devices(simulator, count)
    for slot, serial in enumerate(serials, 1):
        simulator.plug(serial, slot)
    many.wait_all_passed(station, count)
    return serials


def export(station, form, name):
    path = os.path.join(station.folder, name)
    summary = station.json('export', form, '--batch', 'B1', '--output', path)
    with open(path, 'rb') as file:
        return path, file.read(), summary


def certificates_of_manifest(form, text):
    """(thing or device, PEM) of each row."""
    if form == 'csv':
        rows = list(csv.DictReader(text.splitlines(keepends=True), strict=True))
    else:
        rows = [json.loads(line) for line in text.splitlines()]
    return [pem_of(row) for row in rows], rows


def pem_of(row):
    """The one certificate in a row, wherever the format keeps it."""
    found = [value for value in row.values()
             if isinstance(value, str) and 'BEGIN CERTIFICATE' in value]
    rig.expect(found, f'no certificate in {row}')
    return found[0].replace('\\n', '\n')


def first_certificate(pem):
    return pem[:pem.index('-----END CERTIFICATE-----') + 25] + '\n'


def a_manifest_is_the_same_each_time_and_true():
    with rig.station(slots=8) as station:
        simulator = station.simulator()
        station.start_batch(target=8)
        serials = provision(station, simulator, 8)
        authority = judge.Authority(station)
        ledger = {one['device']: judge.der_of_pem(
            station.cli('cert', 'show', one['device'], '--pem').stdout)
            for one in station.certificates()}
        for form in FORMATS:
            path, first, summary = export(station, form, 'first.' + form)
            _, second, _ = export(station, form, 'second.' + form)
            rig.expect(first == second, f'{form}: the same batch gives other bytes')
            rig.expect_equal((summary['rows'], summary['bytes']), (8, len(first)),
                             f'{form}: summary')
            rig.expect_equal(station.json('manifest', 'verify', path)['genuine'], True, form)
            pems, rows = certificates_of_manifest(form, first.decode())
            rig.expect_equal(len(rows), 8, f'{form}: rows')
            leaves = [first_certificate(pem) for pem in pems]
            authority.judge(leaves)
            rig.expect_equal({judge.der_of_pem(pem) for pem in leaves}, set(ledger.values()),
                             f'{form}: certificates')
            for serial in serials:
                rig.expect(any(serial in str(row.values()) for row in rows),
                           f'{form}: {serial} is missing')
            station.stop()
            station.start()
            _, third, _ = export(station, form, 'third.' + form)
            rig.expect(first == third, f'{form}: other bytes after a restart')


def mutations(content):
    """(what, changed bytes): each must be noticed."""
    lines = content.splitlines(keepends=True)
    middle = len(lines) // 2
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    yield 'a bit flipped in the middle', bytes(flipped)
    yield 'a line removed', b''.join(lines[:middle] + lines[middle + 1:])
    yield 'a line doubled', b''.join(lines[:middle] + [lines[middle]] + lines[middle:])
    yield 'two lines swapped', b''.join(lines[:-2] + [lines[-1], lines[-2]])
    yield 'cut in the middle of the last line', content[:-20]
    yield 'the last line feed gone', content[:-1]
    yield 'something added', content + b'{}\n'
    yield 'carriage returns added', content.replace(b'\n', b'\r\n')


def every_change_to_a_manifest_is_noticed():
    with rig.station(slots=4) as station:
        simulator = station.simulator()
        station.start_batch()
        provision(station, simulator, 4)
        for form in FORMATS:
            path, content, _ = export(station, form, 'manifest.' + form)
            for what, changed in mutations(content):
                rig.expect(changed != content, f'{form}: {what} changes nothing')
                with open(path, 'wb') as file:
                    file.write(changed)
                verdict = station.json('manifest', 'verify', path, exit_code=6)
                rig.expect_equal(verdict['genuine'], False, f'{form}: {what}')
                rig.expect(verdict['problems'], f'{form}: {what}: nothing is named: {verdict}')


def a_failed_export_leaves_nothing_behind():
    with rig.station() as station:
        station.start_batch()
        path = os.path.join(station.folder, 'out.csv')
        with open(path, 'w', encoding='ascii') as file:
            file.write('what was there before')
        run = station.cli('export', 'csv', '--batch', 'NONE', '--output', path, exit_code=None)
        rig.expect(run.returncode == 3, f'an unknown batch: {run}')
        with open(path, encoding='ascii') as file:
            rig.expect_equal(file.read(), 'what was there before', 'the old file')
        rig.expect_equal(glob.glob(os.path.join(station.folder, 'out*')), [path], 'files')


def transcripts_tell_everything_but_secrets():
    with rig.station(slots=4) as station:
        simulator = station.simulator()
        station.start_batch()
        kinds = [('nrf91', {}), ('freertos', {}), ('smp', {'key': 'p-256'}),
                 ('smp', {'key': 'p-256', 'fault': 'leak-private-key'})]
        for slot, (driver, options) in enumerate(kinds, 1):
            serial = many.serial_for(driver, 500 + slot)
            simulator.new(serial, driver=driver, serial=serial, **options)
            simulator.plug(serial, slot)
        attempts = station.wait_ended(4)
        folder = station.json('status')['transcripts']
        for attempt in attempts:
            text = station.attempt(attempt['id'])['transcript']
            kept = [line for line in text.splitlines() if line[:2] in ('> ', '< ')]
            rig.expect(len(kept) >= 4, f'attempt {attempt["id"]}: a thin transcript: {text!r}')
        files = [path for path in glob.glob(folder + '/**', recursive=True)
                 if os.path.isfile(path)]
        rig.expect_equal(len(files), 4, f'transcripts in {folder}')
        for path in [*files, station.log_path]:
            with open(path, 'rb') as file:
                expect_no_secret(path, file.read())
            if path != station.log_path:
                rig.expect_equal(os.stat(path).st_mode & 0o007, 0, f'others may read {path}')


def expect_no_secret(path, content):
    for secret in (b'hunter2', b'wifi-secret', b'MHcCAQEE', b'MIGHAgEA', b'MEECAQAw', b'MC4CAQAw'):
        rig.expect(secret not in content, f'{path} holds {secret!r}')
    for block in content.split(b'PRIVATE KEY-----')[1::2]:
        body = block.split(b'-----END')[0]
        rig.expect(len(body.replace(b'*', b'').replace(b'.', b'').strip(b'\\nr\n')) < 64,
                   f'{path} holds a private key: {body[:80]!r}')


def every_program_has_its_man_page_and_help():
    pages = {os.path.basename(path).split('.')[0]
             for path in glob.glob(os.path.join(rig.PREFIX, 'share/man/man*/*'))}
    optional = [name for name in ('keycradle-courier',)
                if os.path.exists(os.path.join(rig.PREFIX, 'libexec', name))]
    for name in ('keycradle', 'keycradled', 'keycradle-signer', 'keycradle-sim', *optional):
        rig.program(name)
        rig.expect(name in pages, f'there is no man page of {name}, only {sorted(pages)}')
        run = subprocess.run([rig.program(name), '--help'], capture_output=True, text=True,
                             check=False, env=rig.environment(), timeout=rig.PATIENCE)
        rig.expect(run.returncode == 0 and len(run.stdout) > 100, f'{name} --help: {run}')
    for path in glob.glob(os.path.join(rig.PREFIX, 'share/man/man*/*')):
        run = subprocess.run(['man', '--warnings', '-l', path], capture_output=True, text=True,
                             check=False, env=rig.environment(MANWIDTH='80')) \
            if os.path.exists('/usr/bin/man') else None
        rig.expect(run is None or run.returncode == 0, f'{path}: {run}')
    nouns = subprocess.run([rig.program('keycradle'), 'help'], capture_output=True, text=True,
                           check=True, env=rig.environment()).stdout
    for word in ('init', 'status', 'doctor', 'monitor', 'slot list', 'batch create', 'device list',
                 'attempt show', 'cert show', 'csr check', 'driver list', 'ca status', 'export',
                 'manifest verify', 'sim'):
        rig.expect(word in nouns, f'keycradle help does not name {word}')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_manifest_is_the_same_each_time_and_true,
        every_change_to_a_manifest_is_noticed,
        a_failed_export_leaves_nothing_behind,
        transcripts_tell_everything_but_secrets,
        every_program_has_its_man_page_and_help,
    )})
