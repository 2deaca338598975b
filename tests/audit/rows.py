# SPDX-License-Identifier: LGPL-2.1-or-later
"""Manifests row by row, as docs/manifests.md has the thirteen formats: what each row says of a unit, and
that all of it is about one certificate."""

import base64
import hashlib
import json
import re

from cryptography.hazmat.primitives.asymmetric import utils

import cms
from cms import need
from ledger import pairs

LONGEST = 1 << 20
DEVICE, NAME, LOWER, UNIQUE, BATCH, PEM, B64, SHA256, REASON, ARN, SHA1, SERIAL, CREDENTIALS, KEY_HASH, KEY, X, Y, \
    REQUEST = 'device name lower unique batch pem b64 sha256 reason arn sha1 serial credentials key-hash key x y ' \
    'request'.split()
ANY, COUNT = 'any', 'count'  # any text, any whole number; what else is not in capitals stands there as it is

HUB = {'id': NAME, 'importMode': '=create', 'status': '=enabled'}
PEOPLE = {f'{who}.{what}': ANY for who in ('manufacturer', 'provisioner', 'distributor')
          for what in ('organizationName', 'organizationalUnitName')}
ONE_KEY = 'publicKeySet.keys.[0].'
PAYLOAD = {'version': COUNT, 'model': ANY, 'partNumber': ANY, **PEOPLE, 'groupId': BATCH, 'provisioningTimestamp': ANY,
           'uniqueId': UNIQUE, ONE_KEY + 'kid': ANY, ONE_KEY + 'kty': '=EC', ONE_KEY + 'crv': '=P-256',
           ONE_KEY + 'x': X, ONE_KEY + 'y': Y, ONE_KEY + 'x5c.[0]': B64, ONE_KEY + 'x5c.[1]': ANY}
ELEMENT = {'payload': ANY, 'protected': ANY, 'header.uniqueId': UNIQUE, 'signature': ANY}
LINES = {
    'aws': [{'ThingName': NAME, 'SerialNumber': DEVICE, 'CertificatePem': PEM, 'CACertificatePem': ANY}],
    'aws-no-ca': [{'ThingName': NAME, 'SerialNumber': DEVICE, 'CertificatePem': PEM}],
    'aws-csr': [{'ThingName': NAME, 'SerialNumber': DEVICE, 'CSR': REQUEST}],
    'azure-hub': [{**HUB, 'authentication.type': '=selfSigned',
                   'authentication.x509Thumbprint.primaryThumbprint': SHA256},
                  {**HUB, 'statusReason': REASON, 'authentication.type': '=certificateAuthority'}],
    'clearblade': [{'id': NAME, 'credentials.[0].publicKey.format': ANY, 'credentials.[0].publicKey.key': PEM,
                    'credentials.[0].expirationTime': ANY, 'metadata.serialNumber': DEVICE}],
    'jsonl': [{'device': DEVICE, 'batch': BATCH, 'profile': ANY, 'chip-id?': ANY, 'model?': ANY, 'subject': ANY,
               'serial-number': SERIAL, 'sha256': SHA256, 'sha1': SHA1, 'spki-sha256': KEY_HASH, 'not-before': ANY,
               'not-after': ANY, 'issued-at': ANY, 'verified-at': ANY, 'log-index': COUNT, 'pem': PEM}],
    'spki': [{'device': DEVICE, 'spki-sha256': KEY_HASH, 'public-key': KEY}]}
ENROLMENT = {'registrationId': LOWER, 'deviceId': NAME, 'attestation.type': '=x509',
             'attestation.x509.clientCertificates.primary.certificate': PEM, 'provisioningStatus': '=enabled'}
TABLES = {  # with a header, its columns
    'csv': (True, [('device', DEVICE), ('batch', BATCH), ('profile', ANY), ('sha256', SHA256), ('sha1', SHA1),
                   ('spki-sha256', KEY_HASH), ('serial-number', SERIAL), ('not-before', ANY), ('not-after', ANY),
                   ('chip-id', ANY), ('model', ANY), ('pem', PEM)]),
    'thingsboard': (True, [('NAME', DEVICE), ('TYPE', ANY), ('LABEL', BATCH), ('X509', PEM),
                           ('credentialsId', CREDENTIALS)]),
    'nrfcloud': (False, [('deviceId', NAME), ('subType', ANY), ('tags', ANY), ('fwTypes', ANY), ('certificate', PEM)])}
CALLS = [{'register-certificate': {'certificatePem': PEM, 'caCertificatePem': ANY, 'status': '=ACTIVE'},
          'register-certificate-without-ca': {'certificatePem': PEM, 'status': '=ACTIVE'}},
         {'create-thing': {'thingName': NAME, 'thingTypeName?': ANY,
                           'attributePayload.attributes.serialNumber': DEVICE}},
         {'attach-thing-principal': {'thingName': NAME, 'principal': ARN}},
         {'attach-policy': {'policyName': ANY, 'target': ARN}},
         {'add-thing-to-thing-group': {'thingGroupName': ANY, 'thingName': NAME}}]
NEEDED_CALLS = 3
FIELD = re.compile(rb'"((?:[^"]|"")*)"|([^",\r\n]*)')


class Said(dict):
    """What a row says, as bytes; it can't say two things."""

    def say(self, kind, text):
        data = text if isinstance(text, bytes) else text.encode()
        need(b'\0' not in data, 'a text in it holds a NUL')
        if kind.startswith('='):
            need(data == kind[1:].encode(), 'a value is not the one that it must be')
        elif kind == REASON:
            need(data.startswith(b'certificate '), 'it names no certificate')
            self.say(SHA256, data[12:])
        elif kind == ARN:
            need(data.startswith(b'arn:aws') and b':cert/' in data, 'it names no certificate')
            self.say(SHA256, data.split(b':cert/', 1)[1])
        elif kind != ANY:
            need(self.setdefault(kind, data) == data, f'it says two things of its {kind}')

    def say_all(self, found, keys):
        known = {key.rstrip('?'): kind for key, kind in keys.items()}
        need({key for key in keys if not key.endswith('?')} <= set(found) <= set(known), 'a key is missing or unknown')
        for key, value in found.items():
            if known[key] == COUNT:
                need(type(value) is int and -(1 << 63) < value < 1 << 63, f'{key} is no number')
            else:
                need(isinstance(value, str), f'{key} is no text')
                self.say(known[key], value)
        return self


def flat(value, way=''):
    """{way: value} of what is nested."""
    if not isinstance(value, (dict, list)):
        return {way: value}
    need(value, 'something in it is empty')
    parts = value.items() if isinstance(value, dict) else ((f'[{place}]', one) for place, one in enumerate(value))
    found = {}
    for name, one in parts:
        need(isinstance(value, list) or '.' not in name and not name.startswith('['), 'a key is unknown')
        found.update(flat(one, f'{way}.{name}' if way else name))
    return found


def read_object(text):
    value = json.loads(text.decode(), object_pairs_hook=pairs)
    need(isinstance(value, dict), 'it is no object')
    return flat(value)


def said_by(found, forms):
    for form in forms[:-1]:
        try:
            return Said().say_all(found, form)
        except ValueError:
            continue
    return Said().say_all(found, forms[-1])


# ---- what stands around rows; each gives the text of one row after the other ----

def lines_of(content):
    at = 0
    while at < len(content):
        end = content.find(b'\n', at)
        need(0 <= end < at + LONGEST, 'it is cut short, or too long')
        yield content[at:end]
        at = end + 1


def rows_of_lines(content, forms):
    for line in lines_of(content):
        yield said_by(read_object(line), forms)


def rows_of_envelopes(content):
    opening, decoder = '{"mode":"create","enrollments":[', json.JSONDecoder(object_pairs_hook=pairs)
    for line in lines_of(content):
        text = line.decode()
        need(text.startswith(opening), 'no envelope is around it')
        at, count = len(opening), 0
        while text[at:] != ']}' or count == 0:
            value, at = decoder.raw_decode(text, at)
            count += 1
            need(isinstance(value, dict) and count <= 10, 'it is no object, or there are more than ten')
            need(text[at:] == ']}' or text[at:at + 1] == ',' and text[at + 1:] != ']}', 'its envelope has no end')
            at += text[at] == ','
            yield Said().say_all(flat(value), ENROLMENT)


def rows_of_array(content, station):
    lines = lines_of(content)
    need(next(lines, None) == b'[', 'no array is around it')
    line = next(lines, None)
    more = line != b''
    while more:
        need(line is not None, 'it is cut short')
        more = line.endswith(b',')
        yield said_by_element(read_object(line[:-1] if more else line), station)
        if more:
            line = next(lines, None)
    need(next(lines, None) == b']' and next(lines, None) is None, 'the array has no end, or something follows')


def octets_of(text):
    need(re.fullmatch(r'[A-Za-z0-9_-]+', text), 'it is no base64url')
    data = base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
    need(octets_as_text(data) == text, 'it is no base64url')
    return data


def octets_as_text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip('=')


def said_by_element(found, station):
    said = Said().say_all(found, ELEMENT)
    header = {'alg': 'ES256', 'typ': 'JWT', 'kid': octets_as_text(station.key_identifier()),
              'x5t#S256': octets_as_text(hashlib.sha256(station.der).digest())}
    need(octets_of(found['protected']) == json.dumps(header, separators=(',', ':')).encode(),
         'its protected header is not the station\'s')
    numbers = octets_of(found['signature'])
    need(len(numbers) == 64, 'its signature is none')
    signature = utils.encode_dss_signature(int.from_bytes(numbers[:32], 'big'), int.from_bytes(numbers[32:], 'big'))
    cms.verify(station.spki, signature, f'{found["protected"]}.{found["payload"]}'.encode())
    return said.say_all(read_object(octets_of(found['payload'])), PAYLOAD)


def records_of(content):
    """Lines, joined where a quote is open."""
    record = b''
    for line in lines_of(content):
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b''
        else:
            record += b'\n'
            need(len(record) <= LONGEST, 'it is too long')
    need(not record, 'it is cut short')


def fields_of(record):
    fields, at = [], 0
    while True:
        match = FIELD.match(record, at)
        fields.append(match[2] if match[1] is None else match[1].replace(b'""', b'"'))
        at = match.end() + 1
        if match.end() == len(record):
            return fields
        need(record[match.end():at] == b',', 'it is no CSV')


def rows_of_table(content, headed, columns):
    if headed:
        first = content.find(b'\n') + 1
        need(content[:first] == ','.join(name for name, _ in columns).encode() + b'\r\n', 'another header is before it')
        content = content[first:]
    for record in records_of(content):
        record.decode()
        if headed:
            need(record.endswith(b'\r'), 'its line ends otherwise')
            record = record[:-1]
        fields = fields_of(record)
        need(len(fields) == len(columns), 'it has other columns')
        said = Said()
        for field, (_, kind) in zip(fields, columns):
            said.say(kind, field)
        yield said


def rows_of_calls(content):
    for line in lines_of(content):
        stage, *columns = line.decode().split('\t')
        said = Said()
        need(stage == '2' and len(columns) >= 5 and len(columns) % 2 == 1, 'it is no registration of a unit')
        for kind, column in zip((DEVICE, SHA256, ANY, ANY, NAME), columns):
            said.say(kind, column)
        place = 0
        for name, text in zip(columns[5::2], columns[6::2]):
            while place < len(CALLS) and name not in CALLS[place]:
                need(place >= NEEDED_CALLS, 'a call is missing')
                place += 1
            need(place < len(CALLS), f'{name} is no call of a registration, or out of place')
            said.say_all(read_object(text.encode()), CALLS[place][name])
            place += 1
        need(place >= NEEDED_CALLS, 'a call is missing')
        yield said


def read(form, content, station):
    """What each row says, one after the other; None where the format is unknown."""
    if form in LINES:
        return rows_of_lines(content, LINES[form])
    if form in TABLES:
        return rows_of_table(content, *TABLES[form])
    return {'azure-dps': lambda: rows_of_envelopes(content), 'microchip': lambda: rows_of_array(content, station),
            'aws-calls': lambda: rows_of_calls(content)}.get(form, lambda: None)()


# ---- what a row is about ----

def pem_of(label, der):
    text = base64.b64encode(der).decode()
    return f'-----BEGIN {label}-----\n' + ''.join(text[at:at + 64] + '\n' for at in range(0, len(text), 64)) + \
        f'-----END {label}-----\n'


def der_in(label, text):
    body = re.fullmatch(f'-----BEGIN {label}-----\n([A-Za-z0-9+/=\n]+)-----END {label}-----\n', text.decode())
    need(body, f'what should be a {label} is none')
    der = base64.b64decode(body[1])
    need(pem_of(label, der) == text.decode(), f'what should be a {label} is written otherwise')
    return der


def hexed(hash_of, data):
    return hash_of(data).hexdigest().encode()


def identity(said, batch):
    """(whether it is a key, the SHA-256) of what the row is about."""
    need(LOWER not in said or said[LOWER] == said[NAME].lower(), 'it has two names')
    spelt = b"'" + batch if batch[:1] in (b'=', b'+', b'-', b'@', b'\t', b'\r') else batch
    need(said.get(BATCH, batch) in (batch, spelt), 'it is of another batch')
    if PEM in said or B64 in said:
        der = der_in('CERTIFICATE', said[PEM]) if PEM in said else base64.b64decode(said[B64], validate=True)
        need(B64 not in said or base64.b64encode(der) == said[B64], 'it is no base64')
        check_facts(said, der)
        return False, hashlib.sha256(der).digest()
    if SHA256 in said:
        need(re.fullmatch(b'[0-9a-f]{64}', said[SHA256]), 'it has no SHA-256')
        return False, bytes.fromhex(said[SHA256].decode())
    key = key_requested(der_in('CERTIFICATE REQUEST', said[REQUEST])) if REQUEST in said else \
        der_in('PUBLIC KEY', said[KEY])
    need(said.get(KEY_HASH, hexed(hashlib.sha256, key)) == hexed(hashlib.sha256, key), 'it has the hash of another key')
    return True, hashlib.sha256(key).digest()


def key_requested(request):
    info = cms.Der(request).expect(cms.SEQUENCE).children()[0].expect(cms.SEQUENCE).children()
    info[0].expect(cms.INTEGER)
    info[1].expect(cms.SEQUENCE)
    return info[2].expect(cms.SEQUENCE).bytes


def check_facts(said, der):
    certificate = cms.Certificate(der)
    point = certificate.spki[-64:]
    facts = {SHA256: hexed(hashlib.sha256, der), SHA1: hexed(hashlib.sha1, der),
             SERIAL: certificate.serial.lstrip(b'\0').hex().encode(),
             CREDENTIALS: hexed(hashlib.sha3_256, base64.b64encode(der)),
             KEY_HASH: hexed(hashlib.sha256, certificate.spki),
             X: octets_as_text(point[:32]).encode(), Y: octets_as_text(point[32:]).encode()}
    for kind, known in facts.items():
        need(said.get(kind, known) == known, f'its {kind} is not its certificate\'s')


def name_of(entry):
    """What its unit is called where it is registered."""
    for part in cms.Der(cms.Certificate(entry.certificate).subject).children():
        for attribute in part.children():
            kind, value = attribute.children()
            if kind.content == bytes.fromhex('550403'):
                return value.content if value.content else entry.device
    return entry.device


def unique_of(entry):
    for text in (entry.chip, entry.device):
        if re.fullmatch(b'([0-9a-fA-F]{2}){1,32}', text):
            return text.lower()
    return None


class Rows:
    """The rows of one manifest against log and ledger. `states`: {place in the log: (event by which it was
    verified, or void)}; None: there is no ledger."""

    def __init__(self, entries, states, batch, event):
        self.entries, self.states, self.batch, self.event = entries, states, batch.encode(), event
        self.units = set()

    def check(self, said):
        by_key, found = identity(said, self.batch)
        entries = [entry for entry in self.entries
                   if found == (entry.spki_sha256 if by_key else hashlib.sha256(entry.certificate).digest())]
        need(entries, 'its certificate, or its key, is not in the log')
        fitting = [entry for entry in entries if self.fits(entry, said)]
        need(fitting, 'its certificate is of another batch or device, or has another name')
        good = [entry for entry in fitting if self.was_good(entry)]
        need(good, 'its certificate was not verified, or void, when the manifest was made')
        need(good[0].device not in self.units, 'its unit stands in a row before')
        self.units.add(good[0].device)

    def fits(self, entry, said):
        return entry.batch == self.batch and said.get(DEVICE, entry.device) == entry.device and \
            (NAME not in said or said[NAME] == name_of(entry)) and \
            (UNIQUE not in said or said[UNIQUE] == unique_of(entry))

    def was_good(self, entry):
        if self.states is None:
            return True
        verified, void = self.states.get(entry.index, (1 << 63, 1 << 63))
        return verified <= self.event < void
