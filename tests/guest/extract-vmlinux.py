# SPDX-License-Identifier: LGPL-2.1-or-later
"""extract-vmlinux.py BZIMAGE VMLINUX: the kernel's ELF file out of its compressed image.

Offsets are those of the kernel's x86 boot protocol (2.08 and later); Debian compresses with xz.
"""

import lzma
import struct
import sys

SETUP_SECTORS = 0x1f1
PAYLOAD = 0x248  # offset from the end of the setup sectors, and length

with open(sys.argv[1], 'rb') as file:
    image = file.read()
start = (image[SETUP_SECTORS] + 1) * 512
offset, length = struct.unpack_from('<II', image, PAYLOAD)
payload = image[start + offset:start + offset + length]
if not payload.startswith(b'\xfd7zXZ'):
    sys.exit(f'{sys.argv[1]} is not compressed with xz')
with open(sys.argv[2], 'wb') as file:
    file.write(lzma.LZMADecompressor().decompress(payload))
