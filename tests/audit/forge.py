# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a forger has: everything of a collection taken apart, changed, and put together again; with a
key, also signed. Makes honest collections too, since bytes do not know who made them."""

import base64
import copy
import hashlib
import json
import os
import struct
import subprocess

import log
from ledger import chained

TEXTS = ('batch', 'profile', 'product', 'device', 'chip')
HASHES = ('profile_sha256', 'csr_sha256', 'spki_sha256')


def sha256(data):
    return hashlib.sha256(data).digest()


def opaque(data, width):
    return len(data).to_bytes(width, 'big') + data


class Entry:
    """An entry of the log whose fields can be set."""

    def __init__(self, kind, time, **fields):
        self.version, self.type, self.time = 1, kind, time
        for name in TEXTS + ('certificate',):
            setattr(self, name, fields.get(name, b''))
        for name in HASHES:
            setattr(self, name, fields.get(name, bytes(32)))

    @staticmethod
    def of(entry):
        one = Entry(entry.type, entry.time)
        for name in TEXTS + HASHES + ('certificate',):
            setattr(one, name, getattr(entry, name))
        return one

    def encode(self):
        return struct.pack('>BBQ', self.version, self.type, self.time) + opaque(self.batch, 1) + \
            opaque(self.profile, 1) + self.profile_sha256 + opaque(self.product, 1) + \
            opaque(self.device, 1) + opaque(self.chip, 1) + self.csr_sha256 + self.spki_sha256 + \
            opaque(self.certificate, 3)

    def regions(self):
        """(name, first byte, length) of each field in the encoding, lengths too."""
        at, found = 0, []

        def region(name, length):
            nonlocal at
            if length:
                found.append((name, at, length))
            at += length
        region('version', 1)
        region('type', 1)
        region('time', 8)
        for name in ('batch', 'profile', 'profile_sha256', 'product', 'device', 'chip', 'csr_sha256',
                     'spki_sha256', 'certificate'):
            if name not in HASHES:
                region(name + ' length', 3 if name == 'certificate' else 1)
            region(name, len(getattr(self, name)))
        return found


def frame(data):
    return struct.pack('>I', len(data)) + data + log.leaf_hash(data)


def header(origin):
    return b'KCISSLOG' + struct.pack('>I', 1) + origin


def root_of(entries, size=None):
    tree = log.Tree()
    for entry in entries[:size]:
        tree.append(log.leaf_hash(entry.encode()))
    return tree.root(len(entries) if size is None else size)


class Signer:
    """A key and its certificate, as files."""

    def __init__(self, key, certificate):
        self.key, self.certificate = key, certificate

    @staticmethod
    def new(folder, name):
        one = Signer(os.path.join(folder, name + '.key'), os.path.join(folder, name + '.pem'))
        run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
            '-subj', f'/CN={name}', '-keyout', one.key, '-out', one.certificate)
        return one

    def certify(self, other, name):
        """A certificate for another's key, in DER."""
        request = run('req', '-new', '-key', other.key, '-subj', f'/CN={name}')
        with open(self.key + '.ext', 'w', encoding='ascii') as file:
            file.write('authorityKeyIdentifier=keyid\n')
        return run('x509', '-req', '-CA', self.certificate, '-CAkey', self.key, '-days', '365', '-outform', 'DER',
                   '-extfile', file.name, '-set_serial', str(int.from_bytes(os.urandom(12), 'big') + 1), given=request)

    def spki(self):
        return run('pkey', '-pubout', '-outform', 'DER', '-in', self.key)

    def statement(self, text):
        """CMS as an owner makes it."""
        return run('cms', '-sign', '-nodetach', '-binary', '-outform', 'DER', '-md', 'sha256', '-nosmimecap',
                   '-signer', self.certificate, '-inkey', self.key, given=text.encode())

    def note(self, origin, size, root):
        text = f'keycradle-log/{origin.hex()}\n{size}\n{base64.b64encode(root).decode()}\n'
        signature = run('dgst', '-sha256', '-sign', self.key, given=text.encode())
        blob = base64.b64encode(sha256(self.spki())[:4] + signature).decode()
        return f'{text}\n— keycradle-log/{origin.hex()} {blob}\n'


def run(*words, given=None):
    done = subprocess.run(['openssl', *words], input=given, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'openssl {" ".join(words)}: {done.stderr.decode()}')
    return done.stdout


def rechain(lines):
    """The chain over the events as they are now: what a forger computes anew."""
    before = None
    for line in lines:
        (member, record), = line.items()
        if member == 'ledger':
            before = sha256(b'keycradle ledger' + bytes.fromhex(record['id']))
        elif member == 'event':
            before = chained(before, record)
            record['hash'] = before.hex()


class Collection:
    """A collected folder in memory, and what the owner has beside it: files by their names."""

    def __init__(self, folder, owned):
        self.owned = owned
        self.files = {}
        self.more = []  # manifests beside those that the owner has
        for name in ('issuance.log', 'station.pem', 'checkpoints', 'ledger.jsonl'):
            with open(os.path.join(folder, name), 'rb') as file:
                self.files[name] = file.read()
        if os.path.exists(os.path.join(folder, 'authorities.pem')):
            with open(os.path.join(folder, 'authorities.pem'), 'rb') as file:
                self.files['authorities.pem'] = file.read()
        self.origin = self.files['issuance.log'][12:44]
        self.entries = [Entry.of(entry) for _, entry, _ in log.read_entries(self.files['issuance.log']) if entry]
        self.notes = split_notes(self.files['checkpoints'].decode())
        self.lines = [json.loads(line) for line in self.files['ledger.jsonl'].decode().splitlines()]

    def copy(self):
        return copy.deepcopy(self)

    def place(self, kind, nth=0):
        """Where the nth entry of that type is."""
        return [index for index, entry in enumerate(self.entries) if entry.type == kind][nth]

    def line(self, member, nth=0):
        """Index (from 0) of the nth line of that kind."""
        return [index for index, line in enumerate(self.lines) if member in line][nth]

    def pack_log(self):
        self.files['issuance.log'] = header(self.origin) + b''.join(frame(one.encode()) for one in self.entries)

    def pack_notes(self):
        self.files['checkpoints'] = ''.join(note + '\n' for note in self.notes).encode()

    def pack_ledger(self):
        self.files['ledger.jsonl'] = ''.join(dump(line) + '\n' for line in self.lines).encode()

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        for name, data in self.files.items():
            with open(os.path.join(folder, name), 'wb') as file:
                file.write(data)

    def frame_starts(self):
        """Where each frame begins in the file, and where the last one ends."""
        starts = [log.HEADER]
        for entry in self.entries:
            starts.append(starts[-1] + 36 + len(entry.encode()))
        return starts


def dump(line):
    return json.dumps(line, ensure_ascii=False, separators=(',', ':'))


def split_notes(text):
    """Each note with the line's end of its last line, without the empty line behind."""
    parts = text.split('\n\n')
    return [f'{head}\n\n{signature}\n' for head, signature in zip(parts[0::2], parts[1::2])]
