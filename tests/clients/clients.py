# SPDX-License-Identifier: LGPL-2.1-or-later
"""The clouds' own clients for Node.js take what a station exported: tests/clients/prepare BUILD/clients
first, then `meson test --suite clients`."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))

import judge
import many
import rig

CLIENTS = os.environ['KEYCRADLE_TEST_CLIENTS']
UNITS = 12


def take(station, what, path):
    """The requests that the client sent, in order."""
    rig.expect(os.path.exists(os.path.join(CLIENTS, 'node_modules')),
               f'run tests/clients/prepare {CLIENTS} first')
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'take.cjs'), CLIENTS)
    key, certificate = (os.path.join(station.folder, 'endpoint.' + end) for end in ('key', 'pem'))
    if not os.path.exists(key):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate,
                        '-days', '2', '-subj', '/CN=localhost'], check=True, capture_output=True)
    run = subprocess.run(['node', os.path.join(CLIENTS, 'take.cjs'), what, path, key, certificate],
                         capture_output=True, text=True, check=False, timeout=rig.PATIENCE)
    rig.expect_equal(run.returncode, 0, f'{what}: {run.stderr}')
    return [json.loads(line) for line in run.stdout.splitlines()]


def sha256_of(pem):
    return hashlib.sha256(judge.der_of_pem(pem)).hexdigest()


def batch_of(station, units=UNITS):
    simulator = station.simulator()
    station.start_batch(target=units)
    for number in range(1, units + 1):
        serial = many.serial_for('nrf91', 700 + number)
        simulator.new(serial, driver='nrf91', serial=serial)
        simulator.plug(serial, number)
    station.wait_ended(units)
    return {one['device']: one for one in station.certificates()}


def export(station, form, *words):
    path = os.path.join(station.folder, 'out.' + form)
    station.cli('export', form, '--batch', 'B1', '--output', path, *words)
    return path


def azure_iothub_takes_devices_txt():
    with rig.station(slots=UNITS) as station:
        known = batch_of(station)
        requests = take(station, 'azure-hub', export(station, 'azure-hub'))
        sent = [device for request in requests for device in request['body']]
        rig.expect_equal({device['id'] for device in sent}, set(known), 'devices')
        for device in sent:
            rig.expect_equal(device['authentication']['x509Thumbprint']['primaryThumbprint'].lower(),
                             known[device['id']]['sha256'], 'thumbprint')


def azure_dps_takes_envelopes():
    with rig.station(slots=UNITS) as station:
        known = batch_of(station)
        requests = take(station, 'azure-dps', export(station, 'azure-dps'))
        rig.expect_equal([len(one['body']['enrollments']) for one in requests], [10, UNITS - 10],
                         'enrolments an envelope')
        for request in requests:
            rig.expect_equal(request['path'].split('?')[0].rstrip('/'), '/enrollments', 'path')
            for one in request['body']['enrollments']:
                pem = one['attestation']['x509']['clientCertificates']['primary']['certificate']
                rig.expect_equal(sha256_of(pem), known[one['deviceId']]['sha256'],
                                 'certificate')


def aws_sdk_takes_every_call():
    with rig.station(slots=UNITS) as station:
        known = batch_of(station)
        station.cli('target', 'add', 'production', '--kind', 'aws', '--mode', 'without-ca',
                    '--account', '123456789012', '--region', 'eu-west-1', '--policy', 'factory-device',
                    '--endpoint', 'a1b2c3-ats.iot.eu-west-1.amazonaws.com')
        requests = take(station, 'aws-calls',
                        export(station, 'aws-calls', '--target', 'production'))
        registered = [sha256_of(one['body']['certificatePem']) for one in requests
                      if one['path'] == '/certificate/register-no-ca']
        rig.expect_equal(sorted(registered), sorted(one['sha256'] for one in known.values()),
                         'certificates registered')
        attached = [one['headers']['x-amzn-principal'].rpartition('/')[2] for one in requests
                    if one['path'].endswith('/principals')]
        rig.expect_equal(sorted(attached), sorted(registered), 'certificates attached to things')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        aws_sdk_takes_every_call,
        azure_dps_takes_envelopes,
        azure_iothub_takes_devices_txt,
    )})
