# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CA's key in the guest's TPM, under a root that is made for this boot."""

import contextlib
import os
import subprocess
import time

import rig
from guest import say

HANDLE = '0x81000001'


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


@contextlib.contextmanager
def yesterday():
    """The guest's clock a day back: a CA of today is too young for certificates that begin with an
    hour (Form=compressed), and OpenSSL 3.0 sets no beginning."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() - 86400)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, time.time() + 86400)


def make_tpm_key(folder):
    """A P-256 key that never leaves the TPM, at a persistent handle."""
    at = {'cwd': folder, 'env': {**os.environ, 'TPM2TOOLS_TCTI': 'device:/dev/tpmrm0'}}
    run('tpm2_createprimary', '-Q', '-C', 'o', '-G', 'ecc', '-c', 'primary.ctx', **at)
    run('tpm2_create', '-Q', '-C', 'primary.ctx', '-u', 'key.pub', '-r', 'key.priv', '-p', 'secret',
        '-G', 'ecc256', '-a', 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign', **at)
    run('tpm2_load', '-Q', '-C', 'primary.ctx', '-u', 'key.pub', '-r', 'key.priv', '-c', 'key.ctx', **at)
    run('tpm2_evictcontrol', '-Q', '-C', 'o', '-c', 'key.ctx', HANDLE, **at)
    run('tpm2_readpublic', '-Q', '-c', HANDLE, '-f', 'pem', '-o', 'ca.pub', **at)


def certify_tpm_key(folder):
    """The demo root signs it, as a customer's root would; its key is made for this."""
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', 'root.key', '-out', 'root.pem', '-days', '3650', '-addext',
        'keyUsage=critical,keyCertSign,cRLSign', '-subj',
        '/O=TEST - NOT FOR PRODUCTION/CN=TEST - NOT FOR PRODUCTION TPM Root', cwd=folder)
    with open(os.path.join(folder, 'ca.ext'), 'w', encoding='ascii') as file:
        file.write('basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
                   'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
    run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', '/dev/null', '-out', 'ca.csr', '-subj',
        '/O=TEST - NOT FOR PRODUCTION/CN=TEST - NOT FOR PRODUCTION TPM CA', cwd=folder)
    run('openssl', 'x509', '-req', '-in', 'ca.csr', '-force_pubkey', 'ca.pub', '-CA', 'root.pem',
        '-CAkey', 'root.key', '-set_serial', '2', '-days', '3000', '-extfile', 'ca.ext', '-out', 'ca.pem',
        cwd=folder)
    run('sh', '-c', 'cat ca.pem root.pem >chain.pem', cwd=folder)
    with open(os.path.join(folder, 'pin'), 'w', encoding='ascii') as file:
        file.write('secret\n')
    os.chmod(os.path.join(folder, 'pin'), 0o600)


def keep_ca_in_tpm(station):
    folder = os.path.join(station.folder, 'tpm')
    os.mkdir(folder)
    make_tpm_key(folder)
    with yesterday():
        certify_tpm_key(folder)
    os.chmod('/dev/tpmrm0', 0o666)
    for key, value in (('Key', f'tpm2:handle={HANDLE}'), ('Certificate', f'{folder}/chain.pem'),
                       ('PassphraseFile', f'{folder}/pin')):
        set_key(station.signer_config, key, value)
    say('the CA key was made in the TPM')


def set_key(path, key, value):
    with open(path, encoding='utf-8') as file:
        lines = file.read().splitlines()
    rig.expect(any(line.startswith(key + '=') for line in lines), f'{key} is in {path}')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(f'{key}={value}' if line.startswith(key + '=') else line
                             for line in lines) + '\n')
