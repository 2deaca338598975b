# SPDX-License-Identifier: LGPL-2.1-or-later
"""The works of a contract manufacturer: a signer that demands the owner's tickets, asked over its
socket, and whatever somebody with root does to it and its folder."""

import contextlib
import glob
import hashlib
import os
import shutil
import signal
import tempfile

import custody_rig
import rig
import wire
from owner_rig import Owner, demand_tickets, state_folder
from rogue_rig import Key, Rogue

LEDGER = '0123456789abcdef0123456789abcdef'
LEDGER_HASH = hashlib.sha256(b'keycradle ledger' + bytes.fromhex(LEDGER)).digest()
NOTHING = hashlib.sha256(b'').digest()


class Works:
    def __init__(self, station, folder, owner):
        self.station, self.folder, self.owner = station, folder, owner
        self.state = state_folder(station)
        self.process, self.rogue = None, Rogue(station, folder)
        self.keys, self.released = {}, {}  # by device: its key; the certificates that came out for it

    def start(self, **environment):
        self.process = custody_rig.start_signer(self.station, environment=environment)
        self.rogue.wait()
        if self.rogue.version is None:
            self.rogue.version, = wire.find_version(self.rogue.path)
        return self

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            rig.expect_equal(self.process.wait(rig.PATIENCE), 0, 'the signer\'s exit status')

    def end(self):
        """As stop(), for a signer that may be struck down at any of its calls."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            code = self.process.wait(rig.PATIENCE)
            rig.expect(code in (0, -signal.SIGKILL), f'the signer\'s exit status: {code}')

    def kill(self):
        custody_rig.end(self.process)

    def said(self):
        return custody_rig.read(os.path.join(self.station.folder, 'signer.log'))

    # ---- what the line does ----

    def ask(self, kind, values):
        with self.rogue.connect() as connection:
            return connection.ask(kind, values)

    def load(self, ticket):
        return self.ask(wire.TICKET, (ticket,))

    def order(self, device, batch='B-1', **changed):
        """A certificate for the device, which has one key for ever."""
        if device not in self.keys:
            self.keys[device] = Key(self.folder, device).csr()
        certificate = self.rogue.sign(self.keys[device], device, batch=batch, **changed)
        self.released.setdefault(device, set()).add(certificate)
        return certificate

    def refused(self, word, device, **changed):
        try:
            self.order(device, **changed)
        except wire.Refused as refusal:
            rig.expect_equal(refusal.word, word, f'{device}: {refusal}')
            return
        raise rig.Failure(f'{device}: a certificate where {word} was due')

    def refused_ticket(self, word, ticket):
        try:
            self.load(ticket)
        except wire.Refused as refusal:
            rig.expect_equal(refusal.word, word, f'{refusal}')
            return
        raise rig.Failure(f'a ticket was taken where {word} was due')

    def report(self, batch='B-1', final=False):
        """The report, in DER, and its place."""
        count = sum(entry[1] == 1 and entry[3] == batch for entry in self.log())
        place, der = self.ask(wire.REPORT, (batch, final, (LEDGER, 0, LEDGER_HASH), count, count, 0, 0, 0, NOTHING))
        return bytes(der), place

    def checkpoint(self):
        return self.ask(wire.CHECKPOINT, (True,))[0].encode()

    def log(self):
        with self.rogue.connect() as connection:
            return connection.all_entries()

    def issued(self, batch='B-1'):
        """Certificates of the batch in the log."""
        return [bytes(entry[-1]) for entry in self.log() if entry[1] == 1 and entry[3] == batch]

    def refusals(self):
        return [entry for entry in self.log() if entry[1] == 8]

    # ---- what the manufacturer does ----

    def image(self):
        """A copy of the disk, made while nothing runs."""
        path = tempfile.mkdtemp(dir=self.folder)
        shutil.copytree(self.state, os.path.join(path, 'state'), symlinks=True)
        return os.path.join(path, 'state')

    def restore(self, image):
        shutil.rmtree(self.state)
        shutil.copytree(image, self.state, symlinks=True)

    def collect(self, name):
        """What the owner gets to see: the log, its checkpoints, the station's certificate."""
        path = os.path.join(self.folder, name)
        os.makedirs(path)
        for one in ('issuance.log', 'checkpoints', 'station.pem'):
            if os.path.exists(os.path.join(self.state, one)):
                shutil.copy(os.path.join(self.state, one), path)
        return path


@contextlib.contextmanager
def works(start=True, demand=demand_tickets):
    """A station's signer under tickets, pinned by its owner."""
    with rig.station(start=False) as station, tempfile.TemporaryDirectory() as folder:
        custody_rig.part_signer(station)
        owner = Owner(folder)
        demand(station, owner)
        one = Works(station, folder, owner)
        try:
            if start:
                one.start()
                owner.pin(station)
            yield one, owner
        except BaseException:
            print('\n'.join(line for line in one.said().splitlines() if 'another version' not in line)[-4000:])
            raise
        finally:
            if one.process is not None:
                custody_rig.end(one.process)


def clock(folder):
    """(environment, set): a clock for one process that `set('-1d')` moves."""
    found = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
    rig.expect(found, 'the package faketime is missing')
    path = os.path.join(folder, 'clock')

    def move(offset):
        with open(path + '.next', 'w', encoding='ascii') as file:
            file.write(offset)
        os.rename(path + '.next', path)
    move('+0')
    return {'LD_PRELOAD': found[0], 'FAKETIME_TIMESTAMP_FILE': path, 'FAKETIME_NO_CACHE': '1',
            'FAKETIME_DONT_FAKE_MONOTONIC': '1', 'DONT_FAKE_MONOTONIC': '1'}, move
