# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody who took the daemon over has: keys, DER by hand, and the signer's socket."""

import contextlib
import hashlib
import os
import re
import subprocess

import custody_rig
import rig
import wire


def openssl(*words, given=None):
    run = subprocess.run(['openssl', *words], input=given, capture_output=True, check=False)
    rig.expect_equal(run.returncode, 0, f'openssl {" ".join(words)}: {run.stderr.decode()}')
    return run.stdout


# ---- DER by hand ----

def der(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def parts(data):
    """The values one after the other in `data`, each with its header."""
    found = []
    while data:
        length, header = data[1], 2
        if length & 0x80:
            header += length & 0x7f
            length = int.from_bytes(data[2:header], 'big')
        found.append(data[:header + length])
        data = data[header + length:]
    return found


def inside(data):
    """What is in the value that `data` is."""
    return data[2 + (data[1] & 0x7f if data[1] & 0x80 else 0):]


ECDSA_SHA256 = bytes.fromhex('300a06082a8648ce3d040302')


class Key:
    """A P-256 key that the attacker, or an honest device, really has."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name + '.key')
        openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', self.path)
        self.spki = openssl('pkey', '-in', self.path, '-pubout', '-outform', 'DER')

    def csr(self, subject='/CN=x', extensions=()):
        words = [word for one in extensions for word in ('-addext', one)]
        return openssl('req', '-new', '-key', self.path, '-subj', subject, '-outform', 'DER',
                       *words)

    def signed(self, request_info):
        """A request of that body, signed with this key."""
        signature = openssl('dgst', '-sha256', '-sign', self.path, given=request_info)
        return der(0x30, request_info + ECDSA_SHA256 + der(3, b'\0' + signature))

    def claim(self, spki):
        """A request for a key that this one is not, signed with this one."""
        version, subject, _, attributes = parts(inside(parts(inside(self.csr()))[0]))
        return self.signed(der(0x30, version + subject + spki + attributes))


# ---- the attacker and its victim ----

class Rogue:
    """The signer by itself, and a connection to it as the daemon's user has one."""

    def __init__(self, station, folder):
        self.folder = folder
        self.path = re.search(r'^Socket=(.*)$', custody_rig.read(station.signer_config),
                              re.MULTILINE).group(1)
        with open(station.profile_path(), 'rb') as file:
            self.profile = hashlib.sha256(file.read()).hexdigest()
        self.version = None

    def wait(self):
        def listens():
            with contextlib.suppress(OSError), wire.Connection(self.path, 0):
                return True
        rig.wait_until(listens, 'the signer listens')

    def connect(self):
        return wire.Connection(self.path, self.version)

    def order(self, csr, device, **changed):
        values = {'batch': 'B1', 'product': 'lamp', 'profile': 'aws-iot', 'sha256': self.profile,
                  'chip': None, **changed}
        return (values['batch'], values['product'], values['profile'], values['sha256'], device,
                values['chip'], csr)

    def sign(self, csr, device, **changed):
        """The certificate, in DER."""
        with self.connect() as connection:
            return bytes(connection.ask(wire.SIGN, self.order(csr, device, **changed))[-1])

    def log(self):
        with self.connect() as connection:
            return connection.entries()

    def expect_refused(self, word, csr, device, **changed):
        """With one of the words in `word`."""
        try:
            self.sign(csr, device, **changed)
        except wire.Refused as refusal:
            rig.expect(refusal.word in word.split(), f'{device!r}: refused with {refusal}, not {word}')
            return
        except wire.Dropped:
            rig.expect('dropped' in word.split(), f'{device!r}: dropped, not refused with {word}')
            return
        raise rig.Failure(f'the signer signed what it must refuse with {word}: {device!r} {changed}')
