# SPDX-License-Identifier: LGPL-2.1-or-later
"""What devices show of where their keys were made, from the port to an auditor's folder."""

import hashlib
import os
import subprocess

import rig

IMEI = '352656109480783'
FILES = ['README', 'key.cose', 'nonce.bin', 'request.der', 'token.cbor', 'token.cose']


def plug_modem(station, simulator):
    simulator.new('modem', driver='nrf91', key='p-256', serial=IMEI)
    return station.run_device(simulator, 'modem', 1)


def read(folder, name):
    with open(os.path.join(folder, name), 'rb') as file:
        return file.read()


def public_key_digest(kind, der):
    """By openssl alone."""
    pem = subprocess.run(['openssl', kind, '-inform', 'DER', '-pubkey', '-noout'], input=der,
                         capture_output=True, check=True).stdout
    spki = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'], input=pem,
                          capture_output=True, check=True).stdout
    return hashlib.sha256(spki).hexdigest()


def an_auditor_gets_all_that_a_device_showed():
    with rig.station(start=False) as station:
        station.edit(station.profile_path(), r'^Lock=no$', 'Lock=no\nAttestation=preferred')
        station.start()
        simulator = station.simulator()
        station.start_batch()
        rig.expect_equal(plug_modem(station, simulator)['state'], 'pass', 'state')
        device = station.json('device', 'show', IMEI)
        rig.expect_equal(device['attestation'], 'kept', 'verdict')
        rig.expect_equal(device['attestation-format'], 'nrf91', 'format')
        attempt = station.attempts()[0]
        rig.expect_equal(station.attempt(attempt['id'])['attestation'], 'kept', 'of the attempt')
        folder = os.path.join(station.folder, 'evidence')
        station.cli('device', 'attestation', IMEI, '--to', folder)
        rig.expect_equal(sorted(os.listdir(folder)), FILES, 'files')
        certificate = station.json('cert', 'show', IMEI)
        rig.expect_equal(public_key_digest('req', read(folder, 'request.der')),
                         certificate['spki-sha256'], 'the key in the request')
        rig.expect(read(folder, 'token.cbor').endswith(read(folder, 'nonce.bin')[:16]),
                   'the token answers the nonce')
        rig.expect(hashlib.sha256(read(folder, 'request.der')).digest() in read(folder, 'key.cose'),
                   'the note is about the request')
        rig.expect(certificate['spki-sha256'].encode() in read(folder, 'README'), 'README')
        # What is there is not written over.
        station.cli('device', 'attestation', IMEI, '--to', folder, exit_code=1)
        events = [event for event in station.json('event', 'list') if event['kind'] == 'attestation']
        rig.expect_equal([event['subject'] for event in events], [IMEI], 'events')


def a_profile_that_requires_it_gives_nothing_to_others():
    with rig.station(start=False) as station:
        roots = os.path.join(station.folder, 'roots.pem')
        key = subprocess.run(['openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt',
                              'group:P-256'], capture_output=True, check=True).stdout
        public = subprocess.run(['openssl', 'pkey', '-pubout'], input=key, capture_output=True,
                                check=True).stdout
        with open(roots, 'wb') as file:
            file.write(public)
        station.edit(station.profile_path(), r'^Lock=no$',
                     f'Lock=no\nAttestation=required\nAttestationRoots={roots}')
        station.start()
        simulator = station.simulator()
        station.start_batch()
        slot = plug_modem(station, simulator)
        rig.expect_equal((slot['state'], slot['reason'], slot['step']),
                         ('fail', 'attestation', 'check-key'), 'a modem that nobody vouches for')
        rig.expect_equal(station.certificates(), [], 'certificates')
        rig.expect_equal(station.json('device', 'show', IMEI)['attestation'], 'refused', 'verdict')
        simulator.unplug('modem')
        simulator.new('plain', driver='smp', key='p-256', serial='PLAIN-1')
        slot = station.run_device(simulator, 'plain', 1)
        rig.expect_equal((slot['state'], slot['reason']), ('fail', 'attestation'),
                         'a device that attests nothing')
        station.cli('device', 'attestation', 'PLAIN-1', exit_code=3)
        rig.expect_equal(station.certificates(), [], 'certificates')


def a_token_is_verified_up_to_its_makers_root():
    with rig.station(start=False) as station:
        roots = os.path.join(station.folder, 'roots.pem')
        with open(roots, 'wb') as file:
            subprocess.run([rig.program('keycradle-sim'), 'attestation-root', 'piv'], stdout=file,
                           check=True, env=rig.environment())
        station.edit(station.profile_path(), r'^Lock=no$',
                     f'Lock=no\nAttestation=required\nAttestationRoots={roots}\n'
                     '\n[driver piv]\nPinPolicy=never\n')
        station.edit(station.config, r'^\[slot 1\]$', '[slot 1]\nDriver=piv')
        station.start()
        simulator = station.simulator()
        simulator.new('token', driver='piv', key='p-256', serial='12345678')
        station.start_batch()
        slot = station.run_device(simulator, 'token', 1)
        rig.expect_equal(slot['state'], 'pass', f'state: {slot}')
        device = station.json('device', 'show', station.attempts()[0]['device'])
        rig.expect_equal(device['attestation'], 'verified', 'verdict')
        folder = os.path.join(station.folder, 'evidence')
        station.cli('device', 'attestation', device['serial'], '--to', folder)
        for name in ('key', 'token'):
            subprocess.run(['openssl', 'x509', '-inform', 'DER', '-in', f'{folder}/{name}.der', '-out',
                            f'{folder}/{name}.pem'], check=True)
        subprocess.run(['openssl', 'verify', '-CAfile', roots, '-untrusted', f'{folder}/token.pem',
                        f'{folder}/key.pem'], check=True, stdout=subprocess.DEVNULL)
        rig.expect_equal(public_key_digest('x509', read(folder, 'key.der')),
                         station.json('cert', 'show', device['serial'])['spki-sha256'],
                         'the attested key')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (an_auditor_gets_all_that_a_device_showed,
                                               a_profile_that_requires_it_gives_nothing_to_others,
                                               a_token_is_verified_up_to_its_makers_root)})
