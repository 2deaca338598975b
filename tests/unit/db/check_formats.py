# SPDX-License-Identifier: LGPL-2.1-or-later
"""check_formats.py FORMAT FILE [STATION.pem [chain]]: reads a manifest as its receiver would, with parsers and rules
that are not ours, and prints a line a device: its name and the SHA-256 of what the receiver gets of it."""

import base64
import csv
import datetime
import hashlib
import json
import os
import re
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'ca'))
from cryptography import x509  # noqa: E402  (after the path)
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

import check_jws  # noqa: E402

# botocore, iot 2015-05-28
THING = re.compile(r'[a-zA-Z0-9:_-]{1,128}')
ATTRIBUTE = re.compile(r'[a-zA-Z0-9_.,@/:#-]{0,800}')
# azure-iot-sdk-csharp: ExportImportDevice, X509ThumbprintExtensions
HUB_ID = re.compile(r"[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}")
THUMBPRINT = re.compile(r'([a-f0-9]{2}){32}')
CLEARBLADE_ID = re.compile(r'[a-zA-Z][-a-zA-Z0-9._+~%]{2,254}')
REGISTRATION = re.compile(r'[a-z0-9\-._:]{0,63}[a-z0-9-]')


def whole(pattern, text):
    assert pattern.fullmatch(text), text
    return text


def digest(data):
    return hashlib.sha256(data).hexdigest()


def certificate(pem):
    assert pem.count('-----BEGIN CERTIFICATE-----') == 1 and len(pem) <= 4096
    return ssl.PEM_cert_to_DER_cert(pem)


def common_name(der):
    return x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value


def lines(path):
    with open(path, encoding='utf-8', newline='\n') as file:
        for line in file:
            assert line.endswith('\n') and len(line) <= 256 * 1024
            yield json.loads(line)


def aws(path, keys):
    for line in lines(path):
        assert list(line) == ['ThingName', 'SerialNumber', *keys], line
        whole(ATTRIBUTE, line['SerialNumber'])
        if keys == ['CSR']:
            body = re.fullmatch(r'-----BEGIN CERTIFICATE REQUEST-----\n([\w+/=\n]+)-----END CERTIFICATE REQUEST-----\n',
                                line['CSR'])
            yield whole(THING, line['ThingName']), base64.b64decode(body[1])
        else:
            for key in keys:
                certificate(line[key])
            yield whole(THING, line['ThingName']), certificate(line['CertificatePem'])


def aws_calls(path, authority):
    with open(path, encoding='utf-8') as file:
        for line in file:
            stage, _, sha256, account, region, thing, *calls = line.rstrip('\n').split('\t')
            said = {name: json.loads(text) for name, text in zip(calls[::2], calls[1::2])}
            register = said['register-certificate' if authority else 'register-certificate-without-ca']
            der = certificate(register['certificatePem'])
            assert (stage, account, region) == ('2', '123456789012', 'eu-west-1') and digest(der) == sha256
            assert ('caCertificatePem' in register) == authority and register['status'] == 'ACTIVE'
            arn = f'arn:aws:iot:eu-west-1:123456789012:cert/{sha256}'
            assert said['attach-thing-principal'] == {'thingName': thing, 'principal': arn}
            assert said['attach-policy'] == {'policyName': 'factory-device', 'target': arn}
            assert said['create-thing']['thingTypeName'] == 'sensor'
            assert ('add-thing-to-thing-group' in said) == authority
            yield thing, der


def azure_hub(path, authority):
    for line in lines(path):
        assert line['importMode'] == 'create' and line['status'] == 'enabled'
        if authority:
            assert line['authentication'] == {'type': 'certificateAuthority'} and len(line['statusReason']) <= 128
            thumbprint = line['statusReason'].split()[1]
        else:
            assert set(line) == {'id', 'importMode', 'status', 'authentication'}
            assert line['authentication']['type'] == 'selfSigned'
            thumbprint = line['authentication']['x509Thumbprint']['primaryThumbprint']
        yield whole(HUB_ID, line['id']), bytes.fromhex(whole(THUMBPRINT, thumbprint))


def azure_dps(path):
    for call in lines(path):
        assert call['mode'] == 'create' and 1 <= len(call['enrollments']) <= 10
        ids = [enrolment['registrationId'] for enrolment in call['enrollments']]
        assert len(set(ids)) == len(ids)
        for enrolment in call['enrollments']:
            attestation = enrolment['attestation']
            assert attestation['type'] == 'x509' and enrolment['provisioningStatus'] == 'enabled'
            der = certificate(attestation['x509']['clientCertificates']['primary']['certificate'])
            assert common_name(der).lower() == whole(REGISTRATION, enrolment['registrationId'])
            yield whole(HUB_ID, enrolment['deviceId']), der


def nrfcloud(path):
    with open(path, encoding='utf-8', newline='') as file:
        rows = list(csv.reader(file))
    assert len(rows) <= 1000
    again = f'{path}.again'
    with open(again, 'w', encoding='utf-8', newline='') as file:
        csv.writer(file, lineterminator='\n', quoting=csv.QUOTE_MINIMAL).writerows(rows)
    with open(path, 'rb') as ours, open(again, 'rb') as theirs:
        assert ours.read() == theirs.read()
    os.unlink(again)
    for device, sub_type, tags, types, pem in rows:
        assert set(types.split('|')) - {''} <= {'APP', 'MODEM', 'BOOT', 'SOFTDEVICE', 'BOOTLOADER'}
        assert sub_type == '' and tags in ('', 'blue|factory-2')
        yield whole(THING, device), certificate(pem)


def microchip(path, station, chain):
    with open(station, 'rb') as file:
        signer = x509.load_pem_x509_certificate(file.read())
    with open(path, encoding='utf-8') as file:
        elements = json.load(file)
    for element in elements:
        assert set(element) == {'payload', 'protected', 'header', 'signature'}
        said = json.loads(check_jws.payload_of(element, signer))
        assert element['header'] == {'uniqueId': whole(re.compile('[0-9a-f]+'), said['uniqueId'])}
        assert said['version'] == 1 and {'model', 'partNumber', 'groupId', 'manufacturer', 'provisioner',
                                         'distributor'} < set(said)
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', said['provisioningTimestamp'])
        (key,) = said['publicKeySet']['keys']
        leaf, issuer = [base64.b64decode(der, validate=True) for der in key['x5c']]
        read = x509.load_der_x509_certificate(leaf)
        numbers = ec.EllipticCurvePublicNumbers(*(int.from_bytes(base64.urlsafe_b64decode(key[part] + '='), 'big')
                                                  for part in 'xy'), ec.SECP256R1())
        assert (key['kid'], key['kty'], key['crv']) == ('0', 'EC', 'P-256')
        assert read.public_key().public_numbers() == numbers
        if chain:
            authority = x509.load_der_x509_certificate(issuer)
            assert read.issuer == authority.subject
            authority.public_key().verify(read.signature, read.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        yield said['uniqueId'], leaf


def spki(path):
    for line in lines(path):
        assert list(line) == ['device', 'spki-sha256', 'public-key']
        key = serialization.load_pem_public_key(line['public-key'].encode())
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert digest(der) == line['spki-sha256']
        yield line['device'], der


def thingsboard(path):
    """EncryptionUtil.java: markers and line ends go, and the SHA3-256 of the rest names the credentials."""
    with open(path, encoding='utf-8', newline='') as file:
        for row in csv.DictReader(file, strict=True):
            assert list(row) == ['NAME', 'TYPE', 'LABEL', 'X509', 'credentialsId'] and row['TYPE']
            stripped = row['X509'].replace('-----BEGIN CERTIFICATE-----', '').replace('\n', '')
            stripped = stripped.replace('-----END CERTIFICATE-----', '').replace('\r', '')
            assert hashlib.sha3_256(stripped.encode()).hexdigest() == row['credentialsId']
            yield row['NAME'], certificate(row['X509'])


def clearblade(path):
    for device in lines(path):
        assert list(device) == ['id', 'credentials', 'metadata']
        (credential,) = device['credentials']
        der = certificate(credential['publicKey']['key'])
        read = x509.load_der_x509_certificate(der)
        assert credential['publicKey']['format'] == 'ES256_X509_PEM'
        assert isinstance(read.public_key().curve, ec.SECP256R1)
        expires = datetime.datetime.strptime(credential['expirationTime'], '%Y-%m-%dT%H:%M:%SZ')
        assert expires == read.not_valid_after
        assert whole(CLEARBLADE_ID, device['id']) == common_name(der)
        yield device['metadata']['serialNumber'], der


def devices(name, path, *more):
    if name == 'azure-hub':
        yield from ((device, thumbprint.hex()) for device, thumbprint in azure_hub(path, 'ca' in more))
        return
    readers = {'aws': lambda: aws(path, ['CertificatePem', 'CACertificatePem']),
               'aws-no-ca': lambda: aws(path, ['CertificatePem']), 'aws-csr': lambda: aws(path, ['CSR']),
               'spki': lambda: spki(path), 'thingsboard': lambda: thingsboard(path),
               'clearblade': lambda: clearblade(path), 'aws-calls': lambda: aws_calls(path, 'with' in more),
               'azure-dps': lambda: azure_dps(path), 'nrfcloud': lambda: nrfcloud(path),
               'microchip': lambda: microchip(path, more[0], 'chain' in more)}
    yield from ((device, digest(der)) for device, der in readers[name]())


def main():
    for device, sha256 in devices(*sys.argv[1:]):
        print(device, sha256)


if __name__ == '__main__':
    main()
