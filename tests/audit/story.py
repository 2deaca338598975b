# SPDX-License-Identifier: LGPL-2.1-or-later
"""An honest collection with every type of entry, made from docs/evidence.md alone and in a second:
two batches with tickets, a void, a failure, refusals, manifests, reports. The line's tests have one
that a real station left."""

import os
import time

import cms
import forge
import log
from forge import Entry, sha256

START = 1763798400000000  # 2025-11-22T08:00:00Z
PROFILE = sha256(b'[profile]\n')


def stamp(micros):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(micros // 1000000))


def text_of(groups):
    return '\n'.join(f'[{group}]\n' + ''.join(f'{key}={value}\n' for key, value in keys.items())
                     for group, keys in groups.items())


class Story:
    def __init__(self, folder, start):
        self.folder = folder
        self.ledger = os.urandom(16).hex()
        self.owned = os.path.join(folder, 'owned')
        self.collected = os.path.join(folder, 'collected')
        self.earlier = os.path.join(folder, 'earlier')
        for one in (self.owned, self.collected, self.earlier):
            os.makedirs(one)
        self.station = forge.Signer.new(folder, 'station')
        self.owner = forge.Signer.new(self.owned, 'owner')
        self.authority = forge.Signer.new(folder, 'authority')
        self.other = forge.Signer.new(folder, 'other')
        self.station_hash = sha256(self.station.spki())
        self.origin = sha256(self.authority.spki())
        self.entries, self.notes, self.now = [], [], start
        self.certificates, self.events, self.batches, self.exports, self.reports = [], [], {}, [], []
        self.numbers = 0
        self.hash = sha256(b'keycradle ledger' + bytes.fromhex(self.ledger))

    # ---- the log ----

    def enter(self, kind, **fields):
        self.now += 1000000
        self.entries.append(Entry(kind, self.now, **fields))
        return len(self.entries) - 1

    def root(self):
        return forge.root_of(self.entries)

    def checkpoint(self):
        note = self.station.note(self.origin, len(self.entries), self.root())
        self.notes.append(note)
        return note

    def record(self, kind, signer, groups, **fields):
        der = signer.statement(text_of(groups))
        return self.enter(kind, certificate=der, csr_sha256=sha256(der), spki_sha256=sha256(signer.spki()), **fields)

    def ticket(self, batch, count, **more):
        self.numbers += 1
        size = len(self.entries)
        return self.record(log.TICKET, self.owner, {'ticket': {
            'Version': 1, 'Number': self.numbers, 'Batch': batch, 'Profile': 'sensor', 'ProfileSha256': PROFILE.hex(),
            'Count': count, 'Station': self.station_hash.hex(), 'Ca': self.origin.hex(),
            'NotBefore': stamp(START - 86400000000), 'NotAfter': stamp(START + 86400000000), 'LogSize': size,
            'LogRoot': self.root().hex(), **more}}, batch=batch.encode(), profile=b'sensor',
            device=str(self.numbers).encode())

    def log_group(self):
        return {'Origin': self.origin.hex(), 'Size': len(self.entries), 'Root': self.root().hex()}

    def ledger_group(self):
        return {'Id': self.ledger, 'Event': len(self.events), 'EventHash': self.hash.hex()}

    def report(self, batch, final, ticket):
        places = [one['log_index'] for one in self.certificates if one['batch'] == batch]
        mine = [one for one in self.certificates if one['batch'] == batch]
        voids = [one for one in mine if one['state'] == 'void']
        verified = sum(one['state'] == 'verified' for one in mine)
        issued = sum(place > ticket for place in places)
        count = int(self.count_of(ticket))
        kinds = [one.type for one in self.entries]
        self.numbers_of_reports = getattr(self, 'numbers_of_reports', 0) + 1
        place = self.record(log.REPORT, self.station, {
            'report': {'Version': 1, 'Number': self.numbers_of_reports, 'Time': stamp(self.now),
                       'Station': self.station_hash.hex(), 'Batch': batch, 'Final': 'yes' if final else 'no'},
            'log': {**self.log_group(), 'Certificates': len(places), 'First': places[0] if places else 0,
                    'Last': places[-1] if places else 0, 'Refusals': kinds.count(log.REFUSAL),
                    'ClockResets': kinds.count(log.CLOCK),
                    'Lost': sum(int(one.device) for one in self.entries if one.type == log.LOST)},
            'ticket': {'Number': self.entries[ticket].device.decode(),
                       'Sha256': sha256(self.entries[ticket].certificate).hex(), 'Count': count,
                       'Issued': issued, 'Remaining': count - issued},
            'ledger': {'Id': self.ledger, 'Devices': len(places), 'Verified': verified, 'Void': len(voids),
                       'Open': len(places) - verified - len(voids), 'Failed': self.batches[batch]['failed'],
                       'Event': len(self.events), 'EventHash': self.hash.hex(),
                       'VoidsSha256': sha256(''.join(
                           f'{one["log_index"]} {one["void_reason"]}\n' for one in voids).encode()).hex()}},
            batch=batch.encode(), device=str(self.numbers_of_reports).encode())
        self.checkpoint()
        self.reports.append({'id': len(self.reports) + 1, 'at': self.now, 'batch': batch, 'log_index': place,
                             'sha256': self.entries[place].csr_sha256.hex()})
        return place

    def count_of(self, ticket):
        return cms.Signed(self.entries[ticket].certificate).text.decode().split('Count=')[1].split('\n')[0]

    def manifest(self, name, batch):
        rows = [one['sha256'] for one in self.certificates if one['batch'] == batch and one['state'] == 'verified']
        content = ''.join(row + '\n' for row in rows).encode()
        through = len(self.events)
        place = self.record(log.MANIFEST, self.station, {
            'manifest': {'Version': 1, 'Time': stamp(self.now), 'Station': self.station_hash.hex(), 'Batch': batch,
                         'Format': 'list', 'Rows': len(rows), 'Bytes': len(content),
                         'Sha256': sha256(content).hex()},
            'log': self.log_group(), 'ledger': self.ledger_group()}, batch=batch.encode(), device=b'list')
        self.checkpoint()
        self.exports.append({'id': len(self.exports) + 1, 'at': self.now, 'batch': batch, 'format': 'list',
                             'rows': len(rows), 'bytes': len(content), 'sha256': sha256(content).hex(),
                             'through': through, 'confirmed': False})
        self.own(name, content)
        self.own(name + '.p7s', self.entries[place].certificate)

    def own(self, name, data):
        with open(os.path.join(self.owned, name), 'wb') as file:
            file.write(data)

    # ---- the ledger ----

    def batch(self, name):
        self.batches[name] = {'name': name, 'profile': 'sensor', 'state': 'running', 'target': 0, 'devices': 0,
                              'failed': 0}
        self.event('batch-start', name, '')

    def event(self, kind, subject, detail, actor='op1'):
        event = {'id': len(self.events) + 1, 'at': self.now, 'actor': actor, 'kind': kind, 'subject': subject,
                 'detail': detail}
        self.hash = forge.chained(self.hash, event)
        self.events.append({**event, 'hash': self.hash.hex()})
        return event['id']

    def certify(self, device, batch):
        """A device's certificate: in the log, in the ledger, not verified yet."""
        key = forge.Signer.new(self.folder, device)
        der = self.authority.certify(key, device)
        certificate = cms.Certificate(der)
        place = self.enter(log.CERTIFICATE, batch=batch.encode(), profile=b'sensor', profile_sha256=PROFILE,
                           product=b'lamp', device=device.encode(), chip=device.encode().hex().encode(),
                           csr_sha256=sha256(device.encode()), spki_sha256=certificate.spki_sha256,
                           certificate=der)
        self.event('certificate-store', device, f'log index {place}')
        self.batches[batch]['devices'] += 1
        record = {'log_index': place, 'device': device, 'batch': batch, 'profile': 'sensor',
                  'serial_number': certificate.serial.lstrip(b'\0').hex(), 'sha256': sha256(der).hex(),
                  'state': 'issued'}
        self.certificates.append(record)
        return record

    def verify(self, record):
        record['state'] = 'verified'
        record['verified_event'] = self.event('certificate-verified', record['device'], 'attempt 1')

    def void(self, record, reason):
        record['state'] = 'void'
        record['void_reason'] = reason
        record['void_event'] = self.event('certificate-void', record['device'], reason)

    # ---- all of it ----

    def write(self, folder):
        """As `keycradle audit collect` would now."""
        lines = [{'ledger': {'version': 1, 'id': self.ledger, 'next_log_index': len(self.entries), 'made_at': self.now}}]
        lines += [{'batch': one} for one in self.batches.values()]
        lines += [{'certificate': one} for one in self.certificates]
        lines += [{'event': one} for one in self.events]
        lines += [{'export': one} for one in self.exports] + [{'report': one} for one in self.reports]
        lines += [{'end': {'certificates': len(self.certificates), 'events': len(self.events)}}]
        content = {'issuance.log': forge.header(self.origin) + b''.join(
            forge.frame(one.encode()) for one in self.entries),
            'checkpoints': ''.join(note + '\n' for note in self.notes).encode(),
            'ledger.jsonl': ''.join(forge.dump(line) + '\n' for line in lines).encode()}
        for name, signer in (('station.pem', self.station), ('authorities.pem', self.authority)):
            with open(signer.certificate, 'rb') as file:
                content[name] = file.read()
        for name, data in content.items():
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(data)


def tell(folder, start=START):
    """The whole story; a Story whose files are written."""
    story = Story(folder, start)
    story.enter(log.AUTHORITY, device=b'other', spki_sha256=sha256(story.other.spki()),
                certificate=cms.read_pem(story.other.certificate)[0].der)
    story.batch('B-1')
    first = story.ticket('B-1', 5)
    made = [story.certify(f'D-{number}', 'B-1') for number in range(1, 5)]
    for record in made[:3]:
        story.verify(record)
    story.checkpoint()
    story.enter(log.REFUSAL, batch=b'B-1', profile=b'ticket-used-up', product=b'no more', device=b'D-9', chip=b'2',
                csr_sha256=sha256(b'D-9'))
    story.void(made[0], 'scrapped')
    story.void(made[3], 'batch closed')
    story.batches['B-1']['failed'] = 1
    story.manifest('B-1.txt', 'B-1')
    place = story.report('B-1', True, first)
    story.own('kept-1.p7s', story.entries[place].certificate)
    story.own('kept-1.note', story.notes[-1].encode())
    story.write(story.earlier)
    code = story.authority.certify(forge.Signer.new(folder, 'code'), 'code')
    story.enter(log.VERIFICATION, device=b'0123456789', csr_sha256=sha256(b'code'), certificate=code,
                spki_sha256=cms.Certificate(code).spki_sha256)
    story.enter(log.CRL, device=b'1', csr_sha256=sha256(b'crl'), spki_sha256=story.origin)
    story.now -= 3600000000
    story.enter(log.CLOCK, device=b'2', product=b'the clock was wrong')
    story.batch('B-2')
    story.ticket('B-2', 2, ClockReset='yes')
    second = story.ticket('B-2', 3)
    others = [story.certify(f'E-{number}', 'B-2') for number in range(1, 4)]
    story.enter(log.LOST, device=b'2', spki_sha256=story.origin)
    for record in others:
        story.verify(record)
    story.manifest('B-2.txt', 'B-2')
    story.checkpoint()
    story.report('B-2', False, second)
    story.own('kept-2.note', story.notes[-1].encode())
    story.enter(log.CRL, device=b'2', csr_sha256=sha256(b'crl2'), spki_sha256=story.origin)
    story.write(story.collected)
    return story


def anchors(story):
    """The owner's words on a verifier's command line."""
    return {'station': os.path.join(story.folder, 'station.pem'), 'owner': os.path.join(story.owned, 'owner.pem'),
            'kept': [os.path.join(story.owned, name) for name in ('kept-1.p7s', 'kept-1.note', 'kept-2.note')],
            'manifest': [os.path.join(story.owned, name) for name in ('B-1.txt', 'B-2.txt')]}
