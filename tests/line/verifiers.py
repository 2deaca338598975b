# SPDX-License-Identifier: LGPL-2.1-or-later
"""Others' opinion of what the signer issues: OpenSSL, GnuTLS, NSS, Mbed TLS, Go, and a broker that
devices connect to."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import issuing
import rig
from issuing import openssl

SKIPPED = 77
CLIENT = '1.3.6.1.5.5.7.3.2'
KINDS = {'aws-iot', 'azure-dps', 'custom', 'idevid', 'matter-dac'}
# What a verifier does not know at all; everything else it must accept. A surprise in either
# direction is a failure.
UNSUPPORTED = {
    'openssl': set(),
    'gnutls': set(),
    'nss': set(),
    'mbedtls': {'dsa-sha256'},
    'go': {'dsa-sha256'},
}
HELPERS = os.environ.get('KEYCRADLE_TEST_VERIFIERS', '')


def need(*programs):
    missing = [one for one in programs if shutil.which(one) is None]
    missing += [one for one in ('verify-mbedtls', 'verify-go')
                if not os.access(os.path.join(HELPERS, one), os.X_OK)]
    if missing:
        print('these are missing, scripts/prepare test installs them:', *missing)
        sys.exit(SKIPPED)


# ---- verifiers: each takes the root and certificates, and returns the paths that it accepts ----

def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False, errors='replace')


def chain_of(one):
    """The certificate with its CA behind it, as a device sends them."""
    path = one.path + '.chain'
    with open(path, 'wb') as chain:
        for part in (one.path, one.between):
            with open(part, 'rb') as file:
                chain.write(file.read())
    return path


def accepted_by_openssl(root, certificates):
    betweens = [word for one in sorted({one.between for one in certificates})
                for word in ('-untrusted', one)]
    told = run('openssl', 'verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', root,
               *betweens, *[one.path for one in certificates]).stdout
    return {line[:-len(': OK')] for line in told.splitlines() if line.endswith(': OK')}


def accepted_by_gnutls(root, certificates):
    words = ('certtool', '--verify', '--verify-profile', 'medium', '--verify-purpose', CLIENT,
             '--load-ca-certificate', root, '--infile')
    return accepted_one_by_one(lambda one: run(*words, chain_of(one)).returncode == 0,
                               certificates)


def accepted_by_nss(root, certificates):
    folder = os.path.join(os.path.dirname(certificates[0].path), f'nss-{os.path.basename(root)}')
    store = f'sql:{folder}'
    if not os.path.isdir(folder):
        os.mkdir(folder)
        run('certutil', '-N', '-d', store, '--empty-password')
        run('certutil', '-A', '-d', store, '-n', 'root', '-t', 'CT,C,C', '-i', root)
        for number, between in enumerate(sorted({one.between for one in certificates})):
            run('certutil', '-A', '-d', store, '-n', f'ca-{number}', '-t', ',,', '-i', between)
    return accepted_one_by_one(
        lambda one: run('vfychain', '-d', store, '-u', '0', '-a', one.path).returncode == 0,
        certificates)


def accepted_one_by_one(judge, certificates):
    with ThreadPoolExecutor(2) as pool:
        return {one.path for one, good in zip(certificates, pool.map(judge, certificates)) if good}


def accepted_by_program(name):
    def accepted(root, certificates):
        words = [word for one in certificates for word in (one.between, one.path)]
        told = run(os.path.join(HELPERS, name), root, *words)
        rig.expect_equal(told.returncode, 0, f'{name}: {told.stderr[-300:]}')
        return {line[:-len(' OK')] for line in told.stdout.splitlines() if line.endswith(' OK')}
    return accepted


VERIFIERS = {
    'openssl': accepted_by_openssl,
    'gnutls': accepted_by_gnutls,
    'nss': accepted_by_nss,
    'mbedtls': accepted_by_program('verify-mbedtls'),
    'go': accepted_by_program('verify-go'),
}


# ---- what is judged ----

def known_to(verifier, certificates):
    return {one.path for one in certificates if one.authority not in UNSUPPORTED[verifier]}


def expect_accepted(verifier, found, certificates):
    wanted = known_to(verifier, certificates)
    names = {one.path: one.name for one in certificates}
    rig.expect_equal(sorted(names[path] for path in wanted - found), [], f'{verifier} refuses')
    rig.expect_equal(sorted(names[path] for path in found - wanted), [],
                     f'{verifier} was said not to know')


def expect_refused(verifier, root, twins, words):
    found = VERIFIERS[verifier](root, twins)
    rig.expect_equal(sorted(one.name for one in twins if one.path in found), [],
                     f'{verifier} accepts {words}')


class Twin:
    """Like an issued certificate, with something wrong."""

    def __init__(self, one, path):
        self.name, self.authority, self.between, self.path = \
            one.name, one.authority, one.between, path


def with_flipped_signature(one):
    """The last byte is the signature's, of whatever kind."""
    data = bytearray(openssl('x509', '-in', one.path, '-outform', 'DER'))
    data[-1] ^= 1
    path = one.path + '.flipped'
    openssl('x509', '-inform', 'DER', '-out', path, given=bytes(data))
    return Twin(one, path)


def made_by_openssl(house, one, name, extensions, *dates):
    """A certificate of the same device and CA that the signer would never make."""
    path = house.path(f'{name}.pem')
    with open(house.path('openssl.cnf'), 'a', encoding='utf-8') as file:
        file.write(f'[{name}]\n{extensions}\n')
    openssl('req', '-new', '-config', 'openssl.cnf', '-key', one.key, '-subj', f'/CN={name}/O=x',
            '-out', f'{name}.csr', folder=house.folder)
    openssl('ca', '-batch', '-notext', '-config', 'openssl.cnf', '-keyfile',
            f'{one.authority}.key', '-cert', f'{one.authority}.pem', '-extensions', name, *dates,
            '-in', f'{name}.csr', '-out', path, folder=house.folder)
    return Twin(one, path)


# Further keys that devices have, by profile.
OTHER_KEYS = [('aws-iot', 'rsa'), ('azure-dps', 'rsa'), ('custom', 'rsa'), ('idevid', 'p384')]


def issue_all(house):
    for shift in house.shifts:
        shift.issue_all()
    by_profile = {row[:2]: row for row in house.shifts[0].profiles}
    for kind, key in OTHER_KEYS:
        house.shifts[0].issue(*by_profile[kind, 'p256-sha256'], key=key)


def judge_all(house):
    rig.expect_equal({one.kind for one in house.issued}, KINDS, 'profiles')
    rig.expect_equal({one.authority for one in house.issued}, set(issuing.SIGNATURES), 'CAs')
    for name, verifier in VERIFIERS.items():
        expect_accepted(name, verifier(house.root, house.issued), house.issued)


def judge_flipped(house):
    """One of each CA."""
    firsts = {one.authority: one for one in reversed(house.issued)}
    flipped = [with_flipped_signature(one) for one in firsts.values()]
    for name in VERIFIERS:
        expect_refused(name, house.root, flipped, 'a changed signature')


def judge_other_root(house):
    """A root of the same name, which has signed nothing."""
    house.make_other_root()
    for name in VERIFIERS:
        expect_refused(name, house.path('other.pem'), house.issued[:3], 'a chain to another root')


def judge_twins(house):
    """What the signer never makes, beside a twin that is as it should be."""
    one = house.issued[0]
    fit = 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n' \
          'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nextendedKeyUsage='
    old = ('-startdate', '20210101000000Z', '-enddate', '20220101000000Z')
    now = ('-startdate', '20210101000000Z', '-enddate', '20480101000000Z')
    good = made_by_openssl(house, one, 'good', fit + 'clientAuth', *now)
    expired = made_by_openssl(house, one, 'expired', fit + 'clientAuth', *old)
    server = made_by_openssl(house, one, 'server', fit + 'serverAuth', *now)
    for name in VERIFIERS:
        expect_accepted(name, VERIFIERS[name](house.root, [good]), [good])
        expect_refused(name, house.root, [expired], 'an expired certificate')
        expect_refused(name, house.root, [server], 'a server\'s certificate for a client')


def five_verifiers_accept_every_certificate_and_none_that_is_wrong():
    need('certtool', 'certutil', 'vfychain')
    with issuing.house() as house:
        issue_all(house)
        judge_all(house)
        judge_flipped(house)
        judge_other_root(house)
        judge_twins(house)


# ---- a broker ----

SERVER = ('basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
          'extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
          'subjectAltName=DNS:localhost,IP:127.0.0.1')


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Broker:
    """mosquitto, which wants a certificate of every client and asks the revocation list."""

    def __init__(self, house, crl):
        self.house = house
        self.port = free_port()
        device = house.new_device('server', 'p256-sha256', 'p256')
        server = made_by_openssl(house, device, 'broker', SERVER, '-startdate', '20210101000000Z',
                                 '-enddate', '20480101000000Z')
        house.issued.remove(device)
        with open(house.path('mosquitto.conf'), 'w', encoding='ascii') as file:
            file.write(f'listener {self.port} 127.0.0.1\nallow_anonymous true\n'
                       f'require_certificate true\nuse_identity_as_username true\nuser root\n'
                       f'cafile {house.root}\ncertfile {chain_of(server)}\n'
                       f'keyfile {device.key}\ncrlfile {crl}\n')
        self.log = open(house.path('mosquitto.log'), 'wb')
        self.process = subprocess.Popen(
            [shutil.which('mosquitto') or '/usr/sbin/mosquitto', '-v', '-c',
             house.path('mosquitto.conf')],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)

    def wait(self):
        def listens():
            rig.expect(self.process.poll() is None, self.words())
            with contextlib.suppress(OSError), \
                    socket.create_connection(('127.0.0.1', self.port), 1):
                return True
        rig.wait_until(listens, 'mosquitto listens')

    def words(self):
        with open(self.house.path('mosquitto.log'), encoding='utf-8', errors='replace') as file:
            return file.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def admits(self, one, identity=True):
        """Whether a message of that device is taken, acknowledged and all."""
        own = ['--cert', chain_of(one), '--key', one.key] if identity else []
        told = run('mosquitto_pub', '-h', '127.0.0.1', '-p', str(self.port), '--cafile',
                   self.house.root, *own, '-t', 'born', '-m', one.device, '-q', '1', '-i',
                   one.device)
        return told.returncode == 0


@contextlib.contextmanager
def broker(house, crl):
    one = Broker(house, crl)
    try:
        one.wait()
        yield one
    finally:
        one.close()


def a_broker_admits_each_device_and_no_revoked_one():
    need('mosquitto_pub')
    with issuing.house() as house:
        for shift in house.shifts:
            for row in shift.profiles:
                if row[0] in ('aws-iot', 'matter-dac'):
                    shift.issue(*row)
        devices = list(house.issued)
        with broker(house, house.revoke(None)) as one:
            admitted = {device.name for device in devices if one.admits(device)}
            rig.expect_equal(admitted, {device.name for device in devices},
                             f'devices that the broker admits: {one.words()}')
            rig.expect(not one.admits(devices[0], identity=False),
                       'the broker admits one without a certificate')
        with broker(house, house.revoke(devices[0])) as one:
            rig.expect(not one.admits(devices[0]), 'the broker admits a revoked device')
            rig.wait_until(lambda: 'certificate verify failed' in one.words(),
                           'the broker says that it is for the certificate')
            rig.expect(one.admits(devices[1]), 'the broker admits nobody any more')


rig.main({one.__name__: one for one in (
    five_verifiers_accept_every_certificate_and_none_that_is_wrong,
    a_broker_admits_each_device_and_no_revoked_one)})
