# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-custody.py CUSTODY.MD SIGNER: does what docs/custody.md says, command by command, with swtpm as
the TPM and SoftHSM as the token, and asks the signer whether it takes the outcome.

Only places differ: /etc/keycradle and /run are folders of the test, the TPM is at a socket, chown and
systemctl do nothing, and systemd-creds copies."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

# The heading, and the kind of store that --check must name.
WAYS = [('A TPM', 'tpm2'), ('A PKCS#11 token', 'pkcs11'), ('A sealed file', 'file')]
CA_EXTENSIONS = ('basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
                 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')


def blocks_of(page, heading):
    """The section's blocks: commands for the shell, and what stands in signer.conf."""
    section = re.search(rf'^## {re.escape(heading)}\n(.*?)(?=^## )', page, re.M | re.S).group(1)
    blocks = re.findall(r'^```\n(.*?)^```\n', section, re.M | re.S)
    shell = [block for block in blocks if not block.startswith('[')]
    settings = [block for block in blocks if block.startswith('[')]
    return shell, settings


class Host:
    """A PC in a folder."""

    def __init__(self, folder, signer):
        self.folder = folder
        self.places = {'/etc/keycradle': f'{folder}/etc', '/etc/systemd/system': f'{folder}/units',
                       '/usr/share/keycradle/examples': f'{folder}/examples',
                       'cd /run': f'cd {folder}/run', 'chain.pem': f'{folder}/chain.pem'}
        for name in ('run', 'examples', 'tokens', 'tpm', 'programs', 'credentials', 'state',
                     'profiles.d'):
            os.mkdir(f'{folder}/{name}')
        self.tcti = f'swtpm:path={folder}/tpm/sock'
        self.write('softhsm2.conf', f'directories.tokendir = {folder}/tokens\n')
        for name in ('signer-tpm2.conf', 'signer-pkcs11.conf'):
            self.write('examples/' + name, '')
        for name, script in (('chown', 'exit 0'), ('systemctl', 'exit 0'),
                             ('systemd-creds', 'cp "$3" "$4"'),
                             ('keycradle-signer', f'exec {signer} "$@"')):
            self.write('programs/' + name, f'#!/bin/sh\n{script}\n')
            os.chmod(f'{folder}/programs/{name}', 0o755)
        self.environment = {**os.environ, 'PATH': f'{folder}/programs:' + os.environ['PATH'],
                            'SOFTHSM2_CONF': f'{folder}/softhsm2.conf', 'TPM2TOOLS_TCTI': self.tcti,
                            'TSS2_LOG': 'all+none', 'CREDENTIALS_DIRECTORY': f'{folder}/credentials'}
        self.start_tpm()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as file:
            file.write(text)

    def start_tpm(self):
        tpm = f'{self.folder}/tpm'
        self.run(f'swtpm socket --tpm2 --tpmstate dir={tpm} --server type=unixio,path={tpm}/sock '
                 f'--ctrl type=unixio,path={tpm}/sock.ctrl --flags not-need-init,startup-clear '
                 f'--pid file={tpm}/pid --daemon')

    def stop_tpm(self):
        with open(f'{self.folder}/tpm/pid', encoding='ascii') as file:
            os.kill(int(file.read()), signal.SIGKILL)

    def here(self, text):
        for place, stand_in in self.places.items():
            text = text.replace(place, stand_in)
        return re.sub(r'(tpm2:handle=0x\w+)', rf'\1?tcti={self.tcti}', text)

    def run(self, commands):
        run = subprocess.run(['bash', '-euo', 'pipefail', '-c', self.here(commands)],
                             cwd=self.folder, env=self.environment, capture_output=True, text=True,
                             check=False)
        if run.returncode != 0:
            sys.exit(f'{commands}\nended with {run.returncode}:\n{run.stdout}{run.stderr}')
        return run.stdout

    def be_the_root(self):
        self.write('root.ext', CA_EXTENSIONS)
        self.run('openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 '
                 '-subj "/CN=Root" -keyout root.key -out root.pem '
                 '-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null\n'
                 'openssl x509 -req -in /etc/keycradle/ca.csr -CA root.pem -CAkey root.key -days 30 '
                 '-extfile root.ext -out ca-only.pem 2>/dev/null\n'
                 'cat ca-only.pem root.pem > chain.pem')

    def check_signer(self, settings, kind):
        """What systemd does with the credential, then --check."""
        shutil.copy(f'{self.folder}/etc/ca.passphrase', f'{self.folder}/credentials/ca-passphrase')
        os.chmod(f'{self.folder}/credentials/ca-passphrase', 0o400)
        self.write('etc/signer.conf',
                   f'[signer]\nStateFolder={self.folder}/state\nProfileFolder={self.folder}/profiles.d\n'
                   + self.here(settings))
        self.write('profiles.d/x.profile',
                   '[certificate]\nSubject=CN=${serial}\nValidity=until-ca\n')
        said = self.run('keycradle-signer --check --config /etc/keycradle/signer.conf')
        if not said.startswith('OK: ') or f'key in {kind}' not in said:
            sys.exit(f'--check says: {said}')
        print(f'{kind}: {said.strip()}')


def walk(page, heading, kind, signer):
    (make, install, *units), (settings,) = blocks_of(page, heading)
    with tempfile.TemporaryDirectory(prefix='keycradle-custody-') as folder:
        host = Host(folder, signer)
        try:
            host.run(make)
            host.be_the_root()
            host.run(install)
            host.check_signer(settings, kind)
            for commands in units:
                host.run(commands)
        finally:
            host.stop_tpm()


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        page = file.read()
    for heading, kind in WAYS:
        walk(page, heading, kind, os.path.abspath(sys.argv[2]))


main()
