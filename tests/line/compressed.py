# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reader of compressed certificates, written from the format alone (Microchip, application note
20006367): it puts a certificate together from what a chip holds, and from the certificate of another
device as the template. It shares nothing with the driver."""

import hashlib
import subprocess

from rig import Failure, expect_equal


def element(tag, content):
    """One value in DER."""
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def elements(data):
    """(tag, content) of each value that follows another."""
    found = []
    while data:
        tag, length, header = data[0], data[1], 2
        if length & 0x80:
            header += length & 0x7f
            length = int.from_bytes(data[2:header], 'big')
        found.append((tag, data[header:header + length]))
        data = data[header + length:]
    return found


def whole(parts):
    return b''.join(element(tag, content) for tag, content in parts)


def integer(number):
    return element(2, number.to_bytes(number.bit_length() // 8 + 1, 'big'))


def time(year, rest):
    text = f'{year:04d}{rest}0000Z'
    return element(0x17, text[2:].encode()) if year < 2050 else element(0x18, text.encode())


def validity(dates):
    bits = int.from_bytes(dates, 'big')
    year, years = 2000 + (bits >> 19), bits & 31
    rest = f'{bits >> 15 & 15:02d}{bits >> 10 & 31:02d}{bits >> 5 & 31:02d}'
    return time(year, rest) + time(year + years, rest)


def serial_number(point, dates):
    digest = hashlib.sha256(point + dates).digest()[:16]
    return bytes([digest[0] & 0x3f | 0x40]) + digest[1:]


def with_key_id(extensions, point):
    """The extensions, with the subject's key identifier of this key."""
    key_id = hashlib.sha1(b'\x04' + point).digest()
    listed = []
    for _, extension in elements(elements(extensions)[0][1]):
        parts = elements(extension)
        if parts[0] == (6, b'\x55\x1d\x0e'):
            parts[-1] = (4, element(4, key_id))
        listed.append((0x30, whole(parts)))
    return element(0x30, whole(listed))


def rebuild(template, compressed, point, names):
    """The certificate in DER. `names` are the template's device and this one."""
    expect_equal(len(compressed), 72, 'bytes of a compressed certificate')
    expect_equal(compressed[70:72], b'\xa0\0', 'serial source and format')
    body, algorithm, _ = elements(elements(template)[0][1])
    parts = elements(body[1])
    dates = compressed[64:67]
    parts[1] = (2, serial_number(point, dates))
    parts[4] = (0x30, validity(dates))
    parts[5] = (0x30, parts[5][1].replace(names[0].encode(), names[1].encode()))
    key = elements(parts[6][1])
    parts[6] = (0x30, whole([key[0], (3, b'\0\x04' + point)]))
    parts[7] = (0xa3, with_key_id(parts[7][1], point))
    r, s = (int.from_bytes(compressed[at:at + 32], 'big') for at in (0, 32))
    signature = element(0x30, integer(r) + integer(s))
    return element(0x30, element(0x30, whole(parts)) + whole([algorithm])
                   + element(3, b'\0' + signature))


def point_of(private_key):
    """X and Y, as GenKey shows them."""
    run = subprocess.run(['openssl', 'pkey', '-pubout', '-outform', 'DER'], input=private_key,
                         capture_output=True, check=False)
    if run.returncode != 0 or len(run.stdout) < 64:
        raise Failure(f'openssl pkey: {run.stderr!r}')
    return run.stdout[-64:]


def held(simulator, serial, template, template_serial):
    """The certificate that the device `serial` holds in 72 bytes; None where it holds none."""
    compressed, key = simulator.item(serial, 'slot10'), simulator.item(serial, 'key')
    if compressed is None or key is None:
        return None
    return rebuild(template, compressed, point_of(key), (template_serial, serial))
