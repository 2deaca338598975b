# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signer with a CA of every kind and signature, all below one root, and a certificate of every
profile from each: made by the real signer, asked on its socket."""

import contextlib
import glob
import hashlib
import os
import subprocess
import tempfile

import custody_rig
import rig
import wire

MOST_CAS = 8  # of one signer
MARK = 'TEST - NOT FOR PRODUCTION'
# What openssl needs to make the CA's key, by the first word of the CA's name.
KEYS = {
    'p256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    'p384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    'p521': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
    'rsa': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
}
KEY_COMPROMISE = 1  # CRLReason
DIGESTS = ('sha256', 'sha384', 'sha512')
# `vendor` is that in the subject of a PAI (Connectivity Standards Alliance).
CONFIGURATION = '''oid_section = oids
[oids]
vendor = 1.3.6.1.4.1.37244.2.1
[req]
distinguished_name = any
[ca]
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
organizationName = supplied
vendor = optional
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
'''


def openssl(*words, given=None, folder=None):
    run = subprocess.run(['openssl', *words], input=given, capture_output=True, check=False,
                         cwd=folder)
    rig.expect_equal(run.returncode, 0, f'openssl {" ".join(words)}: {run.stderr.decode()}')
    return run.stdout


def signatures():
    """Name of the CA, and its Signature= in signer.conf."""
    for key in ('p256', 'p384', 'p521'):
        for digest in DIGESTS:
            yield f'{key}-{digest}', f'ecdsa-{digest}'
    for scheme in ('rsa', 'rsa-pss'):
        for digest in DIGESTS:
            yield f'{scheme}-{digest}', f'{scheme}-{digest}'
    yield 'dsa-sha256', 'dsa-sha256'
    yield 'matter', 'ecdsa-sha256'


SIGNATURES = dict(signatures())


def example_profiles():
    """(kind, text) of those that are installed."""
    folder = os.path.join(rig.PREFIX, 'share', 'keycradle', 'examples')
    for path in sorted(glob.glob(os.path.join(folder, '*.profile'))):
        yield os.path.basename(path)[:-len('.profile')], custody_rig.read(path)


class Issued:
    """A certificate of a profile and a CA, with the files that a verifier wants."""

    def __init__(self, house, kind, authority, device):
        self.kind = kind
        self.authority = authority
        self.name = f'{kind}/{authority}'
        self.device = device
        self.between = house.path(f'{authority}.pem')
        self.path = house.path(f'{device}.pem')
        self.key = house.path(f'{device}.key')


class Shift:
    """One signer with some of the CAs: it takes no more than eight."""

    def __init__(self, house, names, number):
        self.house = house
        self.names = names
        self.folder = house.path(f'shift-{number}')
        self.socket = os.path.join(self.folder, 'signer.sock')
        self.log = os.path.join(self.folder, 'signer.log')
        self.process = None
        self.version = None
        os.makedirs(os.path.join(self.folder, 'profiles.d'))
        os.mkdir(os.path.join(self.folder, 'state'))
        self.profiles = self._make_profiles()
        self._write_configuration()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as file:
            file.write(text)

    def _make_profiles(self):
        """The installed examples, once for each CA; (kind, CA, SHA-256) each."""
        made = []
        for kind, text in example_profiles():
            for name in self.names:
                if (kind == 'matter-dac') != (name == 'matter'):
                    continue
                changed = text.replace('[certificate]\n', f'[certificate]\nCA={name}\n', 1)
                self.write(f'profiles.d/{kind}-{name}.profile', changed)
                made.append((kind, name, hashlib.sha256(changed.encode()).hexdigest()))
        return made

    def _write_configuration(self):
        lines = ['[signer]', 'Mode=demo', f'Socket={self.socket}',
                 f'StateFolder={self.folder}/state', f'ProfileFolder={self.folder}/profiles.d',
                 f'Issuing={self.names[0]}']
        for name in self.names:
            lines += [f'[ca {name}]', f'Key=file:{self.house.path(name)}.key',
                      f'Certificate={self.house.path(name)}.chain',
                      f'Signature={SIGNATURES[name]}']
        self.write('signer.conf', '\n'.join(lines) + '\n')

    def start(self):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [rig.program('keycradle-signer'), '--config',
                 os.path.join(self.folder, 'signer.conf')],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=rig.environment(),
                start_new_session=True)

        def listens():
            rig.expect(self.process.poll() is None, custody_rig.read(self.log))
            with contextlib.suppress(OSError), wire.Connection(self.socket, 0):
                return True
        rig.wait_until(listens, 'the signer listens')
        self.version, = wire.find_version(self.socket)

    def end(self):
        if self.process is not None:
            custody_rig.end(self.process)

    def issue(self, kind, authority, sha256, key='p256'):
        """For a new device with a new key."""
        one = self.house.new_device(kind, authority, key)
        csr = openssl('req', '-new', '-key', one.key, '-subj', '/CN=device', '-outform', 'DER')
        with wire.Connection(self.socket, self.version) as connection:
            answer = connection.ask(wire.SIGN, ('B1', 'lamp', f'{kind}-{authority}', sha256,
                                                one.device, f'C{one.device}', csr))
        openssl('x509', '-inform', 'DER', '-out', one.path, given=bytes(answer[-1]))
        return one

    def issue_all(self):
        for row in self.profiles:
            self.issue(*row)


class House:
    """The CAs below one root, their signers, and what was issued."""

    def __init__(self, folder, names):
        self.folder = folder
        self.issued = []
        self.root = self.path('root.pem')
        self.make_authorities(names)
        self.shifts = [Shift(self, names[start:start + MOST_CAS], start)
                       for start in range(0, len(names), MOST_CAS)]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def new_device(self, kind, authority, key):
        one = Issued(self, kind, authority, f'SN-{len(self.issued):04d}')
        openssl('genpkey', '-out', one.key, *KEYS[key])
        self.issued.append(one)
        return one

    # ---- the CAs ----

    def _make_key(self, name):
        kind = name.split('-', maxsplit=1)[0]
        if kind != 'dsa':
            openssl('genpkey', '-out', f'{name}.key', *KEYS.get(kind, KEYS['p256']),
                    folder=self.folder)
            return
        openssl('genpkey', '-genparam', '-algorithm', 'DSA', '-pkeyopt', 'dsa_paramgen_bits:2048',
                '-pkeyopt', 'dsa_paramgen_q_bits:256', '-out', 'dsa.parameters', folder=self.folder)
        openssl('genpkey', '-paramfile', 'dsa.parameters', '-out', f'{name}.key',
                folder=self.folder)

    def _request(self, name):
        self._make_key(name)
        vendor = '/vendor=FFF1' if name == 'matter' else ''
        openssl('req', '-new', '-config', 'openssl.cnf', '-key', f'{name}.key', '-subj',
                f'/CN={name}/O={MARK}{vendor}', '-out', f'{name}.csr', folder=self.folder)

    def _sign(self, extensions, *words):
        """With the root's key, for ever: an IDevID has no end, and no CA ends before it."""
        openssl('ca', '-batch', '-notext', '-config', 'openssl.cnf', '-keyfile', 'root.key',
                '-extensions', extensions, '-startdate', '20200101000000Z', '-enddate',
                '99991231235959Z', *words, folder=self.folder)

    def make_other_root(self):
        """other.pem: the same name, another key."""
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', 'other.key', '-out', 'other.pem', '-config', 'openssl.cnf', '-subj',
                f'/CN=root/O={MARK}', '-extensions', 'root', '-days', '3650', folder=self.folder)

    def revoke(self, one):
        """A file with the signers' lists of all CAs; that certificate, or None, stands on its
        CA's."""
        lists = []
        for shift in self.shifts:
            with wire.Connection(shift.socket, shift.version) as connection:
                if one is not None and one.authority in shift.names:
                    place = [entry[-3] for entry in connection.all_entries()].index(one.device)
                    counts = connection.ask(wire.REVOKE, [(place, 0, KEY_COMPROMISE)])
                    rig.expect_equal(counts, (1, 0), 'revoked, and of unknown CAs')
                lists += [connection.crl(name, True) for name in shift.names]
        self.write('all.crl', ''.join(openssl('crl', '-inform', 'DER', given=data).decode()
                                      for data in lists))
        return self.path('all.crl')

    def make_authorities(self, names):
        self.write('openssl.cnf', CONFIGURATION)
        self.write('serial', '1001\n')
        self.write('index.txt', '')
        for name in ['root', *names]:
            self._request(name)
        self._sign('root', '-selfsign', '-in', 'root.csr', '-out', 'root.pem')
        self._sign('authority', '-cert', 'root.pem', '-infiles', *[f'{one}.csr' for one in names])
        root = custody_rig.read(self.root)
        for number, name in enumerate(names, 0x1002):
            own = custody_rig.read(self.path(f'{number:04X}.pem'))
            self.write(f'{name}.pem', own)
            self.write(f'{name}.chain', own + root)


@contextlib.contextmanager
def house(names=None):
    """With CAs of those names, or all; the signers run."""
    with tempfile.TemporaryDirectory(prefix='keycradle-') as folder:
        one = House(folder, names or list(SIGNATURES))
        try:
            for shift in one.shifts:
                shift.start()
            yield one
        finally:
            for shift in one.shifts:
                shift.end()
