# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rehearsal without a station, and the certificates of devices that come to it: made by openssl,
right ones and wrong ones."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading

ENDPOINT = 'a1b2c3-ats.iot.eu-west-1.amazonaws.com'
PATIENCE = 60


def expect(truth, words):
    if not truth:
        sys.exit(words)


def openssl(*words, data=None):
    done = subprocess.run(['openssl', *words], input=data, capture_output=True, check=False)
    expect(done.returncode == 0, f'openssl {words}: {done.stderr.decode()}')
    return done.stdout


# ---- certificates ----

KEYS = {'p256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
        'rsa2048': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
        'rsa1024': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024']}
CONFIGURATION = '''[ca]
default_ca = house
[house]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
[device]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
'''


def make_key(name, kind='p256'):
    openssl('genpkey', *KEYS[kind], '-out', f'{name}.key')


def make_authority(name):
    make_key(name)
    openssl('req', '-x509', '-key', f'{name}.key', '-out', f'{name}.pem', '-subj', f'/CN={name} CA', '-days', '30',
            '-addext', 'keyUsage=critical,keyCertSign')


def make_device(name, authority='line', kind='p256', start='20200101000000Z', end='20491231235959Z'):
    make_key(name, kind)
    openssl('req', '-new', '-key', f'{name}.key', '-subj', f'/CN={name}', '-out', f'{name}.csr')
    openssl('ca', '-batch', '-config', 'openssl.cnf', '-cert', f'{authority}.pem', '-keyfile', f'{authority}.key',
            '-extensions', 'device', '-notext', '-startdate', start, '-enddate', end, '-in', f'{name}.csr', '-out',
            f'{name}.pem')


def make_devices():
    """In the working folder; what the bench knows is in known/."""
    for name, text in (('openssl.cnf', CONFIGURATION), ('index.txt', ''), ('serial', '1000\n')):
        with open(name, 'w', encoding='ascii') as file:
            file.write(text)
    os.mkdir('known')
    for name in ('line', 'stranger'):
        make_authority(name)
    make_device('SN-1')
    make_device('SN-RSA', kind='rsa2048')
    make_device('SN-WEAK', kind='rsa1024')
    make_device('SN-OLD', end='20210101000000Z')
    make_device('SN-EARLY', start='20480101000000Z')
    make_device('SN-NEW')
    make_device('SN-OTHER', authority='stranger')
    make_key('SN-SELF')
    openssl('req', '-x509', '-key', 'SN-SELF.key', '-out', 'SN-SELF.pem', '-subj', '/CN=SN-SELF', '-days', '30',
            '-addext', 'basicConstraints=critical,CA:FALSE')
    for name in ('line', 'SN-1', 'SN-RSA', 'SN-OLD', 'SN-EARLY', 'SN-WEAK'):
        os.symlink(f'../{name}.pem', f'known/{name}.pem')


# ---- the rehearsal ----

class Rehearsal:
    """keycradle rehearse --json; verdicts come one by one."""

    def __init__(self, program, *words, roots='roots'):
        known = [] if '--offline' in words else ['--offline', 'known']
        own = [] if '--server-key' in words else ['--roots', roots]
        self.process = subprocess.Popen(
            [program, 'rehearse', *known, '--endpoint', ENDPOINT, *own, '--port', '0', '--json', *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = self.next()['port']

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def next(self):
        try:
            return self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            self.process.kill()
            sys.exit(f'waited {PATIENCE} s in vain for a line: {self.process.stderr.read().decode()}')

    def end(self):
        """What it says at SIGTERM on standard error, and its exit status."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        said = self.process.stderr.read().decode()
        expect('Sanitizer' not in said and 'runtime error' not in said, said)
        return said, self.process.returncode


@contextlib.contextmanager
def rehearsal(program, *words, **more):
    one = Rehearsal(program, *words, **more)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


def codes(verdict):
    return [remark['code'] for remark in verdict['remarks']]
