# SPDX-License-Identifier: LGPL-2.1-or-later
"""The texts of docs/evidence.md: tickets, reports, statements, and checkpoints."""

import base64
import calendar
import hashlib
import re
import time

import cms
from cms import Wrong, need

HASH = re.compile(r'[0-9a-f]{64}')
ID = re.compile(r'[0-9a-f]{32}')
NUMBER = re.compile(r'0|[1-9][0-9]{0,19}')
WORD = re.compile(r'[A-Za-z0-9.:_-]{1,64}')
NAME = 'keycradle-log/'
BLANKS = ' \t\r\f'


def number(text, least=0, most=(1 << 64) - 1):
    need(NUMBER.fullmatch(text) and least <= int(text) <= most, f'{text!r} is no number, or too large or small')
    return int(text)


def between(least, most):
    return lambda text: number(text, least, most)


COUNT = between(1, (1 << 64) - 1)
TPM_COUNT = between(0, (1 << 32) - 1)


def sha256(text):
    need(HASH.fullmatch(text), f'{text!r} is no hash')
    return bytes.fromhex(text)


def identity(text):
    need(ID.fullmatch(text), f'{text!r} is no id')
    return text


def moment(text):
    form = '%Y-%m-%dT%H:%M:%SZ'
    seconds = calendar.timegm(time.strptime(text, form))
    need(seconds >= 0 and time.strftime(form, time.gmtime(seconds)) == text, f'{text!r} is no time')
    return seconds


def name(text):
    need(WORD.fullmatch(text), f'{text!r} is no name')
    return text


def note(text):
    """Escapes are for this alone."""
    found = unescape(text)
    need(len(found.encode()) <= 500 and found.isprintable(), 'a note is no clean line')
    return found


def one(text):
    need(text == '1', 'this version is unknown')
    return 1


def yes_or_no(text):
    need(text in ('yes', 'no'), f'{text!r} is neither yes nor no')
    return text == 'yes'


def octets(text):
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong(f'{text!r} is no base64') from None
    need(found and base64.b64encode(found).decode() == text, f'{text!r} is not as base64 is written')
    return found


def permission(text):
    found = octets(text)
    need(len(found) <= 1024, 'a signature is too long')
    return found


LOG = {'Origin': sha256, 'Size': number, 'Root': sha256}
TICKET = {'ticket': {
    'Version': one, 'Number': between(1, (1 << 63) - 1), 'Batch': name, 'Profile': name, 'Count': between(1, 10000000),
    'Station': sha256, 'Ca': sha256, 'NotBefore': moment, 'NotAfter': moment, 'LogSize': between(0, (1 << 63) - 1),
    'LogRoot': sha256, 'ProfileSha256?': sha256, 'ClockReset?': yes_or_no, 'Note?': note},
    'tpm?': {'From': TPM_COUNT, 'Limit': TPM_COUNT, 'Signature': permission}}
REPORT = {
    'report': {'Version': one, 'Number': COUNT, 'Time': moment, 'Station': sha256, 'Batch': name, 'Final': yes_or_no},
    'log': {**LOG, 'Certificates': number, 'First': number, 'Last': number, 'Refusals': number,
            'ClockResets': number, 'Lost': number},
    'ticket?': {'Number': COUNT, 'Sha256': sha256, 'Count': between(1, (1 << 32) - 1), 'Issued': TPM_COUNT,
                'Remaining': TPM_COUNT},
    'tpm?': {'Count': TPM_COUNT, 'Limit': TPM_COUNT, 'Logged': number},
    'ledger': {'Id': identity, 'Devices': number, 'Verified': number, 'Void': number, 'Open': number,
               'Failed': number, 'Event': number, 'EventHash': sha256, 'VoidsSha256': sha256}}
STATEMENT = {
    'manifest': {'Version': one, 'Time': moment, 'Station': sha256, 'Batch': name, 'Format': name,
                 'Rows': number, 'Bytes': number, 'Sha256': sha256},
    'log': LOG,
    'ledger': {'Id': identity, 'Event': number, 'EventHash': sha256}}


ESCAPES = {'s': ' ', 'n': '\n', 't': '\t', 'r': '\r', '\\': '\\'}


def unescape(value):
    def of(match):
        need(match.group(1) in ESCAPES, 'an escape is unknown')
        return ESCAPES[match.group(1)]
    return re.sub(r'\\(.?)', of, value)


def read_groups(text):
    """{group: {key: value}} of a text in the form of configuration files."""
    groups, group = {}, None
    for line in text.split('\n'):
        line = line.strip(BLANKS)
        if not line or line.startswith('#'):
            continue
        if line.startswith('[') and line.endswith(']'):
            group = line[1:-1]
            need(group not in groups, f'the group {group} stands twice')
            groups[group] = {}
            continue
        key, equals, value = line.partition('=')
        need(equals and group is not None, f'{line!r} is no key')
        need(key.strip(BLANKS) not in groups[group], f'{key} stands twice')
        groups[group][key.strip(BLANKS)] = value.strip(BLANKS)
    return groups


def required(table):
    return {key for key in table if not key.endswith('?')}


def known(table):
    return {key.rstrip('?'): rule for key, rule in table.items()}


def read(data, form):
    """{group: {key: value}}, each value read as its rule says."""
    try:
        groups = read_groups(data.decode())
    except UnicodeDecodeError:
        raise Wrong('the text is not UTF-8') from None
    need('\0' not in data.decode(), 'there is a zero in the text')
    need(required(form) <= set(groups) <= set(known(form)), 'a group is missing or unknown')
    for group, keys in known(form).items():
        if group not in groups:
            continue
        need(required(keys) <= set(groups[group]) <= set(known(keys)), f'a key of [{group}] is missing or unknown')
        groups[group] = {key: known(keys)[key](value) for key, value in groups[group].items()}
    return groups


class Checkpoint:
    def __init__(self, origin, size, root):
        self.origin, self.size, self.root = origin, size, root


def read_note(note, station):
    """A C2SP note, verified: three lines, an empty one, lines of signatures."""
    need(len(note.encode(errors='surrogateescape')) < 16384, 'it is too long')
    text, empty, signatures = note.partition('\n\n')
    lines = text.split('\n')
    need(empty and len(lines) == 3 and lines[0].startswith(NAME), 'this is no checkpoint')
    root = octets(lines[2])
    need(len(root) == 32 and base64.b64encode(root).decode() == lines[2], 'the root is no hash')
    checkpoint = Checkpoint(sha256(lines[0][len(NAME):]), number(lines[1]), root)
    need(signatures.endswith('\n'), 'the note is cut short')
    signed = [check_signature(line, lines[0], station, (text + '\n').encode()) for line in signatures[:-1].split('\n')]
    need(len(signed) <= 32, 'there are too many signatures')
    need(any(signed), 'the station has not signed it')
    return checkpoint


def check_signature(line, origin, station, text):
    """Whether it is the station's; a line that says so and is not is wrong."""
    dash, who, signature = (line.split(' ') + ['', ''])[:3]
    need(dash == '—' and who and len(line.split(' ')) == 3 and '\0' not in line, 'a line of signatures is wrong')
    need(len(line.encode()) < 8192, 'a line of signatures is too long')
    blob = octets(signature)
    need(len(blob) > 4, 'a signature is too short')
    if who != origin or blob[:4] != hashlib.sha256(station.spki).digest()[:4]:
        return False
    cms.verify(station.spki, blob[4:], text)
    return True


def note_of_proof(data):
    """The checkpoint that a C2SP tlog-proof ends with; its other lines must be what they are."""
    head, empty, rest = data.decode().partition('\n\n')
    lines = head.split('\n')
    need(empty and lines.pop(0) == 'c2sp.org/tlog-proof@v1', 'this is no proof')
    if lines and lines[0].startswith('extra '):
        octets(lines.pop(0)[6:])
    need(lines and lines[0].startswith('index '), 'the proof has no index')
    number(lines.pop(0)[6:])
    need(all(len(octets(line)) == 32 for line in lines) and len(lines) <= 64, 'the proof\'s path is wrong')
    return rest


def split_notes(data):
    """The notes of a file, each as text, and whether a torn one ends it."""
    notes, at = [], 0
    text = data.decode('utf-8', errors='surrogateescape')
    while at < len(text):
        inner = text.find('\n\n', at)
        end = -1 if inner < 0 else text.find('\n\n', inner + 2)
        if end < 0:
            return notes, True
        notes.append(text[at:end + 1])
        at = end + 2
    return notes, False
