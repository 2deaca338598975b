# SPDX-License-Identifier: LGPL-2.1-or-later
"""Manifests of every format, written from docs/manifests.md alone: for honest ones, and for wrong ones that a
station has signed all the same."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

import cms
import rows

ALL = ('aws', 'aws-no-ca', 'aws-csr', 'aws-calls', 'azure-hub', 'azure-dps', 'nrfcloud', 'microchip', 'thingsboard',
       'clearblade', 'csv', 'jsonl', 'spki')
DAY = '2026-11-20T16:00:00Z'


class Unit:
    """What a row says of a unit; each word of it can be set to another one's."""

    def __init__(self, entry):
        self.device, self.batch, self.chip = entry.device.decode(), entry.batch.decode(), entry.chip.decode()
        self.name, unique = rows.name_of(entry).decode(), rows.unique_of(entry)
        self.unique = unique.decode() if unique else None
        self.der = entry.certificate

    @property
    def pem(self):
        return rows.pem_of('CERTIFICATE', self.der)

    @property
    def sha256(self):
        return hashlib.sha256(self.der).hexdigest()

    @property
    def certificate(self):
        return cms.Certificate(self.der)

    @property
    def request(self):
        """Nobody verifies its own signature here: AWS does."""
        info = der(0x30, der(2, b'\0') + self.certificate.subject + self.certificate.spki + der(0xa0, b''))
        algorithm = der(0x30, der(6, bytes.fromhex('2a8648ce3d040302')))
        return rows.pem_of('CERTIFICATE REQUEST', der(0x30, info + algorithm + der(3, b'\0' + der(0x30, b''))))


def der(tag, content):
    length = len(content)
    width = 0 if length < 128 else 1 if length < 256 else 2
    head = bytes([0x80 + width]) + length.to_bytes(width, 'big') if width else bytes([length])
    return bytes([tag]) + head + content


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def aws(unit, authority):
    return dump({'ThingName': unit.name, 'SerialNumber': unit.device, 'CertificatePem': unit.pem, **authority})


def aws_calls(unit):
    arn = {'arn': f'arn:aws:iot:eu-west-1:123456789012:cert/{unit.sha256}'}
    calls = [('register-certificate-without-ca', {'certificatePem': unit.pem, 'status': 'ACTIVE'}),
             ('create-thing', {'thingName': unit.name, 'attributePayload': {'attributes': {'serialNumber': unit.device}}}),
             ('attach-thing-principal', {'thingName': unit.name, 'principal': arn['arn']}),
             ('attach-policy', {'policyName': 'factory', 'target': arn['arn']})]
    columns = ['2', unit.device, unit.sha256, '123456789012', 'eu-west-1', unit.name]
    return '\t'.join(columns + [word for name, said in calls for word in (name, dump(said))])


def azure_hub(unit):
    return dump({'id': unit.name, 'importMode': 'create', 'status': 'enabled',
                 'authentication': {'type': 'selfSigned', 'x509Thumbprint': {'primaryThumbprint': unit.sha256}}})


def azure_dps(unit):
    return dump({'registrationId': unit.name.lower(), 'deviceId': unit.name, 'attestation': {
        'type': 'x509', 'x509': {'clientCertificates': {'primary': {'certificate': unit.pem}}}},
        'provisioningStatus': 'enabled'})


def clearblade(unit):
    return dump({'id': unit.name, 'credentials': [{'publicKey': {'format': 'ES256_X509_PEM', 'key': unit.pem},
                                                   'expirationTime': DAY}],
                 'metadata': {'serialNumber': unit.device}})


def numbers(unit):
    return [hashlib.sha256(unit.der).hexdigest(), hashlib.sha1(unit.der).hexdigest(),
            unit.certificate.spki_sha256.hex()]


def csv(unit):
    serial = unit.certificate.serial.lstrip(b'\0').hex()
    return ','.join([unit.device, unit.batch, 'sensor', *numbers(unit), serial, DAY, DAY, unit.chip, '',
                     f'"{unit.pem}"'])


def jsonl(unit):
    sha256, sha1, spki = numbers(unit)
    return dump({'device': unit.device, 'batch': unit.batch, 'profile': 'sensor', 'chip-id': unit.chip,
                 'subject': f'CN={unit.name}', 'serial-number': unit.certificate.serial.lstrip(b'\0').hex(),
                 'sha256': sha256, 'sha1': sha1, 'spki-sha256': spki, 'not-before': DAY, 'not-after': DAY,
                 'issued-at': DAY, 'verified-at': DAY, 'log-index': 7, 'pem': unit.pem})


def thingsboard(unit):
    credentials = hashlib.sha3_256(base64.b64encode(unit.der)).hexdigest()
    return f'{unit.device},sensor,{unit.batch},"{unit.pem}",{credentials}'


def spki(unit):
    return dump({'device': unit.device, 'spki-sha256': unit.certificate.spki_sha256.hex(),
                 'public-key': rows.pem_of('PUBLIC KEY', unit.certificate.spki)})


def payload(unit):
    people = {'organizationName': 'Works', 'organizationalUnitName': 'sensor'}
    point = unit.certificate.spki[-64:]
    x5c = [base64.b64encode(unit.der).decode()] * 2
    return dump({'version': 1, 'model': 'sensor', 'partNumber': 'sensor', 'manufacturer': people, 'provisioner': people,
                 'distributor': people, 'groupId': unit.batch, 'provisioningTimestamp': '2026-11-20T16:00:00.000Z',
                 'uniqueId': unit.unique, 'publicKeySet': {'keys': [{
                     'kid': '0', 'kty': 'EC', 'crv': 'P-256', 'x': rows.octets_as_text(point[:32]),
                     'y': rows.octets_as_text(point[32:]), 'x5c': x5c}]}})


def element(unit, signer):
    """A JWS by the key of a forge.Signer."""
    station = cms.read_pem(signer.certificate)[0]
    with open(signer.key, 'rb') as file:
        key = serialization.load_pem_private_key(file.read(), None)
    header = {'alg': 'ES256', 'typ': 'JWT', 'kid': rows.octets_as_text(station.key_identifier()),
              'x5t#S256': rows.octets_as_text(hashlib.sha256(station.der).digest())}
    protected, said = rows.octets_as_text(dump(header).encode()), rows.octets_as_text(payload(unit).encode())
    pair = utils.decode_dss_signature(key.sign(f'{protected}.{said}'.encode(), ec.ECDSA(hashes.SHA256())))
    raw = b''.join(number.to_bytes(32, 'big') for number in pair)
    return dump({'payload': said, 'protected': protected, 'header': {'uniqueId': unit.unique},
                 'signature': rows.octets_as_text(raw)})


def text_of(form, unit, signer):
    """One row, without what stands around it."""
    return {'aws': lambda: aws(unit, {'CACertificatePem': unit.pem}), 'aws-no-ca': lambda: aws(unit, {}),
            'aws-csr': lambda: dump({'ThingName': unit.name, 'SerialNumber': unit.device, 'CSR': unit.request}),
            'aws-calls': lambda: aws_calls(unit), 'azure-hub': lambda: azure_hub(unit),
            'azure-dps': lambda: azure_dps(unit), 'nrfcloud': lambda: f'{unit.name},,,,"{unit.pem}"',
            'microchip': lambda: element(unit, signer), 'thingsboard': lambda: thingsboard(unit),
            'clearblade': lambda: clearblade(unit), 'csv': lambda: csv(unit), 'jsonl': lambda: jsonl(unit),
            'spki': lambda: spki(unit)}[form]()


def file_of(form, texts):
    """The file with these rows."""
    if form == 'microchip':
        return ('[\n' + ',\n'.join(texts) + '\n]\n').encode()
    if form == 'azure-dps':
        return ''.join('{"mode":"create","enrollments":[' + ','.join(texts[at:at + 10]) + ']}\n'
                       for at in range(0, len(texts), 10)).encode()
    headed, columns = rows.TABLES.get(form, (False, []))
    end = '\r\n' if headed else '\n'
    header = ','.join(name for name, _ in columns) + end if headed else ''
    return (header + ''.join(text + end for text in texts)).encode()
