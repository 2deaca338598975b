# SPDX-License-Identifier: LGPL-2.1-or-later
"""Smart cards over PC/SC: the simulated card in a reader of vsmartcard, a pcscd of the test's own, and
other people's programs (yubico-piv-tool, OpenSC) that say what is on the card afterwards."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import judge
import rig

DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so'
SKIPPED = 77
READER = 'Line Reader 00 0{}'


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIPPED)


def own_mounts():
    """The words that give a program mounts of its own, or None. A chroot's root is no mount that could
    be made private; there it is enough that nobody shares what is mounted."""
    with open('/proc/self/mountinfo', encoding='utf-8', errors='replace') as file:
        shared = ' shared:' in file.read()
    for words in (['unshare', '-m'], ['unshare', '-m', '--propagation', 'unchanged']):
        if len(words) > 2 and shared:
            continue
        if subprocess.run([*words, 'true'], check=False, capture_output=True).returncode == 0:
            return words
    return None


def needed():
    for name in ('pcscd', 'yubico-piv-tool', 'pkcs15-tool', 'pkcs11-tool', 'unshare'):
        if shutil.which(name) is None and not os.path.exists(f'/usr/sbin/{name}'):
            skip(f'{name} is not installed (scripts/prepare test)')
    if not os.path.exists(DRIVER):
        skip('vsmartcard-vpcd is not installed (scripts/prepare test)')
    if os.geteuid() != 0:
        skip('a pcscd of our own needs a mount namespace, and so root')
    if own_mounts() is None:
        skip('mount namespaces are not to be had here')


def free_ports():
    """Two in a row: vpcd has a reader on each."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(('127.0.0.1', 0))
            port = one.getsockname()[1]
            with contextlib.suppress(OSError):
                two.bind(('127.0.0.1', port + 1))
                return port


class Readers:
    """A pcscd with two readers, which nobody else knows: /run/pcscd is its own folder."""

    def __init__(self):
        needed()
        self.folder = tempfile.mkdtemp(prefix='keycradle-pcsc-')
        self.run = os.path.join(self.folder, 'run')
        self.log = open(os.path.join(self.folder, 'log'), 'ab')
        self.port = free_ports()
        self.daemon = None
        os.mkdir(self.run)
        os.makedirs('/run/pcscd', exist_ok=True)
        os.mkdir(os.path.join(self.folder, 'conf'))
        with open(os.path.join(self.folder, 'conf', 'vpcd'), 'w', encoding='ascii') as file:
            file.write(f'FRIENDLYNAME "Line Reader"\nDEVICENAME /dev/null:0x{self.port:X}\n'
                       f'LIBPATH {DRIVER}\nCHANNELID 0x{self.port:X}\n')
        os.environ['PCSCLITE_CSOCK_NAME'] = os.path.join(self.run, 'pcscd.comm')
        self.start()

    def start(self):
        for name in os.listdir(self.run):
            os.unlink(os.path.join(self.run, name))
        self.daemon = subprocess.Popen(
            [*own_mounts(), 'sh', '-c',
             f'mount --bind {self.run} /run/pcscd && exec pcscd -f -c {self.folder}/conf'],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, 'PATH': os.environ['PATH'] + ':/usr/sbin:/sbin'})
        rig.wait_until(lambda: os.path.exists(os.path.join(self.run, 'pcscd.comm')), 'pcscd listens')

    def kill(self):
        if self.daemon is not None and self.daemon.poll() is None:
            os.kill(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait()

    def address(self, slot):
        return f'localhost:{self.port + slot - 1}'

    def close(self):
        self.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def set_in_group(path, group, **values):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for key, value in values.items():
        text = re.sub(rf'^{key}=.*\n', '', text, flags=re.MULTILINE)
        text = text.replace(f'[{group}]\n', f'[{group}]\n{key}={value}\n', 1)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


@contextlib.contextmanager
def line(seconds=20, pin='123456', device=None, **options):
    """A station with two readers for slots."""
    with contextlib.ExitStack() as stack:
        readers = Readers()
        stack.callback(readers.close)
        station = stack.enter_context(rig.station(slots=2, start=False))
        station.set_attempt_seconds(seconds)
        for slot in (1, 2):
            station.edit(station.config, rf'^Port=.*slot{slot}$',
                         f'Port=card:{READER.format(slot - 1)}')
        with open(os.path.join(station.folder, 'pin'), 'w', encoding='ascii') as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(pin + '\n')
        with open(station.config, 'a', encoding='utf-8') as file:
            file.write(f'\n[driver piv]\nPIN=file:{station.folder}/pin\n'
                       + ''.join(f'{key}={value}\n' for key, value in options.items()))
        set_in_group(station.profile_path(), 'device', **(device or {}))
        station.start()
        simulator = station.simulator()
        station.start_batch()
        yield station, simulator, readers


def insert(station, simulator, readers, serial, slot=1, *states, **options):
    """A new card goes in, and the slot comes to an end."""
    simulator.new(serial, driver='piv', serial=serial, vpcd=readers.address(slot), **options)
    return station.run_device(simulator, serial, slot, *states)


def pull(station, simulator, serial, slot=1):
    simulator.unplug(serial)
    rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


def say(*words, text=None):
    run = subprocess.run(words, capture_output=True, check=False, timeout=60, input=text,
                         env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    rig.expect_equal(run.returncode, 0, f'{" ".join(words)}: {run.stdout!r} {run.stderr!r}')
    return run.stdout


# ---- what others find on the card ----

def pem_in(output):
    text = output.decode(errors='replace')
    start = text.index('-----BEGIN CERTIFICATE-----')
    end = '-----END CERTIFICATE-----\n'
    return text[start:text.index(end) + len(end)]


def write(station, name, text):
    path = os.path.join(station.folder, name)
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)
    return path


def yubico_finds(station, serial, slot):
    """The certificate of the ledger, and a key that signs for it."""
    piv = ('yubico-piv-tool', '-r', READER.format(0))
    pem = station.cli('cert', 'show', serial, '--pem').stdout
    path = write(station, 'held.pem', pem)
    rig.expect(f'Serial Number:\t{serial}' in say(*piv, '-a', 'status').decode(), 'status')
    found = pem_in(say(*piv, '-a', 'read-certificate', '-s', slot))
    rig.expect_equal(judge.der_of_pem(found), judge.der_of_pem(pem), 'what yubico-piv-tool reads')
    answer = say(*piv, '-a', 'verify-pin', '-P', '123456', '-a', 'test-signature', '-s', slot,
                 '-i', path)
    print(answer.decode())


def yubico_attests(station, slot, root):
    """The token's evidence, checked by openssl with what yubico-piv-tool reads."""
    piv = ('yubico-piv-tool', '-r', READER.format(0))
    attestation = write(station, 'attested.pem', pem_in(say(*piv, '-a', 'attest', '-s', slot)))
    authority = write(station, 'f9.pem', pem_in(say(*piv, '-a', 'read-certificate', '-s', 'f9')))
    say('openssl', 'verify', '-CAfile', root, '-untrusted', authority, attestation)
    attested = say('openssl', 'x509', '-in', attestation, '-noout', '-pubkey')
    held = say('openssl', 'x509', '-in', os.path.join(station.folder, 'held.pem'), '-noout', '-pubkey')
    rig.expect_equal(attested, held, 'the attested key is that of the certificate')


def opensc_finds(station, serial, number, mechanism):
    """The same by a PKCS#15 and a PKCS#11 client: bytes, and a signature that openssl verifies."""
    pem = station.cli('cert', 'show', serial, '--pem').stdout
    held = write(station, 'held.pem', pem)
    found = pem_in(say('pkcs15-tool', '--reader', '0', '--read-certificate', number))
    rig.expect_equal(judge.der_of_pem(found), judge.der_of_pem(pem), 'what OpenSC reads')
    message = write(station, 'message', 'signed by the card')
    signature = os.path.join(station.folder, 'signature')
    module = next(path for path in ('/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so',
                                    '/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so')
                  if os.path.exists(path))
    say('pkcs11-tool', '--module', module, '--slot', '0', '--login', '--pin', '123456', '--sign',
        '--id', number, '--mechanism', mechanism, '--input-file', message, '--output-file', signature,
        *(['--signature-format', 'openssl'] if 'ECDSA' in mechanism else []))
    key = os.path.join(station.folder, 'held.pub')
    say('openssl', 'x509', '-in', held, '-noout', '-pubkey', '-out', key)
    say('openssl', 'dgst', '-sha256', '-verify', key, '-signature', signature, message)


# ---- tests ----

def the_token_that_passed_is_read_by_others(kind, slot, number, mechanism):
    root = tempfile.NamedTemporaryFile(prefix='keycradle-root-', suffix='.pem')  # pylint: disable=R1732
    with root:
        run = subprocess.run([rig.program('keycradle-sim'), 'attestation-root', 'piv'], check=True,
                             capture_output=True, env=rig.environment())
        root.write(run.stdout)
        root.flush()
        device = {'Key': kind, 'Attestation': 'required', 'AttestationRoots': root.name}
        with line(device=device, KeySlot=slot) as (station, simulator, readers):
            record = insert(station, simulator, readers, '12345678')
            rig.expect_equal(record['state'], 'pass', f'a sound token: {record}')
            judge.judge_devices(station, simulator, ['12345678'])
            yubico_finds(station, '12345678', slot)
            yubico_attests(station, slot, root.name)
            opensc_finds(station, '12345678', number, mechanism)


def a_p256_token_is_read_by_others():
    the_token_that_passed_is_read_by_others('p-256', '9a', '01', 'ECDSA-SHA256')


def an_rsa_token_is_read_by_others():
    the_token_that_passed_is_read_by_others('rsa-2048', '9c', '02', 'SHA256-RSA-PKCS')


def a_plain_card_is_read_by_others():
    guid = '00112233445566778899aabbccddeeff'
    with line(device={'Key': 'p-384'}) as (station, simulator, readers):
        record = insert(station, simulator, readers, guid)
        rig.expect_equal(record['state'], 'pass', f'a sound card: {record}')
        judge.judge_devices(station, simulator, [guid])
        opensc_finds(station, guid, '01', 'ECDSA-SHA256')


def a_card_that_is_pulled_comes_back():
    """In the middle of an answer, and of a command; then it passes with one certificate."""
    with line() as (station, simulator, readers):
        for number, fault in enumerate(('unplug=10', 'unplug=150', 'unplug-in=200', 'unplug-in=700',
                                        'unplug=900')):
            serial = str(20000000 + number)
            slot = 1 + number % 2
            record = insert(station, simulator, readers, serial, slot, fault=fault + 'x1')
            rig.expect_equal((record['state'], record['reason']), ('fail', 'unplugged'),
                             f'{fault}: {record}')
            rig.wait_until(lambda: not station.slot(slot)['present'], 'the slot is empty')
            record = station.run_device(simulator, serial, slot)
            rig.expect_equal(record['state'], 'pass', f'after {fault}: {record}')
            judge.judge_devices(station, simulator, [serial])
            pull(station, simulator, serial, slot)


def a_card_that_hangs_does_not_hold_the_slot():
    """The deadline ends the attempt, though PC/SC still waits; the next card passes."""
    with line(seconds=4) as (station, simulator, readers):
        record = insert(station, simulator, readers, '30000000', 1, fault='half-line')
        rig.expect_equal((record['state'], record['reason']), ('fail', 'no-answer'), f'{record}')
        pull(station, simulator, '30000000')
        record = insert(station, simulator, readers, '30000001')
        rig.expect_equal(record['state'], 'pass', f'the next card: {record}')
        judge.judge_devices(station, simulator, ['30000001'])


def pcscd_dies_and_comes_back():
    """While a card waits and while one is worked on; the station sees the cards of the next one."""
    with line() as (station, simulator, readers):
        record = insert(station, simulator, readers, '40000000')
        rig.expect_equal(record['state'], 'pass', f'{record}')
        simulator.new('40000001', driver='piv', serial='40000001', vpcd=readers.address(2), latency=150)
        simulator.plug('40000001', 2)
        station.wait_slot(2, 'working')
        readers.kill()
        rig.wait_until(lambda: not station.slot(1)['present'], 'the waiting card is gone')
        record = station.wait_slot(2, 'fail')
        rig.expect(record['reason'] in ('port', 'unplugged'), f'pcscd killed: {record}')
        pull(station, simulator, '40000001', 2)
        pull(station, simulator, '40000000', 1)
        readers.start()
        rig.wait_until(lambda: 'cards: pcscd answers' in open(station.log_path, encoding='utf-8').read()
                       .split('no card can be seen')[-1], 'the station found the new pcscd')
        record = station.run_device(simulator, '40000001', 2)
        rig.expect_equal(record['state'], 'pass', f'with the new pcscd: {record}')
        judge.judge_devices(station, simulator, ['40000000', '40000001'])
        with open(station.log_path, encoding='utf-8') as file:
            rig.expect_equal(file.read().count('no card can be seen'), 1, 'said once')


def a_wrong_pin_costs_one_try():
    with line(pin='654321') as (station, simulator, readers):
        record = insert(station, simulator, readers, '50000000')
        rig.expect_equal((record['state'], record['reason']), ('fail', 'refused'), f'{record}')
        for _ in range(3):
            pull(station, simulator, '50000000')
            record = station.run_device(simulator, '50000000', 1)
            rig.expect_equal((record['state'], record['reason']), ('fail', 'refused'), f'{record}')
            rig.expect('was not sent' in record['detail'], f'{record}')
        status = say('yubico-piv-tool', '-r', READER.format(0), '-a', 'status').decode()
        rig.expect('PIN tries left:\t2' in status, status)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_p256_token_is_read_by_others,
        an_rsa_token_is_read_by_others,
        a_plain_card_is_read_by_others,
        a_card_that_is_pulled_comes_back,
        a_card_that_hangs_does_not_hold_the_slot,
        pcscd_dies_and_comes_back,
        a_wrong_pin_costs_one_try,
    )})
