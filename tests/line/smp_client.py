# SPDX-License-Identifier: LGPL-2.1-or-later
"""An SMP client of its own: it shares no code with Keycradle, so that a mistake made on both
sides of the wire is seen."""

import base64
import os
import select
import struct
import time
import tty

import cbor2
from rig import Failure, expect_equal

READ, READ_ANSWER, WRITE, WRITE_ANSWER = 0, 1, 2, 3


def crc16(data):
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1) ^ 0x1021 if value & 0x8000 else value << 1
    return value & 0xffff


def frames(packet):
    """A packet as lines of the SMP console transport."""
    body = struct.pack('>H', len(packet) + 2) + packet + struct.pack('>H', crc16(packet))
    for offset in range(0, len(body), 90):
        marker = b'\x06\x09' if offset == 0 else b'\x04\x14'
        yield marker + base64.b64encode(body[offset:offset + 90]) + b'\n'


class SmpClient:
    def __init__(self, path):
        self.port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.port)
        self.sequence = 0
        self.buffer = b''

    def close(self):
        os.close(self.port)

    def line(self, seconds=10):
        end = time.monotonic() + seconds
        while b'\n' not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.port], [], [], left)[0]:
                raise Failure(f'no line from the device, only {self.buffer!r}')
            self.buffer += os.read(self.port, 4096)
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line

    def packet(self):
        body, wanted = b'', None
        while wanted is None or len(body) < wanted + 2:
            line = self.line()
            if line.startswith(b'\x06\x09'):
                body = b''
            elif not line.startswith(b'\x04\x14'):
                continue
            body += base64.b64decode(line[2:], validate=True)
            wanted = struct.unpack('>H', body[:2])[0]
        expect_equal(len(body), wanted + 2, 'length of a packet')
        packet, crc = body[2:-2], struct.unpack('>H', body[-2:])[0]
        expect_equal(crc, crc16(packet), 'CRC of a packet')
        return packet

    def ask(self, operation, group, command, payload):
        """Sends a request, returns the answer's CBOR map."""
        self.sequence = (self.sequence + 1) & 0xff
        body = cbor2.dumps(payload)
        header = struct.pack('>BBHHBB', operation, 0, len(body), group, self.sequence, command)
        for frame in frames(header + body):
            os.write(self.port, frame)
        answer = self.packet()
        kind, _, length, its_group, sequence, its_command = struct.unpack('>BBHHBB', answer[:8])
        expect_equal((kind & 7, its_group, sequence, its_command),
                     (operation + 1, group, self.sequence, command), 'header of an answer')
        expect_equal(length, len(answer) - 8, 'length in the header')
        return cbor2.loads(answer[8:])
