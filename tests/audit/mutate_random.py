# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lies that nobody thought of: a random change of a made-up collection, with every hash, root and
signature computed anew by a forger who has all keys (the owner's too), so that only what things mean is
left to tell. Whether a change is a lie nobody knows; both verifiers must judge it the same.

usage: mutate_random.py PROGRAM [COUNT [FIRST-SEED]]
"""

import json
import os
import random
import re
import sys
import tempfile

import cms
import forge
import log
import story
from cases import FORMS, Honest
from mutations import Rig
from quick import QuickSigner

FIELDS = forge.TEXTS + forge.HASHES + ('certificate',)
NUMBERS = ('0', '1', '-1', '-0', '+1', '01', ' 1', '1 ', '1\t', '1\u00a0', '1\r', '1.0', '1e1', '', '4294967295',
           '4294967296', '9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616',
           '99999999999999999999', '\u0661', '\\s1', 'yes', 'no', '2026-11-20T08:00:60Z',
           '1969-12-31T23:59:59Z')
PIECES = ('\r', '\t', ' ', '\n', '\n\n', '\\s', '\\n', '\\x', '\\', '\0', '\u00a0', '\u2028', '\x0b', '\x0c', '\x1c',
          '#', '=', '[', ']', '\ufeff', 'B', '.', '"', ',', '{', '}', '\\u0000', '\\u0041', '\\ud800', '\\ud83d\\ude00',
          'é')


class Forged(Honest):
    """The collection of somebody with all keys. Records are kept as text until they are sealed."""

    def __init__(self, told):
        super().__init__(told.collected, None, story.anchors(told)['station'], story.anchors(told)['owner'], [], [])
        self.station_key, self.owner_key = QuickSigner(told.station), QuickSigner(told.owner)
        self.raw = []  # what is done to files once all is sealed
        for entry in self.entries:
            entry.text = cms.Signed(entry.certificate).text if entry.type in FORMS else None

    def __deepcopy__(self, memo):
        one = object.__new__(Forged)
        one.__dict__.update(self.__dict__)
        one.files, one.raw, one.notes = dict(self.files), [], list(self.notes)
        one.entries = [copy_of(entry) for entry in self.entries]
        one.lines = json.loads(json.dumps(self.lines))
        return one

    def seal(self):
        """Records from the first on, since each is in the roots of those behind."""
        forge.rechain(self.lines)
        hashes = [line['event']['hash'] for line in self.lines if 'event' in line]
        tree, renamed = log.Tree(), {}
        for index, entry in enumerate(self.entries):
            if entry.text is not None:
                before = entry.csr_sha256.hex()
                self.sign(entry, index, tree, hashes, renamed)
                renamed[before.encode()] = entry.csr_sha256.hex().encode()
            tree.append(log.leaf_hash(entry.encode()))
        for line in self.lines:
            for record in (one for member, one in line.items() if member == 'report' and 'sha256' in one):
                record['sha256'] = renamed.get(str(record['sha256']).encode(), b'x').decode()
        self.seal_notes(tree)
        self.pack_log()
        self.pack_notes()
        self.pack_ledger()
        for change in self.raw:
            change(self.files)

    def sign(self, entry, index, tree, hashes, renamed):
        text = entry.text
        for before, after in renamed.items():  # a report tells of its ticket
            text = text.replace(b'Sha256=' + before, b'Sha256=' + after)
        for size, root in ((b'Size', b'Root'), (b'LogSize', b'LogRoot')):
            said = re.search(rb'(?m)^' + size + rb'=([0-9]{1,9})$', text)
            if said and int(said.group(1)) <= index:
                text = re.sub(rb'(?m)^' + root + rb'=[0-9a-f]{64}$',
                              root + b'=' + tree.root(int(said.group(1))).hex().encode(), text)
        said = re.search(rb'(?m)^Event=([0-9]{1,9})$', text)
        if said and 0 < int(said.group(1)) <= len(hashes):
            text = re.sub(rb'(?m)^EventHash=[0-9a-f]{64}$',
                          b'EventHash=' + hashes[int(said.group(1)) - 1].encode(), text)
        key = self.owner_key if entry.text.startswith(b'[ticket]') else self.station_key
        entry.certificate = key.statement(text)
        entry.csr_sha256 = forge.sha256(entry.certificate)

    def seal_notes(self, tree):
        for number, note in enumerate(self.notes):
            size = note.split('\n')[1]
            if size.isascii() and size.isdigit() and len(size) < 9 and int(size) <= len(self.entries):
                self.notes[number] = self.station_key.note(self.origin, int(size), tree.root(int(size)))


def copy_of(entry):
    one = forge.Entry.of(entry)
    one.text = entry.text
    return one


# ---- one change each ----

def pick(chance, one, wanted=None):
    """An entry; of those only that are wanted."""
    found = [entry for entry in one.entries if wanted is None or wanted(entry)]
    return chance.choice(found)


def bytes_changed(chance, data):
    """A byte flipped, left out, put in, doubled, or the end cut off."""
    if not data:
        return bytes([chance.randrange(256)])
    at, how = chance.randrange(len(data)), chance.randrange(6)
    length = chance.choice((1, 1, 1, 2, 4, 32, len(data)))
    return (data[:at] + bytes([data[at] ^ chance.randrange(1, 256)]) + data[at + 1:],
            data[:at] + data[at + length:],
            data[:at] + bytes([chance.choice((0, 9, 10, 13, 32, 48, 128, 255))]) + data[at:],
            data[:at + length] + data[at:],
            data[:at],
            data + data[at:at + length])[how]


def text_changed(chance, text):
    """The same for text in lines: numbers and lines too."""
    lines = text.split('\n')
    at, how = chance.randrange(len(lines)), chance.randrange(8)
    key, equals, value = lines[at].partition('=')
    if how <= 2 and equals:
        other = chance.choice(lines).partition('=')[2]
        number = str(int(value) + chance.choice((1, -1, 100))) if value.isascii() and value.isdigit() else value + 'x'
        lines[at] = key + equals + chance.choice((number, number, other, chance.choice(NUMBERS)))
    elif how == 3:
        place = chance.randrange(len(lines[at]) + 1)
        lines[at] = lines[at][:place] + chance.choice(PIECES) + lines[at][place:]
    elif how == 4:
        lines.pop(at)
    elif how == 5:
        lines.insert(chance.randrange(len(lines)), lines[at])
    elif how == 6:
        lines.insert(at, chance.choice(('# words', 'Note=x', 'ClockReset=yes', '[tpm]', 'Other=1', ' ', '\r',
                                        '[ticket]',
                                        'Note=a\\nb', 'ProfileSha256=' + 64 * '0')))
    else:
        return chance.choice(('\r\n', '\n ', '\n\n', '\u2028')).join(lines)
    return '\n'.join(lines)


def change_field(chance, one):
    """A field has what another entry's has, or another field; or is changed itself."""
    entry, other = pick(chance, one), pick(chance, one)
    name, from_name = chance.choice(FIELDS), chance.choice(FIELDS)
    if chance.randrange(2):
        from_name = name
    value = chance.choice((getattr(other, from_name), getattr(other, name), b'', b'\0', b'-', b'0', b'01', b'B-1\0',
                           bytes_changed(chance, getattr(entry, name))))
    if name in forge.HASHES:
        value = (value + bytes(32))[:32]
    elif name != 'certificate':
        value = value[:255]
    setattr(entry, name, value)
    if name == 'certificate':
        entry.text = None
        entry.csr_sha256 = forge.sha256(value) if entry.type in FORMS else entry.csr_sha256


def change_type(chance, one):
    entry = pick(chance, one)
    entry.type = chance.randrange(1, 11)
    if entry.type not in FORMS and chance.randrange(2):
        entry.text = None
        for name in log.ALL - log.NAMED[entry.type]:
            setattr(entry, name, bytes(32) if name in forge.HASHES else b'')


def change_number(chance, one):
    entry = pick(chance, one, lambda entry: entry.type in (log.CRL, log.TICKET, log.REPORT, log.LOST, log.CLOCK))
    entry.device = chance.choice(NUMBERS).encode()


def change_time(chance, one):
    entry = pick(chance, one)
    entry.time = chance.choice((0, 1, pick(chance, one).time, entry.time + chance.choice((1, -1, 10 ** 9, -10 ** 9)),
                                story.START + 86400000000, story.START + 86400999999, story.START + 86401000000,
                                (1 << 63) - 1, 1 << 63, (1 << 64) - 1))


def change_order(chance, one):
    """Gone, come, moved."""
    at, to, how = chance.randrange(len(one.entries)), chance.randrange(len(one.entries)), chance.randrange(3)
    entry = copy_of(one.entries[at]) if how else one.entries.pop(at)
    if how == 2:
        one.entries.pop(at)
    if how:
        one.entries.insert(to, entry)


def change_certificate(chance, one):
    """Some bytes; with the entry's key as the new bytes have it."""
    entry = pick(chance, one, lambda entry: entry.type in (log.CERTIFICATE, log.AUTHORITY, log.VERIFICATION))
    entry.certificate = bytes_changed(chance, entry.certificate) if chance.randrange(3) else \
        pick(chance, one, lambda other: other.type == log.CERTIFICATE).certificate
    try:
        entry.spki_sha256 = cms.Certificate(entry.certificate).spki_sha256
    except (ValueError, IndexError):
        pass


def change_record(chance, one):
    """A signed text says something else."""
    entry = pick(chance, one, lambda entry: entry.text is not None)
    try:
        entry.text = text_changed(chance, entry.text.decode()).encode()
    except UnicodeDecodeError:
        entry.text = bytes_changed(chance, entry.text)


def change_signed(chance, one):
    """The bytes of a record itself, without a new signature."""
    entry = pick(chance, one, lambda entry: entry.type in FORMS)
    entry.certificate = bytes_changed(chance, entry.certificate)
    entry.csr_sha256, entry.text = forge.sha256(entry.certificate), None


def change_note(chance, one):
    at = chance.randrange(len(one.notes))
    one.notes[at] = text_changed(chance, one.notes[at]) if chance.randrange(2) else one.notes[at].replace(
        '\n\n', '\n\n' + chance.choice(('— other AAAAAAAA\n', '— other AAAA\n', '— other AAAAAAB=\n', '—  AAAAAAAA\n',
                                        '\n',
                                        '— x y AAAAAAAA\n')), 1)
    if chance.randrange(3) == 0:
        one.notes.insert(at, chance.choice(one.notes))


def change_line(chance, one):
    """A value of the ledger, of its type or of none."""
    line = chance.choice(one.lines)
    (member, record), = line.items()
    key, other = chance.choice(list(record)), chance.choice(one.lines)
    (_, record_of_other), = other.items()
    value = chance.choice((record_of_other.get(key, 0), chance.choice(list(record_of_other.values())), 0, -1, 1,
                           1 << 63, -(1 << 63), (1 << 63) - 1, True, None, 1.0, '', 'x', '\0', 'B-1\0', [], {}))
    if isinstance(record[key], int) and chance.randrange(2):
        value = record[key] + chance.choice((1, -1))
    if isinstance(record[key], str) and chance.randrange(3) == 0:
        value = text_changed(chance, record[key])
    record[key] = value
    if chance.randrange(4) == 0:
        del record[key]


def change_lines(chance, one):
    at, to, how = chance.randrange(len(one.lines)), chance.randrange(len(one.lines)), chance.randrange(3)
    line = json.loads(json.dumps(one.lines[at]))
    if how == 0:
        one.lines.pop(at)
    elif how == 1:
        one.lines.insert(at if chance.randrange(2) else to, line)
    else:
        one.lines.insert(to, one.lines.pop(at))
    if chance.randrange(2):
        number = 0
        for line in one.lines:
            if 'event' in line:
                number += 1
                line['event']['id'] = number
            if 'end' in line:
                line['end'].update(events=sum('event' in two for two in one.lines),
                                   certificates=sum('certificate' in two for two in one.lines))


def change_state(chance, one):
    """A certificate became verified or void otherwise."""
    record = chance.choice([line['certificate'] for line in one.lines if 'certificate' in line])
    state = chance.choice(('issued', 'verified', 'void', 'lost', ''))
    events = [line['event']['id'] for line in one.lines if 'event' in line]
    record['state'] = state
    for key, value in (('verified_event', chance.choice(events)), ('void_event', chance.choice(events)),
                       ('void_reason', chance.choice(('', 'scrapped', 's', 'batch closed', '-')))):
        if chance.randrange(2):
            record.pop(key, None)
        elif chance.randrange(2):
            record[key] = value


def change_file(chance, one):
    """Any bytes of any file, once all is sealed."""
    name = chance.choice(sorted(one.files))

    def change(files):
        files[name] = bytes_changed(chance, files[name])
    one.raw.append(change)


def change_words(chance, one):
    """A text file with what text may have."""
    name = chance.choice(('checkpoints', 'ledger.jsonl', 'station.pem', 'authorities.pem'))

    def change(files):
        try:
            files[name] = text_changed(chance, files[name].decode()).encode(errors='surrogatepass')
        except UnicodeDecodeError:
            pass
    one.raw.append(change)


CHANGES = (change_field, change_field, change_type, change_number, change_time, change_order, change_certificate,
           change_record, change_record, change_record, change_signed, change_note, change_line, change_lines,
           change_state, change_file, change_words)


def changed(honest, seed):
    """One to three changes; those that the ones before make impossible are left out."""
    chance, one = random.Random(seed), honest.copy()
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        change = chance.choice(CHANGES)
        try:
            change(chance, one)
        except (IndexError, KeyError, TypeError, ValueError):
            continue
        done.append(change.__name__)
    return one, ', '.join(done)


def judge(rig, honest, seed):
    """What they disagree about, or None; and whether it was found."""
    one, done = changed(honest, seed)
    try:
        one.seal()
    except Exception as error:  # what can't be put together any more is nobody's evidence
        return None, False
    rig.lay_out(one)
    name, words = rig.second_says(one)
    other, other_words = rig.first_says(one)
    if other == name:
        return None, name is not None
    return f'seed {seed} ({done}): the second verifier says {words!r}, the first {other_words.strip()[-900:]!r}', True


def main():
    program, count, first = sys.argv[1], int((sys.argv + ['300'])[2]), int((sys.argv + ['', '0'])[3] or 0)
    with tempfile.TemporaryDirectory(prefix='keycradle-random-') as folder:
        honest = Forged(story.tell(os.path.join(folder, 'one')))
        rig = Rig(honest, os.path.join(folder, 'changed'), program)
        found = bad = 0
        for seed in range(first, first + count):
            complaint, was_found = judge(rig, honest, seed)
            found += was_found
            if complaint:
                bad += 1
                print(complaint, flush=True)
    print(f'{count} collections, {found} of them wrong, {bad} judged differently')
    sys.exit(1 if bad or not found else 0)


if __name__ == '__main__':
    main()
