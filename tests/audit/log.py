# SPDX-License-Identifier: LGPL-2.1-or-later
"""The issuance log as docs/issuance-log.md describes it: frames, entries, and the tree over them."""

import hashlib
import struct

from cms import Wrong, need

HEADER = 44
MOST = 65536
CERTIFICATE, AUTHORITY, VERIFICATION, CRL, TICKET, REPORT, MANIFEST, REFUSAL, CLOCK, LOST = range(1, 11)
ZEROS = bytes(32)


class Tree:
    """RFC 6962, section 2.1: whole subtrees are kept, so any earlier root can be told."""

    def __init__(self):
        self.levels = [[]]

    def append(self, leaf):
        self.levels[0].append(leaf)
        level = 0
        while len(self.levels[level]) % 2 == 0:
            if len(self.levels) == level + 1:
                self.levels.append([])
            left, right = self.levels[level][-2:]
            self.levels[level + 1].append(hashlib.sha256(b'\1' + left + right).digest())
            level += 1

    def root(self, size):
        if size == 0:
            return hashlib.sha256(b'').digest()
        root = None
        for level, nodes in enumerate(self.levels):
            if size >> level & 1:
                node = nodes[(size >> level) - 1]
                root = node if root is None else hashlib.sha256(b'\1' + node + root).digest()
        return root


class Entry:
    def __init__(self, index, data):
        self.index, self.data, self.at = index, data, 0
        version, self.type = self._number(1), self._number(1)
        need(version == 1 and 1 <= self.type <= 10, 'its version or type is unknown')
        self.time = self._number(8)
        self.batch, self.profile = self._opaque(1), self._opaque(1)
        self.profile_sha256 = self._take(32)
        self.product, self.device, self.chip = self._opaque(1), self._opaque(1), self._opaque(1)
        self.csr_sha256, self.spki_sha256 = self._take(32), self._take(32)
        self.certificate = self._opaque(3)
        need(self.at == len(data), 'something follows in it')

    def _take(self, length):
        piece = self.data[self.at:self.at + length]
        need(len(piece) == length, 'it is cut short inside')
        self.at += length
        return piece

    def _number(self, width):
        return int.from_bytes(self._take(width), 'big')

    def _opaque(self, width):
        return self._take(self._number(width))


# Fields that a type names; all others are empty or zeros.
ALL = {'batch', 'profile', 'profile_sha256', 'product', 'device', 'chip', 'csr_sha256', 'spki_sha256',
       'certificate'}
NAMED = {
    CERTIFICATE: ALL,
    AUTHORITY: {'device', 'spki_sha256', 'certificate'},
    VERIFICATION: {'device', 'csr_sha256', 'spki_sha256', 'certificate'},
    CRL: {'device', 'csr_sha256', 'spki_sha256'},
    TICKET: {'batch', 'profile', 'device', 'csr_sha256', 'spki_sha256', 'certificate'},
    REPORT: {'batch', 'device', 'csr_sha256', 'spki_sha256', 'certificate'},
    MANIFEST: {'batch', 'device', 'csr_sha256', 'spki_sha256', 'certificate'},
    REFUSAL: {'batch', 'profile', 'product', 'device', 'chip', 'csr_sha256'},
    CLOCK: {'device', 'product'},
    LOST: {'device', 'spki_sha256'}}


def check_fields(entry):
    need(entry.time < 1 << 63, 'its time is no time')
    for field in ('batch', 'profile', 'product', 'device', 'chip'):
        need(b'\0' not in getattr(entry, field), f'a zero is in {field}')
    for field in ALL - NAMED[entry.type]:
        need(not getattr(entry, field).strip(b'\0') and getattr(entry, field) in (b'', ZEROS),
             f'{field} is not empty')


def leaf_hash(data):
    return hashlib.sha256(b'\0' + data).digest()


def whole_frame(data, at):
    """Whether a frame whose hash fits begins here."""
    if at + 36 >= len(data):
        return False
    length = struct.unpack_from('>I', data, at)[0]
    return 0 < length <= MOST and at + 36 + length <= len(data) and \
        leaf_hash(data[at + 4:at + 4 + length]) == data[at + 4 + length:at + 36 + length]


def holds_entry(data, at):
    """Whether a whole entry stands behind this length field, which is wrong."""
    for end in range(at + 5, len(data) - 31):
        try:
            Entry(0, data[at + 4:end])
        except Wrong:
            continue
        return leaf_hash(data[at + 4:end]) == data[end:end + 32]
    return False


def is_torn(data, at):
    """Whether a crash may have left what stands here: docs/issuance-log.md, the last section."""
    left = len(data) - at
    if left < 36:
        return True
    length = struct.unpack_from('>I', data, at)[0]
    if length > MOST:
        return False
    if length <= left - 36:
        start = at if length == 0 else at + 4 + length
        return not data[start:].strip(b'\0') and not holds_entry(data, at)
    return not any(whole_frame(data, later) for later in range(at + 1, len(data))) and not holds_entry(data, at)


def read_entries(data):
    """(index, Entry, leaf) one after the other; ends with (index, None, None) at a torn tail. Wrong
    says what is wrong with the next entry, which is the one behind the last that was given."""
    at, index = HEADER, 0
    while at < len(data):
        length = struct.unpack_from('>I', data, at)[0] if len(data) - at >= 36 else MOST + 1
        whole = 0 < length <= len(data) - at - 36
        body = data[at + 4:at + 4 + length] if whole and length <= MOST else b''
        if not body or leaf_hash(body) != data[at + 4 + length:at + 36 + length]:
            need(is_torn(data, at), 'its frame or its hash is damaged')
            yield index, None, None
            return
        yield index, Entry(index, body), leaf_hash(body)
        at += 36 + length
        index += 1
