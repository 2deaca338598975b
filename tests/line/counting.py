# SPDX-License-Identifier: LGPL-2.1-or-later
"""A works whose CA key is in a TPM that counts (swtpm): what root does to disk and signer changes
nothing about how many signatures there are, and each that left no entry is on record."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading

import cuts
import rig
import wire
from counted_tpm import INDEX, counted_tpm
from owner_rig import Owner, self_signed
from rogue_rig import Key, openssl
from works import works

import cms  # noqa: E402  (in tests/audit, which owner_rig knows)
import forge
import log

CERTIFICATE, CRL, LOST = 1, 4, 10


@contextlib.contextmanager
def counted_works():
    """(the works, its owner, the TPM), which has signed the CA's request and may sign no more."""
    with contextlib.ExitStack() as stack:
        found = []

        def demand(station, owner):
            tpm = stack.enter_context(counted_tpm(station.folder, owner.key, owner.certificate))
            tpm.use(station)
            owner.authority = tpm.authority
            found.append(tpm)
        with works(demand=demand) as (one, owner):
            yield one, owner, found[0]


def ticket(owner, tpm, count, limit, seen=0, batch='B-1'):
    return owner.sign(owner.text(batch, count) + '\n' + tpm.group(seen, limit))


def lost(one):
    return [int(entry[5]) for entry in one.log() if entry[1] == LOST]


def logged(one):
    return sum(entry[1] in (CERTIFICATE, CRL) for entry in one.log())


def expect_account(one, tpm):
    """What the TPM counted is in the log, to the last signature."""
    rig.expect_equal(logged(one) + sum(lost(one)), tpm.count()[0], 'logged and lost signatures, and the TPM\'s')


def sign_beside(tpm):
    """What root can do by himself: a signature of the CA key, past signer and log. FALSE where the TPM refuses."""
    run = tpm.tools('head -c 32 /dev/urandom > digest; tpm2_startauthsession -Q --policy-session -S beside; '
                    f'tpm2_policysecret -Q -S beside -c {INDEX:#x} && '
                    'tpm2_sign -Q -c 0x81000001 -g sha256 -d digest -o signature -p session:beside; '
                    'ok=$?; tpm2_flushcontext beside; exit $ok', check=False)
    return run.returncode == 0


# ---- an honest line ----

def the_tpm_stops_where_the_owner_says():
    """The ticket is for five, the TPM for three; and for CRLs too."""
    with counted_works() as (one, owner, tpm):
        rig.expect_equal(lost(one), [1], 'the CA\'s own request, which no log has')
        one.load(ticket(owner, tpm, count=5, limit=1 + 3, seen=1))
        one.order('D-1')
        one.order('D-2')
        with one.rogue.connect() as connection:
            connection.crl('', True)
        one.refused('tpm-count', 'D-3')
        rig.expect_equal(tpm.count(), (4, 4), 'the TPM\'s count')
        said = tpm.run('keycradle-signer', '--check', '--config', one.station.signer_config)
        rig.expect('key in tpm2, which counted 4 of 4 signatures' in said, f'--check says {said}')
        expect_account(one, tpm)
        one.load(ticket(owner, tpm, count=5, limit=1 + 4, seen=4))
        one.order('D-3')
        one.refused('tpm-count', 'D-4')
        report, _ = one.report()
        for line in (b'[tpm]', b'Count=5', b'Limit=5', b'Logged=4', b'Lost=1'):
            rig.expect(line in report, f'the report lacks {line}')
        rig.expect_equal(lost(one), [1], 'nothing more was lost')


def many_at_once_are_no_more():
    """Orders, reports and looks at the status, side by side."""
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=20, limit=1 + 7))
        requests = {f'D-{number}': Key(one.folder, f'D-{number}').csr() for number in range(12)}
        words, came = [], []

        def order(device):
            try:
                came.append(one.rogue.sign(requests[device], device, batch='B-1'))
            except wire.Refused as refusal:
                words.append(refusal.word)

        threads = [threading.Thread(target=order, args=(device,)) for device in requests]
        threads += [threading.Thread(target=one.ask, args=(wire.STATUS, ())) for _ in range(4)]
        for thread in threads:
            thread.start()
        reports = [cms.Signed(one.report()[0]).text for _ in range(4)]
        for thread in threads:
            thread.join()
        rig.expect_equal((len(came), words), (7, ['tpm-count'] * 5), 'certificates, and refusals')
        rig.expect_equal(lost(one), [1], 'nothing was taken for lost')
        expect_account(one, tpm)
        for text in reports:
            said = dict(line.split('=') for line in text.decode().partition('[tpm]')[2].split() if '=' in line)
            rig.expect_equal(int(said['Count']), int(said['Logged']) + 1, 'a report in the middle')
        owner.expect_accepts(one.collect('all'))


def a_ticket_must_speak_to_the_tpm():
    with counted_works() as (one, owner, tpm):
        one.refused_ticket('ticket-invalid', owner.ticket('B-1', 5))
        other = tpm.group(0, 4).replace('Limit=4', 'Limit=400')
        one.refused_ticket('ticket-invalid', owner.sign(owner.text('B-1', 5) + '\n' + other))
        one.refused_ticket('tpm-count', ticket(owner, tpm, count=5, limit=9, seen=7))
        one.refused_ticket('tpm-count', ticket(owner, tpm, count=5, limit=1))
        rig.expect_equal(tpm.count(), (1, 1), 'the TPM\'s count and limit, which nothing of this changed')
        one.load(ticket(owner, tpm, count=5, limit=4))
        one.order('D-1')


def forged(one, name, report, text):
    """The collection with another text in the station's last report, signed with its key."""
    folder = one.collect(name)
    signed = openssl('cms', '-sign', '-nodetach', '-binary', '-outform', 'DER', '-md', 'sha256', '-nosmimecap',
                     '-signer', f'{one.state}/station.pem', '-inkey', f'{one.state}/station.key', given=text)
    with open(f'{folder}/issuance.log', 'rb') as file:
        data = file.read()
    entries = [forge.Entry.of(entry) for _, entry, _ in log.read_entries(data)]
    rig.expect_equal(entries[-1].certificate, report, 'the report, which is the last entry')
    entries[-1].certificate, entries[-1].csr_sha256 = signed, forge.sha256(signed)
    with open(f'{folder}/issuance.log', 'wb') as file:
        file.write(data[:44] + b''.join(forge.frame(entry.encode()) for entry in entries))
    os.unlink(f'{folder}/checkpoints')
    return folder, f'log {len(entries) - 1}'


def reconciled(owner, folder):
    """What `audit reconcile` says of the TPM: as JSON, and in words."""
    said = []
    for words in (['--json'], []):
        run = subprocess.run([rig.program('keycradle'), 'audit', 'reconcile', *owner.words(folder), *words],
                             capture_output=True, text=True, check=False, env=rig.environment())
        rig.expect_equal(run.returncode, 6, f'without a ledger, entries have no rows: {run}')
        said.append(run.stdout)
    return json.loads(said[0])['tpm'], [line for line in said[1].splitlines() if line.startswith('TPM of the CA ')]


def reports_tell_the_tpms_account():
    """Both verifiers count again; with the same text signed anew, they take it. The month's account has the
    TPM's own count beside the log's."""
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=5, limit=1 + 5))
        one.order('D-1')
        rig.expect(sign_beside(tpm), 'root can use the key while the count lasts')
        one.order('D-2')
        nothing_yet = one.collect('before')
        report, _ = one.report()
        owner.expect_accepts(one.collect('honest'))
        rig.expect_equal(reconciled(owner, nothing_yet),
                         ([{'ca': tpm.authority}], [f'TPM of the CA {tpm.authority[:16]}: no report tells its count']),
                         'the account in front of the first report')
        rig.expect_equal(reconciled(owner, os.path.join(one.folder, 'honest')),
                         ([{'ca': tpm.authority, 'report': 1, 'counted': 4, 'entries': 2, 'lost': 2}],
                          [f'TPM of the CA {tpm.authority[:16]}: 4 signatures by its count in report 1; up to there '
                           '2 in entries, 2 in no entry']), 'the account')
        honest = cms.Signed(report).text
        for number, (old, new) in enumerate(((b'', b''), (b'Count=4', b'Count=3'), (b'Logged=2', b'Logged=1'),
                                             (b'[tpm]\nCount=4\nLimit=6\nLogged=2\n\n', b''))):
            rig.expect(old in honest, f'{old} is not in {honest}')
            folder, name = forged(one, f'forged-{number}', report, honest.replace(old, new, 1))
            if old == new:
                owner.expect_accepts(folder)
            else:
                owner.expect_finds(folder, name)
            if new == b'Count=3':
                rig.expect(reconciled(owner, folder)[1][0].endswith('  DIFFERS'), 'another count than was logged')


def a_counter_is_begun_once():
    """The owner's answer is given once for a counter, and takes no other's key or limit."""
    with tempfile.TemporaryDirectory() as folder:
        owner = Owner(folder)
        other, _ = self_signed(folder, 'other')
        with counted_tpm(folder, owner.key, owner.certificate, limit=3) as tpm:
            rig.expect_equal(tpm.count(), (1, 3), 'the count behind the CA\'s request')
            challenge = f'{tpm.works}/challenge'

            def answer(*words):
                run = subprocess.run([rig.program('keycradle'), 'ticket', 'answer-challenge', challenge, *words],
                                     capture_output=True, text=True, check=False, env=rig.environment())
                rig.expect(run.returncode != 0 and run.stdout == '', f'an answer where none was due: {run}')
                return run.stderr
            kept = os.path.dirname(tpm.enrolment)
            rig.expect('answered for before' in answer('--key', owner.key, '--certificate', owner.certificate,
                                                       '--enrolments', kept), 'a second answer')
            answer('--key', other, '--certificate', owner.certificate, '--enrolments', f'{folder}/new')
            answer('--key', other, '--certificate', f'{folder}/other.pem', '--enrolments', f'{folder}/new')
            rig.expect(not os.path.exists(f'{folder}/new'), 'nothing is kept of what was not answered')
            again = subprocess.run([rig.program('keycradle-signer'), 'ca', 'count', 'enroll', '--owner', tpm.owner,
                                    '--enrolment', f'{tpm.works}/enrolment', '--tcti', tpm.tcti], check=False,
                                   capture_output=True, text=True, env=rig.environment(), stdin=subprocess.DEVNULL)
            rig.expect(again.returncode == 1 and 'begun already' in again.stderr, f'enrolled twice: {again}')


# ---- root ----

def signatures_beside_the_signer_are_on_record_and_count():
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=5, limit=1 + 5))
        one.order('D-1')
        rig.expect(sign_beside(tpm) and sign_beside(tpm), 'root can use the key while the count lasts')
        one.ask(wire.STATUS, ())
        rig.expect_equal(lost(one), [1, 2], 'what was lost is on record as soon as somebody looks')
        one.order('D-2')
        one.order('D-3')
        one.refused('tpm-count', 'D-4')
        rig.expect(not sign_beside(tpm), 'beside the signer there is no more either')
        expect_account(one, tpm)


def yesterdays_disk_brings_nothing_back():
    """The disk is restored, the tickets are there again; the TPM is where it was."""
    with counted_works() as (one, owner, tpm):
        granted = ticket(owner, tpm, count=5, limit=1 + 5)
        one.load(granted)
        one.order('D-1')
        one.stop()
        image = one.image()
        one.start()
        for device in ('D-2', 'D-3', 'D-4'):
            one.order(device)
        one.stop()
        one.restore(image)
        one.start()
        rig.expect_equal(lost(one), [1, 3], 'what the older log does not know')
        one.order('D-5')
        one.refused('tpm-count', 'D-6')
        expect_account(one, tpm)
        rig.expect_equal(sum(len(found) for found in one.released.values()), 5, 'certificates that ever came out')


def another_tpm_or_an_older_one_signs_nothing():
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=5, limit=1 + 5))
        one.order('D-1')
        tpm.kill()
        older = tpm.state + '.older'
        shutil.copytree(tpm.state, older)
        tpm.start()
        one.order('D-2')
        tpm.kill()
        shutil.rmtree(tpm.state)
        shutil.copytree(older, tpm.state)
        tpm.start()
        one.stop()
        one.start()
        one.refused('tpm-count', 'D-3')
        rig.expect('TPM or log is not the one that it was' in one.said(), 'the signer says so')


def a_kill_between_tpm_and_log_is_on_record():
    """Dead before its entry is written, and the same with the entry written but not synced."""
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=5, limit=1 + 5))
        for call, device, expected in (('pwrite64', 'D-1', [1, 1]), ('fdatasync', 'D-2', [1, 1])):
            with cuts.tampered(one.process.pid, call, 'signal=KILL:when=1'):
                with contextlib.suppress(wire.Dropped):
                    one.order(device)
                rig.wait_until(lambda: one.process.poll() is not None, 'the signer is dead')
            one.start()
            rig.expect_equal(lost(one), expected, f'lost entries after a kill at {call}')
            expect_account(one, tpm)
            one.order(device)
        rig.expect_equal(tpm.count()[0], 1 + 3, 'signatures, of which one was for nothing')


def a_tpm_that_dies_in_the_shift_is_found_again():
    with counted_works() as (one, owner, tpm):
        one.load(ticket(owner, tpm, count=5, limit=1 + 5))
        one.order('D-1')
        tpm.kill()
        one.refused('ca-token', 'D-2')
        tpm.start()
        one.order('D-2')
        expect_account(one, tpm)


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        the_tpm_stops_where_the_owner_says,
        many_at_once_are_no_more,
        a_ticket_must_speak_to_the_tpm,
        reports_tell_the_tpms_account,
        a_counter_is_begun_once,
        signatures_beside_the_signer_are_on_record_and_count,
        yesterdays_disk_brings_nothing_back,
        another_tpm_or_an_older_one_signs_nothing,
        a_kill_between_tpm_and_log_is_on_record,
        a_tpm_that_dies_in_the_shift_is_found_again,
    )})
