# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dishonest manufacturer with root on the station: whatever he does with disk, clock, tickets,
counts and the signer's life, the owner never accepts more certificates for a ticket than it is for,
an honest line loses none that came out, and what he tried is told."""

import base64
import contextlib
import os
import random
import shutil
import subprocess
import threading
import time

import cuts
import custody_rig
import rig
import wire
from owner_rig import AUDIT, self_signed, stamp
from rogue_rig import Key
from works import clock, works

import cms  # noqa: E402  (in tests/audit, which owner_rig knows)
import forge
import log

N = 3


def expect_within(folder, count=N, batch='B-1'):
    """Of what the owner would accept of this collection: no more certificates than the ticket is for,
    and each that came out is among them, or was never answered."""
    mine = [entry.certificate for entry in read_log(folder) if entry.type == 1 and entry.batch == batch.encode()]
    rig.expect(len(mine) <= count, f'{len(mine)} certificates for a ticket of {count}')
    return set(mine)


def read_log(folder):
    with open(os.path.join(folder, 'issuance.log'), 'rb') as file:
        return [entry for _, entry, _ in log.read_entries(file.read()) if entry]


def since_yesterday(one, owner):
    """A shift: D-1 of N, a copy of the disk, D-2. The signer runs; the copy."""
    one.load(owner.ticket('B-1', N))
    one.order('D-1')
    one.stop()
    image = one.image()
    one.start()
    one.order('D-2')
    return image


def starts(one):
    """Whether the signer does, which is then left to run."""
    one.process = custody_rig.start_signer(one.station)
    rig.wait_until(lambda: one.process.poll() is not None or answers(one), 'it starts or ends')
    return one.process.poll() is None


def answers(one):
    try:
        return bool(one.ask(wire.STATUS, ()))
    except (OSError, wire.Dropped):
        return False


def expect_no_start(one, title, *words):
    rig.expect(not starts(one), f'{title}: the signer starts')
    for word in words:
        rig.expect(word in one.said(), f'{title}: it must say {word}: {one.said()[-500:]}')


def report_text(der):
    return cms.Signed(der).text.decode()


def expect_released(one, accepted, devices):
    for device in devices:
        rig.expect(one.released[device] & accepted, f'the certificate of {device} came out and is not in the log')


# ---- disks ----

def yesterdays_disk_is_told_by_a_report():
    """He has reported, restores the disk of before, and makes the rest again."""
    with works() as (one, owner):
        image = since_yesterday(one, owner)
        one.order('D-3')
        report, _ = one.report()
        owner.keep('report.p7s', report)
        first = one.collect('first')
        owner.expect_accepts(first)
        accepted = expect_within(first)
        expect_released(one, accepted, ('D-1', 'D-2', 'D-3'))
        one.stop()
        one.restore(image)
        one.start()
        for device in ('X-1', 'X-2'):
            one.order(device)
        again, _ = one.report()
        second = one.collect('second')
        said = owner.expect_finds(second, 'kept report.p7s', *[f'log {place}' for place in range(10)])
        rig.expect_equal(one.released['X-1'] & accepted, set(), 'what he made beyond is in no log that is accepted')
        print(said.splitlines()[0])
        owner.kept.clear()  # and without a memory, one log only can be shown
        owner.expect_accepts(second)
        expect_within(second)


def yesterdays_disk_without_a_report_gives_one_life():
    """Nothing was shown yet: he may choose which life to show, and each has N at most."""
    with works() as (one, owner):
        one.load(owner.ticket('B-1', N))
        one.order('D-1')
        one.stop()
        image = one.image()
        lives = []
        for life in ('a', 'b'):
            one.restore(image)
            one.start()
            for number in range(2, N + 1):
                one.order(f'{life}-{number}')
            one.refused('ticket-used-up', f'{life}-9')
            report, _ = one.report()
            rig.expect('Refusals=1' in report_text(report), 'the refusal is in the report')
            lives.append((one.collect(life), report))
            one.stop()
        for shown, other in (lives, lives[::-1]):
            owner.kept.clear()
            owner.keep('shown.p7s', shown[1])
            owner.expect_accepts(shown[0])
            expect_within(shown[0])
            owner.expect_finds(other[0], 'kept shown.p7s', *[f'log {place}' for place in range(10)])


def an_older_log_beside_newer_checkpoints_does_not_start():
    """Half a disk: the signer itself tells."""
    with works() as (one, owner):
        image = since_yesterday(one, owner)
        one.checkpoint()
        one.stop()
        shutil.copy(os.path.join(image, 'issuance.log'), one.state)
        expect_no_start(one, 'a log that was rolled back', 'rolled back', 'put back the newest log')


def no_part_of_yesterdays_disk_makes_more():
    """Each choice of what is restored and what is not, made from both disks: the signer does not start, or
    the owner sees another log than the one whose checkpoint he has, or nothing is gained."""
    with works() as (one, owner):
        image = since_yesterday(one, owner)
        owner.keep('checkpoint', one.checkpoint())
        one.stop()
        today = one.image()
        names = sorted({*os.listdir(image), *os.listdir(today)} - {'station.key', 'station.pem'})
        outcomes = {'no start': 0, 'refused': 0, 'within': 0}
        for choice in range(1, 1 << len(names)):
            one.restore(today)
            for name in (name for place, name in enumerate(names) if choice >> place & 1):
                replace(os.path.join(one.state, name), os.path.join(image, name))
            outcomes[what_comes_of_it(one, owner, f'choice-{choice}')] += 1
        rig.expect(all(outcomes.values()), f'each outcome was met: {outcomes}, of {names}')


def replace(path, other):
    """What stands at `other`, or nothing, at `path`."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)
    if os.path.isdir(other):
        shutil.copytree(other, path)
    elif os.path.exists(other):
        shutil.copy2(other, path)


def what_comes_of_it(one, owner, title):
    if not starts(one):
        return 'no start'
    for number in range(N + 1):
        try:
            one.order(f'{title}-{number}')
        except wire.Refused as refusal:
            rig.expect_equal(refusal.word, 'ticket-used-up', f'{title}: {refusal}')
    folder = one.collect(title)
    one.stop()
    name, said = owner.judge(folder)
    if name is not None:
        return 'refused'
    rig.expect_equal(len(expect_within(folder)), N, f'{title}: {said}')
    return 'within'


def a_log_that_is_moved_under_the_signer_takes_no_more():
    """It would go on writing into a file that no start finds again."""
    with works() as (one, owner):
        image = since_yesterday(one, owner)
        log_path = os.path.join(one.state, 'issuance.log')
        os.rename(log_path, log_path + '.today')
        shutil.copy(os.path.join(image, 'issuance.log'), log_path)
        one.refused('issuance-log', 'D-3')
        one.refused('issuance-log', 'D-4')
        one.stop()
        os.rename(log_path + '.today', log_path)
        one.start()
        one.order('D-3')
        one.refused('ticket-used-up', 'D-4')
        owner.expect_accepts(one.collect('all'))


def a_ticket_knows_what_its_owner_saw():
    """The next ticket names the root that the owner kept: a restored disk does not take it."""
    with works() as (one, owner):
        image = since_yesterday(one, owner)
        note = one.checkpoint().decode().split('\n')
        seen = {'LogSize': int(note[1]), 'LogRoot': base64.b64decode(note[2]).hex()}
        ticket = owner.ticket('B-2', N, **seen)
        one.stop()
        one.restore(image)
        one.start()
        one.refused_ticket('ticket-rolled-back', ticket)
        one.order('D-9')
        one.refused_ticket('ticket-rolled-back', ticket)
        rig.expect(one.refusals(), 'it is on record')


# ---- one ticket, two stations ----

def a_cloned_disk_gives_one_life():
    with works() as (one, owner):
        one.load(owner.ticket('B-1', N))
        one.stop()
        image = one.image()
        one.start()
        for device in ('D-1', 'D-2', 'D-3'):
            one.order(device)
        first = one.collect('first')
        owner.keep('checkpoint', one.checkpoint())
        one.stop()
        one.restore(image)
        one.start()
        for device in ('E-1', 'E-2', 'E-3'):
            one.order(device)
        one.report()
        second = one.collect('second')
        owner.expect_accepts(first, kept=[])
        owner.expect_finds(second, 'kept checkpoint')


def a_ticket_is_for_one_station():
    """A second station with a key of its own; and the same one's folder with another key."""
    with works() as (one, owner):
        ticket = owner.ticket('B-1', N)
        with works() as (other, other_owner):
            os.remove(other_owner.certificate)
            shutil.copy(owner.certificate, other_owner.certificate)
            other.stop()
            other.start()
            other.refused_ticket('ticket-foreign', ticket)
            rig.expect('ticket-foreign' in {entry[4] for entry in other.refusals()}, 'it is on record')
        one.stop()
        for name in ('station.key', 'station.pem', 'checkpoints'):
            if os.path.exists(os.path.join(one.state, name)):
                os.remove(os.path.join(one.state, name))
        one.start()
        one.refused_ticket('ticket-foreign', ticket)
        owner.expect_finds(one.collect('rekeyed'), 'station')


# ---- tickets ----

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


# ---- counts ----

def no_count_outside_of_the_log_counts():
    """The index beside the log is derived: gone, older, or with every byte changed, N stays N."""
    with works() as (one, owner):
        image = since_yesterday(one, owner)
        one.stop()
        for spoil in (remove_index, older_index, changed_index):
            spoil(one, image)
            one.start()
            rig.expect_equal(len(one.issued()), 2, f'after {spoil.__name__}')
            one.stop()
        changed_index(one, image)
        one.start()
        one.order('D-3')
        one.refused('ticket-used-up', 'D-4')
        rig.expect_equal(one.ask(wire.TICKETS, ())[0][5], N, 'issued for the ticket')
        owner.expect_accepts(one.collect('all'))


def index_files(folder):
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
            if 'index' in os.path.relpath(at, folder) or 'index' in name]


def remove_index(one, _):
    for path in index_files(one.state):
        os.remove(path)


def older_index(one, image):
    for path in index_files(image):
        shutil.copy(path, os.path.join(one.state, os.path.relpath(path, image)))


def changed_index(one, _):
    for path in index_files(one.state):
        with open(path, 'r+b') as file:
            data = bytearray(file.read())
            for at in range(4096, len(data), 97):
                data[at] ^= 0x5a
            file.seek(0)
            file.write(data)


def a_log_with_entries_taken_out_does_not_start():
    """The count is the log's: who shortens it, or takes a certificate out, is told apart."""
    with works() as (one, owner):
        one.load(owner.ticket('B-1', N))
        for device in ('D-1', 'D-2'):
            one.order(device)
        one.checkpoint()
        one.stop()
        path = os.path.join(one.state, 'issuance.log')
        with open(path, 'rb') as file:
            data = file.read()
        entries = [forge.Entry.of(entry) for _, entry, _ in log.read_entries(data)]
        victim = max(index for index, entry in enumerate(entries) if entry.type == log.CERTIFICATE)
        for title, kept in (('the last certificate is out', entries[:victim] + entries[victim + 1:]),
                            ('cut off', entries[:victim])):
            with open(path, 'wb') as file:
                file.write(data[:44] + b''.join(forge.frame(entry.encode()) for entry in kept))
            expect_no_start(one, title)
        with open(path, 'wb') as file:
            file.write(data)
        one.start()
        one.order('D-3')
        one.refused('ticket-used-up', 'D-4')


# ---- a signer that dies or whose disk fails at each system call of an issuance ----

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
        yesterdays_disk_is_told_by_a_report,
        yesterdays_disk_without_a_report_gives_one_life,
        an_older_log_beside_newer_checkpoints_does_not_start,
        no_part_of_yesterdays_disk_makes_more,
        a_log_that_is_moved_under_the_signer_takes_no_more,
        a_ticket_knows_what_its_owner_saw,
        a_cloned_disk_gives_one_life,
        a_ticket_is_for_one_station,
        a_ticket_is_taken_once,
        nobody_else_signs_tickets,
        more_than_n_at_once_are_n,
        the_same_ticket_from_many_at_once_is_taken_once,
        changed_frames_of_every_kind_change_nothing_for_the_owner,
        a_clock_that_goes_back_issues_nothing,
        no_count_outside_of_the_log_counts,
        a_log_with_entries_taken_out_does_not_start,
        a_signer_that_dies_in_an_order_loses_nothing,
        a_signer_that_dies_at_any_call_loses_nothing,
        a_signer_that_dies_in_what_it_tells_the_owner_goes_on,
        the_last_of_a_ticket_is_the_last_whenever_the_signer_dies,
    )})
