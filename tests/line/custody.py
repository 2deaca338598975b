# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CA's key stays with the signer: in memory, in files, in cores, and behind the kernel's own
fences, which hold for both daemons."""

import ctypes
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

import leaks
import many
import rig
from custody_rig import end, part_signer, read, start_daemon, start_signer
from terminal import Terminal

SKIPPED = 77
CONFINED = {'Seccomp': '2', 'NoNewPrivs': '1', 'CapPrm': '0' * 16, 'CapEff': '0' * 16,
            'CapInh': '0' * 16, 'CapAmb': '0' * 16}


def status(pid):
    with open(f'/proc/{pid}/status', encoding='ascii', errors='replace') as file:
        return dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)


def expect_confined(pid, words):
    found = status(pid)
    rig.expect_equal({name: found[name] for name in CONFINED}, CONFINED, words)


def sanitized():
    """Such a build does not confine itself."""
    with open(rig.program('keycradled'), 'rb') as file:
        return b'__asan_init' in file.read()


def provision(station, count):
    simulator = station.simulator()
    station.start_batch(target=count)
    serials = many.make_devices(simulator, count)
    for slot, serial in enumerate(serials, 1):
        simulator.plug(serial, slot)
    many.wait_all_passed(station, count)


# ---- the kernel's fences ----

def both_daemons_are_confined():
    if sanitized():
        sys.exit(SKIPPED)
    with rig.station(slots=1) as station:
        expect_confined(station.daemon.pid, 'the daemon of a trial run')
        expect_confined(station.signer_pid(), 'the signer of a trial run')


def call_sets():
    """systemd's sets of system calls, by name."""
    run = subprocess.run(['systemd-analyze', 'syscall-filter', '--no-pager'], capture_output=True,
                         text=True, check=True)
    sets, name = {}, None
    for line in run.stdout.splitlines():
        if line.startswith('@'):
            name = line.strip()
            sets[name] = []
        elif name is not None and line.strip() and not line.strip().startswith('#'):
            sets[name].append(line.strip())
    return sets


def calls_of(words, sets):
    found = set()
    for word in words:
        found |= calls_of(sets[word], sets) if word.startswith('@') else {word}
    return found


def unit_calls(unit):
    """What the unit's SystemCallFilter= lines leave, read as systemd.exec(5) says."""
    sets = call_sets()
    allowed = calls_of(['@default'], sets)
    folder = os.path.join(rig.PREFIX, 'lib', 'systemd', 'system')
    with open(os.path.join(folder, unit), encoding='utf-8') as file:
        lines = re.findall(r'^SystemCallFilter=(.*)$', file.read(), re.MULTILINE)
    rig.expect(lines, f'{unit} has no SystemCallFilter=')
    for line in lines:
        if line.startswith('~'):
            allowed -= calls_of(line[1:].split(), sets)
        else:
            allowed |= calls_of(line.split(), sets)
    return sorted(allowed)


def filtered(calls):
    """For preexec_fn: no capability outlives the exec, and no call but these is allowed."""
    kernel = ctypes.CDLL(None, use_errno=True)
    filters = ctypes.CDLL('libseccomp.so.2')
    filters.seccomp_init.restype = ctypes.c_void_p
    errno_eperm, allow, drop, no_new_privileges = 0x00050001, 0x7fff0000, 24, 38

    def enter():
        for capability in range(64):
            kernel.prctl(drop, capability, 0, 0, 0)
        kernel.prctl(no_new_privileges, 1, 0, 0, 0)
        context = ctypes.c_void_p(filters.seccomp_init(ctypes.c_uint32(errno_eperm)))
        for call in calls:
            number = filters.seccomp_syscall_resolve_name(call.encode())
            if number >= 0:
                filters.seccomp_rule_add(context, ctypes.c_uint32(allow), number, 0)
        if filters.seccomp_load(context) != 0:
            os._exit(99)
    return enter


def both_daemons_work_under_the_filters_of_their_units():
    if sanitized() or shutil.which('systemd-analyze') is None:
        sys.exit(SKIPPED)
    signer_filter = filtered(unit_calls('keycradle-signer.service'))
    daemon_filter = filtered(unit_calls('keycradled.service'))
    nice = subprocess.run(['nice', '-n', '5', 'true'], preexec_fn=signer_filter, check=False,
                          capture_output=True, text=True)
    rig.expect('cannot set niceness' in nice.stderr, f'the filter filters nothing: {nice}')
    with rig.station(slots=4, start=False) as station:
        part_signer(station)
        signer = start_signer(station, signer_filter)
        try:
            start_daemon(station, daemon_filter)
            provision(station, 4)
            for pid in (signer.pid, station.daemon.pid):
                expect_confined(pid, 'below the filter of its unit')
                rig.expect_equal(status(pid)['Seccomp_filters'], '2',
                                 'filters: the unit\'s, its own')
            os.kill(signer.pid, signal.SIGHUP)
            rig.wait_until(lambda: 'reloaded' in read(os.path.join(station.folder, 'signer.log')),
                           'the signer reads its configuration again')
            station.cli('ca', 'status')
            station.stop()
        finally:
            end(signer)


# ---- where the key is ----

def need_to_look(pid):
    """Foreign memory is for root, where the container lets it."""
    try:
        with open(f'/proc/{pid}/mem', 'rb'):
            return
    except PermissionError:
        sys.exit(SKIPPED)


def expect_nothing(found, words):
    rig.expect(not found, f'{words}: {[str(one) for one in found][:5]}')


def expect_clean_process(pid, secret, words):
    found = [(one.name, what) for one, what in leaks.found_in_memory(pid, secret)]
    expect_nothing(found + leaks.found_in_proc(pid, secret), words)


def expect_found_where_planted(station, secret):
    """The control of the search in files: an opened key in PEM, and as text."""
    key, passphrase = secret.files
    for form in ('PEM', 'DER', 'text'):
        path = os.path.join(os.path.dirname(station.config), 'state', 'planted')
        words = ['-text', '-noout'] if form == 'text' else ['-outform', form]
        with open(path, 'wb') as file:
            file.write(subprocess.run(['openssl', 'pkey', '-in', key, '-passin',
                                       f'file:{passphrase}', *words], check=True,
                                      capture_output=True).stdout)
        rig.expect(secret.in_folder(os.path.dirname(path)), f'the search misses a key in {form}')
        os.remove(path)


def search_everywhere(key):
    with rig.station(slots=8, start=False) as station:
        folder = os.path.join(os.path.dirname(station.config), 'ca')
        shutil.rmtree(folder)
        subprocess.run([rig.program('keycradle-signer'), 'init-demo', '--folder', folder, '--key',
                        key], check=True, capture_output=True)
        secret = leaks.Secrets(folder)
        part_signer(station)
        signer = start_signer(station)
        try:
            need_to_look(signer.pid)
            start_daemon(station)
            station.listen()
            screen = Terminal(station)
            provision(station, 6)  # a Zephyr has no room for what RSA-3072 signed
            station.json('export', 'csv', '--batch', 'B1', '--output',
                         os.path.join(station.folder, 'manifest.csv'))
            expect_clean_process(station.daemon.pid, secret, 'the daemon holds a secret')
            expect_clean_process(station.monitor.process.pid, secret, 'the client holds a secret')
            expect_clean_process(screen.pid(), secret, 'the screen holds a secret')
            expect_nothing(leaks.found_in_proc(signer.pid, secret), 'ps shows a secret')
            expect_nothing(secret.in_folder(station.folder), 'a file holds a secret')
            expect_found_where_planted(station, secret)
            expect_kept_well(signer.pid, secret)
            screen.close()
        finally:
            end(signer)


def expect_kept_well(pid, secret):
    """The signer itself holds the key, which shows that the search finds it: in locked memory that
    no core has, and only as the numbers that OpenSSL computes with. The passphrase and the decoded
    file are gone. What RSA computes with has copies of its primes (BN_MONT_CTX) in ordinary memory,
    which is locked where the signer may lock all of its memory."""
    found = leaks.found_in_memory(pid, secret)
    inside = [words for one, words in found if {'lo', 'dd'} <= set(one.flags)]
    outside = [words for one, words in found if not {'lo', 'dd'} <= set(one.flags)]
    rig.expect(inside, 'the search does not even find the key in the signer')
    expect_nothing([words for words in inside if 'little-endian' not in words],
                   'the signer keeps what it needs no more')
    expect_nothing([words for words in outside
                    if not re.fullmatch('prime[12] in little-endian', words)],
                   'a secret is outside the secure heap')


def dumps_core(pid):
    """Ends a child of ours with SIGABRT: whether the kernel wrote a core."""
    os.kill(pid, signal.SIGABRT)
    _, end_status = os.waitpid(pid, 0)
    rig.expect(os.WIFSIGNALED(end_status), f'SIGABRT did not end {pid}: {end_status}')
    return os.WCOREDUMP(end_status)


def allow_cores():
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def nothing_dumps_a_core():
    with rig.station(slots=1, start=False) as station:
        part_signer(station)
        other = subprocess.Popen(['sleep', '1000'], preexec_fn=allow_cores, cwd=station.folder)
        if not dumps_core(other.pid):
            print('this host writes no cores at all, so this says little')
        for core in glob.glob(os.path.join(station.folder, 'core*')):
            os.remove(core)
        signer = start_signer(station, allow_cores, cwd=station.folder)
        start_daemon(station, allow_cores, cwd=station.folder)
        rig.expect(not dumps_core(signer.pid), 'the signer left a core')
        rig.expect(not dumps_core(station.daemon.pid), 'the daemon left a core')
        expect_nothing(glob.glob(os.path.join(station.folder, 'core*')), 'cores')
        signer.returncode = station.daemon.returncode = -signal.SIGABRT


def an_elliptic_key_is_nowhere_but_in_the_signer():
    search_everywhere('p-256')


def an_rsa_key_is_nowhere_but_in_the_signer():
    search_everywhere('rsa-3072')


if __name__ == '__main__':
    rig.main({one.__name__: one for one in (
        both_daemons_are_confined, both_daemons_work_under_the_filters_of_their_units,
        nothing_dumps_a_core, an_elliptic_key_is_nowhere_but_in_the_signer,
        an_rsa_key_is_nowhere_but_in_the_signer)})
