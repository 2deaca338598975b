# SPDX-License-Identifier: LGPL-2.1-or-later
"""A manifest in several files, and one that is judged before it is made."""

import csv
import glob
import json
import os
import subprocess

import rig
from papers import provision

UNITS = 5
RENAMES = 6  # three statements, three files


def part(station, number):
    return os.path.join(station.folder, f'out.part-{number:03}.csv')


def parts_there(station):
    return sorted(glob.glob(os.path.join(station.folder, 'out.part-*.csv')))


def rows_of(path):
    with open(path, encoding='ascii', newline='') as file:
        return list(csv.reader(file, strict=True))


def out(station):
    return os.path.join(station.folder, 'out.csv')


def export_in_parts(station, most, *words):
    return station.json('export', 'csv', '--batch', 'B1', '--output', out(station),
                        '--most-rows', str(most), *words)


def parts_of_an_export_fit_together():
    with rig.station(slots=UNITS) as station:
        simulator = station.simulator()
        station.start_batch(target=UNITS)
        provision(station, simulator, UNITS)
        station.json('export', 'csv', '--batch', 'B1', '--output', out(station))
        whole = rows_of(out(station))
        expect_parts(station, export_in_parts(station, 1), [1] * UNITS, whole)
        expect_parts(station, export_in_parts(station, 2), [2, 2, 1], whole)
        expect_edit_is_found(station, part(station, 2))
        again = station.json('export', 'csv', '--batch', 'B1', '--output', out(station),
                             '--new-only')
        rig.expect_equal((again['rows'], again['parts']), (0, 1), 'what is new after all parts')
        run = station.cli('export', 'csv', '--batch', 'B1', '--output', '-', '--most-rows', '2',
                          exit_code=None)
        rig.expect(run.returncode != 0 and run.stdout == '' and 'in parts' in run.stderr,
                   f'several parts to standard output: {run}')


def expect_parts(station, summaries, sizes, whole):
    files = [part(station, number + 1) for number in range(len(sizes))]
    rig.expect_equal(parts_there(station), files, 'files of the set, and no others')
    rig.expect_equal([one['rows'] for one in summaries], sizes, 'rows of the parts')
    rows = []
    for number, path in enumerate(files, 1):
        found = rows_of(path)
        rig.expect_equal(found[0], whole[0], f'the header of part {number}')
        rows += found[1:]
        verdict = station.json('manifest', 'verify', path)
        rig.expect_equal(verdict['genuine'], True, f'part {number}')
        if number < len(sizes):  # the last one unit is the same file in both sets
            rig.expect_equal((verdict['part'], verdict['parts']), (number, len(sizes)), path)
        rig.expect(verdict['statement'], f'no statement beside part {number}')
    rig.expect_equal(rows, whole[1:], 'the parts one behind the other')


def expect_edit_is_found(station, path):
    with open(path, 'rb') as file:
        content = file.read()
    with open(path, 'wb') as file:
        file.write(content.replace(b',B1,', b',B2,', 1))
    verdict = station.json('manifest', 'verify', path, exit_code=6)
    rig.expect(any('batch was edited' in one for one in verdict['problems']), verdict)


def a_set_is_there_whole_or_without_its_first_part():
    with rig.station(slots=UNITS) as station:
        simulator = station.simulator()
        station.start_batch(target=UNITS)
        provision(station, simulator, UNITS)
        cut_short = 0
        for place in range(1, RENAMES + 2):
            export_in_parts(station, 1)
            run = subprocess.run(
                ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=rename', '-e',
                 f'inject=rename:signal=KILL:when={place}', rig.program('keycradle'), '--config',
                 station.config, 'export', 'csv', '--batch', 'B1', '--output', out(station),
                 '--most-rows', '2'], capture_output=True, text=True, check=False,
                env=rig.environment(), timeout=rig.PATIENCE)
            cut_short += run.returncode != 0
            there = parts_there(station)
            whole = [part(station, number) for number in (1, 2, 3)]
            rig.expect(part(station, 1) not in there or there == whole,
                       f'killed at rename {place}: {there}')
        rig.expect(cut_short >= RENAMES, f'only {cut_short} were killed')
        export_in_parts(station, 2)
        rig.expect_equal(len(parts_there(station)), 3, 'files after the crashes')


def what_would_be_refused_is_told_before():
    with rig.station(slots=2) as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('A.1', driver='freertos', serial='A.1')  # no thing of AWS has a dot
        simulator.plug('A.1', 1)
        simulator.new('A-2', driver='freertos', serial='A-2')
        simulator.plug('A-2', 2)
        station.wait_ended(2)
        rig.expect_equal(station.cli('export', 'csv', '--batch', 'B1', '--check').returncode, 0,
                         'CSV takes any name')
        run = station.cli('export', 'aws', '--batch', 'B1', '--check', '--json', exit_code=8)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        rig.expect_equal([line['device'] for line in lines], ['A.1'], 'devices')
        rig.expect('thing name' in lines[0]['reason'] and lines[0]['line'] in (1, 2), lines)
        run = station.cli('export', 'aws', '--batch', 'B1', '--check', exit_code=8)
        rig.expect('A.1: ' in run.stdout and '1 would be left out' in run.stderr, run)
        rig.expect_equal(station.json('export', 'list'), [], 'exports on record')


def a_request_that_was_kept_goes_to_aws():
    with rig.station(slots=2, start=False) as station:
        station.edit(station.profile_path(), r'^Lock=no$', 'Lock=no\nKeepRequest=yes')
        station.start()
        simulator = station.simulator()
        station.start_batch(target=2)
        provision(station, simulator, 2)
        path = os.path.join(station.folder, 'out.ndjson')
        station.json('export', 'aws-csr', '--batch', 'B1', '--output', path)
        with open(path, encoding='ascii') as file:
            lines = [json.loads(line) for line in file]
        rig.expect_equal(len(lines), 2, 'lines')
        for line in lines:
            run = subprocess.run(['openssl', 'req', '-verify', '-noout', '-pubkey'], input=line['CSR'],
                                 capture_output=True, text=True, check=False)
            rig.expect(run.returncode == 0 and 'verify OK' in run.stderr, run)
            pem = station.cli('cert', 'show', line['SerialNumber'], '--pem').stdout
            key = subprocess.run(['openssl', 'x509', '-pubkey', '-noout'], input=pem, text=True,
                                 capture_output=True, check=True).stdout
            rig.expect_equal(run.stdout, key, f'the key of {line["SerialNumber"]}')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        parts_of_an_export_fit_together,
        a_set_is_there_whole_or_without_its_first_part,
        what_would_be_refused_is_told_before,
        a_request_that_was_kept_goes_to_aws,
    )})
