# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TPM (swtpm) that counts what the CA key in it signs, as its owner set it up with the commands of
docs/custody.md; and the owner's [tpm] in tickets, put together here from that page alone.

    with counted_tpm(folder, owner_key, owner_certificate, limit=1) as tpm:
        tpm.use(station)                    # signer.conf has the CA key in the TPM; before the first start
        group = tpm.group(seen=1, limit=5)  # "[tpm]...", behind a ticket's text
        tpm.count()                         # (count, limit) as the TPM has them
        tpm.authority                       # the ticket's Ca=
"""

import base64
import contextlib
import hashlib
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile

import rig
from rogue_rig import openssl

INDEX = 0x01800100
ATTRIBUTES, WRITTEN = 0x02020098, 0x20000000
NV_WRITE, POLICY_CP_HASH = 0x137, 0x16e
EXTENSIONS = ('basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
              'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')


def sha256(data):
    return hashlib.sha256(data).digest()


class CountedTpm:
    def __init__(self, folder, owner_key, owner_certificate):
        self.folder = os.path.join(folder, 'counted-tpm')
        self.state, self.works = os.path.join(self.folder, 'state'), os.path.join(self.folder, 'works')
        for path in (self.folder, self.state, self.works):
            os.makedirs(path)
        # A socket's path is short.
        self.place = tempfile.mkdtemp(prefix='keycradle-tpm-')
        self.tcti = f'swtpm:path={self.place}/sock'
        self.owner_key, self.owner = owner_key, owner_certificate
        self.enrolment, self.uri, self.authority, self.pid = None, None, None, None

    # ---- the chip ----

    def start(self):
        subprocess.run(['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={self.state}', '--server',
                        f'type=unixio,path={self.place}/sock', '--ctrl', f'type=unixio,path={self.place}/sock.ctrl',
                        '--flags', 'not-need-init,startup-clear', '--pid', f'file={self.place}/pid', '--daemon'],
                       check=True, capture_output=True)
        rig.wait_until(lambda: os.path.exists(f'{self.place}/pid'), 'swtpm runs')
        with open(f'{self.place}/pid', encoding='ascii') as file:
            self.pid = int(file.read())

    def kill(self):
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            rig.wait_until(lambda: not rig.is_alive(self.pid), 'swtpm is gone')
            os.unlink(f'{self.place}/pid')
        self.pid = None

    def tools(self, script, check=True):
        """tpm2-tools, by sh in a folder of their own; the finished process."""
        run = subprocess.run(['sh', '-ec', script], capture_output=True, text=True, check=False, cwd=self.folder,
                             env=rig.environment(TPM2TOOLS_TCTI=self.tcti, TSS2_LOG='all+none'))
        rig.expect(run.returncode == 0 or not check, f'{script}: {run.stdout}{run.stderr}')
        return run

    def count(self):
        """(count, limit)"""
        self.tools(f'tpm2_nvread -Q -C o {INDEX:#x} -o pin')
        with open(os.path.join(self.folder, 'pin'), 'rb') as file:
            return struct.unpack('>II', file.read())

    # ---- setting it up ----

    def run(self, name, *words, **more):
        run = subprocess.run([rig.program(name), *words], capture_output=True, text=True, check=False,
                             env=rig.environment(), **more)
        rig.expect_equal(run.returncode, 0, f'{name} {" ".join(words)}: {run.stdout}{run.stderr}')
        return run.stdout

    def make(self, limit=1):
        """Key and counter; the owner begins it."""
        enrolment = os.path.join(self.works, 'enrolment')
        said = self.run('keycradle-signer', 'ca', 'count', 'create', '--owner', self.owner, '--enrolment', enrolment,
                        '--tcti', self.tcti)
        self.uri = re.search(r'^Key=(.*)$', said, re.MULTILINE).group(1)
        self.enroll(enrolment, limit)

    def enroll(self, enrolment, limit):
        """The engineer asks, the owner answers; what the owner keeps is the enrolment from here on."""
        challenge, kept = os.path.join(self.works, 'challenge'), os.path.join(self.folder, 'enrolments')
        words = ['ca', 'count', 'enroll', '--owner', self.owner, '--enrolment', enrolment, '--limit', str(limit),
                 '--tcti', self.tcti]
        with open(challenge, 'w', encoding='ascii') as out, subprocess.Popen(
                [rig.program('keycradle-signer'), *words], stdin=subprocess.PIPE, stdout=out, text=True,
                stderr=subprocess.PIPE, env=rig.environment()) as asking:
            rig.wait_until(lambda: 'Nonce=' in open(challenge, encoding='ascii').read() or asking.poll() is not None,
                           'a challenge')
            answer = self.run('keycradle', 'ticket', 'answer-challenge', challenge, '--key', self.owner_key,
                              '--certificate', self.owner, '--enrolments', kept)
            _, said = asking.communicate(answer, timeout=rig.PATIENCE)
            rig.expect_equal(asking.returncode, 0, f'ca count enroll: {said}')
        name, = os.listdir(kept)
        self.enrolment = os.path.join(kept, name)

    def certify(self):
        """The owner's root signs what the key asks for: the count's first signature."""
        self.run('keycradle-signer', 'ca', 'csr', '--folder', self.works, '--subject', 'CN=Works CA,O=Works',
                 '--key-uri', self.uri)
        root, key = os.path.join(self.folder, 'root.pem'), os.path.join(self.folder, 'root.key')
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
                '-subj', '/O=Works/CN=Root', '-keyout', key, '-out', root, '-addext', 'keyUsage=critical,keyCertSign')
        extensions = os.path.join(self.folder, 'extensions')
        with open(extensions, 'w', encoding='ascii') as file:
            file.write(EXTENSIONS)
        chain = openssl('x509', '-req', '-in', os.path.join(self.works, 'ca.csr'), '-CA', root, '-CAkey', key,
                        '-set_serial', '2', '-days', '3000', '-extfile', extensions)
        with open(root, 'rb') as file:
            chain += file.read()
        path = os.path.join(self.folder, 'chain.pem')
        with open(path, 'wb') as file:
            file.write(chain)
        self.run('keycradle-signer', 'ca', 'install-chain', '--folder', self.works, '--chain', path)
        public = openssl('x509', '-in', f'{self.works}/ca.pem', '-noout', '-pubkey')
        self.authority = hashlib.sha256(openssl('pkey', '-pubin', '-outform', 'DER', given=public)).hexdigest()

    def use(self, station):
        """The station's CA from here on, with the owner's tickets demanded; before its first start."""
        for key, value in (('Key', self.uri), ('Certificate', f'{self.works}/ca.pem')):
            station.edit(station.signer_config, rf'^{key}=.*$', f'{key}={value}')
        station.edit(station.signer_config, r'^PassphraseFile=.*\n', '')
        with open(station.signer_config, encoding='utf-8') as file:
            demanded = '[tickets]' in file.read()
        if not demanded:
            with open(station.signer_config, 'a', encoding='utf-8') as file:
                file.write(f'\n[tickets]\nOwner={self.owner}\n')

    # ---- the owner's permission: docs/custody.md, "What the owner signs" ----

    def read_enrolment(self):
        with open(self.enrolment, encoding='ascii') as file:
            return dict(line.split('=', 1) for line in file.read().splitlines() if '=' in line)

    def group(self, seen, limit):
        """[tpm] of a ticket."""
        said = self.read_enrolment()
        name, reference = bytes.fromhex(said['Name']), bytes.fromhex(said['Reference'])
        command = sha256(struct.pack('>I', NV_WRITE) + name + name + struct.pack('>HIH', 4, limit, 4))
        approved = sha256(bytes(32) + struct.pack('>I', POLICY_CP_HASH) + command)
        signature = openssl('dgst', '-sha256', '-sign', self.owner_key, given=approved + reference)
        return f'[tpm]\nFrom={seen}\nLimit={limit}\nSignature={base64.b64encode(signature).decode()}\n'

    def remove(self):
        self.kill()
        shutil.rmtree(self.place, ignore_errors=True)


@contextlib.contextmanager
def counted_tpm(folder, owner_key, owner_certificate, limit=1):
    """One that is enrolled and certified, which has cost its first signature; 0 of `limit` before."""
    tpm = CountedTpm(folder, owner_key, owner_certificate)
    try:
        tpm.start()
        tpm.make(limit)
        tpm.certify()
        yield tpm
    finally:
        tpm.remove()
