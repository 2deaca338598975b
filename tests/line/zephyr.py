# SPDX-License-Identifier: LGPL-2.1-or-later
"""A foreign client reads what the station left in a Zephyr device: it looks at the listed digest, as
Nordic's nrfcredstore does, and at the public key, and shares no code with Keycradle."""

import base64
import hashlib
import os
import re
import select
import subprocess
import time
import tty

import dialects
import judge
import rig

TAG = 16842753
PROMPT = b'uart:~$ '
ESCAPES = re.compile(rb'\x1b\[[0-9;]*[A-Za-z]')


class Shell:
    """Types whole commands and takes what comes up to the prompt."""

    def __init__(self, path):
        self.port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.port)

    def ask(self, command, seconds=10):
        os.write(self.port, command.encode() + b'\r\n')
        seen, end = b'', time.monotonic() + seconds
        while not (command.encode() in seen and seen.endswith(PROMPT)):
            left = end - time.monotonic()
            rig.expect(left > 0 and select.select([self.port], [], [], left)[0],
                       f'{command}: no prompt, only {seen!r}')
            seen = ESCAPES.sub(b'', seen + os.read(self.port, 4096))
        return seen.split(command.encode(), 1)[1].decode().splitlines()

    def close(self):
        os.close(self.port)


def listed(shell, kind):
    """The digest that `cred list` tells, as nrfcredstore's check reads it."""
    for line in shell.ask(f'cred list {TAG} {kind}'):
        fields = line.split(',')
        if len(fields) == 4 and fields[:2] == [str(TAG), kind]:
            rig.expect_equal(fields[3], '0', 'state of a credential')
            return fields[2]
    raise rig.Failure(f'there is no {kind} under {TAG}')


def public_point(der):
    """The uncompressed point of a certificate's P-256 key, by openssl."""
    key = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-noout', '-pubkey'], input=der,
                         capture_output=True, check=True).stdout
    return base64.b64decode(b''.join(key.splitlines()[1:-1]))[-65:]


def what_the_station_left_is_read_by_others():
    """Once as PEM, which is kept with a NUL behind it, and once as DER."""
    dialect = dialects.Dialect('zephyr')
    for form in ('pem', 'der'):
        with rig.station(start=False) as station:
            dialect.sections['driver'] = {'Format': form}
            dialect.prepare(station)
            simulator = station.start().simulator()
            station.start_batch()
            serial = dialect.new(simulator, 1)
            record = station.run_device(simulator, serial, 1)
            rig.expect_equal(record['state'], 'pass', f'{record}')
            check_device(station, serial, form)


def check_device(station, serial, form):
    pem = station.json('cert', 'show', serial)['pem']
    shell = Shell(os.path.join(station.ports, 'slot1'))
    certificate = judge.der_of_pem(pem)
    kept = certificate if form == 'der' else pem.encode() + b'\0'
    digest = base64.b64encode(hashlib.sha256(kept).digest()).decode()
    rig.expect_equal(listed(shell, 'SERV'), digest, 'digest of the certificate')
    shown = [line for line in shell.ask(f'nrf_cloud_cred pubkey {TAG}')
             if line.startswith('PUBKEY: ')]
    rig.expect_equal(base64.b64decode(shown[0][8:], validate=True), public_point(certificate),
                     'the key in the device, and in its certificate')
    shell.close()


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (what_the_station_left_is_read_by_others,)})
