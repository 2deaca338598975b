# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must hold whatever happened: judged from outside, with openssl and plain Python."""

import base64
import hashlib
import os
import subprocess

import compressed
from rig import Failure, expect, expect_equal

LIVE = ('issued', 'verified')


def der_of_pem(pem):
    lines = pem.strip().splitlines()
    expect(lines[0] == '-----BEGIN CERTIFICATE-----' and lines[-1] == '-----END CERTIFICATE-----',
           f'not one PEM certificate: {pem[:80]!r}')
    return base64.b64decode(''.join(lines[1:-1]), validate=True)


class Authority:
    """The CA's chain as files, for openssl."""

    def __init__(self, station):
        self.folder = station.folder
        chain = station.json('ca', 'status')['chain']
        self.root = os.path.join(self.folder, 'judge-root.pem')
        self.between = os.path.join(self.folder, 'judge-intermediate.pem')
        with open(self.root, 'w', encoding='ascii') as file:
            file.write(chain[-1])
        with open(self.between, 'w', encoding='ascii') as file:
            file.write(''.join(chain[:-1]))

    def judge(self, pems):
        """openssl verify, strict, of many certificates; one process."""
        names = []
        for number, pem in enumerate(pems):
            names.append(os.path.join(self.folder, f'judge-{number}.pem'))
            with open(names[-1], 'w', encoding='ascii') as file:
                file.write(pem)
        run = subprocess.run(['openssl', 'verify', '-x509_strict', '-purpose', 'sslclient',
                              '-CAfile', self.root, '-untrusted', self.between, *names],
                             capture_output=True, text=True, check=False)
        expect_equal(run.stdout.count(': OK'), len(names),
                     f'openssl verify -x509_strict: {run.stdout[-500:]}{run.stderr[-500:]}')


def take(data, width):
    """The opaque field behind a length of `width` bytes, and what follows it."""
    length = int.from_bytes(data[:width], 'big')
    expect(len(data) >= width + length, 'an entry of the issuance log is cut short')
    return data[width:width + length], data[width + length:]


def log_entry(entry):
    """One entry of the issuance log, by docs/issuance-log.md."""
    expect_equal(entry[:1], b'\x01', 'version of a log entry')
    expect(1 <= entry[1] <= 10, f'type of a log entry: {entry[1]}')
    fields, rest = {'type': entry[1]}, entry[10:]
    fields['batch'], rest = take(rest, 1)
    fields['profile'], rest = take(rest, 1)
    rest = rest[32:]
    for name in ('product', 'device', 'chip'):
        fields[name], rest = take(rest, 1)
    fields['csr'], fields['key'], rest = rest[:32], rest[32:64], rest[64:]
    fields['certificate'], rest = take(rest, 3)
    expect_equal(rest, b'', 'bytes behind a log entry')
    return fields


def issuance_log(station):
    """Every entry of the signer's log: read by a reader that shares no code with the writer."""
    paths = [os.path.join(folder, 'issuance.log')
             for folder, _, files in os.walk(station.folder) if 'issuance.log' in files]
    expect_equal(len(paths), 1, 'issuance logs')
    with open(paths[0], 'rb') as file:
        data = file.read()
    expect_equal(data[:12], b'KCISSLOG\0\0\0\x01', 'magic and version of the log')
    entries, offset = [], 44
    while offset < len(data):
        length = int.from_bytes(data[offset:offset + 4], 'big')
        entry = data[offset + 4:offset + 4 + length]
        leaf = data[offset + 4 + length:offset + 36 + length]
        expect_equal(hashlib.sha256(b'\0' + entry).digest(), leaf,
                     f'leaf hash of entry {len(entries)}')
        entries.append(log_entry(entry))
        offset += 36 + length
    return entries


def logged_certificates(station):
    """SHA-256 of every certificate in the signer's log; each key was signed only once."""
    entries = [entry for entry in issuance_log(station) if entry['type'] == 1]
    keys = [entry['key'] for entry in entries]
    expect_equal(len(set(keys)), len(keys), 'the signer signed no key twice')
    return {hashlib.sha256(entry['certificate']).hexdigest() for entry in entries}


def live_certificates(station):
    """device → its live certificate; two for one device are a failure."""
    live = {}
    for record in station.certificates():
        if record['state'] not in LIVE:
            continue
        expect(record['device'] not in live,
               f'{record["device"]} has two live certificates: {record}, '
               f'{live.get(record["device"])}')
        live[record['device']] = record
    return live


def judge_ledger(station):
    """Serials and keys once only; nothing in the ledger that the log does not hold."""
    certificates = station.certificates()
    for field in ('serial-number', 'sha256'):
        values = [record[field] for record in certificates]
        expect_equal(len(set(values)), len(values), f'no {field} is used twice')
    keys = [record['spki-sha256'] for record in certificates if record['state'] in LIVE]
    expect_equal(len(set(keys)), len(keys), 'no public key has two live certificates')
    logged = logged_certificates(station)
    for record in certificates:
        expect(record['sha256'] in logged,
               f'{record["sha256"]} of {record["device"]} is not in the issuance log')
    return certificates


def held_by(simulator, serial, certificates):
    """The DER that the device holds. Where it holds 72 bytes only, the first device's certificate is
    the template of the others'."""
    template_serial = next(iter(certificates))
    return (simulator.certificate(serial)
            or compressed.held(simulator, serial, certificates[template_serial], template_serial))


def judge_devices(station, simulator, serials):
    """Each device has exactly one live, verified certificate, and holds its very bytes."""
    judge_ledger(station)
    live = live_certificates(station)
    pems = []
    certificates = {}
    for serial in serials:
        expect(serial in live, f'{serial} has no live certificate')
        expect_equal(live[serial]['state'], 'verified', f'certificate of {serial}')
        expect_equal(live[serial]['status'], 'ACTIVE', f'status of {serial}')
        pem = station.cli('cert', 'show', serial, '--pem').stdout
        certificates[serial] = der_of_pem(pem)
        held = held_by(simulator, serial, certificates)
        if held is None:
            raise Failure(f'{serial} holds no certificate')
        expect(held == der_of_pem(pem), f'{serial} holds other bytes than the ledger')
        expect_equal(hashlib.sha256(held).hexdigest(), live[serial]['sha256'],
                     f'SHA-256 of {serial}')
        pems.append(pem)
    Authority(station).judge(pems)
