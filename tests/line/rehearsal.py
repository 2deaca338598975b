# SPDX-License-Identifier: LGPL-2.1-or-later
"""A unit that has passed tries its connection: with the certificate that the station wrote, and the
status that the registry has for it."""

import contextlib
import json
import os
import queue
import subprocess
import threading

import rig
import shift

ENDPOINT = 'a1b2c3-ats.iot.eu-west-1.amazonaws.com'


class Rehearsal:
    """keycradle rehearse at a station; each device that comes is openssl with the unit's own key."""

    def __init__(self, station, *words):
        self.station = station
        self.roots = os.path.join(station.folder, 'roots')
        self.errors = open(os.path.join(station.folder, 'rehearsal.log'), 'ab')
        self.process = subprocess.Popen(
            [rig.program('keycradle'), '--config', station.config, 'rehearse', *words, '--roots', self.roots, '--port', '0',
             '--json'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, env=rig.environment())
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.port = self.next()['port']

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def next(self):
        try:
            return self.lines.get(timeout=rig.PATIENCE)
        except queue.Empty:
            raise rig.Failure('the rehearsal says nothing') from None

    def connect(self, simulator, serial, certificate=None):
        """The verdict over it."""
        key = os.path.join(simulator.state, f'{serial}.key')
        path = os.path.join(self.station.folder, 'rehearsing.der')
        with open(path, 'wb') as file:
            file.write(certificate or simulator.certificate(serial))
        subprocess.run(['openssl', 's_client', '-quiet', '-no_ign_eof', '-connect', f'127.0.0.1:{self.port}', '-servername',
                        ENDPOINT, '-verify_return_error', '-CAfile', os.path.join(self.roots, 'rehearsal-ecdsa.pem'),
                        '-certform', 'DER', '-cert', path, '-key', key],
                       stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=rig.PATIENCE)
        return self.next()

    def expect(self, simulator, serial, *codes, certificate=None):
        verdict = self.connect(simulator, serial, certificate)
        rig.expect_equal([remark['code'] for remark in verdict['remarks']], list(codes), f'{serial}: {verdict}')
        rig.expect_equal(verdict['admitted'], not codes, f'{serial}: {verdict}')
        return verdict

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(rig.PATIENCE)
        self.errors.close()
        with open(os.path.join(self.station.folder, 'rehearsal.log'), encoding='utf-8', errors='replace') as file:
            said = file.read()
        rig.expect(not rig.COMPLAINT.search(said), said)


@contextlib.contextmanager
def rehearsal(station, *words):
    one = Rehearsal(station, *words)
    try:
        yield one
    finally:
        one.close()


def make_unit(station, serial):
    simulator = station.simulator()
    shift.plug_new(station, simulator, serial, 1)
    station.wait_slot(1, 'pass')
    shift.pull_out(station, simulator, serial, 1)
    return simulator


def add_target(station, mode='sni-only'):
    station.cli('target', 'add', 'production', '--kind', 'aws', '--mode', mode, '--account', '123456789012', '--region',
                'eu-west-1', '--endpoint', ENDPOINT)


def each_status_is_told_in_words():
    with rig.station() as station:
        station.start_batch()
        unit = make_unit(station, 'R-1')
        add_target(station)
        ca = station.json('ca', 'list')[0]['name']
        with rehearsal(station, 'production') as one:
            one.expect(unit, 'R-1', 'ca-unregistered', 'status-none')
            station.cli('registry', 'ca', 'register', 'production', ca)
            one.expect(unit, 'R-1', 'status-none')
            station.cli('registry', 'register', 'production', 'R-1', '--status', 'INACTIVE')
            one.expect(unit, 'R-1', 'status-inactive')
            station.cli('registry', 'activate', 'production', 'R-1')
            verdict = one.expect(unit, 'R-1')
            rig.expect_equal((verdict['device'], verdict['batch'], verdict['status'], verdict['key-proven']),
                             ('R-1', 'B1', 'ACTIVE', True), 'what is told of it')
            station.cli('registry', 'ca', 'deactivate', 'production', ca)
            one.expect(unit, 'R-1', 'ca-inactive')
            station.cli('registry', 'ca', 'activate', 'production', ca)
            station.cli('registry', 'deactivate', 'production', 'R-1')
            station.cli('registry', 'transfer', 'production', 'R-1', '--account', '210987654321')
            one.expect(unit, 'R-1', 'status-pending-transfer')
            station.cli('registry', 'cancel-transfer', 'production', 'R-1')
            station.cli('registry', 'revoke', 'production', 'R-1')
            one.expect(unit, 'R-1', 'status-revoked')


def a_unit_that_was_taken_back_is_refused():
    """Without a target, what the ledger knows counts; and the daemon may come and go."""
    with rig.station() as station:
        station.start_batch()
        unit = make_unit(station, 'R-1')
        with rehearsal(station, '--endpoint', ENDPOINT) as one:
            one.expect(unit, 'R-1')
            station.stop()
            one.expect(unit, 'R-1', 'registry-away')
            station.start()
            rig.wait_until(lambda: one.connect(unit, 'R-1')['admitted'], 'the rehearsal finds the daemon again', pause=0.3)
            station.cli('device', 'void', 'R-1', '--reason', 'returned')
            verdict = one.expect(unit, 'R-1', 'certificate-void')
            rig.expect('returned' in verdict['remarks'][0]['wrong'], str(verdict))
        with rehearsal(station, '--endpoint', ENDPOINT, '--count', '1') as one:
            one.expect(unit, 'R-1', 'certificate-void')
            rig.expect_equal(one.process.wait(rig.PATIENCE), 6, 'exit status')


def strange_certificates_are_told_apart():
    """One of another station's CA, and one that nobody ever had."""
    with rig.station() as station, rig.station() as other:
        for one in (station, other):
            one.start_batch()
        make_unit(station, 'R-1')
        unit = make_unit(other, 'R-2')
        refused = station.cli('rehearse', 'nowhere', '--roots', 'any', exit_code=3)
        rig.expect('no target nowhere' in refused.stderr, refused.stderr)
        with rehearsal(station, '--endpoint', ENDPOINT) as one:
            one.expect(unit, 'R-2', 'certificate-issuer', 'certificate-unknown')


rig.main({one.__name__: one for one in (
    each_status_is_told_in_words, a_unit_that_was_taken_back_is_refused, strange_certificates_are_told_apart)})
