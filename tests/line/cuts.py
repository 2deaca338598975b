# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cuts at exact places: strace kills daemon or signer at its Nth system call, or makes the disk
fail; and ledgers that are older, gone, or newer than they should be."""

import contextlib
import glob
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import judge
import many
import rig

SYNC = 'fdatasync,fsync'


@contextlib.contextmanager
def tampered(pid, calls, what):
    """While this lasts, strace changes system calls of `pid`: see strace(1), --inject."""
    if shutil.which('strace') is None:
        print('strace is not installed: no cuts at exact places here')
        sys.exit(77)
    tracer = subprocess.Popen(
        ['strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={calls}', '-e',
         f'inject={calls}:{what}', '-p', str(pid)], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=rig.environment())
    try:
        rig.wait_until(lambda: tracer.poll() is not None or is_traced(pid), 'strace has attached')
        if tracer.poll() is not None and rig.is_alive(pid):
            print('strace may not attach here:', tracer.stderr.read().decode())
            sys.exit(77)
        yield
    finally:
        # a strace that holds a dead process does not hear of SIGINT
        tracer.send_signal(signal.SIGINT if rig.is_alive(pid) else signal.SIGKILL)
        tracer.wait()
        tracer.stderr.close()


def is_traced(pid):
    """Every thread of it."""
    try:
        return all(rig.status_field(f'{pid}/task/{thread}', 'TracerPid') != 0
                   for thread in os.listdir(f'/proc/{pid}/task'))
    except FileNotFoundError:
        return True  # a thread, or all of it, has just ended


def has_ended(station, pid):
    """The attempt in slot 1 is over, one way or the other."""
    if not rig.is_alive(pid):
        return True
    try:
        return station.slot(1)['state'] in ('pass', 'fail')
    except rig.Failure:
        return False  # it died while it was asked


def cut_one(station, simulator, victim, calls, number, place):
    """One fresh device; `victim` dies at its call `place`. FALSE once that lies behind the end."""
    driver, options = many.KINDS[number % len(many.KINDS)]
    serial = many.serial_for(driver, number)
    simulator.new(serial, driver=driver, serial=serial, **options)
    pid = station.daemon.pid if victim == 'daemon' else rig.wait_until(station.signer_pid,
                                                                       'there is a signer')
    with tampered(pid, calls, f'signal=KILL:when={place}'):
        simulator.plug(serial, 1)
        rig.wait_until(lambda: has_ended(station, pid), f'{serial} has ended')
    died = not rig.is_alive(pid)  # only now: it may have died answering the question above
    if victim == 'daemon' and died:
        station.daemon.wait(rig.PATIENCE)
        station.start()
    many.settle(station, simulator, [serial])
    judge.judge_devices(station, simulator, [serial])
    mine = [one for one in station.certificates() if one['device'] == serial]
    live = [one for one in mine if one['state'] in judge.LIVE]
    rig.expect_equal(len(live), 1, f'live certificates of {serial}, {victim} cut at {place}')
    print(f'{victim} cut at call {place} of {calls}: {"died" if died else "went on"}; '
          f'{len(mine)} certificate(s)', flush=True)
    simulator.unplug(serial)
    rig.wait_until(lambda: not station.slot(1)['present'], 'the slot is empty')
    return died


def cut_everywhere(victim, calls, most):
    """At the first, second, ... of each kind of call, until one lies behind the end of it all.
    strace counts each kind for each thread."""
    number = 0
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        for call in calls:
            for place in range(1, most + 1):
                number += 1
                if not cut_one(station, simulator, victim, call, number, place):
                    break


def the_daemon_may_die_at_each_sync():
    cut_everywhere('daemon', ['fdatasync', 'fsync'], 12)


def the_signer_may_die_at_each_sync():
    cut_everywhere('signer', ['fdatasync', 'fsync'], 4)


CALLS = ('openat', 'pwrite64', 'write', 'writev', 'sendto', 'sendmsg', 'recvfrom', 'recvmsg', 'read',
         'ioctl', 'close', 'rename', 'unlink')


def the_daemon_may_die_at_each_system_call():
    cut_everywhere('daemon', CALLS, 60)


def the_signer_may_die_at_each_system_call():
    cut_everywhere('signer', CALLS, 60)


def fail_disk(victim, reasons):
    """While the disk fails nothing leaves the station; afterwards all goes on."""
    with rig.station() as station:
        simulator = station.simulator()
        station.start_batch()
        simulator.new('DISK-1', driver='smp', key='p-256', serial='DISK-1')
        pid = station.daemon.pid if victim == 'daemon' else station.signer_pid()
        with tampered(pid, SYNC, 'error=EIO'):
            simulator.plug('DISK-1', 1)
            record = station.wait_slot(1, 'fail')
            rig.expect(record['reason'] in reasons, f'{record}')
            rig.expect(len(record['operator-text']) > 20, f'{record}')
            rig.expect_equal(simulator.certificate('DISK-1'), None, 'what the device holds')
        print(f'{victim}: {record["reason"]}: {record["operator-text"]}')
        simulator.unplug('DISK-1')
        if station.daemon.poll() is None:
            station.stop()
        station.start()
        simulator.plug('DISK-1', 1)
        station.wait_slot(1, 'pass')
        judge.judge_devices(station, simulator, ['DISK-1'])


def nothing_leaves_while_the_ledgers_disk_fails():
    fail_disk('daemon', {'storage'})


def nothing_leaves_while_the_signers_disk_fails():
    fail_disk('signer', {'log', 'issuance-log'})


def ledger_path(station):
    return station.json('status')['ledger']


def run_some(station, simulator, names):
    for slot, name in enumerate(names, 1):
        simulator.new(name, driver='smp', key='p-256', serial=name)
        simulator.plug(name, slot)
    for slot in range(1, len(names) + 1):
        station.wait_slot(slot, 'pass')


def an_older_ledger_fills_itself_up_from_the_log():
    with rig.station(slots=4) as station:
        simulator = station.simulator()
        station.start_batch()
        path = ledger_path(station)
        run_some(station, simulator, ['OLD-1', 'OLD-2'])
        for name in ('OLD-1', 'OLD-2'):
            simulator.unplug(name)
        station.stop()
        shutil.copy(path, path + '.copy')
        station.start()
        names = ['NEW-1', 'NEW-2', 'NEW-3', 'NEW-4']
        run_some(station, simulator, names)
        before = {one['device']: one['sha256'] for one in station.certificates()}
        for name in names:
            simulator.unplug(name)
        station.stop()
        for leftover in glob.glob(path + '-*'):
            os.unlink(leftover)
        shutil.move(path + '.copy', path)
        station.start()
        rig.wait_until(lambda: len(station.certificates()) == 6, 'the ledger knows all six again')
        for slot, name in enumerate(names, 1):
            simulator.plug(name, slot)
        for slot in range(1, 5):
            station.wait_slot(slot, 'pass')
        judge.judge_devices(station, simulator, ['OLD-1', 'OLD-2', *names])
        rig.expect_equal({one['device']: one['sha256'] for one in station.certificates()}, before,
                         'the certificates, before and after')


def a_newer_ledger_is_refused_and_left_alone():
    with rig.station() as station:
        path = ledger_path(station)
        station.stop()
        with contextlib.closing(sqlite3.connect(path)) as ledger:
            ledger.execute('PRAGMA user_version = 9999')
            ledger.commit()
        with open(path, 'rb') as file:
            before = file.read()
        run = subprocess.run([rig.program('keycradled'), '--config', station.config],
                             capture_output=True, text=True, check=False, timeout=rig.PATIENCE,
                             env=rig.environment())
        rig.expect(run.returncode != 0 and 'newer' in run.stdout + run.stderr, f'{run}')
        with open(path, 'rb') as file:
            rig.expect(file.read() == before, 'the ledger was touched')


def two_daemons_never_share_a_station():
    with rig.station() as station:
        run = subprocess.run([rig.program('keycradled'), '--config', station.config],
                             capture_output=True, text=True, check=False, timeout=rig.PATIENCE,
                             env=rig.environment())
        rig.expect(run.returncode != 0 and len(run.stdout + run.stderr) > 20, f'{run}')
        print((run.stdout + run.stderr).strip())
        station.cli('status')


def a_signer_that_hangs_holds_up_nothing_else():
    with rig.station(slots=2, start=False) as station:
        station.set_attempt_seconds(5)
        station.start()
        simulator = station.simulator()
        station.start_batch()
        run_some(station, simulator, ['FIRST-1'])
        signer = station.signer_pid()
        os.kill(signer, signal.SIGSTOP)
        try:
            simulator.new('HANG-1', driver='smp', key='p-256', serial='HANG-1')
            simulator.plug('HANG-1', 2)
            station.wait_slot(2, 'working')
            rig.expect_equal(station.json('batch', 'show', 'B1')['passed'], 1, 'passed so far')
            record = station.wait_slot(2, 'fail')
        finally:
            os.kill(signer, signal.SIGCONT)
        rig.expect_equal(simulator.certificate('HANG-1'), None, 'what the device holds')
        print(f'{record["reason"]}: {record["operator-text"]}')
        simulator.unplug('HANG-1')
        rig.wait_until(lambda: not station.slot(2)['present'], 'the slot is empty')
        simulator.plug('HANG-1', 2)
        station.wait_slot(2, 'pass')
        judge.judge_devices(station, simulator, ['FIRST-1', 'HANG-1'])


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        the_daemon_may_die_at_each_sync,
        the_signer_may_die_at_each_sync,
        the_daemon_may_die_at_each_system_call,
        the_signer_may_die_at_each_system_call,
        nothing_leaves_while_the_ledgers_disk_fails,
        nothing_leaves_while_the_signers_disk_fails,
        an_older_ledger_fills_itself_up_from_the_log,
        a_newer_ledger_is_refused_and_left_alone,
        two_daemons_never_share_a_station,
        a_signer_that_hangs_holds_up_nothing_else,
    )})
