# SPDX-License-Identifier: LGPL-2.1-or-later
"""The owner of a brand, elsewhere: a key, tickets, what was kept of a station, and both verifiers. And
a station for the owner's batches: a CA under the owner's root, and tickets demanded."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

import rig
from rogue_rig import openssl

AUDIT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'audit')
sys.path.insert(0, AUDIT)
NAME = re.compile(r'^(station|header|(?:log|checkpoint|ledger|report) \d+|(?:kept|manifest) [^:]+): ', re.MULTILINE)
EMPTY = hashlib.sha256(b'').hexdigest()


def stamp(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))


def self_signed(folder, name, *more):
    key, certificate = os.path.join(folder, name + '.key'), os.path.join(folder, name + '.pem')
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
            '-subj', f'/O=Works/CN={name}', '-keyout', key, '-out', certificate, *more)
    return key, certificate


def key_hash(certificate):
    public = openssl('x509', '-in', certificate, '-noout', '-pubkey')
    return hashlib.sha256(openssl('pkey', '-pubin', '-outform', 'DER', given=public)).hexdigest()


def make_authority(folder):
    """The CA of a works, under the owner's root; its key is a file."""
    os.makedirs(folder)
    with open(os.path.join(folder, 'ca.passphrase'), 'w', encoding='ascii') as file:
        file.write(openssl('rand', '-hex', '16').decode().strip())
    os.chmod(file.name, 0o400)
    key, root = self_signed(folder, 'root', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
    signer = rig.program('keycradle-signer')
    subprocess.run([signer, 'ca', 'csr', '--folder', folder, '--subject', 'CN=Works CA,O=Works',
                    '--passphrase-file', file.name], check=True, capture_output=True, env=rig.environment())
    extensions = os.path.join(folder, 'ca.ext')
    with open(extensions, 'w', encoding='ascii') as file:
        file.write('basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
                   'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
    chain = openssl('x509', '-req', '-in', os.path.join(folder, 'ca.csr'), '-CA', root, '-CAkey', key,
                    '-set_serial', '2', '-days', '3000', '-extfile', extensions)
    with open(root, 'rb') as file:
        chain += file.read()
    with open(os.path.join(folder, 'chain.pem'), 'wb') as file:
        file.write(chain)
    subprocess.run([signer, 'ca', 'install-chain', '--folder', folder, '--chain', file.name], check=True,
                   capture_output=True, env=rig.environment())


def demand_tickets(station, owner):
    """The station issues for the owner from here on; before its first start."""
    folder = os.path.join(station.folder, 'works')
    make_authority(folder)
    for key, value in (('Key', f'file:{folder}/ca.key'), ('Certificate', f'{folder}/ca.pem'),
                       ('PassphraseFile', f'{folder}/ca.passphrase')):
        station.edit(station.signer_config, rf'^{key}=.*$', f'{key}={value}')
    with open(station.signer_config, 'a', encoding='utf-8') as file:
        file.write(f'\n[tickets]\nOwner={owner.certificate}\n')
    owner.authority = key_hash(f'{folder}/ca.pem')


def state_folder(station):
    with open(station.signer_config, encoding='utf-8') as file:
        return re.search(r'^StateFolder=(.*)$', file.read(), re.MULTILINE).group(1)


class Owner:
    def __init__(self, folder):
        self.folder = os.path.join(folder, 'owner')
        os.makedirs(self.folder)
        self.key, self.certificate = self_signed(self.folder, 'owner')
        self.authority, self.station_pem = None, None
        self.number, self.kept = 0, []

    def pin(self, station):
        """Takes the station's certificate, as when it is set up."""
        self.station_pem = os.path.join(self.folder, 'station.pem')
        source = os.path.join(state_folder(station), 'station.pem')
        rig.wait_until(lambda: os.path.exists(source), 'station.pem is there')
        shutil.copy(source, self.station_pem)

    def keep(self, name, data):
        """An anchor: from here on each collection must extend it."""
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        self.kept.append(path)

    def text(self, batch, count, **changes):
        self.number += 1
        values = {'Version': 1, 'Number': self.number, 'Batch': batch, 'Profile': 'aws-iot', 'Count': count,
                  'Station': key_hash(self.station_pem), 'Ca': self.authority,
                  'NotBefore': stamp(time.time() - 86400), 'NotAfter': stamp(time.time() + 7 * 86400),
                  'LogSize': 0, 'LogRoot': EMPTY, **changes}
        return '[ticket]\n' + ''.join(f'{key}={value}\n' for key, value in values.items())

    def sign(self, text):
        """With openssl alone."""
        return openssl('cms', '-sign', '-nodetach', '-binary', '-outform', 'DER', '-md', 'sha256', '-nosmimecap',
                       '-signer', self.certificate, '-inkey', self.key, given=text.encode())

    def ticket(self, batch, count, **changes):
        return self.sign(self.text(batch, count, **changes))

    def words(self, folder, kept=None, manifests=()):
        words = [folder, '--station', self.station_pem, '--owner', self.certificate]
        for path in self.kept if kept is None else kept:
            words += ['--kept', path]
        for path in manifests:
            words += ['--manifest', path]
        return words

    def judge(self, folder, **more):
        """(name of the first wrong thing or None, all that was said); both verifiers, which agree."""
        words, said = self.words(folder, **more), []
        for program in ([sys.executable, os.path.join(AUDIT, 'verify.py')],
                        [rig.program('keycradle'), 'audit', 'verify']):
            run = subprocess.run([*program, *words], capture_output=True, text=True, errors='replace', check=False,
                                 env=rig.environment(), timeout=rig.PATIENCE)
            found = NAME.search(run.stdout + run.stderr)
            rig.expect(run.returncode == 6 if found else run.returncode in (0, 8), f'{program}: {run}')
            said.append((found and found.group(1), run.stdout + run.stderr))
        rig.expect_equal(said[1][0], said[0][0], f'what is wrong by the first verifier, and by the second: {said}')
        return said[0][0], said[0][1] + said[1][1]

    def expect_accepts(self, folder, **more):
        name, said = self.judge(folder, **more)
        rig.expect_equal(name, None, f'the owner must accept it: {said}')
        return said

    def expect_finds(self, folder, *names, **more):
        name, said = self.judge(folder, **more)
        rig.expect(name in names, f'the owner must find one of {names}, finds {name}: {said}')
        return said
