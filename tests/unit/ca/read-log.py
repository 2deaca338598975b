# SPDX-License-Identifier: LGPL-2.1-or-later
"""An independent reader of issuance.log, written from docs/issuance-log.md alone.

usage: read-log.py FILE
Prints the origin, then a line for each entry:
INDEX TYPE TIME BATCH PROFILE PRODUCT DEVICE CHIP SPKI-SHA256 CERTIFICATE-SHA256 LEAF-HASH
"""

import hashlib
import struct
import sys


class Fields:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, length):
        piece = self.data[self.at:self.at + length]
        if len(piece) != length:
            raise ValueError('cut short')
        self.at += length
        return piece

    def number(self, width):
        return int.from_bytes(self.take(width), 'big')

    def opaque(self, width):
        return self.take(self.number(width))


def read_entry(data):
    fields = Fields(data)
    version, kind = fields.number(1), fields.number(1)
    if version != 1 or not 1 <= kind <= 10:
        raise ValueError('unknown version or type')
    entry = {'type': kind, 'time': fields.number(8), 'batch': fields.opaque(1), 'profile': fields.opaque(1),
             'profile-sha256': fields.take(32), 'product': fields.opaque(1),
             'device': fields.opaque(1), 'chip': fields.opaque(1),
             'csr-sha256': fields.take(32), 'spki-sha256': fields.take(32),
             'certificate': fields.opaque(3)}
    if fields.at != len(data):
        raise ValueError('something follows')
    return entry


def main(path):
    with open(path, 'rb') as file:
        content = Fields(file.read())
    if content.take(8) != b'KCISSLOG' or content.number(4) != 1:
        raise ValueError('not an issuance log of version 1')
    print('origin', content.take(32).hex())
    index = 0
    while content.at < len(content.data):
        data = content.take(struct.unpack('>I', content.take(4))[0])
        leaf = hashlib.sha256(b'\0' + data).digest()
        if content.take(32) != leaf:
            raise ValueError(f'entry {index} is damaged')
        entry = read_entry(data)
        words = [entry[name].decode() for name in ('batch', 'profile', 'product', 'device', 'chip')]
        print(index, entry['type'], entry['time'], *words, entry['spki-sha256'].hex(),
              hashlib.sha256(entry['certificate']).hexdigest(), leaf.hex())
        index += 1


main(sys.argv[1])
