# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dishonest manufacturer with tickets of the owner's, and with the clock: nothing gives more than a
ticket allows, and what was tried is on record."""

import contextlib
import os
import random
import threading
import time

import rig
import wire
from dishonest_rig import N, expect_released, expect_within, report_text
from owner_rig import AUDIT, self_signed, stamp
from rogue_rig import Key
from works import clock, works


def a_ticket_is_taken_once():
    with works() as (one, owner):
        first = owner.ticket('B-1', N)
        one.load(first)
        one.refused_ticket('ticket-replayed', first)
        for device in ('D-1', 'D-2', 'D-3'):
            one.order(device)
        one.refused('ticket-used-up', 'D-4')
        one.refused_ticket('ticket-replayed', first)
        one.load(owner.ticket('B-2', 1))
        one.refused_ticket('ticket-replayed', first)
        one.refused('ticket-used-up', 'D-4')
        one.refused('ticket-missing', 'D-4', batch='B-3')
        rig.expect_equal(one.order('D-1'), next(iter(one.released['D-1'])), 'the same order again')
        report, _ = one.report()
        text = report_text(report)
        words = {entry[4] for entry in one.refusals()}
        rig.expect(words >= {'ticket-replayed', 'ticket-used-up', 'ticket-missing'}, f'on record are {words}')
        rig.expect(f'Refusals={len(one.refusals())}' in text and 'Remaining=0' in text, text)
        folder = one.collect('all')
        said = owner.expect_accepts(folder)
        rig.expect('refusal' in said, f'the verifiers tell of refusals: {said}')
        expect_within(folder)


def nobody_else_signs_tickets():
    with works() as (one, owner):
        text = owner.text('B-1', N)
        key, certificate = owner.key, owner.certificate
        owner.key, owner.certificate = self_signed(one.folder, 'forger')
        forged = owner.sign(text)
        owner.key, owner.certificate = key, certificate
        one.refused_ticket('ticket-invalid', forged)
        good = owner.sign(text)
        at = good.index(b'Count=3')
        one.refused_ticket('ticket-invalid', good[:at + 6] + b'9' + good[at + 7:])
        one.refused('ticket-missing', 'D-1')
        one.load(good)
        one.order('D-1')


def more_than_n_at_once_are_n():
    with works() as (one, owner):
        one.load(owner.ticket('B-1', N))
        devices = [f'D-{number}' for number in range(12)]
        for device in devices:
            one.keys[device] = Key(one.folder, device).csr()
        outcomes, gate = [], threading.Barrier(len(devices))

        def ask(device):
            gate.wait()
            try:
                one.order(device)
                outcomes.append('made')
            except wire.Refused as refusal:
                outcomes.append(refusal.word)
        threads = [threading.Thread(target=ask, args=(device,)) for device in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rig.expect_equal(sorted(outcomes), ['made'] * N + ['ticket-used-up'] * (len(devices) - N), 'the outcomes')
        rig.expect_equal(len(one.issued()), N, 'entries')
        report, _ = one.report()
        owner.keep('report.p7s', report)
        owner.expect_accepts(one.collect('all'))


def the_same_ticket_from_many_at_once_is_taken_once():
    with works() as (one, owner):
        ticket, outcomes, gate = owner.ticket('B-1', N), [], threading.Barrier(8)

        def load():
            gate.wait()
            try:
                one.load(ticket)
                outcomes.append('loaded')
            except wire.Refused as refusal:
                outcomes.append(refusal.word)
        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rig.expect_equal(sorted(outcomes), ['loaded'] + ['ticket-replayed'] * 7, 'the outcomes')


def changed_frames_of_every_kind_change_nothing_for_the_owner():
    """Whoever has the daemon's socket sends what is nearly a request: the signer lives, no ticket gives more, and
    its log is one that the owner accepts."""
    chance = random.Random(8)
    with works() as (one, owner):
        one.load(owner.ticket('B-1', N))
        one.order('D-1')
        order = wire.payload(wire.REQUESTS[wire.SIGN], one.rogue.order(one.keys['D-1'], 'D-1', batch='B-1'))
        frames = [*frames_of_requests(), wire.frame(one.rogue.version, wire.SIGN, order)]
        answered = dict.fromkeys(wire.REQUESTS, 0)
        for data in frames * 30:
            changed = bytearray(data)
            for _ in range(chance.choice((0, 1, 1, 2, 8))):
                changed[chance.randrange(4, len(changed))] = chance.randrange(256)
            with one.rogue.connect() as connection, contextlib.suppress(wire.Dropped, wire.Refused):
                connection.send(bytes(changed))
                connection.socket.shutdown(1)
                answered[connection.answer()[0]] += 1
        rig.expect(sum(answered.values()) > len(frames), f'too little was understood: {answered}')
        for device in ('D-2', 'D-3'):  # orders for other keys were among the frames
            with contextlib.suppress(wire.Refused):
                one.order(device)
        one.refused('ticket-used-up', 'D-4')
        report, _ = one.report()
        owner.keep('report.p7s', report)
        folder = one.collect('all')
        owner.expect_accepts(folder)
        expect_released(one, expect_within(folder), one.released)


def frames_of_requests():
    """What the fuzzer begins with; in front of each frame a byte for its direction."""
    corpus = os.path.join(os.path.dirname(AUDIT), 'fuzz', 'corpus-wire')
    found = []
    for name in sorted(os.listdir(corpus)):
        with open(os.path.join(corpus, name), 'rb') as file:
            data = file.read()
        if data[0] == 0:
            found.append(data[1:])
    return found


# ---- the clock ----

def a_clock_that_goes_back_issues_nothing():
    with works(start=False) as (one, owner):
        environment, move = clock(one.folder)
        one.start(**environment)
        owner.pin(one.station)
        one.load(owner.ticket('B-1', N, NotAfter=stamp_in(3600)))
        one.order('D-1')
        move('+1d')
        one.refused('clock', 'D-2')
        one.stop()
        one.start(**environment)
        one.refused('ticket-time', 'D-2')
        one.load(owner.ticket('B-2', N))
        one.order('D-2', batch='B-2')
        move('-0')
        one.refused('clock', 'D-3')
        one.stop()
        one.start(**environment)
        one.refused('clock', 'D-3')
        rig.expect(refuses_clock(one), 'only the owner sets the clock back')
        one.load(owner.ticket('B-3', N, ClockReset='yes'))
        one.order('D-3', batch='B-3')
        report, _ = one.report()
        rig.expect('ClockResets=1' in report_text(report), report_text(report))
        said = owner.expect_accepts(one.collect('all'))
        rig.expect('clock' in said, f'the verifiers tell of it: {said}')


def stamp_in(seconds):
    return stamp(time.time() + seconds)


def refuses_clock(one):
    try:
        one.ask(wire.CLOCK, ('mallory', 'because'))
    except wire.Refused:
        return True
    return False


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_ticket_is_taken_once,
        nobody_else_signs_tickets,
        more_than_n_at_once_are_n,
        the_same_ticket_from_many_at_once_is_taken_once,
        changed_frames_of_every_kind_change_nothing_for_the_owner,
        a_clock_that_goes_back_issues_nothing,
    )})
