# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-index.py SIGNER MAKE-LOG: the real signer, confined as it serves, carries its log into the index,
is killed, and starts by it."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / 'line'))
import wire  # noqa: E402

STEP = 4096
PATIENCE = 60


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.05)


class Signer:
    def __init__(self, program, folder):
        self.socket = folder / 'signer.sock'
        self.said = folder / 'said'
        self.socket.unlink(missing_ok=True)
        with open(self.said, 'w') as said:
            self.process = subprocess.Popen([program, '--config', folder / 'signer.conf'], stderr=said)
        wait_for('the signer does not listen', self.socket.exists)
        self.version, = wire.find_version(str(self.socket))

    def ask(self, kind, values):
        with wire.Connection(str(self.socket), self.version) as connection:
            return connection.ask(kind, values)

    def size_and_verified(self):
        status = self.ask(wire.STATUS, ())
        assert status[3] == [], status[3]
        return status[1], status[8]

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait()
        return self.said.read_text()


def make(program, make_log, folder):
    subprocess.run([program, 'init-demo', '--folder', folder], check=True, stdout=subprocess.DEVNULL)
    (folder / 'state').mkdir()
    (folder / 'profiles.d').mkdir()
    (folder / 'profiles.d' / 'sensor.profile').write_text(
        '[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n')
    (folder / 'signer.conf').write_text(
        f'[signer]\nMode=demo\nSocket={folder}/signer.sock\nStateFolder={folder}/state\n'
        f'ProfileFolder={folder}/profiles.d\n[ca]\nKey=file:{folder}/ca.key\n'
        f'Certificate={folder}/ca.pem\nPassphraseFile={folder}/ca.passphrase\n')
    subprocess.run([make_log, folder, str(STEP - 3)], check=True)


def main():
    program, make_log = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = folder / 'state' / 'issuance.index' / 'data.mdb'
        make(program, make_log, folder)
        signer = Signer(program, folder)
        signer.ask(wire.STATUS, ())
        before = os.stat(data).st_size
        for i in range(5):
            signer.ask(wire.CODE, ('', f'{i:064x}'))
        wait_for('the index is not written', lambda: os.stat(data).st_size > before + STEP * 32)
        time.sleep(0.5)  # for its last sync
        size, _ = signer.size_and_verified()
        said = signer.end(signal.SIGKILL)
        assert 'index' not in said, said
        signer = Signer(program, folder)
        assert signer.size_and_verified()[0] == size
        wait_for('the log is not read again', lambda: signer.size_and_verified()[1] == size)
        wait_for('the start is still marked', lambda: not data.with_name('starts').exists())
        signer.ask(wire.CODE, ('', 64 * 'f'))
        said = signer.end(signal.SIGTERM)
        assert 'index' not in said, said


main()
