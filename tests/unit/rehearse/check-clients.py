#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-clients.py GROUP KEYCRADLE [CLIENT-MBEDTLS]: real clients at a rehearsal without a station: OpenSSL,
curl, mosquitto, Python, GnuTLS and Mbed TLS, each as a device that is right and as some that are not."""

import os
import shutil
import ssl
import socket
import subprocess
import sys
import tempfile

from rehearsing import ENDPOINT, codes, expect, make_devices, openssl, rehearsal

KEYCRADLE = os.path.abspath(sys.argv[2])
SANITIZED = b'__asan_init' in open(KEYCRADLE, 'rb').read()
MBEDTLS = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None


def run(*words, data=b''):
    return subprocess.run(words, input=data, capture_output=True, check=False, timeout=60)


def client(port, *words, device='SN-1', name=ENDPOINT, root='ecdsa', data=b''):
    own = ['-cert', f'{device}.pem', '-key', f'{device}.key'] if device else []
    server = ['-servername', name] if name else ['-noservername']
    roots = ['-CAfile', f'roots/rehearsal-{root}.pem', '-verify_return_error'] if root else []
    return run('openssl', 's_client', '-quiet', '-no_ign_eof', '-connect', f'127.0.0.1:{port}', *server, *own,
               *roots, *words, data=data)


def rsa12(*words):
    """TLS 1.2 with suites that take the RSA chain."""
    return dict(root='rsa', words=('-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256', *words))


# (what it is, what s_client does, what must be said: exactly that)
S_CLIENT = [
    ('TLS 1.3', {}, []),
    ('TLS 1.2', dict(words=['-tls1_2']), []),
    ('TLS 1.2 with RSA', rsa12(), []),
    ('the server\'s RSA key for the key exchange', dict(root='rsa', words=['-tls1_2', '-cipher', 'AES128-GCM-SHA256']), []),
    ('an RSA key', dict(device='SN-RSA'), []),
    ('an RSA key and TLS 1.2', dict(device='SN-RSA', words=['-tls1_2']), []),
    ('SHA-1 as MAC', dict(words=['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA']), []),
    ('AES-CCM in TLS 1.3', dict(words=['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_SHA256']), ['suites-other']),
    ('ChaCha20 in TLS 1.2', dict(words=['-tls1_2', '-cipher', 'CHACHA20']), ['suites-other']),
    ('TLS 1.1', dict(words=['-tls1_1', '-cipher', 'ALL@SECLEVEL=0']), ['version-old']),
    ('TLS 1.0', dict(words=['-tls1', '-cipher', 'ALL@SECLEVEL=0']), ['version-old']),
    ('SHA-384 alone', dict(words=['-tls1_2', '-sigalgs', 'ECDSA+SHA384:RSA+SHA384']), ['signatures-other']),
    ('RSA signatures alone', dict(device='SN-RSA', root='rsa', words=['-tls1_2', '-sigalgs', 'RSA+SHA256']), []),
    ('ECDSA signatures alone', dict(words=['-sigalgs', 'ECDSA+SHA256']), ['signatures-ecdsa']),
    ('a curve of its own', dict(words=['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256', '-curves', 'brainpoolP256r1']),
     ['groups-other']),
    ('P-256 alone', dict(words=['-curves', 'P-256']), []),
    ('no SNI', dict(name=None), ['server-name-missing']),
    ('SNI in capitals', dict(name=ENDPOINT.upper()), []),
    ('SNI of the first label', dict(name=ENDPOINT.split('.')[0]), ['server-name-short']),
    ('SNI of the legacy endpoint', dict(name=ENDPOINT.replace('-ats', '')), ['server-name-legacy']),
    ('SNI of another endpoint', dict(name='x.iot.eu-west-1.amazonaws.com'), ['server-name-other']),
    ('SNI with a dot', dict(name=ENDPOINT + '.'), ['server-name-dot']),
    ('SNI with an address', dict(name='127.0.0.1'), ['server-name-address']),
    ('SNI that steers terminals', dict(name='\x1b[2J\x9b'), ['server-name-other']),
    ('no certificate', dict(device=None), ['certificate-missing']),
    ('no certificate and TLS 1.2', dict(device=None, words=['-tls1_2']), ['certificate-missing']),
    ('a certificate that has expired', dict(device='SN-OLD'), ['certificate-expired']),
    ('a certificate of tomorrow', dict(device='SN-EARLY'), ['certificate-early']),
    ('a certificate that nobody knows', dict(device='SN-NEW'), ['certificate-unknown']),
    ('a certificate of another CA', dict(device='SN-OTHER'), ['certificate-issuer', 'certificate-unknown']),
    ('a certificate of its own', dict(device='SN-SELF'), ['certificate-self-signed', 'certificate-unknown']),
    ('the CA\'s certificate', dict(device='line'), ['certificate-ca']),
    ('RSA 1024', dict(device='SN-WEAK', words=['-cipher', 'ALL@SECLEVEL=0', '-tls1_2']), ['certificate-key']),
    ('no root', dict(root=None, words=['-CAfile', 'stranger.pem', '-verify_return_error']), ['alert-unknown-ca']),
    ('no root of RSA', rsa12() | dict(root='ecdsa'), ['alert-unknown-ca']),
    ('a clock that is ahead', dict(words=['-attime', '2500000000']), ['alert-certificate-expired']),
    ('a clock that stands still', dict(words=['-attime', '1000000']), ['alert-bad-certificate']),
    ('another name', dict(words=['-verify_hostname', 'x.example']), ['alert-bad-certificate']),
]


def openssl_is_judged():
    with rehearsal(KEYCRADLE) as one:
        for what, how, expected in S_CLIENT:
            words = how.get('words', [])
            done = client(one.port, *words, **{name: value for name, value in how.items() if name != 'words'})
            verdict = one.next()
            refused = [code for code in expected if code != 'signatures-ecdsa']
            expect(codes(verdict) == expected, f'{what}: {expected} expected: {verdict}\n{done.stderr.decode()}')
            expect(verdict['admitted'] == (not refused), f'{what}: {verdict}')
            if verdict['admitted']:
                expect(verdict['key-proven'] and verdict['secured'], f'{what}: {verdict}')
        expect(one.end()[1] == 6, 'the exit status says nothing of refusals')


def port_443_asks_for_alpn():
    with rehearsal(KEYCRADLE, '--alpn', '--count', '3') as one:
        for offered, expected in ((None, ['protocol-missing']), ('h2', ['protocol-other']), ('h2,x-amzn-mqtt-ca', [])):
            client(one.port, *(['-alpn', offered] if offered else []))
            verdict = one.next()
            expect(codes(verdict) == expected, f'ALPN {offered}: {verdict}')
        expect(one.process.wait(60) == 6, 'it does not end after three')


def a_device_tries_its_roots():
    """Forced to one kind of chain, suites and signatures must fit it."""
    with rehearsal(KEYCRADLE, '--server', 'rsa') as one:
        client(one.port, root='rsa')
        verdict = one.next()
        expect(verdict['admitted'] and verdict['server'] == 'rsa', str(verdict))
        client(one.port, '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256')
        expect(codes(one.next()) == ['suites-chain'], 'ECDSA suites fit an RSA chain')
        client(one.port, '-sigalgs', 'ECDSA+SHA256')
        expect(codes(one.next()) == ['signatures-other'], 'ECDSA signatures fit an RSA chain')
    with rehearsal(KEYCRADLE, '--server', 'ecdsa', '--count', '1') as one:
        client(one.port, device='SN-RSA')
        verdict = one.next()
        expect(verdict['admitted'] and verdict['server'] == 'ecdsa', str(verdict))
        expect(one.process.wait(60) == 0, 'all were admitted, and the exit status says otherwise')


def an_own_chain_is_presented():
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'own.key', '-out', 'own.pem', '-subj', '/CN=own',
            '-addext', f'subjectAltName=DNS:{ENDPOINT}', '-days', '30')
    with rehearsal(KEYCRADLE, '--server-certificate', 'own.pem', '--server-key', 'own.key', '--count', '1') as one:
        client(one.port, '-CAfile', 'own.pem', '-verify_return_error', root=None)
        verdict = one.next()
        expect(verdict['admitted'] and verdict['server'] == 'rsa', str(verdict))


def curl_hears_why():
    def curl(port, device, *words):
        return run('curl', '-sS', '--connect-to', f'{ENDPOINT}:443:127.0.0.1:{port}', '--cacert', 'roots/rehearsal-ecdsa.pem',
                   '--cert', f'{device}.pem', '--key', f'{device}.key', *words, f'https://{ENDPOINT}/').stdout.decode()
    with rehearsal(KEYCRADLE) as one:
        said = curl(one.port, 'SN-1')
        expect(said == 'admitted\n' and one.next()['admitted'], said)
        said = curl(one.port, 'SN-NEW')
        expect(said.startswith('refused: The registry does not know'), said)
        expect(one.next()['request'] == 'http', 'it is no HTTP')
        curl(one.port, 'SN-1', '--tls-max', '1.1')
        expect(codes(one.next()) in (['version-old'], ['silent']), 'curl with TLS 1.1')


def mosquitto_is_admitted():
    def publish(port, device, version='311'):
        return run('mosquitto_pub', '-h', '127.0.0.1', '-p', str(port), '--cafile', 'roots/rehearsal-ecdsa.pem', '--insecure',
                   '--cert', f'{device}.pem', '--key', f'{device}.key', '-i', device, '-k', '77', '-t', 'a', '-m', 'b', '-V',
                   version)
    with rehearsal(KEYCRADLE) as one:
        for version, level in (('311', 4), ('5', 5)):
            publish(one.port, 'SN-1', version)
            verdict = one.next()
            # mosquitto sends the host that it connects to as server name
            expect(codes(verdict) == ['server-name-address'], str(verdict))
            expect((verdict['client-id'], verdict['keep-alive'], verdict['mqtt-level']) == ('SN-1', 77, level), str(verdict))
        done = publish(one.port, 'SN-1')
        expect(b'refused' in done.stderr or b'authori' in done.stderr, f'mosquitto is not refused: {done.stderr}')


CONNECTS = [
    ('a clean session', b'\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04SN-1', b'\x20\x02\x00\x00', []),
    ('MQTT 5', b'\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04SN-1', b'\x20\x03\x00\x00\x00', []),
    ('MQTT 3.1', b'\x10\x12\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x04SN-1', b'\x20\x02\x00\x01', ['mqtt-level']),
    ('another name', b'\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04SN-2', b'\x20\x02\x00\x00', ['client-id-other']),
    ('a kept session without a name', b'\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00', b'\x20\x02\x00\x05',
     ['client-id-missing', 'client-id-other']),
    ('no CONNECT', b'\x10\x02\x00\x04', b'', ['mqtt-wrong']),
    ('half a CONNECT', b'\x10\x10\x00\x04MQTT', b'', ['mqtt-wrong']),
    ('something else', b'\x00\x01\x02\x03', b'', ['request-other']),
]


def device_context():
    context = ssl.create_default_context(cafile='roots/rehearsal-ecdsa.pem')
    context.load_cert_chain('SN-1.pem', 'SN-1.key')
    return context


def python_speaks_mqtt():
    with rehearsal(KEYCRADLE) as one:
        context = device_context()
        for what, packet, answer, expected in CONNECTS:
            with socket.create_connection(('127.0.0.1', one.port)) as plain, \
                    context.wrap_socket(plain, server_hostname=ENDPOINT) as secure:
                for at in range(0, len(packet), 5):
                    secure.sendall(packet[at:at + 5])
                if what == 'half a CONNECT':
                    secure.unwrap()
                else:
                    expect(secure.recv(100) == answer, f'{what}: the answer is wrong')
            verdict = one.next()
            expect(codes(verdict) == expected, f'{what}: {verdict}')
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(('127.0.0.1', one.port)) as plain, \
                context.wrap_socket(plain, server_hostname=ENDPOINT):
            pass
        verdict = one.next()
        expect(verdict['admitted'] and verdict['version'] == 'TLS 1.2', str(verdict))


def gnutls_is_judged():
    def gnutls(port, device, priority='NORMAL', root='ecdsa', name=ENDPOINT):
        return run('gnutls-cli', '--sni-hostname', name, '--verify-hostname', ENDPOINT, '--x509cafile',
                   f'roots/rehearsal-{root}.pem', '--x509certfile', f'{device}.pem', '--x509keyfile', f'{device}.key',
                   '--priority', priority, '-p', str(port), '127.0.0.1')
    with rehearsal(KEYCRADLE, '--server', 'ecdsa') as one:
        for what, how, expected in (
                ('TLS 1.3', dict(priority='NORMAL:-VERS-ALL:+VERS-TLS1.3'), []),
                ('TLS 1.2', dict(priority='NORMAL:-VERS-ALL:+VERS-TLS1.2'), []),
                ('TLS 1.1', dict(priority='NORMAL:-VERS-ALL:+VERS-TLS1.1:%VERIFY_ALLOW_BROKEN'), ['version-old']),
                ('another name', dict(name='x.example'), ['server-name-other'])):
            done = gnutls(one.port, 'SN-1', **how)
            verdict = one.next()
            expect(codes(verdict) == expected, f'{what}: {verdict}: {done.stdout.decode()}{done.stderr.decode()}')
        gnutls(one.port, 'SN-1', root='rsa')
        expect(codes(one.next()) == ['alert-bad-certificate'], 'GnuTLS without the root')


def mbedtls_is_judged():
    """The only one that sends a certificate with the key of another: as a device does whose
    certificate was written over."""
    def mbedtls(port, certificate='SN-1.pem', key='SN-1.key', root='roots/rehearsal-ecdsa.pem', name=ENDPOINT):
        return run(MBEDTLS, str(port), name, root, certificate, key).stdout.decode()
    with rehearsal(KEYCRADLE, '--server', 'ecdsa') as one:
        for how, expected in ((dict(), []),
                              (dict(certificate='SN-RSA.pem', key='SN-RSA.key'), []),
                              (dict(key='SN-NEW.key'), ['key-other']),
                              (dict(certificate='SN-RSA.pem', key='SN-WEAK.key'), ['key-other']),
                              (dict(certificate='-'), ['certificate-missing']),
                              (dict(root='stranger.pem'), ['alert-unknown-ca']),
                              (dict(name='x.example'), ['server-name-other', 'alert-bad-certificate'])):
            said = mbedtls(one.port, **how)
            verdict = one.next()
            expect(codes(verdict) == expected, f'{how}: {verdict}: {said}')


def what_is_no_tls_is_named():
    with rehearsal(KEYCRADLE, '--seconds', '2') as one:
        for said, expected in ((b'GET / HTTP/1.1\r\n\r\n', 'HTTP'), (b'\x10\x10\x00\x04MQTT', 'MQTT'),
                               (b'\x80\x2e\x01\x00\x02', 'SSL 2'), (b'hello', 'no TLS')):
            with socket.create_connection(('127.0.0.1', one.port)) as plain:
                plain.sendall(said)
                expect(plain.recv(10) == b'', 'it answers')
            verdict = one.next()
            expect(codes(verdict) == ['no-tls'] and expected in verdict['remarks'][0]['wrong'], str(verdict))
        with socket.create_connection(('127.0.0.1', one.port)):
            pass
        expect(codes(one.next()) == ['silent'], 'nothing was said')
        with socket.create_connection(('127.0.0.1', one.port)) as plain:
            plain.sendall(b'\x16\x03\x01\x02\x00\x01\x00')
        expect(codes(one.next()) == ['hello-cut'], 'a ClientHello was cut')
        with socket.create_connection(('127.0.0.1', one.port)) as plain:
            plain.sendall(b'\x16\x03\x01\x02\x00\x01\x00')
            expect(codes(one.next()) == ['too-slow'], 'a ClientHello stops')
        with socket.create_connection(('127.0.0.1', one.port)) as plain:
            plain.sendall(b'\x16\x03\x01\xff\xff' + b'\x00' * 70000)
        expect(not one.next()['admitted'], 'a huge record is admitted')


def high_water(pid):
    """KiB of memory at most."""
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith('VmHWM:'))


def a_flood_keeps_nobody_out():
    """All places are taken from one address; a device from another one is served at once."""
    with rehearsal(KEYCRADLE) as one:
        context = device_context()
        flood = [socket.create_connection(('127.0.0.1', one.port)) for _ in range(150)]
        for plain in flood:
            plain.sendall(b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
        with socket.create_connection(('127.0.0.1', one.port), source_address=('127.0.0.2', 0)) as plain, \
                context.wrap_socket(plain, server_hostname=ENDPOINT) as secure:
            secure.sendall(CONNECTS[0][1])
            expect(secure.recv(100) == CONNECTS[0][2], 'the device is not answered')
        verdict = one.next()
        while not verdict['admitted']:
            expect(codes(verdict) == ['pushed-out'], str(verdict))
            verdict = one.next()
        expect(verdict['peer'].startswith('127.0.0.2:'), str(verdict))
        memory = high_water(one.process.pid)
        print(f'  memory with 150 connections: {memory} KiB', flush=True)
        expect(SANITIZED or memory < 64 * 1024, f'{memory} KiB')
        for plain in flood:
            plain.close()


def manifests_are_known():
    with open('SN-NEW.pem', encoding='ascii') as file:
        pem = file.read().replace('\n', '\\n')
    with open('batch.jsonl', 'w', encoding='ascii') as file:
        file.write('{"device":"SN-1"}\nnonsense\n{"device":"SN-NEW","pem":"' + pem + '"}\n')
    with rehearsal(KEYCRADLE, '--offline', 'batch.jsonl') as one:
        client(one.port, device='SN-NEW')
        expect(one.next()['admitted'], 'it stands in the manifest')
        client(one.port, device='SN-1')
        expect(codes(one.next()) == ['certificate-unknown'], 'it does not')


def wrong_words_are_refused():
    usual = ['rehearse', '--offline', 'known', '--endpoint', ENDPOINT]
    for words, status, expected in (
            (['--roots', 'roots', '--server', 'dsa'], 2, '--server is'),
            ([], 2, 'must know the server'),
            (['--roots', 'roots', '--server-certificate', 'own.pem', '--server-key', 'own.key'], 2, 'must know the server'),
            (['--server-certificate', 'own.pem'], 2, 'go together'),
            (['--roots', 'roots', '--endpoint', '192.0.2.1'], 2, 'complete host name'),
            (['--roots', 'roots', '--address', 'here'], 1, 'no IP address'),
            (['--roots', 'roots', '--port', '65536'], 2, '65535 at most'),
            (['--roots', 'roots', '--offline', 'roots'], 1, 'no certificate of a device'),
            (['--roots', 'roots', 'production'], 2, 'no target'),
            (['--server-certificate', 'own.pem', '--server-key', 'SN-1.key'], 1, 'can\'t be used')):
        done = run(KEYCRADLE, *usual, *words)
        expect(done.returncode == status and expected in done.stderr.decode(),
               f'{words}: {done.returncode}: {done.stderr.decode()}')
    shutil.copytree('roots', 'torn')
    shutil.copy('SN-1.key', 'torn/rehearsal-ecdsa.key')
    done = run(KEYCRADLE, *usual, '--roots', 'torn')
    expect(done.returncode == 1 and 'not a certificate and its key' in done.stderr.decode(), done.stderr.decode())


def the_roots_stay():
    before = [open(f'roots/rehearsal-{kind}.pem', 'rb').read() for kind in ('rsa', 'ecdsa')]
    with rehearsal(KEYCRADLE) as one:
        client(one.port)
        expect(one.next()['admitted'], 'the roots were made anew')
    expect(before == [open(f'roots/rehearsal-{kind}.pem', 'rb').read() for kind in ('rsa', 'ecdsa')], 'roots change')
    for kind in ('rsa', 'ecdsa'):
        mode = os.stat(f'roots/rehearsal-{kind}.key').st_mode & 0o777
        expect(mode == 0o600, f'rehearsal-{kind}.key: {mode:o}')


GROUPS = {
    'openssl': [(None, openssl_is_judged), (None, port_443_asks_for_alpn), (None, a_device_tries_its_roots),
                (None, the_roots_stay)],
    'others': [(None, python_speaks_mqtt), ('curl', curl_hears_why), ('mosquitto_pub', mosquitto_is_admitted),
               ('gnutls-cli', gnutls_is_judged), (MBEDTLS or 'mbedtls', mbedtls_is_judged)],
    'bounds': [(None, what_is_no_tls_is_named), (None, a_flood_keeps_nobody_out), (None, an_own_chain_is_presented),
               (None, manifests_are_known), (None, wrong_words_are_refused)],
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_devices()
        for program, test in GROUPS[sys.argv[1]]:
            if program and not shutil.which(program):
                print(f'{program} is missing: {test.__name__} is left out; scripts/prepare test installs it')
                continue
            print(test.__name__, flush=True)
            test()


main()
