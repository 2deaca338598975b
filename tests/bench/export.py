# SPDX-License-Identifier: LGPL-2.1-or-later
"""export.py BENCH-EXPORT MAKE-LEDGER: exports of a million certificates (KEYCRADLE_BENCH_UNITS), each with its SHA-256
and into a file, beside sqlite3 printing the same values into sha256sum. sqlite3 has every value as text already,
PEM too, and writes no file. Every figure is a median of 3 rounds in rotation (KEYCRADLE_BENCH_ROUNDS).

  export-FORMAT              rows a second
  export-FORMAT-json         CPU of `sqlite3 -json | sha256sum` of the same values over the export's
  export-FORMAT-csv          the same with `sqlite3 -csv`
  export-FORMAT-json-wall    the same ratios in time by the clock
  export-FORMAT-csv-wall
  export-FORMAT-memory       the most memory that the export had, MiB
  export-memory-growth       that of a tenth of the units over that of all, jsonl: 1 is flat
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

UNITS = int(os.environ.get('KEYCRADLE_BENCH_UNITS', '1000000'))
ROUNDS = int(os.environ.get('KEYCRADLE_BENCH_ROUNDS', '3'))

# What sqlite3 prints for each format: the same values under the same names.
ROWS = {
    'jsonl': '*',
    'csv': 'device, batch, profile, sha256, sha1, spki_sha256, serial_number, not_before, not_after, chip_id, model, pem',
    'aws': 'common_name AS ThingName, device AS SerialNumber, pem AS CertificatePem, :ca AS CACertificatePem',
    'aws-no-ca': 'common_name AS ThingName, device AS SerialNumber, pem AS CertificatePem',
    'azure-hub': "device AS id, 'create' AS importMode, 'enabled' AS status, sha256 AS primaryThumbprint",
    'azure-dps': "common_name AS registrationId, device AS deviceId, 'x509' AS type, pem AS certificate,"
                 " 'enabled' AS provisioningStatus",
    'nrfcloud': "device, '' AS subType, '' AS tags, '' AS fwTypes, pem",
    'thingsboard': "device AS NAME, profile AS TYPE, batch AS LABEL, pem AS X509, sha256 AS credentialsId",
    'clearblade': "common_name AS id, 'ES256_X509_PEM' AS format, pem AS key, not_after AS expirationTime,"
                  " device AS serialNumber",
    'spki': "device, spki_sha256, substr (pem, 1, 180) AS public_key",
}
# With so many rows a file where the receiver has a limit, the limit is lifted by parts: not of interest here.
FORMATS = [name for name in ROWS if name != 'nrfcloud']


def tell(name, value, unit):
    print(f'bench {name} {value:.4g} {unit}', flush=True)


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def export(program, folder, name):
    """(rows, seconds, CPU seconds, KiB)"""
    output = os.path.join(folder, 'exported')
    run = subprocess.run([program, folder, name, output], capture_output=True, text=True, check=True)
    rows, wall, cpu, peak, sha256 = run.stdout.split()
    found = subprocess.run(['sha256sum', output], capture_output=True, text=True, check=True).stdout.split()[0]
    assert found == sha256, f'{name}: {sha256} is on record, the file has {found}'
    os.unlink(output)
    return int(rows), float(wall), float(cpu), int(peak)


def sqlite(folder, name, form):
    """(seconds, CPU seconds)"""
    with open(os.path.join(folder, 'ca.pem'), encoding='ascii') as file:
        authority = file.read().partition('-----END CERTIFICATE-----')[0] + '-----END CERTIFICATE-----'
    query = 'SELECT ' + ROWS[name].replace(':ca', f"'{authority}'") + ' FROM rows'
    before, began = children_cpu(), time.monotonic()
    with subprocess.Popen(['sqlite3', form, os.path.join(folder, 'peer.db'), query],
                          stdout=subprocess.PIPE) as printer:
        subprocess.run(['sha256sum'], stdin=printer.stdout, stdout=subprocess.DEVNULL, check=True)
    assert printer.returncode == 0
    return time.monotonic() - began, children_cpu() - before


def measure(program, folder, name):
    rounds = [(export(program, folder, name), sqlite(folder, name, '-json'), sqlite(folder, name, '-csv'))
              for _ in range(ROUNDS)]
    middle = statistics.median
    rows = rounds[0][0][0]
    assert rows == UNITS, f'{name}: {rows} rows'
    tell(f'export-{name}', rows / middle(one[0][1] for one in rounds), 'rows/s')
    for place, form in ((1, 'json'), (2, 'csv')):
        tell(f'export-{name}-{form}', middle(one[place][1] / one[0][2] for one in rounds), 'x CPU')
        tell(f'export-{name}-{form}-wall', middle(one[place][0] / one[0][1] for one in rounds), 'x')
    peak = max(one[0][3] for one in rounds) / 1024
    tell(f'export-{name}-memory', peak, 'MiB')
    return peak


def make(program, make_ledger, folder, units):
    subprocess.run([make_ledger, folder, str(units)], check=True)
    subprocess.run([program, folder, 'peer'], check=True)


def main():
    program, make_ledger, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as small:
        make(program, make_ledger, folder, UNITS)
        peaks = {name: measure(program, folder, name) for name in names or FORMATS}
        make(program, make_ledger, small, UNITS // 10)
        tell('export-memory-growth', peaks.get('jsonl', 0) * 1024 / export(program, small, 'jsonl')[3], 'x')


main()
