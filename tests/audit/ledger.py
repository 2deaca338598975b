# SPDX-License-Identifier: LGPL-2.1-or-later
"""ledger.jsonl: its lines, its chain of events, and what the log and reports say of it."""

import hashlib
import json
import os
import struct

import cms
import log
import texts
from cms import need
from finding import Finding, judged

WHOLE, TEXT, FLAG = int, str, bool
KEYS = {
    'ledger': {'version': WHOLE, 'id': TEXT, 'next_log_index': WHOLE, 'made_at': WHOLE},
    'batch': {'name': TEXT, 'profile': TEXT, 'state': TEXT, 'target': WHOLE, 'devices': WHOLE, 'failed': WHOLE},
    'certificate': {'log_index': WHOLE, 'device': TEXT, 'batch': TEXT, 'profile': TEXT, 'serial_number': TEXT,
                    'sha256': TEXT, 'state': TEXT, 'void_reason?': TEXT, 'verified_event?': WHOLE,
                    'void_event?': WHOLE},
    'event': {'id': WHOLE, 'at': WHOLE, 'actor': TEXT, 'kind': TEXT, 'subject': TEXT, 'detail': TEXT, 'hash': TEXT},
    'export': {'id': WHOLE, 'at': WHOLE, 'batch': TEXT, 'format': TEXT, 'rows': WHOLE, 'bytes': WHOLE,
               'sha256': TEXT, 'through': WHOLE, 'confirmed': FLAG},
    'report': {'id': WHOLE, 'at': WHOLE, 'batch': TEXT, 'log_index': WHOLE, 'sha256': TEXT},
    'end': {'certificates': WHOLE, 'events': WHOLE}}
ORDER = list(KEYS)
BY_STATE = {'issued': set(), 'verified': {'verified_event'}, 'void': {'void_reason', 'void_event'}}


def pairs(items):
    need(len({key for key, _ in items}) == len(items), 'a key stands twice')
    return dict(items)


def chained(before, event):
    data = before + struct.pack('>Qq', event['id'], event['at'])
    for key in ('actor', 'kind', 'subject', 'detail'):
        text = event[key].encode()
        data += struct.pack('>I', len(text)) + text
    return hashlib.sha256(data).digest()


def check_keys(member, record):
    keys = KEYS[member]
    need(texts.required(keys) <= set(record) <= set(texts.known(keys)), 'a key is missing or unknown')
    for key, kind in texts.known(keys).items():
        need(key not in record or type(record[key]) is kind, f'{key} has another type')
        need(kind is not WHOLE or key not in record or -(1 << 63) < record[key] < 1 << 63, f'{key} is too large')
        need(kind is not TEXT or key not in record or '\0' not in record[key] and record[key].encode() is not None,
             f'{key} is no clean text')
    for key in ('sha256', 'hash'):
        need(key not in record or texts.HASH.fullmatch(record[key]), f'{key} is no hash')


class Ledger:
    def __init__(self, verifier):
        self.verifier = verifier
        self.lines = judged('ledger 1', self.read, verifier.path('ledger.jsonl'))
        self.issued = [entry for entry in verifier.entries if entry.type == log.CERTIFICATE]
        self.by_place = {entry.index: (entry, text) for entry, text in verifier.reports}
        self.rank, self.last = 0, None  # of the line before: what kind, and its key in the order
        self.batches, self.exports = {}, []
        self.certificates, self.events = [], []  # with their lines
        self.next, self.unknown = 0, 0  # in `issued`: what comes next, how many were passed over
        self.ended = False

    @staticmethod
    def read(path):
        need(os.path.isfile(path), 'it is no regular file')
        with open(path, 'rb') as file:
            return file.read().split(b'\n')

    def check(self):
        """{place in the log: (event by which it was verified, or void)}, where that is never, a number above all."""
        rest = self.lines.pop()  # a file ends with a line's end
        for number, line in enumerate(self.lines, 1):
            judged(f'ledger {number}', self.check_line, number, line)
        if rest or not self.ended:
            raise Finding(f'ledger {len(self.lines) + 1}', 'the file is cut short')
        if self.unknown:
            self.verifier.remarks.append(f'the ledger does not know {self.unknown} certificates yet')
        self.check_references()
        for entry, text in self.verifier.reports:
            judged(f'report {text["report"]["Number"]}', self.check_report, entry, text)
        return {record['log_index']: tuple(record.get(key, 1 << 63) for key in ('verified_event', 'void_event'))
                for _, record in self.certificates}

    # ---- line by line ----

    def check_line(self, number, line):
        need(len(line) < 1 << 20, 'it is too long')
        whole = json.loads(line.decode(), object_pairs_hook=pairs)
        need(isinstance(whole, dict) and len(whole) == 1, 'it is no object with one member')
        (member, record), = whole.items()
        need(member in KEYS and isinstance(record, dict), f'{member} is unknown')
        check_keys(member, record)
        rank = ORDER.index(member)
        need(not self.ended and rank >= self.rank and (number == 1) == (member == 'ledger'), 'it is out of place')
        if self.rank <= ORDER.index('certificate') < rank:
            self.pass_over(1 << 63)
        self.last = self.last if rank == self.rank else None
        self.rank = rank
        getattr(self, 'check_' + member + '_line')(number, record)

    def pass_over(self, index):
        """Certificates below `index` that the ledger may not know yet; Wrong where it must."""
        while self.next < len(self.issued) and self.issued[self.next].index < index:
            missing = self.issued[self.next].index
            need(missing >= self.head['next_log_index'], f'the certificate of entry {missing} is missing before it')
            self.unknown += 1
            self.next += 1

    def ascending(self, value):
        need(self.last is None or value > self.last, 'it is out of order')
        self.last = value

    def check_ledger_line(self, _, record):
        need(record['version'] == 1 and texts.ID.fullmatch(record['id']), 'its version or id is wrong')
        need(0 <= record['next_log_index'] <= len(self.verifier.entries), 'it knows more entries than the log has')
        self.head, self.hash = record, hashlib.sha256(b'keycradle ledger' + bytes.fromhex(record['id'])).digest()
        self.claims = {}
        for _, text in self.verifier.reports + self.verifier.statements:
            claim = text['ledger']
            need(claim['Id'] == record['id'], 'a report or statement tells of another ledger')
            self.claims.setdefault(claim['Event'], set()).add(claim['EventHash'])
        self.expect_hash(0)

    def expect_hash(self, event):
        need(self.claims.pop(event, set()) <= {self.hash}, 'a report or statement tells of other events')

    def check_batch_line(self, _, record):
        need(record['name'] not in self.batches, 'a second batch of that name')
        self.batches[record['name']] = record

    def check_certificate_line(self, number, record):
        self.pass_over(record['log_index'])
        need(self.next < len(self.issued) and self.issued[self.next].index == record['log_index'],
             'the log has no such certificate, or it stood before')
        entry = self.issued[self.next]
        self.next += 1
        need(tuple(record[key].encode() for key in ('device', 'batch', 'profile')) ==
             (entry.device, entry.batch, entry.profile), 'the log tells other of device, batch or profile')
        serial = cms.Certificate(entry.certificate).serial.lstrip(b'\0').hex()
        need(serial and record['serial_number'] == serial, 'its serial number is another one')
        need(record['sha256'] == hashlib.sha256(entry.certificate).hexdigest(), 'its hash is another one')
        need(record['batch'] in self.batches, 'its batch is not there')
        keys = {key for key in ('void_reason', 'verified_event', 'void_event') if key in record}
        need(record['state'] in BY_STATE, 'its state is unknown')
        if record['state'] == 'void':
            keys.discard('verified_event')
        need(keys == BY_STATE[record['state']] and record.get('void_reason') != '', 'its keys do not fit its state')
        self.certificates.append((number, record))

    def check_event_line(self, number, record):
        need(record['id'] == len(self.events) + 1, 'its id is not the next')
        self.hash = chained(self.hash, record)
        need(record['hash'] == self.hash.hex(), 'its hash is not the chain\'s')
        self.events.append((number, record))
        self.expect_hash(record['id'])

    def check_export_line(self, _, record):
        self.ascending(record['id'])
        need(record['batch'] in self.batches, 'its batch is not there')
        need(record['through'] <= len(self.events), 'it knows more events than there are')
        self.exports.append(record)

    def check_report_line(self, _, record):
        self.ascending(record['id'])
        need(record['batch'] in self.batches, 'its batch is not there')
        need(record['log_index'] in self.by_place, 'the log has no report at its place')
        entry, text = self.by_place[record['log_index']]
        need((record['batch'], record['sha256']) == (text['report']['Batch'], entry.csr_sha256.hex()),
             'the report in the log is another one')

    def check_end_line(self, _, record):
        need((record['certificates'], record['events']) == (len(self.certificates), len(self.events)),
             'there were other numbers of certificates and events')
        for entry, text in self.verifier.statements:
            need(entry.index >= self.head['next_log_index'] or self.is_exported(text),
                 f'entry {entry.index} is a statement about an export that is not there')
        need(not self.claims, 'a report or statement tells of an event that is not there: the ledger was rolled back')
        self.ended = True

    def is_exported(self, text):
        said = text['manifest']
        return any((said['Batch'], said['Format'], said['Rows'], said['Bytes'], said['Sha256'].hex()) ==
                   (one['batch'], one['format'], one['rows'], one['bytes'], one['sha256']) and
                   one['through'] <= text['ledger']['Event'] for one in self.exports)

    # ---- against itself, and against reports ----

    def event(self, number, kinds, subject):
        need(1 <= number <= len(self.events), f'its event {number} is not there')
        event = self.events[number - 1][1]
        need(event['kind'] in kinds and event['subject'] == subject, f'its event {number} tells something else')
        return event

    def check_certificate_events(self, record):
        if 'verified_event' in record:
            self.event(record['verified_event'], ('certificate-verified',), record['device'])
        if 'void_event' in record:
            event = self.event(record['void_event'], ('certificate-void', 'certificate-store'), record['device'])
            reason = record['void_reason']
            if event['kind'] == 'certificate-store':
                reason = f'log index {record["log_index"]}, void from the start: {reason}'
            need(event['detail'] == reason, 'its event tells of another reason')

    def check_references(self):
        verified, voided = {}, {}
        for number, record in self.certificates:
            judged(f'ledger {number}', self.check_certificate_events, record)
            if 'verified_event' in record:
                event = record['verified_event']
                verified[record['device']] = min(event, verified.get(record['device'], event))
            if 'void_event' in record:
                voided[record['void_event']] = voided.get(record['void_event'], 0) + 1
        for number, event in self.events:
            if event['kind'] == 'certificate-verified' and verified.get(event['subject'], 1 << 63) > event['id']:
                raise Finding(f'ledger {number}', 'no certificate became verified by it')
            if event['kind'] == 'certificate-void' and voided.get(event['id']) != 1:
                raise Finding(f'ledger {number}', 'not one certificate became void by it')

    def check_report(self, entry, text):
        claim, facts = text['ledger'], text['log']
        verified, voids = 0, []
        for _, record in self.certificates:
            if record['batch'].encode() != entry.batch or record['log_index'] >= facts['Size']:
                continue
            if record.get('void_event', 1 << 63) <= claim['Event']:
                voids.append(f'{record["log_index"]} {record["void_reason"]}\n')
            elif record.get('verified_event', 1 << 63) <= claim['Event']:
                verified += 1
        need((claim['Verified'], claim['Void']) == (verified, len(voids)),
             f'verified are {verified} and void {len(voids)}')
        need(claim['VoidsSha256'] == hashlib.sha256(''.join(voids).encode()).digest(), 'others are void')
        known = verified + len(voids) + claim['Open']
        need(known <= facts['Certificates'], 'verified, void and open are more than what was issued')
        if text['report']['Final'] and claim['Open']:
            self.verifier.remarks.append(f'report {text["report"]["Number"]} is final, and {claim["Open"]} are open')
        if text['report']['Final'] and known < facts['Certificates']:
            self.verifier.remarks.append(f'report {text["report"]["Number"]} is final, and misses '
                                         f'{facts["Certificates"] - known} certificates')
        batch = self.batches.get(text['report']['Batch'])
        need(batch is not None and claim['Failed'] <= batch['failed'], 'more failed than the batch tells')
