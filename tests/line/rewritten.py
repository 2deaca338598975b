# SPDX-License-Identifier: LGPL-2.1-or-later
"""A ledger that somebody with root rewrites by hand, who knows the schema and computes the chain of
events anew: the daemon runs on it, and what it then hands out is found wrong by both verifiers."""

import contextlib
import glob
import hashlib
import os
import shutil
import sqlite3
import struct
import tempfile

import rig
from owner_rig import Owner, demand_tickets

import material  # in tests/audit, which owner_rig knows


@contextlib.contextmanager
def reported():
    """A line whose batch is reported, the report kept: four certificates, one of them void, one failure."""
    with rig.station(start=False) as station, tempfile.TemporaryDirectory() as folder:
        owner = Owner(folder)
        demand_tickets(station, owner)
        line = material.Line(station, owner)
        line.start()
        line.begin('B-1', 6)
        for device in ('D-1', 'D-2', 'D-3'):
            line.run(device)
        line.run('D-4', 'fail', fault='wrong-certificate')
        station.cli('device', 'void', 'D-1', '--reason', 'scrapped')
        line.export('B-1')
        owner.kept.append(line.report('B-1'))
        yield station, owner, line


def ledger_of(station):
    return station.json('status')['ledger']


def chain_anew(database):
    """Every event's hash, as docs/evidence.md has it."""
    value, = database.execute('SELECT value FROM identity').fetchone()
    value = hashlib.sha256(b'keycradle ledger' + value).digest()
    for number, at, *texts in database.execute(
            'SELECT id, at, actor, kind, subject, detail FROM audit_events ORDER BY id').fetchall():
        data = value + struct.pack('>Qq', number, at)
        for text in texts:
            data += struct.pack('>I', len(text.encode())) + text.encode()
        value = hashlib.sha256(data).digest()
        database.execute('UPDATE audit_events SET hash = ? WHERE id = ?', (value, number))


def rewrite(path, statements):
    """With no trigger in the way, and each put back afterwards."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f'DROP TRIGGER {name}')
        for statement in statements:
            found = database.execute(statement)
            rig.expect(found.rowcount != 0, f'it changes nothing: {statement}')
        chain_anew(database)
        for _, sql in triggers:
            database.execute(sql)
        database.commit()


VOID = "(SELECT id FROM certificates WHERE state = 'void' AND verified_event IS NOT NULL)"
FORGERIES = {
    'a void one lives again': [
        "UPDATE certificates SET state = 'verified', void_reason = NULL, void_event = NULL WHERE id = " + VOID],
    'and its event is another': [
        "UPDATE audit_events SET kind = 'note' WHERE kind = 'certificate-void' AND subject = 'D-1'",
        "UPDATE certificates SET state = 'verified', void_reason = NULL, void_event = NULL WHERE id = " + VOID],
    'it is void for another reason': [
        "UPDATE certificates SET void_reason = 'lost' WHERE id = " + VOID,
        "UPDATE audit_events SET detail = 'lost' WHERE kind = 'certificate-void' AND subject = 'D-1'"],
    'another person did it': ["UPDATE audit_events SET actor = 'mallory' WHERE kind = 'certificate-void'"],
    'it was at another time': ["UPDATE audit_events SET at = at - 3600000000 WHERE id = 3"],
    'a certificate is another device\'s': [
        "UPDATE devices SET serial = 'X-9' WHERE serial = 'D-2'",
        "UPDATE audit_events SET subject = 'X-9' WHERE subject = 'D-2'"],
    'an export was smaller': ["UPDATE exports SET rows = rows - 1"],
    'an export was another file': ["UPDATE exports SET sha256 = zeroblob (32)"],
    'a report was about something else': ["UPDATE reports SET sha256 = zeroblob (32)"],
}


def a_ledger_rewritten_by_hand_is_found():
    with reported() as (station, owner, line):
        owner.expect_accepts(line.collect('honest'))
        path = ledger_of(station)
        station.stop()
        copy = path + '.honest'
        shutil.copy(path, copy)
        for number, (title, statements) in enumerate(FORGERIES.items()):
            for leftover in glob.glob(path + '-*'):
                os.unlink(leftover)
            shutil.copy(copy, path)
            rewrite(path, statements)
            station.start()
            name, said = owner.judge(line.collect(f'forged-{number}'))
            rig.expect(name and name.startswith(('ledger', 'report')), f'{title}: {name}: {said}')
            print(f'{title}: {said.splitlines()[0]}')
            station.stop()
        for leftover in glob.glob(path + '-*'):
            os.unlink(leftover)
        shutil.copy(copy, path)
        station.start()
        owner.expect_accepts(line.collect('honest-again'))


def a_ledger_that_was_exchanged_is_found():
    """An older one of the same station, none at all, and then the honest one, with which it goes on."""
    with reported() as (station, owner, line):
        path = ledger_of(station)
        station.stop()
        shutil.copy(path, path + '.older')
        station.start()
        line.run('D-5')
        owner.kept.append(line.report('B-1'))
        owner.expect_accepts(line.collect('honest'))
        station.stop()
        shutil.move(path, path + '.honest')
        for title, source in (('older', path + '.older'), ('none', None)):
            for leftover in glob.glob(path + '*'):
                if not leftover.endswith(('.older', '.honest')):
                    os.unlink(leftover)
            if source:
                shutil.copy(source, path)
            station.start()
            name, said = owner.judge(line.collect(title))
            rig.expect(name and name.startswith('ledger'), f'{title}: {name}: {said}')
            print(f'{title}: {said.splitlines()[0]}')
            station.stop()
        for leftover in glob.glob(path + '-*'):
            os.unlink(leftover)
        shutil.move(path + '.honest', path)
        station.start()
        line.run('D-6')
        line.report('B-1')
        owner.expect_accepts(line.collect('continued'))


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_ledger_rewritten_by_hand_is_found,
        a_ledger_that_was_exchanged_is_found,
    )})
