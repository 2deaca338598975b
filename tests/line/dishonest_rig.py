# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of a dishonest manufacturer share: a shift and its copy, and what the owner accepts of it."""

import os

import custody_rig
import rig
import wire
import owner_rig  # noqa: F401 (knows tests/audit)

import cms  # noqa: E402  (in tests/audit, which owner_rig knows)
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


def index_files(folder):
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
            if 'index' in os.path.relpath(at, folder) or 'index' in name]
