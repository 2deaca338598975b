# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signer that dies, or whose disk fails, at each system call of an issuance: no certificate more than
the ticket allows, and none that came out is lost."""

import contextlib
import os
import subprocess

import cuts
import rig
import wire
from works import works


def points_of(one):
    """(call, how many times it was called by one thread) while an order is served."""
    trace = os.path.join(one.folder, 'trace')
    tracer = subprocess.Popen(['strace', '-f', '-qq', '-o', trace, '-p', str(one.process.pid)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        rig.wait_until(lambda: cuts.is_traced(one.process.pid), 'strace has attached')
        one.order('TRACED')
    finally:
        tracer.terminate()
        tracer.wait()
    counts = {}
    with open(trace, encoding='utf-8', errors='replace') as file:
        for line in file:
            thread, _, rest = line.partition(' ')
            call = rest.strip().split('(')[0]
            if call.isidentifier() and 'resumed' not in rest.split('(')[0]:
                counts[(thread, call)] = counts.get((thread, call), 0) + 1
    most = {}
    for (_, call), times in counts.items():
        most[call] = max(most.get(call, 0), times)
    return [(call, place) for call, times in sorted(most.items()) for place in range(1, times + 1)]


def strike(one, device, call, what):
    """One order while strace does that to the call. Whether an answer came."""
    with cuts.tampered(one.process.pid, call, what):
        try:
            one.order(device)
            return True
        except (wire.Dropped, wire.Refused, OSError):
            return False


def continue_honestly(one, device, answered):
    """The same order again: the same certificate where one came out, one entry, and no more."""
    one.end()
    one.start()
    before = set(one.released.get(device, set()))
    after = one.order(device)
    rig.expect(not answered or after in before, f'{device}: another certificate than the one that came out')
    rig.expect_equal(len(one.released[device]), 1, f'certificates that came out for {device}')
    entries = [entry for entry in one.log() if entry[1] == 1 and entry[5] == device]
    rig.expect_equal(len(entries), 1, f'entries for {device}')


def struck_at_each_call(stride):
    with works() as (one, owner):
        one.load(owner.ticket('B-0', 1))
        one.order('WARM', batch='B-0')
        one.load(owner.ticket('B-1', 1000))
        points = points_of(one)
        strikes = [(call, f'signal=SIGKILL:when={place}') for call, place in points]
        for call, place in points:
            if call in ('pwrite64', 'write', 'pwritev', 'writev', 'fdatasync', 'fsync'):
                strikes += [(call, f'error={error}:when={place}+') for error in ('EIO', 'ENOSPC')]
        rig.expect(len(points) > 5, f'an order has so few calls: {points}')
        done, total = 0, 1
        for number, (call, what) in enumerate(strikes):
            if number % stride and not call.startswith(('pwrite', 'fdatasync')):
                continue
            device = f'K-{number}'
            answered = strike(one, device, call, what)
            if one.process.poll() is not None:
                one.process.wait()
            continue_honestly(one, device, answered)
            done, total = done + 1, total + 1
        rig.expect_equal(len(one.issued()), total, 'certificates in the log')
        one.load(owner.ticket('B-1', 2))
        for device in ('L-1', 'L-2'):
            one.order(device)
        one.refused('ticket-used-up', 'L-3')
        report, _ = one.report()
        owner.keep('report.p7s', report)
        owner.expect_accepts(one.collect('all'))
        print(f'{done} of {len(strikes)} strikes at {len(points)} calls: {points}')


def a_signer_that_dies_in_an_order_loses_nothing():
    struck_at_each_call(9)


def a_signer_that_dies_at_any_call_loses_nothing():
    struck_at_each_call(1)


def a_signer_that_dies_in_what_it_tells_the_owner_goes_on():
    """Loading a ticket, a report, a checkpoint: struck at write, sync and answer, and done again."""
    with works() as (one, owner):
        strikes = [(call, what) for call in ('pwrite64', 'fdatasync')
                   for what in ('signal=SIGKILL:when=1', 'error=EIO:when=1+')]
        for number, (call, what) in enumerate([*strikes, ('sendto', 'signal=SIGKILL:when=1')]):
            batch, device = f'B-{number}', f'D-{number}'
            ticket = owner.ticket(batch, 1)
            struck(one, call, what, lambda: one.load(ticket))
            with contextlib.suppress(wire.Refused):  # it may be in already
                one.load(ticket)
            one.order(device, batch=batch)
            struck(one, call, what, one.checkpoint)
            struck(one, call, what, lambda: one.report(batch))
            report, _ = one.report(batch)
            owner.keep(f'report-{number}.p7s', report)
            one.refused('ticket-used-up', f'X-{number}', batch=batch)
        owner.expect_accepts(one.collect('all'))


def struck(one, call, what, act):
    """That act while strace does that to the call; the signer that runs behind it is a new one."""
    with cuts.tampered(one.process.pid, call, what), contextlib.suppress(wire.Dropped, wire.Refused, OSError):
        act()
    one.end()
    one.start()


def the_last_of_a_ticket_is_the_last_whenever_the_signer_dies():
    """With one left, each death, and the order again and another: never one more."""
    with works() as (one, owner):
        one.load(owner.ticket('B-1', 1))
        one.stop()
        image = one.image()
        for call in ('pwrite64', 'fdatasync', 'sendto', 'sendmsg', 'write'):
            one.restore(image)
            one.start()
            strike(one, f'A-{call}', call, 'signal=SIGKILL:when=1')
            one.end()
            one.start()
            outcomes = []
            for device in (f'A-{call}', f'B-{call}'):
                try:
                    one.order(device)
                    outcomes.append(device)
                except wire.Refused as refusal:
                    rig.expect_equal(refusal.word, 'ticket-used-up', f'{device}: {refusal}')
            rig.expect_equal((len(outcomes), len(one.issued())), (1, 1), f'certificates after a death at {call}')
            one.stop()


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_signer_that_dies_in_an_order_loses_nothing,
        a_signer_that_dies_at_any_call_loses_nothing,
        a_signer_that_dies_in_what_it_tells_the_owner_goes_on,
        the_last_of_a_ticket_is_the_last_whenever_the_signer_dies,
    )})
