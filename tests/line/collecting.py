# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a station hands to an owner, and what the owner makes of it elsewhere."""

import json
import os
import shutil
import subprocess
import sys

import many
import rig

PARTS = ('issuance.log', 'station.pem', 'authorities.pem', 'checkpoints', 'ledger.jsonl')


def provision(station, simulator, count):
    serials = many.make_devices(simulator, count)
    for slot, serial in enumerate(serials, 1):
        simulator.plug(serial, slot)
    many.wait_all_passed(station, count)
    return serials


def collect(station, name):
    folder = os.path.join(station.folder, name)
    station.cli('audit', 'collect', folder)
    rig.expect_equal(sorted(os.listdir(folder)), sorted(PARTS), 'the parts of a collection')
    return folder


def verify(station, folder, *words, exit_code):
    run = station.cli('audit', 'verify', folder, '--json', *words, exit_code=exit_code)
    return json.loads(run.stdout)


def stranger_of(station):
    """The file of a certificate that is not the station's."""
    return os.path.join(os.path.dirname(station.config), 'ca', 'ca.pem')


def places(found):
    return [one['place'] for one in found['findings'] if one['weight'] == 'wrong']


def a_collection_holds_and_one_that_was_cut_does_not():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.start_batch(target=4)
        provision(station, simulator, 2)
        first = collect(station, 'first')
        pinned = os.path.join(station.folder, 'pinned.pem')
        shutil.copy(os.path.join(first, 'station.pem'), pinned)
        kept = os.path.join(first, 'checkpoints')
        found = verify(station, first, '--station', pinned, '--kept', kept, exit_code=0)
        rig.expect_equal(places(found), [], 'what is wrong with an honest collection')
        checked = {one['check']: one['checked'] for one in found['checks']}
        rig.expect(checked['ledger'] == 2 and checked['certificates'] >= 2, f'not all was checked: {checked}')

        station.cli('audit', 'collect', first)  # once more, over the first one
        log = os.path.join(first, 'issuance.log')
        os.truncate(log, os.path.getsize(log) - 700)
        found = verify(station, first, '--station', pinned, '--kept', kept, exit_code=6)
        rig.expect(places(found)[0].startswith('kept '), f'a cut log: {places(found)}')

        other = os.path.join(station.folder, 'other.pem')
        shutil.copy(stranger_of(station), other)
        found = verify(station, first, '--station', other, exit_code=6)
        rig.expect_equal(places(found)[0], 'station', 'another station')


def manifests_hold_row_by_row():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.start_batch(target=2)
        serials = provision(station, simulator, 2)
        words = []
        for form in ('aws', 'csv', 'jsonl'):
            words += ['--manifest', os.path.join(station.folder, 'manifest.' + form)]
            station.cli('export', form, '--batch', 'B1', '--output', words[-1])
        station.cli('device', 'void', serials[0], '--reason', 'scrapped')  # it was good when they were made
        folder = collect(station, 'collection')
        words += ['--station', os.path.join(folder, 'station.pem'), '--kept', os.path.join(folder, 'checkpoints')]
        found = verify(station, folder, *words, exit_code=0)
        checked = {one['check']: one['checked'] for one in found['checks']}
        rig.expect_equal(checked['manifests'], 3 * 3, 'files and rows of manifests')
        with open(words[3], 'ab') as file:
            file.write(b'\r\n')
        found = verify(station, folder, *words, exit_code=6)
        rig.expect_equal(places(found), ['manifest manifest.csv'], 'a manifest that was changed')

        months = station.json('audit', 'reconcile', folder, '--station', words[-3])
        rig.expect((months['entries'], months['batches'][0]['void']) == (2, 1), f'a reconciliation: {months}')
        with open(os.path.join(folder, 'ledger.jsonl'), encoding='utf-8') as file:
            collected = file.read().splitlines()[1:]
        ledger = [os.path.join(folder, 'station.db') for folder, _, files in os.walk(station.folder)
                  if 'station.db' in files][0]
        run = subprocess.run([rig.program('keycradled'), '--ledger-evidence', ledger], check=True,
                             capture_output=True, text=True)
        rig.expect_equal(run.stdout.splitlines()[1:], collected, 'the ledger without its station')


SECOND = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'audit', 'verify.py')
FORMATS = ('aws', 'aws-no-ca', 'aws-csr', 'aws-calls', 'azure-hub', 'azure-dps', 'nrfcloud', 'microchip', 'thingsboard',
           'clearblade', 'csv', 'jsonl', 'spki')


def second_verifier(folder, *words):
    run = subprocess.run([sys.executable, SECOND, folder, *words], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def every_format_holds_row_by_row():
    """What a line exports, in every format, with both verifiers; units whose number is one in hex, too."""
    with rig.station(slots=2, start=False) as station:
        station.edit(station.profile_path(), r'^Lock=no$', 'Lock=no\nKeepRequest=yes')
        simulator = station.start().simulator()
        for name, mode in (('aws', ('--kind', 'aws', '--mode', 'sni-only', '--account', '123456789012', '--region',
                                    'eu-west-1', '--policy', 'factory', '--thing-type', 'lamp', '--thing-group', 'line')),
                           ('hub', ('--kind', 'azure-hub', '--mode', 'registered-ca', '--account', 'factory-hub'))):
            station.cli('target', 'add', name, *mode)
        station.cli('registry', 'ca', 'register', 'aws', 'ca')
        station.start_batch(target=2)
        for slot, serial in enumerate(('ab0123', 'AB01cd'), 1):
            simulator.new(serial, driver='smp', key='p-256', serial=serial)
            simulator.plug(serial, slot)
        many.wait_all_passed(station, 2)
        words = []
        for form, *target in [(one,) for one in FORMATS if one != 'aws-calls'] + [('aws-calls', 'aws'), ('azure-hub', 'hub')]:
            path = os.path.join(station.folder, '.'.join(['manifest', form, *target]))
            made = station.json('export', form, '--batch', 'B1', '--output', path, *(['--target', *target] if target else []))
            rig.expect_equal(made['rows'], 2, f'rows of {form}')
            words += ['--manifest', path]
        folder = collect(station, 'collection')
        words += ['--station', os.path.join(folder, 'station.pem'), '--kept', os.path.join(folder, 'checkpoints')]
        found = verify(station, folder, *words, exit_code=0)
        checked = {one['check']: one['checked'] for one in found['checks']}
        rig.expect_equal((places(found), checked['manifests']), ([], (len(FORMATS) + 1) * 3), 'files and rows of manifests')
        notes = [one['sentence'] for one in found['findings'] if one['place'].startswith('manifest')]
        rig.expect_equal(notes, [], 'what is told of manifests')
        said = second_verifier(folder, *words)
        rig.expect(said.startswith('OK:') and 'not read' not in said, said)


def a_proof_is_of_one_certificate():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.start_batch(target=2)
        serials = provision(station, simulator, 2)
        folder = collect(station, 'collection')
        pinned = os.path.join(folder, 'station.pem')
        proofs = []
        for serial in serials:
            proofs.append(os.path.join(station.folder, serial + '.tlog-proof'))
            station.cli('audit', 'prove', serial, '--output', proofs[-1])
            with open(os.path.join(station.folder, serial + '.pem'), 'w', encoding='ascii') as file:
                file.write(station.cli('cert', 'show', serial, '--pem').stdout)
        certificate = os.path.join(station.folder, serials[0] + '.pem')
        words = ('audit', 'check-proof', proofs[0], certificate, '--station', pinned)
        rig.expect(serials[0] in station.cli(*words).stdout, 'a proof does not name its device')
        station.cli('audit', 'check-proof', proofs[1], certificate, '--station', pinned, exit_code=6)
        stranger = stranger_of(station)
        station.cli('audit', 'check-proof', proofs[0], certificate, '--station', stranger, exit_code=6)
        with open(proofs[0], encoding='utf-8') as file:
            lines = file.read().split('\n')
        forged = os.path.join(station.folder, 'forged.tlog-proof')
        lines[2] = 'index 1000000'
        with open(forged, 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines))
        station.cli('audit', 'check-proof', forged, certificate, '--station', pinned, exit_code=6)

        batch = os.path.join(station.folder, 'proofs')
        station.cli('audit', 'prove', '--batch', 'B1', '--to', batch)
        rig.expect_equal(len(os.listdir(batch)), 2, 'proofs of a batch')
        station.cli('audit', 'prove', '--index', '1000000', '--output', forged, exit_code=3)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_collection_holds_and_one_that_was_cut_does_not,
        manifests_hold_row_by_row,
        every_format_holds_row_by_row,
        a_proof_is_of_one_certificate,
    )})
