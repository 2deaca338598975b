# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that was taken over: somebody with all that the daemon may do to the signer. It gets no
certificate that the rules do not grant, learns nothing it might not know, and can't harm the
signer."""

import base64
import contextlib
import hashlib
import os
import pwd
import random
import re
import struct
import sys
import tempfile
import threading

import custody_rig
import rig
import wire
from rogue_rig import Key, Rogue, inside, openssl, parts

SUBJECT = 'CN = {}, O = Keycradle demo'


def certificate_facts(certificate, folder):
    """Subject and extensions as openssl reads them, and the key."""
    text = openssl('x509', '-inform', 'DER', '-noout', '-text', given=certificate).decode()
    pem = openssl('x509', '-inform', 'DER', given=certificate)
    path = os.path.join(folder, 'one.pem')
    with open(path, 'wb') as file:
        file.write(pem)
    spki = openssl('pkey', '-pubin', '-outform', 'DER',
                   given=openssl('x509', '-in', path, '-noout', '-pubkey'))
    return re.search(r'Subject: (.*)', text).group(1), text, spki


def expect_granted(certificate, device, key, folder):
    """It is what the profile says for that device, and for a key that was proven."""
    subject, text, spki = certificate_facts(certificate, folder)
    rig.expect_equal(subject, SUBJECT.format(device), 'the subject')
    rig.expect('CA:FALSE' in text and 'CA:TRUE' not in text, f'no end entity: {text}')
    rig.expect('Certificate Sign' not in text and 'CRL Sign' not in text, f'it may sign: {text}')
    rig.expect_equal(re.findall(r'Extended Key Usage: *\n *(.*)', text),
                     ['TLS Web Client Authentication'], 'the extended key usage')
    rig.expect('Alternative Name' not in text, f'a name that the profile has not: {text}')
    rig.expect_equal(spki, key.spki, 'the key')


@contextlib.contextmanager
def taken_over():
    """(signer's process, rogue, an honest key with its certificate); afterwards the signer lives,
    serves honest work, and its log holds nothing that the rules do not grant."""
    with rig.station(slots=1, start=False) as station, tempfile.TemporaryDirectory() as folder:
        custody_rig.part_signer(station)
        signer = custody_rig.start_signer(station)
        try:
            rogue = Rogue(station, folder)
            rogue.wait()
            rogue.version, = wire.find_version(rogue.path)
            honest = Key(folder, 'honest')
            first = rogue.sign(honest.csr(), 'HONEST-1')
            expect_granted(first, 'HONEST-1', honest, folder)
            yield rogue, honest
            rig.expect(signer.poll() is None, f'the signer ended with {signer.returncode}')
            rig.expect_equal(rogue.sign(honest.csr(), 'HONEST-1'), first,
                             'asked again after the attack, the signer has the same certificate')
            last = Key(folder, 'last')
            expect_granted(rogue.sign(last.csr(), 'HONEST-2'), 'HONEST-2', last, folder)
            rig.expect(rig.SANITIZED or rig.status_field(signer.pid, 'VmHWM') < 64 * 1024, 'the signer has grown')
            signer.terminate()
            rig.expect_equal(signer.wait(rig.PATIENCE), 0, 'the signer\'s exit status')
            said = custody_rig.read(os.path.join(station.folder, 'signer.log'))
            rig.expect(not re.search(r'[^\n\x20-\x7e\u00a0-\uffff]', said),
                       f'control characters in the signer\'s log: {said!r}')
        finally:
            custody_rig.end(signer)


# ---- frames ----

def hostile_frames(version):
    """Each breaks the protocol somewhere."""
    status = wire.payload('()', ())
    good = wire.body(version, wire.STATUS, status)
    chance = random.Random(4)
    yield b'\0\0\0\0'
    yield b'\1\0\0\0x'
    yield b'\xff\xff\xff\xff' + b'x' * 100
    yield struct.pack('<I', wire.MOST + 1) + b'x' * 100
    yield struct.pack('<I', len(good) + 1) + good + b'\0'
    yield struct.pack('<I', len(good) - 1) + good[:-1]
    yield struct.pack('>I', len(good)) + good
    yield wire.frame(version, wire.SIGN, status)
    yield wire.frame(version, wire.ENTRIES, wire.payload('(ut)', (1, 1)))
    yield wire.frame(version, wire.STATUS, wire.payload('s', 'x'))
    yield wire.frame(version, wire.ERROR, wire.payload('(ss)', ('x', 'y')))
    yield wire.frame(version, wire.CODE, wire.payload('(say)', ('', bytes(32))))
    yield wire.frame(version, wire.REVOKE, wire.payload('a(tx)', [(0, 0)]))
    yield wire.frame(version, wire.REVOKE, wire.payload('a(txy)', [(0, 0, 1)] * 3500))
    yield wire.frame(version, wire.CRL, wire.payload('(sb)', ('', True)))
    # a signature over a digest: nobody has such a request, whatever its kind and type
    for kind in [*range(16, 256, 16), 255]:
        yield wire.frame(version, kind, wire.payload('ay', bytes(32)))
    # a type that is nested beyond measure
    deep = 'v' * 60
    value = wire.payload('s', 'x')
    for _ in deep:
        value = wire.payload('v', value)
    yield wire.frame(version, wire.SIGN, value)
    for _ in range(200):
        data = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300)))
        yield struct.pack('<I', len(data)) + data


def no_frame_against_the_protocol_is_answered():
    with taken_over() as (rogue, _):
        before = len(rogue.log())
        for data in hostile_frames(rogue.version):
            with rogue.connect() as connection:
                with contextlib.suppress(wire.Dropped):
                    connection.send(data)
                    connection.socket.shutdown(1)
                    kind, _ = connection.answer()
                    raise rig.Failure(f'answered with {kind}: {data[:80]!r}')
        rig.expect_equal(len(rogue.log()), before, 'entries of the log')


def changed_frames_get_nothing_but_what_is_due():
    """A good order with bytes changed: either it is refused, or it was an order for a key whose
    possession is proven, on which the log is judged."""
    with taken_over() as (rogue, honest):
        own = Key(rogue.folder, 'own')
        value = wire.payload(wire.REQUESTS[wire.SIGN], rogue.order(own.csr(), 'ROGUE-1'))
        good = wire.frame(rogue.version, wire.SIGN, value)
        chance = random.Random(7)
        for _ in range(1500):
            data = bytearray(good)
            for _ in range(chance.choice((1, 1, 2, 8))):
                data[chance.randrange(4, len(data))] = chance.randrange(256)
            with rogue.connect() as connection, contextlib.suppress(wire.Dropped, wire.Refused):
                connection.send(bytes(data))
                connection.socket.shutdown(1)
                connection.answer()
        entries = rogue.log()
        rig.expect(len(entries) > 1, 'not one changed order was good enough: nothing was tried')
        for device, certificate in entries[1:]:
            expect_granted(certificate, device, own, rogue.folder)


# ---- orders ----

HOSTILE_NAMES = ['', ' ', '.', '..', '/', '../../../etc/passwd', 'a/b', '-rf', 'a\nb', 'a\x1b[31mb',
                 'a\x7fb', 'a\u202eb', 'a\x85b', 'CN=x,O=y', 'a,b', 'a+b', 'a=b', 'a"b', "a'b", 'a;b',
                 '$(id)', '${serial}', '%s%n', 'a' * 5000, '*', 'a\\b', 'a#b', '<b>', '\ufeffa']


def orders_that_no_rule_grants_are_refused():
    with taken_over() as (rogue, honest):
        own = Key(rogue.folder, 'own')
        csr = own.csr()
        names = 'subject profile csr-malformed'
        flipped = bytearray(csr)
        flipped[-5] ^= 1
        rogue.expect_refused('csr-signature csr-malformed', bytes(flipped), 'ROGUE-1')
        rogue.expect_refused('csr-signature', own.claim(honest.spki), 'ROGUE-1')
        rogue.expect_refused('duplicate-key', honest.csr(), 'ROGUE-1')
        rogue.expect_refused('duplicate-key', honest.csr('/CN=ROGUE-1'), 'ROGUE-1')
        rogue.expect_refused('profile', csr, 'ROGUE-1', sha256='0' * 64)
        rogue.expect_refused('profile', csr, 'ROGUE-1', sha256=rogue.profile.upper())
        rogue.expect_refused('profile', csr, 'ROGUE-1', sha256='')
        for profile in ['', 'none', '../aws-iot', 'aws-iot\n', 'AWS-IOT', 'aws-iot.profile',
                        'a' * 5000]:
            rogue.expect_refused('profile', csr, 'ROGUE-1', profile=profile)
        for name in HOSTILE_NAMES:
            rogue.expect_refused(names, csr, name)
            rogue.expect_refused(names, csr, 'ROGUE-1', batch=name)
        for text in ['a\nb', 'a\x1b[31mb', 'a' * 5000]:
            rogue.expect_refused(names, csr, 'ROGUE-1', product=text)
            rogue.expect_refused(names, csr, 'ROGUE-1', chip=text)
        rig.expect_equal(len(rogue.log()), 1, 'entries of the log')
        # the near twin: nothing of it was wrong but what was wrong
        expect_granted(rogue.sign(csr, 'ROGUE-1'), 'ROGUE-1', own, rogue.folder)


def requests_that_are_none_are_refused():
    """Something to be signed, given for a CSR."""
    with taken_over() as (rogue, honest):
        own = Key(rogue.folder, 'own')
        csr = own.csr()
        certificate = openssl('req', '-x509', '-new', '-key', own.path, '-subj', '/CN=CA',
                              '-outform', 'DER')
        body = parts(inside(certificate))[0]
        chance = random.Random(1)
        for data in [b'', b'\0', hashlib.sha256(b'x').digest(), hashlib.sha512(b'x').digest(), body,
                     certificate, own.signed(body), own.spki, csr[:-1], b'\x30\x80' + csr,
                     base64.b64encode(csr), b'x' * 50000, bytes(60000),
                     *(bytes(chance.randrange(256) for _ in range(500)) for _ in range(50))]:
            rogue.expect_refused('csr-malformed csr-trailing-data', data, 'ROGUE-1')
        for data in [csr + b'\0', csr + csr, csr + honest.csr()]:
            rogue.expect_refused('csr-trailing-data csr-malformed', data, 'ROGUE-1')
        rig.expect_equal(len(rogue.log()), 1, 'entries of the log')


def a_request_is_no_authority():
    """What it asks for beyond its key is not what the certificate has."""
    with taken_over() as (rogue, _):
        for number, (subject, extensions) in enumerate([
                ('/CN=HONEST-1', []),
                ('/CN=HONEST-1/O=Example', ['basicConstraints=critical,CA:TRUE']),
                ('/CN=Root', ['basicConstraints=critical,CA:TRUE,pathlen:9',
                              'keyUsage=critical,keyCertSign,cRLSign']),
                ('/O=Other', ['extendedKeyUsage=serverAuth,codeSigning']),
                ('/CN=a/OU=b', ['subjectAltName=DNS:example.com,DNS:*']),
                ('/', ['nameConstraints=permitted;DNS:example.com',
                       'certificatePolicies=2.5.29.32.0'])]):
            key = Key(rogue.folder, f'wants-{number}')
            device = f'ROGUE-{number}'
            try:
                certificate = rogue.sign(key.csr(subject, extensions), device)
            except wire.Refused:
                continue  # that is an answer, too
            expect_granted(certificate, device, key, rogue.folder)
            rig.expect('Policies' not in certificate_facts(certificate, rogue.folder)[1],
                       'policies of the request')


def a_replay_gets_the_same_certificate():
    with taken_over() as (rogue, honest):
        own = Key(rogue.folder, 'own')
        first = rogue.sign(own.csr(), 'ROGUE-1')
        size = len(rogue.log())
        answers = []

        def replay():
            for _ in range(20):
                answers.append(rogue.sign(own.csr(), 'ROGUE-1'))
        threads = [threading.Thread(target=replay) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rig.expect_equal(set(answers), {first}, 'the answers to the same order')
        rig.expect_equal(len(answers), 160, 'answers')
        rig.expect_equal(len(rogue.log()), size, 'entries of the log')
        rogue.expect_refused('duplicate-key', own.csr(), 'ROGUE-2')
        rogue.expect_refused('duplicate-key', honest.csr(), 'ROGUE-1')


# ---- codes and revocations ----

CODE = '0123456789abcdef' * 4  # as AWS IoT hands them out


def refusal(connection, kind, values):
    """The word with which the signer refuses; None where it answers."""
    try:
        connection.ask(kind, values)
    except wire.Refused as refused:
        return refused.word
    return None


def codes_certify_nothing_but_codes():
    """Whoever may have any text certified could have a device's name; and nobody has the key."""
    with taken_over() as (rogue, honest):
        with rogue.connect() as connection:
            for code in ['', 'HONEST-1', 'ROGUE-1', CODE[1:], CODE + '0', CODE[:-1] + 'g',
                         CODE[:-1] + 'A', CODE[:-1] + '\n', ' ' + CODE[1:], '0x' + CODE[2:],
                         CODE + ',CN=HONEST-1', 'a' * 5000]:
                rig.expect(refusal(connection, wire.CODE, ('', code)), f'certified: {code!r}')
            for name in ['x', '../ca', 'ca\n', '\x1b[31m', 'a' * 5000]:
                rig.expect_equal(refusal(connection, wire.CODE, (name, CODE)), 'ca-unknown', name)
            rig.expect_equal(len(connection.all_entries()), 1, 'entries of the log')
            certificate = bytes(connection.ask(wire.CODE, ('', CODE))[-1])
        subject, text, spki = certificate_facts(certificate, rogue.folder)
        rig.expect_equal(subject, f'CN = {CODE}', 'the subject')
        rig.expect('CA:FALSE' in text and 'Certificate Sign' not in text, text)
        rig.expect('TLS Web' not in text and 'Extended Key Usage' in text,
                   f'a server could take it for a device: {text}')
        rig.expect(spki != honest.spki, 'the key is a device\'s')


def revocations_name_only_what_the_log_has():
    with taken_over() as (rogue, honest), rogue.connect() as connection:
        connection.ask(wire.CODE, ('', CODE))
        own = Key(rogue.folder, 'own')
        connection.ask(wire.SIGN, rogue.order(own.csr(), 'ROGUE-1'))
        place = [one[-3] for one in connection.all_entries()].index('ROGUE-1')
        good = (place, 0, 1)
        for bad in [(99, 0, 1), (2 ** 63, 0, 1), (2 ** 64 - 1, 0, 1), (1, 0, 1), (place, 0, 2),
                    (place, 0, 6), (place, 0, 7), (place, 0, 8), (place, 0, 255)]:
            for items in ([bad], [good, bad], [bad, good]):
                rig.expect_equal(refusal(connection, wire.REVOKE, items), 'crl', f'{items}')
        rig.expect_equal(b'' == connection.crl('', False), True, 'a list that nobody asked to make')
        for name in ['x', '../ca', '\x1b[31m']:
            rig.expect_equal(refusal(connection, wire.CRL, (name, True, 0)), 'ca-unknown', name)
        for when in (-2 ** 63, 2 ** 63 - 1):
            connection.ask(wire.REVOKE, [(place, when, 1)])
        text = openssl('crl', '-inform', 'DER', '-noout', '-text',
                       given=connection.crl('', True)).decode()
        rig.expect_equal(text.count('Serial Number:'), 1, 'revoked certificates')
        rig.expect(not connection.ask(wire.CRL, ('', False, 2 ** 64 - 1))[-1], 'bytes behind a list')


# ---- the log, floods, and strangers ----

def the_log_is_read_in_bounded_pieces():
    with taken_over() as (rogue, _):
        with rogue.connect() as connection:
            for start, most in [(0, 0), (0, 0xffffffff), (1, 1), (2 ** 63, 1),
                                (2 ** 64 - 1, 0xffffffff)]:
                entries = connection.ask(wire.ENTRIES, (start, most))
                rig.expect(len(entries) == (1 if start == 0 and most else 0), f'{start} {most}')


def a_flood_of_connections_ends_with_them():
    with taken_over() as (rogue, honest), contextlib.ExitStack() as stack:
        served = stack.enter_context(rogue.connect())
        served.ask(wire.STATUS, ())
        for number in range(300):
            with contextlib.suppress(wire.Dropped, OSError):
                connection = stack.enter_context(rogue.connect())
                connection.socket.setblocking(False)
                connection.send([b'', b'\x40', b'\x40\0\0\0abc', b'\xff' * 4][number % 4])
        served.ask(wire.STATUS, ())
        own = Key(rogue.folder, 'own')
        served.ask(wire.SIGN, rogue.order(own.csr(), 'ROGUE-1'))


def ask(path, version):
    try:
        with wire.Connection(path, version) as connection:
            connection.ask(wire.STATUS, ())
        return 'served'
    except wire.Dropped:
        return 'dropped'
    except PermissionError:
        return 'kept out'


def ask_as(user, path, version):
    """What a process of that user gets: "served", or why not. A fork: another user may not be able to
    read this file."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            os.write(writing, ask(path, version).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def another_user_is_kept_out():
    """By the socket's mode, and where that fails by the signer, which knows whom it may serve."""
    if os.geteuid() != 0:
        sys.exit(77)
    allowed, stranger = pwd.getpwnam('nobody'), pwd.getpwnam('games')
    with rig.station(slots=1, start=False) as station:
        custody_rig.part_signer(station)
        station.edit(station.signer_config, r'^Mode=demo$',
                     f'Mode=demo\nAllowedUser={allowed.pw_name}')
        signer = custody_rig.start_signer(station)
        try:
            with tempfile.TemporaryDirectory() as folder:
                rogue = Rogue(station, folder)
            rogue.wait()
            version, = wire.find_version(rogue.path)
            rig.expect_equal(ask_as(stranger.pw_uid, rogue.path, version), 'kept out', 'a stranger')
            os.chmod(rogue.path, 0o666)
            rig.expect_equal(ask_as(stranger.pw_uid, rogue.path, version), 'dropped', 'a stranger')
            rig.expect_equal(ask_as(allowed.pw_uid, rogue.path, version), 'served', 'the daemon')
            rig.expect_equal(ask_as(0, rogue.path, version), 'served', 'root')
        finally:
            custody_rig.end(signer)


rig.main({one.__name__: one for one in (
    no_frame_against_the_protocol_is_answered, changed_frames_get_nothing_but_what_is_due,
    orders_that_no_rule_grants_are_refused, requests_that_are_none_are_refused,
    a_request_is_no_authority, a_replay_gets_the_same_certificate,
    codes_certify_nothing_but_codes, revocations_name_only_what_the_log_has,
    the_log_is_read_in_bounded_pieces, a_flood_of_connections_ends_with_them,
    another_user_is_kept_out)})
