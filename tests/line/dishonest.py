# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dishonest manufacturer with root on the station: whatever he does with disks, clones and counts, the
owner never accepts more certificates for a ticket than it is for, an honest line loses none that came
out, and what he tried is told. With tickets and the clock: tickets.py; with the signer's life:
struck.py."""

import base64
import os
import shutil

import rig
import wire
from dishonest_rig import (N, expect_no_start, expect_released, expect_within, index_files, report_text,
                           since_yesterday, starts)
from works import works

import forge  # noqa: E402  (in tests/audit, which works knows)
import log


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
        no_count_outside_of_the_log_counts,
        a_log_with_entries_taken_out_does_not_start,
    )})
