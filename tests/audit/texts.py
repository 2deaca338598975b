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
NAME = 'keycradle-log/'


def number(text):
    need(NUMBER.fullmatch(text), f'{text!r} is no number')
    return int(text)


def count(text):
    value = number(text)
    need(value > 0, 'it must be 1 or more')
    return value


def sha256(text):
    need(HASH.fullmatch(text), f'{text!r} is no hash')
    return bytes.fromhex(text)


def identity(text):
    need(ID.fullmatch(text), f'{text!r} is no id')
    return text


def moment(text):
    need(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', text), f'{text!r} is no time')
    try:
        return calendar.timegm(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ'))
    except ValueError:
        raise Wrong(f'{text!r} is no time') from None


def name(text):
    need(text, 'a name is empty')
    return text


def one(text):
    need(text == '1', 'this version is unknown')
    return 1


def yes_or_no(text):
    need(text in ('yes', 'no'), f'{text!r} is neither yes nor no')
    return text == 'yes'


def octets(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong(f'{text!r} is no base64') from None


LOG = {'Origin': sha256, 'Size': number, 'Root': sha256}
TICKET = {'ticket': {
    'Version': one, 'Number': count, 'Batch': name, 'Profile': name, 'Count': count, 'Station': sha256, 'Ca': sha256,
    'NotBefore': moment, 'NotAfter': moment, 'LogSize': number, 'LogRoot': sha256, 'ProfileSha256?': sha256,
    'ClockReset?': yes_or_no, 'Note?': str},
    'tpm?': {'From': number, 'Limit': number, 'Signature': octets}}
REPORT = {
    'report': {'Version': one, 'Number': count, 'Time': moment, 'Station': sha256, 'Batch': name, 'Final': yes_or_no},
    'log': {**LOG, 'Certificates': number, 'First': number, 'Last': number, 'Refusals': number,
            'ClockResets': number, 'Lost': number},
    'ticket?': {'Number': count, 'Sha256': sha256, 'Count': count, 'Issued': number, 'Remaining': number},
    'tpm?': {'Count': number, 'Limit': number, 'Logged': number},
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
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        if line.startswith('[') and line.endswith(']'):
            group = line[1:-1]
            need(group not in groups, f'the group {group} stands twice')
            groups[group] = {}
            continue
        key, equals, value = line.partition('=')
        need(equals and group is not None, f'{line!r} is no key')
        need(key.strip() not in groups[group], f'{key} stands twice')
        groups[group][key.strip()] = unescape(value.strip())
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
    text, empty, signatures = note.partition('\n\n')
    lines = text.split('\n')
    need(empty and len(lines) == 3 and lines[0].startswith(NAME), 'this is no checkpoint')
    root = octets(lines[2])
    need(len(root) == 32 and base64.b64encode(root).decode() == lines[2], 'the root is no hash')
    checkpoint = Checkpoint(sha256(lines[0][len(NAME):]), number(lines[1]), root)
    need(signatures.endswith('\n'), 'the note is cut short')
    for line in signatures[:-1].split('\n'):
        dash, who, signature = (line.split(' ') + ['', ''])[:3]
        need(dash == '—' and len(line.split(' ')) == 3, 'a line of signatures is wrong')
        blob = octets(signature)
        if who == lines[0] and blob[:4] == hashlib.sha256(station.spki).digest()[:4]:
            cms.verify(station.spki, blob[4:], (text + '\n').encode())
            return checkpoint
    raise Wrong('the station has not signed it')


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
