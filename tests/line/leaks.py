# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA's secrets in every form they could leak in, and where a running program or a folder holds
one."""

import base64
import errno
import mmap
import os
import re
import subprocess

import rig

PIECE = 16  # bytes: long enough to be found by no accident
SECRET_NUMBERS = ('priv', 'privateExponent', 'prime1', 'prime2', 'exponent1', 'exponent2',
                  'coefficient')


def openssl(*words):
    run = subprocess.run(['openssl', *words], capture_output=True, text=True, check=False)
    rig.expect_equal(run.returncode, 0, f'openssl {" ".join(words)}: {run.stderr}')
    return run.stdout


def private_numbers(key, passphrase):
    """Name and big-endian bytes of what is secret in the key of that file."""
    text = openssl('pkey', '-in', key, '-passin', f'file:{passphrase}', '-text', '-noout')
    blocks = re.findall(r'^(\w+):\n((?: {4}[0-9a-f:]+\n)+)', text, re.MULTILINE)
    numbers = {name: bytes.fromhex(re.sub(r'[\s:]', '', block)).lstrip(b'\0')
               for name, block in blocks if name in SECRET_NUMBERS}
    rig.expect(numbers, f'{key} has no private numbers')
    return numbers


def base64_forms(piece):
    """What of its base64 stays the same, whatever stands around: for each of three alignments."""
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + piece)
        yield text[(shift * 8 + 5) // 6:(shift + len(piece)) * 8 // 6]


def forms(piece):
    yield 'big-endian', piece
    yield 'little-endian', piece[::-1]
    yield 'hex', piece.hex().encode()
    yield 'HEX', piece.hex().upper().encode()
    yield 'hex with colons', piece.hex(':').encode()
    for text in base64_forms(piece):
        yield 'base64', text


def patterns_of(name, secret):
    middle = (len(secret) - PIECE) // 2
    pieces = {secret[:PIECE], secret[middle:middle + PIECE], secret[-PIECE:]}
    return [(f'{name} in {form}', pattern) for piece in pieces for form, pattern in forms(piece)]


class Secrets:
    """Those of the CA in `folder` (ca.key, ca.passphrase)."""

    def __init__(self, folder):
        self.files = [os.path.join(folder, name) for name in ('ca.key', 'ca.passphrase')]
        with open(self.files[1], 'rb') as file:
            passphrase = file.read().strip()
        numbers = private_numbers(*self.files)
        self.of_passphrase = patterns_of('the passphrase', passphrase)
        self.of_key = [row for name, number in numbers.items()
                       for row in patterns_of(name, number)]
        self.all = self.of_key + self.of_passphrase

    def in_bytes(self, data, patterns=None):
        return [words for words, pattern in patterns or self.all if pattern in data]

    def in_folder(self, folder):
        """Every file below it but the two that are meant to hold them."""
        found = []
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                if path in self.files or not os.path.isfile(path) or os.path.islink(path):
                    continue
                with open(path, 'rb') as file:
                    data = file.read()
                # as it stands there, and as text that was broken into lines or groups
                for form in (data, data.translate(None, b' :\t\r\n')):
                    found += [f'{path}: {words}' for words in self.in_bytes(form)]
        return found


class Mapping:
    """A part of a process's memory; `flags` are those of smaps: "lo" locked, "dd" never dumped."""

    def __init__(self, line):
        addresses, self.permissions, *_ = line.split()
        self.name = line.split(maxsplit=5)[5].strip() if len(line.split()) > 5 else ''
        self.start, self.end = (int(one, 16) for one in addresses.split('-'))
        self.resident = 0
        self.flags = []


def mappings(pid):
    """Those that hold something of the process's own."""
    found = []
    with open(f'/proc/{pid}/smaps', encoding='ascii', errors='replace') as file:
        for line in file:
            if re.match(r'[0-9a-f]+-[0-9a-f]+ ', line):
                found.append(Mapping(line))
            elif line.startswith('Rss:'):
                found[-1].resident = int(line.split()[1])
            elif line.startswith('VmFlags:'):
                found[-1].flags = line.split()[1:]
    return [one for one in found
            if one.resident > 0 and 'r' in one.permissions and 'w' in one.permissions]


def memory_of(pid):
    """(mapping, its bytes) of a running process; PermissionError where the kernel refuses."""
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as file:
        for one in mappings(pid):
            file.seek(one.start)
            parts = []
            while file.tell() < one.end:
                try:
                    part = file.read(min(one.end - file.tell(), 1 << 20))
                except OSError as problem:
                    if problem.errno != errno.EIO:
                        raise
                    file.seek(file.tell() + mmap.PAGESIZE)  # given back meanwhile
                    continue
                if not part:
                    break
                if part.strip(b'\0'):
                    parts.append(part)
            yield one, b''.join(parts)


def found_in_memory(pid, secrets, patterns=None):
    """(mapping, words) of each secret that a process holds."""
    return [(one, words) for one, data in memory_of(pid)
            for words in secrets.in_bytes(data, patterns)]


def found_in_proc(pid, secrets):
    """What `ps` could show."""
    found = []
    for name in ('environ', 'cmdline', 'comm'):
        with open(f'/proc/{pid}/{name}', 'rb') as file:
            found += [f'/proc/{pid}/{name}: {words}' for words in secrets.in_bytes(file.read())]
    return found
