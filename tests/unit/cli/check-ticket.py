#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-ticket.py KEYCRADLE: tickets with the program and with openssl alone, each way."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile

KEYCRADLE = os.path.abspath(sys.argv[1])
EMPTY = hashlib.sha256(b'').hexdigest()


def expect(truth, words):
    if not truth:
        sys.exit(words)


def openssl(*words, data=None):
    done = subprocess.run(['openssl', *words], input=data, capture_output=True, check=False)
    expect(done.returncode == 0, f'openssl {words}: {done.stderr.decode()}')
    return done.stdout


def keycradle(*words, code=0, data=None):
    """What it says on both streams; it must end with `code`."""
    done = subprocess.run([KEYCRADLE, *words], input=data, capture_output=True, check=False)
    said = done.stdout.decode() + done.stderr.decode()
    expect(done.returncode == code, f'keycradle {words}: {done.returncode}, not {code}: {said}')
    return said


def make_files():
    for name, key in (('owner', 'EC'), ('station', 'EC'), ('ca', 'RSA')):
        kind = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] if key == 'EC' else ['rsa:2048']
        openssl('req', '-x509', '-newkey', *kind, '-nodes', '-keyout', f'{name}.key', '-out', f'{name}.pem',
                '-subj', f'/CN={name}', '-days', '30')
    openssl('pkcs8', '-topk8', '-in', 'owner.key', '-out', 'locked.key', '-passout', 'pass:correct horse')


def key_hash(name):
    spki = openssl('x509', '-in', f'{name}.pem', '-noout', '-pubkey')
    return hashlib.sha256(openssl('pkey', '-pubin', '-outform', 'DER', data=spki)).hexdigest()


USUAL = {'key': 'owner.key', 'certificate': 'owner.pem', 'number': '7', 'batch': 'B-47', 'profile': 'sensor',
         'count': '500', 'station': 'station.pem', 'ca-file': 'ca.pem', 'output': 'ticket.p7s'}


def make(code=0, data=None, switches=(), **options):
    """An option that is None is left out."""
    chosen = dict(USUAL, **{name.replace('_', '-'): value for name, value in options.items()})
    words = [word for name, value in chosen.items() if value is not None for word in (f'--{name}', value)]
    return keycradle('ticket', 'make', *words, *switches, code=code, data=data)


def shown(file='ticket.p7s'):
    return json.loads(keycradle('ticket', 'show', file, '--owner', 'owner.pem', '--json'))


def what_it_makes_openssl_verifies():
    make(note='für Linie 2', not_before='2026-11-20', not_after='2026-12-31')
    text = openssl('cms', '-verify', '-inform', 'DER', '-in', 'ticket.p7s', '-certfile', 'owner.pem',
                   '-CAfile', 'owner.pem', '-purpose', 'any').decode()
    expected = ['[ticket]', 'Version=1', 'Number=7', 'Batch=B-47', 'Profile=sensor', 'Count=500',
                f'Station={key_hash("station")}', f'Ca={key_hash("ca")}', 'NotBefore=2026-11-20T00:00:00Z',
                'NotAfter=2026-12-31T23:59:59Z', 'LogSize=0', f'LogRoot={EMPTY}', 'Note=für Linie 2']
    expect(text.split('\n')[:-1] == expected, f'the text: {text}')
    return text


def what_openssl_makes_it_verifies(text):
    with open('by-hand.txt', 'w', encoding='utf-8') as file:
        file.write(text.replace('Number=7', 'Number=8'))
    for more in ([], ['-binary']):
        openssl('cms', '-sign', '-nodetach', '-md', 'sha256', '-signer', 'owner.pem', '-inkey', 'owner.key',
                '-outform', 'DER', '-in', 'by-hand.txt', '-out', 'by-hand.p7s', *more)
        record = shown('by-hand.p7s')
        expect(record['verified'] and record['signer'] == 'CN=owner' and record['number'] == 8, f'{record}')


def it_says_plainly_whether_it_was_verified():
    make()
    expect(shown()['verified'] is True, 'verified')
    plain = keycradle('ticket', 'show', 'ticket.p7s')
    expect('Verified         no' in plain and '--owner was not given' in plain, plain)
    said = keycradle('ticket', 'show', 'ticket.p7s', '--owner', 'ca.pem', code=6)
    expect('Ticket' not in said and 'signer' in said, said)
    with open('ticket.p7s', 'rb') as file:
        content = bytearray(file.read())
    content[content.find(b'Count=500') + 6] = ord('9')
    with open('forged.p7s', 'wb') as file:
        file.write(content)
    keycradle('ticket', 'show', 'forged.p7s', '--owner', 'owner.pem', code=6)
    keycradle('ticket', 'show', 'owner.pem', code=6)
    keycradle('ticket', 'show', 'nothing.p7s', code=3)


def times_are_read_in_all_forms():
    for begin, end, seconds in (('2026-11-20', '2026-11-20', 86399), ('2026-11-20', '+30d', 30 * 86400),
                                ('2026-11-20T08:00:00Z', '2026-11-20T08:00:01Z', 1),
                                ('+1d', '+12h', 12 * 3600), (None, None, 30 * 86400)):
        make(not_before=begin, not_after=end)
        record = shown()
        expect(record['not-after'] - record['not-before'] == seconds, f'{begin} {end}: {record}')
    for wrong in ('tomorrow', '2026-02-30', '20261120', '2026-11-20 08:00', '+d', '+1w', '+-1d', '30d',
                  '2026-11-20T08:00:00+01:00', ''):
        make(code=2, not_after=wrong)
    make(code=2, not_before='2026-11-20', not_after='2026-11-19')


def what_is_missing_or_wrong_is_named():
    for name in ('key', 'certificate', 'number', 'batch', 'profile', 'count', 'station', 'ca-file'):
        expect(f'--{name}' in make(code=2, **{name: None}), f'{name} is missing')
    make(code=2, number='0')
    make(code=2, count='10000001')
    make(code=2, batch='B 47')
    make(count='10000000', output='most.p7s')
    expect('belong together' in make(code=1, key='station.key'), 'a foreign key')
    make(code=3, key='nothing.key')
    make(code=3, profile_file='nothing')
    make(code=1, ca_file='owner.key')
    expect('--not-after' in make(code=2, not_after='never'), 'not-after')


def an_encrypted_key_wants_its_passphrase():
    with open('passphrase', 'w', encoding='utf-8') as file:
        file.write('correct horse\n')
    make(key='locked.key', passphrase_file='passphrase')
    make(key='locked.key', data=b'correct horse\n')
    expect('passphrase' in make(code=1, key='locked.key', data=b'wrong horse\n'), 'a wrong one')
    expect(shown()['verified'], 'locked.key')


def the_rest_gets_into_it():
    with open('sensor.profile', 'w', encoding='utf-8') as file:
        file.write('[certificate]\nSubject=CN=${serial}\n')
    make(switches=['--clock-reset'], profile_file='sensor.profile')
    record = shown()
    with open('sensor.profile', 'rb') as file:
        expect(record['profile-sha256'] == hashlib.sha256(file.read()).hexdigest(), f'{record}')
    expect(record['clock-reset'] is True, f'{record}')
    make(output=None)
    expect(shown('ticket-7.p7s')['clock-reset'] is False, 'the usual name')


def note(size, signer='station'):
    """A C2SP checkpoint, signed by hand."""
    origin = 'keycradle-log/' + '5a' * 32
    root = hashlib.sha256(str(size).encode()).digest()
    text = f'{origin}\n{size}\n{base64.b64encode(root).decode()}\n'
    with open('note.txt', 'w', encoding='utf-8') as file:
        file.write(text)
    signature = openssl('dgst', '-sha256', '-sign', f'{signer}.key', 'note.txt')
    blob = base64.b64encode(bytes.fromhex(key_hash('station'))[:4] + signature).decode()
    return f'{text}\n— {origin} {blob}\n', root.hex()


def what_the_owner_saw_is_taken_from_what_the_station_signed():
    first, _ = note(12)
    second, root = note(1740)
    with open('checkpoints', 'w', encoding='utf-8') as file:
        file.write(first + '\n' + second + '\n')
    make(after='checkpoints')
    record = shown()
    expect(record['log-size'] == 1740 and record['log-root'] == root, f'{record}')
    with open('forged', 'w', encoding='utf-8') as file:
        file.write(note(1741, 'owner')[0])
    expect('this station' in make(code=6, after='forged'), 'signed by another')
    make(code=6, after='owner.pem')
    make(code=3, after='nothing')


def a_report_will_do_as_well():
    text = f'''[manifest]
Version=1
Time=2026-11-20T16:00:05Z
Station={key_hash('station')}
Batch=B-46
Format=aws
Rows=495
Bytes=1264310
Sha256={EMPTY}

[log]
Origin={'5a' * 32}
Size=1741
Root={'3c' * 32}

[ledger]
Id={'77' * 16}
Event=5321
EventHash={EMPTY}
'''
    for signer, code in (('station', 0), ('owner', 6)):
        openssl('cms', '-sign', '-binary', '-nodetach', '-md', 'sha256', '-signer', f'{signer}.pem', '-inkey',
                f'{signer}.key', '-outform', 'DER', '-out', 'manifest.p7s', data=text.encode())
        make(code=code, after='manifest.p7s')
    record = shown()
    expect(record['log-size'] == 1741 and record['log-root'] == '3c' * 32, f'{record}')


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_files()
        what_openssl_makes_it_verifies(what_it_makes_openssl_verifies())
        it_says_plainly_whether_it_was_verified()
        times_are_read_in_all_forms()
        what_is_missing_or_wrong_is_named()
        an_encrypted_key_wants_its_passphrase()
        the_rest_gets_into_it()
        what_the_owner_saw_is_taken_from_what_the_station_signed()
        a_report_will_do_as_well()
        os.chdir('/')


main()
