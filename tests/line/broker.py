# SPDX-License-Identifier: LGPL-2.1-or-later
"""Units at a broker of the owner's own, mosquitto, which wants a certificate of every client and has
the station's revocation list: what is ACTIVE in the registry gets in, and what is REVOKED does not."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys

import rig
import shift

SKIPPED = 77
ENDPOINT = 'broker.line.example'


def openssl(*words):
    run = subprocess.run(['openssl', *words], capture_output=True, check=False)
    rig.expect_equal(run.returncode, 0, f'openssl {" ".join(words)}: {run.stderr.decode()}')


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Broker:
    """mosquitto with the CAs and the revocation list of a station."""

    def __init__(self, station):
        self.station = station
        self.port = free_port()
        self.certificate, key, authorities, crl = (self.path(name) for name in ('server.pem', 'server.key', 'cas.pem', 'crl.pem'))
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out',
                self.certificate, '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '30')
        with open(authorities, 'w', encoding='ascii') as file:
            file.write(''.join(station.json('ca', 'status')['chain']))
        station.cli('ca', 'crl', '--output', self.path('crl.der'))
        openssl('crl', '-inform', 'DER', '-in', self.path('crl.der'), '-out', crl)
        with open(self.path('mosquitto.conf'), 'w', encoding='ascii') as file:
            file.write(f'listener {self.port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\n'
                       f'use_identity_as_username true\nuser root\ncafile {authorities}\ncertfile {self.certificate}\n'
                       f'keyfile {key}\ncrlfile {crl}\n')
        self.log = open(self.path('mosquitto.log'), 'wb')
        self.process = subprocess.Popen([shutil.which('mosquitto') or '/usr/sbin/mosquitto', '-v', '-c', self.path('mosquitto.conf')],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def path(self, name):
        return os.path.join(self.station.folder, name)

    def words(self):
        with open(self.path('mosquitto.log'), encoding='utf-8', errors='replace') as file:
            return file.read()

    def wait(self):
        def listens():
            rig.expect(self.process.poll() is None, self.words())
            with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', self.port), 1):
                return True
        rig.wait_until(listens, 'mosquitto listens')

    def admits(self, simulator, serial):
        """Whether it takes a message of the unit, acknowledged and all."""
        with open(self.path(f'{serial}.pem'), 'w', encoding='ascii') as file:
            file.write(self.station.cli('cert', 'show', serial, '--pem').stdout)
            file.write(''.join(self.station.json('ca', 'status')['chain']))
        run = subprocess.run(['mosquitto_pub', '-h', '127.0.0.1', '-p', str(self.port), '--cafile', self.certificate, '--cert',
                              self.path(f'{serial}.pem'), '--key', os.path.join(simulator.state, f'{serial}.key'), '-t', 'born',
                              '-m', serial, '-q', '1', '-i', serial],
                             stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=rig.PATIENCE)
        return run.returncode == 0

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


@contextlib.contextmanager
def broker(station):
    one = Broker(station)
    try:
        one.wait()
        yield one
    finally:
        one.close()


def registered(station):
    return {one['device']: one['status'] for one in station.json('registry', 'list', 'own')}


def a_broker_admits_what_is_active_and_refuses_what_is_revoked():
    if shutil.which('mosquitto_pub') is None:
        print('mosquitto is missing, scripts/prepare test installs it')
        sys.exit(SKIPPED)
    with rig.station() as station:
        simulator = station.simulator()
        station.cli('target', 'add', 'own', '--kind', 'other', '--mode', 'without-ca', '--endpoint', ENDPOINT)
        station.start_batch()
        station.cli('batch', 'targets', 'B1', 'own')
        for serial in ('M-1', 'M-2'):
            shift.plug_new(station, simulator, serial, 1)
            station.wait_slot(1, 'pass')
            shift.pull_out(station, simulator, serial, 1)
        rig.expect_equal(registered(station), {'M-1': 'ACTIVE', 'M-2': 'ACTIVE'}, 'registered as they passed')
        with broker(station) as one:
            for serial in ('M-1', 'M-2'):
                rig.expect(one.admits(simulator, serial), f'{serial} is not admitted: {one.words()}')
        station.cli('device', 'void', 'M-1', '--reason', 'returned')
        rig.expect_equal(registered(station), {'M-1': 'REVOKED', 'M-2': 'ACTIVE'}, 'registered after one came back')
        with broker(station) as one:
            rig.expect(not one.admits(simulator, 'M-1'), 'a REVOKED unit is admitted')
            rig.wait_until(lambda: 'certificate verify failed' in one.words(), 'the broker says why')
            rig.expect(one.admits(simulator, 'M-2'), f'nobody is admitted any more: {one.words()}')


rig.main({one.__name__: one for one in (a_broker_admits_what_is_active_and_refuses_what_is_revoked,)})
