# SPDX-License-Identifier: LGPL-2.1-or-later
"""Manifests whose rows are wrong from the start, in every format: the station has stated them, and its statement
stands in the log behind all that the owner has kept. Only log and ledger tell."""

import copy
import re

import forge
import formats
import log
import rows
from cases import Case
from forge import sha256


def state(one, key, batch, form, content, count):
    """The statement at the end of the log, and the file with it beside as manifest."""
    event = [line['event'] for line in one.lines if 'event' in line][-1]
    words = {'manifest': {'Version': 1, 'Time': '2026-11-20T16:00:05Z',
                          'Station': sha256(key.spki()).hex(), 'Batch': batch, 'Format': form, 'Rows': count,
                          'Bytes': len(content), 'Sha256': sha256(content).hex()},
             'log': {'Origin': one.origin.hex(), 'Size': len(one.entries), 'Root': forge.root_of(one.entries).hex()},
             'ledger': {'Id': one.lines[0]['ledger']['id'], 'Event': event['id'], 'EventHash': event['hash']}}
    der = key.statement('\n'.join(f'[{group}]\n' + ''.join(f'{name}={value}\n' for name, value in keys.items())
                                  for group, keys in words.items()))
    one.entries.append(forge.Entry(log.MANIFEST, one.entries[-1].time, certificate=der, csr_sha256=sha256(der),
                                   spki_sha256=sha256(key.spki()), batch=batch.encode(), device=form.encode()))
    one.pack_log()
    name = f'stated.{form}'
    one.manifest_files.update({name: content, name + '.p7s': der})
    one.more = [name]


class Units:
    """The units of a batch that rows can be about: good ones, a void one, another batch's, another station's."""

    def __init__(self, honest, foreign):
        records = [line['certificate'] for line in honest.lines if 'certificate' in line]
        issued = {index: entry for index, entry in enumerate(honest.entries) if entry.type == log.CERTIFICATE}
        void = [one for one in records if one['state'] == 'void' and 'verified_event' in one][0]
        self.batch = void['batch']
        self.void = formats.Unit(issued[void['log_index']])
        self.good = [formats.Unit(issued[one['log_index']]) for one in records
                     if one['batch'] == self.batch and one['state'] == 'verified']
        self.other = [formats.Unit(issued[one['log_index']]) for one in records
                      if one['batch'] != self.batch and one['state'] == 'verified'][0]
        self.foreign = [formats.Unit(entry) for entry in foreign.entries if entry.type == log.CERTIFICATE][0]


def changed(unit, **words):
    one = copy.copy(unit)
    for name, value in words.items():
        setattr(one, name, value)
    return one


def swapped(first, second, word):
    return [changed(first, **{word: getattr(second, word)}), changed(second, **{word: getattr(first, word)})]


def lists_of(form, units):
    """(title, units in rows, the first row that is wrong)."""
    first, second = units.good[:2]
    claimed = changed(units.other, batch=units.batch)
    yield 'a certificate that is not in the log', [first, changed(second, der=units.foreign.der)], 2
    yield "another batch's unit", [first, units.other, second], 2
    yield "another batch's unit under this batch's name", [first, second, claimed], 3
    yield 'a unit twice', [first, second, first], 3
    yield 'a void unit', [units.void, first, second], 1
    yield 'certificates exchanged', swapped(first, second, 'der'), 1
    for word in ('device', 'name', 'unique', 'batch'):
        value = getattr(units.other, word)
        if word in WORDS[form] and value:
            yield f'another {word}', [first, changed(second, **{word: value})], 2


# What rows of each format name a unit by, beside its certificate or key.
WORDS = {'aws': ('name', 'device'), 'aws-no-ca': ('name', 'device'), 'aws-csr': ('name', 'device'),
         'aws-calls': ('name', 'device'), 'azure-hub': ('name',), 'azure-dps': ('name',), 'nrfcloud': ('name',),
         'microchip': ('unique', 'batch'), 'thingsboard': ('device', 'batch'), 'clearblade': ('name', 'device'),
         'csv': ('device', 'batch'), 'jsonl': ('device', 'batch'), 'spki': ('device',)}


def edits_of(form, texts):
    """(title, file, rows that are stated, what is wrong: a row, or 0 for the number of them)."""
    content = formats.file_of(form, texts)
    yield 'a row less than stated', formats.file_of(form, texts[:1]), 2, 0
    yield 'a row more than stated', content, 1, 0
    last = 1 if form == 'azure-dps' else 2  # there both stand in one line
    yield 'cut short', content[:-20], 2, last
    yield 'half of the last row', content[:-len(texts[-1]) // 2], 2, last
    yield 'an empty line in front', b'\n' + content, 2, 1
    yield 'something behind it', content + b'x\n', 2, 3
    if '-----BEGIN' in texts[-1]:
        yield 'no PEM where one should be', formats.file_of(form, [texts[0], PEM.sub('', texts[1], 1)]), 2, 2
    for title, old, new in (('two certificates in one row', '-----END CERTIFICATE-----', None),
                            ('a NUL behind a name', '","', '\\u0000","'), ('a key that is unknown', '{"', '{"x":"","'),
                            ('an SHA-256 of nothing', 'sha256":"', 'sha256":"00')):
        if old in texts[-1] and (form not in rows.TABLES or new is None):
            text = doubled_pem(texts[-1]) if new is None else texts[-1].replace(old, new, 1)
            yield title, formats.file_of(form, [*texts[:-1], text]), 2, 2


PEM = re.compile(r'-----BEGIN .*?-----END [A-Z ]+-----(\\n|\n)', re.DOTALL)
# What of a row is written otherwise, in one format: both verifiers must refuse it.
ARN, HEX = 'arn:aws:iot:eu-west-1:123456789012:cert/', '00' * 32
OTHERWISE = {
    'azure-hub': [('"create"', '"createOrUpdate"'), ('"primaryT', f'"secondaryThumbprint":"{HEX}","primaryT'),
                  ('"authentication":', '"authentication":{"type":"sas"},"authentication":'),
                  ('"authentication":{"type":"selfSigned",', '"authentication.type":"selfSigned","authentication":{'),
                  ('"x509Thumbprint":{', '"x509Thumbprint":[{'), ('"enabled"', 'true'), ('"id":', '"id":"x","id":')],
    'azure-dps': [('"registrationId":"', '"registrationId":"x'), ('"enabled"', '"disabled"'),
                  ('"deviceId"', '"capabilities":{},"deviceId"')],
    'clearblade': [('"metadata":{', '"blocked":true,"metadata":{'), ('"credentials":[', '"credentials":[{},')],
    'aws-calls': [('2\t', '1\t'), (f'"principal":"{ARN}', f'"principal":"{ARN}{HEX}'),
                  ('create-thing', 'create-policy'), ('\tattach-policy', '\tattach-policy\t{}\tattach-policy'),
                  ('create-thing', 'register-certificate'), ('"ACTIVE"', '"INACTIVE"'), (':cert/', ':cacert/'),
                  ('\tattach-thing-principal', '\t'), ('eu-west-1', 'eu-west-1\t')],
    'thingsboard': [(',sensor,', ','), (',sensor,', ',sensor,sensor,'), (',sensor,', ',sen"sor,')],
    'nrfcloud': [(',,,,', ',,,'), (',,,,', ',\r,,,')],
    'csv': [(',sensor,', ',"sensor",x,'), (',sensor,', ',sensor\n,')],
    'jsonl': [('"log-index":7', '"log-index":"7"'), ('"log-index":7', '"log-index":7.5'),
              ('"subject":', '"pem":"","subject":')],
    'spki': [('"public-key":"', '"public-key":" '), ('"spki-sha256":"', '"spki-sha256":"0')],
    'microchip': [('"header":{', '"header":{"kid":"",'), ('"payload":"', '"payload":"='),
                  ('"protected":"', '"protected":"e')]}


def doubled_pem(text):
    begin, end = text.index('-----BEGIN CERT'), text.index('-----END CERTIFICATE-----') + 25
    line_end = '\n' if '\n' in text else '\\n'
    return text[:end] + line_end + text[begin:end] + text[end:]


def cases_of(honest, units, form, key, stranger):
    good = units.good[:2]

    def case(title, content, count, row):
        name = f'manifest stated.{form}' + (f': row {row}' if row else '')
        names = None if row is None else {name}
        return Case(f'{form}: {title}', names, lambda one: state(one, key, units.batch, form, content, count), 11)
    texts = [formats.text_of(form, unit, key) for unit in good]
    yield case('as it should be', formats.file_of(form, texts), 2, None)
    for title, listed, row in lists_of(form, units):
        yield case(title, formats.file_of(form, [formats.text_of(form, one, key) for one in listed]), len(listed), row)
    for title, content, count, row in edits_of(form, texts):
        yield case(title, content, count, row)
    for old, new in OTHERWISE.get(form, []):
        assert old in texts[1], (form, old)
        spoilt = [texts[0], texts[1].replace(old, new, 1)]
        yield case(f'{old} is {new}', formats.file_of(form, spoilt), 2, 2)
    if form == 'microchip':
        forged = [texts[0], formats.text_of(form, good[1], stranger)]
        yield case("another key's signature", formats.file_of(form, forged), 2, 2)
        mixed = texts[1][:texts[1].index('"signature"')] + texts[0][texts[0].index('"signature"'):]
        yield case("another row's signature", formats.file_of(form, [texts[0], mixed]), 2, 2)
        yield case('no rows', b'[\n\n]\n', 0, None)


def all_cases(honest, foreign, key, stranger):
    units = Units(honest, foreign)
    for form in formats.ALL:
        if form != 'microchip' or all(one.unique for one in units.good[:2]):
            yield from cases_of(honest, units, form, key, stranger)
