# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second verifier of what a station leaves behind for the owner: written from docs/evidence.md
and docs/issuance-log.md, without a look at the first one.

usage: verify.py FOLDER [--station PEM] [--owner PEM]... [--kept FILE]... [--manifest FILE]...

Prints `OK: ...` and remarks, or one line `log 17: what is wrong` and ends with 6.
"""

import argparse
import contextlib
import hashlib
import os
import sys

import cms
import ledger
import log
import rows
import texts
from cms import need
from finding import BAD, Finding, judged


def read(path):
    need(os.path.isfile(path), 'it is no regular file')
    with open(path, 'rb') as file:
        return file.read()


class Anchor:
    """Somebody's word for the root of that many entries."""

    def __init__(self, label, group, record=None):
        self.label, self.origin, self.size, self.root = label, group['Origin'], group['Size'], group['Root']
        self.record = record


class Authority:
    """A CA by its key, with the names that it has in its certificates."""

    def __init__(self, spki_sha256):
        self.spki_sha256, self.names = spki_sha256, set()

    def add(self, certificate):
        self.names.add((certificate.subject, certificate.key_identifier()))

    def is_named(self, issuer, key):
        return any(issuer == subject and key in (b'', known) for subject, known in self.names)


class Batch:
    def __init__(self):
        self.places = []  # of its certificates
        self.ticket = None


class Ticket:
    def __init__(self, entry, text):
        self.place, self.der, self.text, self.uses = entry.index, entry.certificate, text['ticket'], 0
        self.has_tpm = 'tpm' in text
        self.authority = text['ticket']['Ca']


class Verifier:
    def __init__(self, folder, station=None, owners=(), kept=(), manifests=()):
        self.folder, self.owners, self.kept_files, self.manifests = folder, owners, kept, manifests
        self.remarks = []
        self.tree, self.entries, self.batches = log.Tree(), [], {}
        self.reports, self.statements, self.tickets = [], [], []  # (entry, text)
        self.newest, self.numbers = 0, 0
        self.pinned = station

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self):
        """The remarks; Finding where something is wrong."""
        self.check_station()
        self.data = judged('header', self.read_header)
        self.kept = [anchor for file in self.kept_files
                     for anchor in judged(f'kept {os.path.basename(file)}', self.read_kept, file)]
        self.checkpoints = self.read_checkpoints()
        self.find_first_authority()
        self.check_log()
        self.states = None
        if os.path.exists(self.path('ledger.jsonl')):
            self.states = ledger.Ledger(self).check()
        else:
            self.remarks.append('there is no ledger')
        for file in self.manifests:
            name = f'manifest {os.path.basename(file)}'
            self.check_rows(name, *judged(name, self.check_manifest, file))
        return self.remarks

    # ---- what is signed outside of the log ----

    def check_station(self):
        def one(path):
            need(os.path.isfile(path), 'it is no regular file')
            found = cms.read_pem(path)
            need(len(found) == 1, 'this is not one certificate')
            return found[0]
        beside = judged('station', one, self.path('station.pem')) if os.path.exists(self.path('station.pem')) else None
        if self.pinned is None:
            self.remarks.append('the station is not pinned')
            need(beside is not None, 'no station.pem')
            self.station = beside
            return
        self.station = one(self.pinned)
        if beside is not None and beside.der != self.station.der:
            raise Finding('station', 'station.pem is not the pinned certificate')

    def read_header(self):
        data = read(self.path('issuance.log'))
        need(len(data) >= log.HEADER and data[:12] == b'KCISSLOG\0\0\0\1', 'this is no issuance log of version 1')
        self.origin = data[12:44]
        return data

    def read_kept(self, path):
        data, label = read(path), f'kept {os.path.basename(path)}'
        if data[:1] == b'\x30':
            signed = cms.Signed(data)
            signed.signer([self.station])
            form = texts.STATEMENT if signed.text.startswith(b'[manifest]') else texts.REPORT
            anchors = [Anchor(label, texts.read(signed.text, form)['log'], data)]
        else:
            if data.startswith(b'c2sp.org/tlog-proof'):
                data = texts.note_of_proof(data).encode()
            notes, torn = texts.split_notes(data if data.endswith(b'\n\n') else data + b'\n')
            need(notes and not torn, 'this is no checkpoint')
            anchors = [self.note_anchor(label, note) for note in notes]
        for before, anchor in zip([anchors[0]] + anchors, anchors):
            need(anchor.origin == self.origin, 'it is of another log')
            need(anchor.size >= before.size, 'it is smaller than the one before')
        return anchors

    def note_anchor(self, label, note):
        checkpoint = texts.read_note(note, self.station)
        return Anchor(label, {'Origin': checkpoint.origin, 'Size': checkpoint.size, 'Root': checkpoint.root})

    def read_checkpoints(self):
        if not os.path.exists(self.path('checkpoints')):
            self.remarks.append('there are no checkpoints')
            return []
        notes, torn = texts.split_notes(judged('checkpoint 1', read, self.path('checkpoints')))
        found = []
        for place, note in enumerate(notes, 1):
            anchor = judged(f'checkpoint {place}', self.note_anchor, f'checkpoint {place}', note)
            if anchor.origin != self.origin:
                raise Finding(anchor.label, 'it is of another log')
            if found and anchor.size < found[-1].size:
                raise Finding(anchor.label, 'it is smaller than the one before')
            found.append(anchor)
        if torn:
            self.remarks.append('the last checkpoint is torn')
        return found

    # ---- the log ----

    def check_log(self):
        entries = log.read_entries(self.data)
        while True:
            size = len(self.entries)
            self.compare(size)
            entry = judged(f'log {size}', lambda: next(entries, None))
            if entry is None:
                break
            if entry[1] is None:
                self.remarks.append(f'the log has a torn tail behind entry {size - 1}')
                break
            judged(f'log {size}', self.check_entry, entry[1])
            self.tree.append(entry[2])
            self.entries.append(entry[1])
        for anchor in self.kept:
            if anchor.size > size or anchor.record is not None and not self.has_record(anchor.record):
                raise Finding(anchor.label, f'the log was cut off: it has {size} entries')
        for anchor in self.checkpoints:
            if anchor.size > size:
                raise Finding(anchor.label, f'the log was cut off: it has {size} entries')
        self.check_resets()
        self.check_twice()
        self.tell_log()

    def check_resets(self):
        """Only the owner lets the clock be set back: by a ticket that the entry names."""
        for entry in self.entries if self.owners else []:
            if entry.type == log.CLOCK and not any(
                    ticket.place > entry.index and str(ticket.text['Number']).encode() == entry.device
                    and ticket.text.get('ClockReset') for ticket in self.tickets):
                raise Finding(f'log {entry.index}', 'no ticket allows that the clock was set back')

    def check_twice(self):
        """Numbers and keys that stand in the log a second time."""
        serials, keys = set(), {}
        for entry in self.entries:
            if entry.type not in (log.CERTIFICATE, log.AUTHORITY, log.VERIFICATION):
                continue
            certificate = cms.Certificate(entry.certificate)
            serial = (self.signers.get(entry.index), certificate.serial)
            if entry.type != log.AUTHORITY:
                if serial in serials:
                    raise Finding(f'log {entry.index}', 'its serial number stands before')
                serials.add(serial)
            holder = (entry.type, entry.device)
            first = keys.setdefault(certificate.key_number(), holder)
            if first != holder and log.CERTIFICATE in (first[0], entry.type):
                raise Finding(f'log {entry.index}', 'its key stands before, for something else')

    def compare(self, size):
        for anchor in self.kept + self.checkpoints:
            if anchor.size == size and anchor.root != self.tree.root(size):
                raise Finding(anchor.label, f'the first {size} entries are not those of this checkpoint')

    def has_record(self, record):
        return any(entry.certificate == record for entry, _ in self.reports + self.statements)

    def tell_log(self):
        size = len(self.entries)
        for kind, words in ((log.REFUSAL, 'refusals'), (log.CLOCK, 'clock resets')):
            count = sum(entry.type == kind for entry in self.entries)
            if count:
                self.remarks.append(f'{count} {words}')
        lost = self.lost(size)
        if lost:
            self.remarks.append(f'{lost} lost signatures')
        for entry, text in self.reports:
            behind = len(self.batches[entry.batch].places if entry.batch in self.batches else ()) - \
                text['log']['Certificates']
            if text['report']['Final'] and behind:
                self.remarks.append(f'{behind} certificates of {entry.batch.decode()} stand behind its final report')
        if self.kept:
            behind = size - max(anchor.size for anchor in self.kept)
            self.remarks.append(f'{behind} entries stand behind what was kept')

    def lost(self, size):
        return sum(int(entry.device) for entry in self.entries[:size] if entry.type == log.LOST)

    def check_entry(self, entry):
        log.check_fields(entry)
        if entry.type == log.CLOCK:
            self.newest = entry.time
        elif entry.type != log.REFUSAL:
            need(entry.time >= self.newest, 'its time is before that of an earlier one')
            self.newest = entry.time
        if entry.type in (log.CRL, log.TICKET, log.REPORT, log.LOST):
            texts.number(entry.device.decode('ascii'), most=(1 << (32 if entry.type == log.LOST else 64)) - 1)
        if entry.type in (log.CRL, log.LOST):
            need(self.authority_of_key(entry.spki_sha256), 'the log knows no CA with that key')
            self.signers[entry.index] = entry.spki_sha256
        check = {log.CERTIFICATE: self.check_certificate, log.AUTHORITY: self.check_authority,
                 log.VERIFICATION: self.check_issuer, log.TICKET: self.check_ticket,
                 log.REPORT: self.check_report, log.MANIFEST: self.check_statement}.get(entry.type)
        if check:
            check(entry)

    def check_key(self, entry):
        need(cms.Certificate(entry.certificate).spki_sha256 == entry.spki_sha256,
             'its certificate is for another key')

    def authority_of_key(self, spki_sha256):
        return next((one for one in self.authorities if one.spki_sha256 == spki_sha256), None)

    def find_first_authority(self):
        """The CA of the header, whose certificates stand beside the log; what else is there is not looked at."""
        first = Authority(self.origin)
        self.authorities, self.signers = [first], {}  # by the entry's index
        if os.path.isfile(self.path('authorities.pem')):
            for der in cms.blocks_of(read(self.path('authorities.pem'))):
                with contextlib.suppress(*BAD):
                    one = cms.Certificate(der or b'')
                    if one.spki_sha256 == self.origin:
                        first.add(one)
        if not first.names:
            self.remarks.append('the certificate of the log\'s first CA is not there: issuers were not checked')

    def check_authority(self, entry):
        self.check_key(entry)
        if self.authority_of_key(entry.spki_sha256) is None:
            self.authorities.append(Authority(entry.spki_sha256))
        self.authority_of_key(entry.spki_sha256).add(cms.Certificate(entry.certificate))

    def check_issuer(self, entry):
        self.check_key(entry)
        issuer, key = cms.Certificate(entry.certificate).named_issuer()
        named = [one for one in self.authorities if one.is_named(issuer, key)]
        if not named and not self.authorities[0].names:
            named = self.authorities[:1]  # it may be anybody
        need(named, 'it names another issuer than the log\'s CAs')
        self.signers[entry.index] = named[0].spki_sha256

    def check_certificate(self, entry):
        self.check_issuer(entry)
        batch = self.batches.setdefault(entry.batch, Batch())
        need(batch.ticket is not None or not self.owners, 'there is no ticket for its batch')
        if batch.ticket:
            ticket, text = batch.ticket, batch.ticket.text
            need(text['Ca'] == self.signers[entry.index], 'its ticket is for another CA')
            need(text['Profile'].encode() == entry.profile, 'its ticket is for another profile')
            need(text.get('ProfileSha256', entry.profile_sha256) == entry.profile_sha256,
                 'its ticket is for another form of the profile')
            need(text['NotBefore'] <= entry.time // 1000000 <= text['NotAfter'], 'its ticket is for another time')
            need(ticket.uses < text['Count'], f'the ticket is used up: {text["Count"]} were made')
            ticket.uses += 1
        batch.places.append(entry.index)

    def open_record(self, entry, signers, form):
        need(hashlib.sha256(entry.certificate).digest() == entry.csr_sha256, 'its record is another one')
        signed = cms.Signed(entry.certificate)
        if signers:
            need(signed.signer(signers).spki_sha256 == entry.spki_sha256, 'another key has signed it')
        return texts.read(signed.text, form)

    def check_ticket(self, entry):
        text = self.open_record(entry, self.owners, texts.TICKET)
        ticket, batch = text['ticket'], self.batches.setdefault(entry.batch, Batch())
        need((ticket['Batch'].encode(), ticket['Profile'].encode(), str(ticket['Number']).encode()) ==
             (entry.batch, entry.profile, entry.device), 'its ticket says other than the entry')
        need(ticket['NotBefore'] <= ticket['NotAfter'], 'its ticket ends before it begins')
        need('tpm' not in text or text['tpm']['From'] < text['tpm']['Limit'], 'its ticket allows the TPM nothing')
        need(ticket['Station'] == self.station.spki_sha256, 'its ticket is for another station')
        need(self.authority_of_key(ticket['Ca']), 'its ticket is for a CA that the log does not know')
        need(ticket['Number'] > self.numbers, 'its ticket was loaded before')
        need(batch.ticket is None or batch.ticket.text['Profile'] == ticket['Profile'],
             'the earlier ticket was for another profile')
        need(entry.time // 1000000 <= ticket['NotAfter'], 'its ticket had expired')
        need(ticket['LogSize'] <= entry.index, 'its ticket knows more entries')
        need(self.tree.root(ticket['LogSize']) == ticket['LogRoot'], 'its ticket knows other entries')
        self.numbers, batch.ticket = ticket['Number'], Ticket(entry, text)
        self.tickets.append(batch.ticket)

    def check_claim(self, entry, text, head):
        """What reports and statements have in common."""
        need(text[head]['Batch'].encode() == entry.batch, 'it is of another batch than its entry')
        need(text[head]['Station'] == self.station.spki_sha256, 'it is of another station')
        need(text['log']['Origin'] == self.origin, 'it is of another log')
        need(entry.index - 4096 <= text['log']['Size'] <= entry.index, 'it knows too many entries, or too few')
        need(text['log']['Root'] == self.tree.root(text['log']['Size']), 'it knows other entries than there are')

    def check_report(self, entry):
        text = self.open_record(entry, [self.station], texts.REPORT)
        self.check_claim(entry, text, 'report')
        need(str(text['report']['Number']).encode() == entry.device, 'it has another number than its entry')
        need(text['report']['Number'] == len(self.reports) + 1, 'it has not the next number')
        size, claims = text['log']['Size'], text['log']
        places = [place for place in self.batches.get(entry.batch, Batch()).places if place < size]
        need((claims['Certificates'], claims['First'], claims['Last']) ==
             (len(places), places[0] if places else 0, places[-1] if places else 0),
             'it counts other certificates')
        kinds = [one.type for one in self.entries[:size]]
        need((claims['Refusals'], claims['ClockResets'], claims['Lost']) ==
             (kinds.count(log.REFUSAL), kinds.count(log.CLOCK), self.lost(size)),
             'it counts other refusals, clock resets or lost signatures')
        self.check_account(text, entry.batch, places, size)
        self.reports.append((entry, text))

    def check_account(self, text, batch, places, size):
        tickets = [one for one in self.tickets if one.text['Batch'].encode() == batch and one.place < size]
        need(('ticket' in text) == bool(tickets), 'it tells of a ticket that is not there, or not of the one that is')
        if not tickets:
            return
        self.check_tpm(text, tickets[-1], size)
        newest, account = tickets[-1], text['ticket']
        issued = sum(place > newest.place for place in places)
        need((account['Number'], account['Sha256'], account['Count'], account['Issued'], account['Remaining']) ==
             (newest.text['Number'], hashlib.sha256(newest.der).digest(), newest.text['Count'], issued,
              max(newest.text['Count'] - issued, 0)), 'its account of the ticket is wrong')

    def check_tpm(self, text, ticket, size):
        """What the TPM of the ticket's CA counted stands in the log, or is on record as lost."""
        need(('tpm' in text) == ticket.has_tpm,
             'it tells of a TPM that its ticket does not know, or not of the one that counts')
        if not ticket.has_tpm:
            return
        mine = [one for one in self.entries[:size] if self.signers.get(one.index) == ticket.authority]
        lost = sum(int(one.device) for one in mine if one.type == log.LOST)
        logged = sum(one.type != log.LOST for one in mine)
        need((text['tpm']['Logged'], text['tpm']['Count']) == (logged, logged + lost),
             'its account of the TPM is wrong')

    def check_statement(self, entry):
        text = self.open_record(entry, [self.station], texts.STATEMENT)
        self.check_claim(entry, text, 'manifest')
        need(text['manifest']['Format'].encode() == entry.device, 'it has another format than its entry')
        self.statements.append((entry, text))

    # ---- manifests ----

    def check_manifest(self, path):
        content = read(path)
        need(os.path.exists(path + '.p7s'), 'its .p7s is not beside it')
        signed = cms.Signed(read(path + '.p7s'))
        signed.signer([self.station])
        text = texts.read(signed.text, texts.STATEMENT)
        need((text['manifest']['Bytes'], text['manifest']['Sha256']) == (len(content), hashlib.sha256(content).digest()),
             'the file is not the one that its statement is about')
        need(any(entry.certificate == signed.der for entry, _ in self.statements),
             'its statement is not in the log')
        return content, text['manifest'], text['ledger']['Event']

    def check_rows(self, name, content, said, event):
        """The first row that is wrong; then how many there are."""
        source = rows.read(said['Format'], content, self.station)
        if source is None:
            self.remarks.append(f'{name}: its rows were not read')
            return
        issued = [entry for entry in self.entries if entry.type == log.CERTIFICATE]
        known = rows.Rows(issued, self.states, said['Batch'], event)
        number = 0
        while True:
            row = judged(f'{name}: row {number + 1}', next, source, None)
            if row is None:
                break
            number += 1
            judged(f'{name}: row {number}', known.check, row)
        if number != said['Rows']:
            raise Finding(name, f'it has {number} rows, not {said["Rows"]}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder')
    parser.add_argument('--station')
    for name in ('owner', 'kept', 'manifest'):
        parser.add_argument('--' + name, action='append', default=[])
    options = parser.parse_args()
    owners = [one for path in options.owner for one in cms.read_pem(path)]
    verifier = Verifier(options.folder, options.station, owners, options.kept, options.manifest)
    try:
        remarks = verifier.run()
    except Finding as finding:
        print(finding)
        sys.exit(6)
    size = len(verifier.entries)
    print(f'OK: {size} entries, root {verifier.tree.root(size).hex()}')
    for remark in remarks:
        print(remark)


if __name__ == '__main__':
    main()
