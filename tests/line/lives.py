# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several lives of one station whose TPM counts (swtpm): its disk restored, and cloned, each life with
the same ticket. All of them together sign no more than the owner allowed, and what one life does not
know of the others is told as lost. And a count that is edited in the index beside the log."""

import os
import shutil

import rig
import wire
from counting import counted_works, expect_account, lost, ticket
from dishonest_rig import expect_within, index_files
from rogue_rig import Key
from works import works

N = 4


def made(one):
    """All certificates that ever came out, in whatever life."""
    return sum(len(found) for found in one.released.values())


def order_until_refused(one, life):
    for number in range(1, N + 2):
        try:
            one.order(f'{life}-{number}')
        except wire.Refused as refusal:
            rig.expect(refusal.word in ('tpm-count', 'ticket-used-up'), f'{life}-{number}: {refusal}')
            return
    raise rig.Failure(f'life {life} makes more than {N}')


def restored_lives_share_one_count():
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=N, limit=1 + N, seen=1))
        one.stop()
        image = one.image()
        one.start()
        one.order('A-1')
        one.order('A-2')
        report, _ = one.report()
        first = one.collect('first')
        owner.expect_accepts(first)
        one.stop()
        for life in ('B', 'C'):
            one.restore(image)
            one.start()
            order_until_refused(one, life)
            expect_account(one, tpm)
            one.report()
            said = owner.expect_accepts(one.collect(life))
            rig.expect('lost' in said or 'stand in no entry' in said, f'the verifiers tell what is lost: {said}')
            expect_within(os.path.join(one.folder, life), N)
            one.stop()
        rig.expect_equal((made(one), tpm.count()), (N, (1 + N, 1 + N)), 'certificates of all lives, and the TPM\'s count')
        owner.keep('report.p7s', report)
        owner.expect_finds(os.path.join(one.folder, 'C'), 'kept report.p7s', *[f'log {place}' for place in range(12)])


def cloned_lives_share_one_count():
    """Two disks with the same ticket, in turns on the same TPM."""
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=N, limit=1 + N, seen=1))
        one.stop()
        disks = {'A': one.image(), 'B': one.image()}
        for turn in range(1, 4):
            for life, disk in disks.items():
                one.restore(disk)
                one.start()
                try:
                    one.order(f'{life}-{turn}')
                except wire.Refused as refusal:
                    rig.expect_equal(refusal.word, 'tpm-count', f'{life}-{turn}: {refusal}')
                expect_account(one, tpm)
                one.stop()
                disks[life] = one.image()
        rig.expect_equal((made(one), tpm.count()[0]), (N, 1 + N), 'certificates of both disks, and the TPM\'s count')
        for life, disk in disks.items():
            one.restore(disk)
            one.start()
            rig.expect_equal(sum(lost(one)), 1 + N // 2, f'what disk {life} does not know')
            one.stop()


def an_edited_count_beside_the_log_is_not_believed():
    """Each byte of the index that might be the count, set to none."""
    with works() as (one, owner):
        one.load(owner.ticket('B-1', 2))
        one.order('D-1')
        one.order('D-2')
        one.stop()
        image = one.image()
        one.keys['D-3'] = Key(one.folder, 'D-3').csr()
        path, = [found for found in index_files(one.state) if found.endswith('data.mdb')]
        with open(path, 'rb') as file:
            data = file.read()
        places = [place for place in range(8192, len(data)) if data[place] == 2]
        rig.expect(len(places) > 5, 'the index has no counts')
        for place in places:
            one.restore(image)
            with open(path, 'wb') as file:
                file.write(data[:place] + b'\0' + data[place + 1:])
            one.start()
            one.refused('ticket-used-up', 'D-3')
            one.kill()
        shutil.rmtree(image)
        print(f'{len(places)} places')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        restored_lives_share_one_count,
        cloned_lives_share_one_count,
        an_edited_count_beside_the_log_is_not_believed,
    )})
