# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an owner's check of a long log costs: `audit.py MAKE-LOG KEYCRADLE`. In one run, in turns:
`keycradle audit verify` and `sha256sum` of the same file, which is in the page cache for both. And the
memory of the check with a tenth of the entries and with all.

KEYCRADLE_BENCH_ENTRIES=1000000 and KEYCRADLE_BENCH_ROUNDS=5 by default."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time

from issue import MILLION, ROUNDS, make_ca, run, tell

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'audit'))
import forge  # noqa: E402  (after its folder)
import log  # noqa: E402

PROFILE = '[certificate]\nSubject=CN=${serial}\nValidity=365d\n'


def write(path, text, mode=0o644):
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)
    os.chmod(path, mode)


def make_log(program, folder, entries):
    """A collection: the log, and a checkpoint of each tenth of it by a station's key."""
    for name in ('state', 'profiles.d'):
        os.makedirs(os.path.join(folder, name))
    make_ca(os.path.join(folder, 'ca.plain'), os.path.join(folder, 'ca.pem'), 'ec', 'Bench CA')
    write(os.path.join(folder, 'ca.passphrase'), 'a passphrase for a bench\n', 0o400)
    run(['openssl', 'pkcs8', '-topk8', '-scrypt', '-in', os.path.join(folder, 'ca.plain'), '-out',
         os.path.join(folder, 'ca.key'), '-passout', 'file:' + os.path.join(folder, 'ca.passphrase')])
    os.chmod(os.path.join(folder, 'ca.key'), 0o400)
    write(os.path.join(folder, 'profiles.d', 'sensor.profile'), PROFILE)
    run([program, folder, entries])
    state = os.path.join(folder, 'state')
    station = forge.Signer.new(folder, 'station')
    run(['cp', station.certificate, os.path.join(state, 'station.pem')])
    write_checkpoints(state, station, max(1, entries // 10))
    return state


def leaves(path):
    """The leaf hash of each frame."""
    with open(path, 'rb') as file:
        file.seek(log.HEADER)
        while length := file.read(4):
            file.seek(int.from_bytes(length, 'big'), os.SEEK_CUR)
            yield file.read(32)


def write_checkpoints(state, station, every):
    path = os.path.join(state, 'issuance.log')
    with open(path, 'rb') as file:
        origin = file.read(log.HEADER)[12:]
    tree = log.Tree()
    with open(os.path.join(state, 'checkpoints'), 'w', encoding='utf-8') as file:
        for size, leaf in enumerate(leaves(path), 1):
            tree.append(leaf)
            if size % every == 0:
                file.write(station.note(origin, size, tree.root(size)) + '\n')


def seconds_of(words):
    begin = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        code = process.wait()
    if code not in (0, 8):  # 8: it has not the CA's certificate
        raise SystemExit(f'{" ".join(words)} ended with {code}')
    return time.monotonic() - begin


def memory_of(words):
    """The most that a process of its own had, in MiB. Asked again and again, since what wait4(2)
    tells begins with what we have ourselves."""
    most = 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with contextlib.suppress(OSError), open(f'/proc/{process.pid}/status', encoding='ascii') as file:
                most = max([most] + [int(line.split()[1]) for line in file if line.startswith('VmHWM')])
            time.sleep(0.01)
    return most / 1024


def main(program, keycradle):
    with tempfile.TemporaryDirectory(prefix='keycradle-bench-') as folder:
        memory = []
        for entries in (MILLION // 10, MILLION):
            state = make_log(program, os.path.join(folder, str(entries)), entries)
            path = os.path.join(state, 'issuance.log')
            check = [keycradle, 'audit', 'verify', state, '--station', os.path.join(state, 'station.pem')]
            seconds_of(['sha256sum', path])
            pairs = [(seconds_of(check), seconds_of(['sha256sum', path])) for _ in range(ROUNDS)]
            memory.append(memory_of(check))
            tell(f'audit-{entries}-log', os.path.getsize(path) / 1024 / 1024, 'MiB')
            tell(f'audit-{entries}', statistics.median(check for check, _ in pairs), 's')
            tell(f'audit-{entries}-over-sha256sum', statistics.median(check / digest for check, digest in pairs))
            tell(f'audit-{entries}-memory', memory[-1], 'MiB')
        tell('audit-memory-million-over-a-tenth', memory[1] / memory[0])


if __name__ == '__main__':
    main(*sys.argv[1:])
