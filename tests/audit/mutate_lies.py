# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lies of a forger who has every key and knows what verifiers look at; each beside a near twin that is
true. All hashes, roots and signatures are computed anew.

usage: mutate_lies.py PROGRAM [TITLE-PART]
"""

import os
import sys
import tempfile

import cms
import forge
import log
import story
from mutate_random import Forged, copy_of
from mutations import Rig

MILLION = 1000000


def entry_of(one, kind, nth=0):
    return one.entries[one.place(kind, nth)]


def said(one, entry, old, new):
    """Another word in a record's text."""
    assert old in entry.text, (old, entry.text)
    entry.text = entry.text.replace(old, new, 1)


def certificate_line(one, entry):
    return next(line['certificate'] for line in one.lines
                if line.get('certificate', {}).get('log_index') == one.entries.index(entry))


def exchange_certificate(one, entry, der):
    """In log and ledger."""
    certificate, line = cms.Certificate(der), certificate_line(one, entry)
    entry.certificate, entry.spki_sha256 = der, certificate.spki_sha256
    line['serial_number'], line['sha256'] = certificate.serial.lstrip(b'\0').hex(), forge.sha256(der).hex()


def at(one, entry):
    return f'log {one.entries.index(entry)}'


# ---- the log ----

def other_authority(told, one):
    """The ticket is for the log's other CA, the certificates are by the first."""
    said(one, entry_of(one, log.TICKET), b'Ca=' + told.origin.hex().encode(),
         b'Ca=' + forge.sha256(told.other.spki()).hex().encode())
    return at(one, entry_of(one, log.CERTIFICATE))


def unknown_authority(told, one):
    ticket = entry_of(one, log.TICKET)
    said(one, ticket, b'Ca=' + told.origin.hex().encode(), b'Ca=' + 64 * b'a')
    return at(one, ticket)


def foreign_list(told, one):
    entry = entry_of(one, log.CRL)
    entry.spki_sha256 = 32 * b'x'
    return at(one, entry)


def list_of_the_other(told, one):
    entry_of(one, log.CRL).spki_sha256 = forge.sha256(told.other.spki())


def foreign_loss(told, one):
    entry = entry_of(one, log.LOST)
    entry.spki_sha256 = 32 * b'x'
    return at(one, entry)


def lose(one, number):
    """So many were lost, and the report says so."""
    entry_of(one, log.LOST).device = str(number).encode()
    said(one, entry_of(one, log.REPORT, 1), b'Lost=2', f'Lost={number}'.encode())
    return at(one, entry_of(one, log.LOST))


def lose_more_than_a_tpm_counts(told, one):
    return lose(one, 1 << 32)


def lose_as_many_as_a_tpm_counts(told, one):
    lose(one, (1 << 32) - 1)


def losses_that_wrap(told, one):
    """Together 2^64, which is 0 to a careless reader."""
    place = one.place(log.LOST)
    entry_of(one, log.LOST).device = str((1 << 64) - 1).encode()
    one.entries.insert(place, copy_of(entry_of(one, log.LOST)))
    one.entries[place].device = b'1'
    report = entry_of(one, log.REPORT, 1)
    report.text = report.text.replace(b'Lost=2', b'Lost=0')
    return f'log {place + 1}'


def refusal_after_all_time(told, one):
    entry_of(one, log.REFUSAL).time = 1 << 63
    return at(one, entry_of(one, log.REFUSAL))


def batch_with_a_zero(told, one):
    """As text up to the zero it is the batch that has the ticket."""
    entry = entry_of(one, log.CERTIFICATE)
    entry.batch += b'\0'
    return at(one, entry)


def clock_by_ticket_02(told, one):
    entry_of(one, log.CLOCK).device = b'02'
    return at(one, entry_of(one, log.CLOCK))


def compressed(told, name):
    """The key of device `name` with its point compressed."""
    path = os.path.join(told.folder, name + '-compressed.key')
    forge.run('pkey', '-in', os.path.join(told.folder, name + '.key'), '-ec_conv_form', 'compressed', '-out', path)
    return forge.Signer(path, None)


def key_of_another_device(told, one):
    entry = entry_of(one, log.CERTIFICATE, 6)
    exchange_certificate(one, entry, told.authority.certify(compressed(told, 'E-1'), 'E-3'))
    return at(one, entry)


def own_key_compressed(told, one):
    exchange_certificate(one, entry_of(one, log.CERTIFICATE, 6),
                         told.authority.certify(compressed(told, 'E-3'), 'E-3'))




def swell(one, count):
    """So many refusals between the last report and what it was signed over."""
    report = entry_of(one, log.REPORT, 1)
    place = one.entries.index(report)
    one.entries[place:place] = [copy_of(entry_of(one, log.REFUSAL)) for _ in range(count)]
    one.lines[0]['ledger']['next_log_index'] = len(one.entries)
    next(line for line in reversed(one.lines) if 'report' in line)['report']['log_index'] += count
    return at(one, report)


def report_from_the_drawer(told, one):
    return swell(one, 4097)


def report_a_moment_old(told, one):
    swell(one, 4096)


def tpm_of_one_authority(told, one):
    """A ticket for a TPM that counts; the other CA signs, too, which is none of its business. The code,
    the list, four and three certificates are by the first, and two signatures were lost."""
    ticket, report = entry_of(one, log.TICKET, 2), entry_of(one, log.REPORT, 1)
    ticket.text += b'[tpm]\nFrom=0\nLimit=50\nSignature=AAAA\n'
    report.text = report.text.replace(b'[ledger]', b'[tpm]\nCount=11\nLimit=50\nLogged=9\n[ledger]')
    other, place = copy_of(entry_of(one, log.CRL)), one.place(log.LOST)
    other.spki_sha256, other.time = forge.sha256(told.other.spki()), one.entries[place].time
    one.entries.insert(place, other)
    next(line for line in reversed(one.lines) if 'report' in line)['report']['log_index'] += 1


def tpm_that_counted_one_more(told, one):
    tpm_of_one_authority(told, one)
    said(one, entry_of(one, log.REPORT, 1), b'Count=11\nLimit', b'Count=12\nLimit')
    return at(one, entry_of(one, log.REPORT, 1))


def loss_of_another_tpm(told, one):
    tpm_of_one_authority(told, one)
    entry_of(one, log.LOST).spki_sha256 = forge.sha256(told.other.spki())
    return at(one, entry_of(one, log.REPORT, 1))


def report_that_is_not_said_to_be_final(told, one):
    said(one, entry_of(one, log.REPORT), b'Final=yes\n', b'')
    return at(one, entry_of(one, log.REPORT))


def report_at_a_leap_second(told, one):
    report = entry_of(one, log.REPORT)
    report.text = b'\n'.join(line[:-4] + b':60Z' if line.startswith(b'Time=') else line
                             for line in report.text.split(b'\n'))
    return at(one, report)


def last_entry_torn_by_its_length(told, one):
    """Its length is made to cover its own hash, with the zeros behind that an unfinished write leaves."""
    def change(files):
        data, start = files['issuance.log'], one.frame_starts()[-2]
        length = int.from_bytes(data[start:start + 4], 'big') + 32
        files['issuance.log'] = data[:start] + length.to_bytes(4, 'big') + data[start + 4:] + bytes(68)
    one.raw.append(change)
    return f'log {len(one.entries) - 1}'


# ---- the ledger ----

def void_line(one):
    return next(line['certificate'] for line in one.lines if line.get('certificate', {}).get('state') == 'void')


def forge_voids(one, reason):
    """The report is made to fit."""
    voids = ''.join(f'{line["certificate"]["log_index"]} {line["certificate"]["void_reason"]}\n'
                    for line in one.lines if line.get('certificate', {}).get('state') == 'void')
    before, void_line(one)['void_reason'] = void_line(one)['void_reason'], reason
    after = voids.replace(before, reason, 1)
    said(one, entry_of(one, log.REPORT), forge.sha256(voids.encode()).hex().encode(),
         forge.sha256(after.encode()).hex().encode())
    return f'ledger {1 + next(at for at, line in enumerate(one.lines) if line.get("certificate") is void_line(one))}'


def void_without_a_reason(told, one):
    return forge_voids(one, '')


def void_for_a_piece_of_the_reason(told, one):
    return forge_voids(one, 'crap')


def stored_void(one, index):
    """Void from the start: the event that stored it says so."""
    line = void_line(one)
    store = next(two['event'] for two in one.lines
                 if two.get('event', {}).get('kind') == 'certificate-store'
                 and two['event']['subject'] == line['device'])
    voiding = next(two['event'] for two in one.lines if two.get('event', {}).get('id') == line['void_event'])
    voiding['kind'], line['void_event'] = 'remark', store['id']
    store['detail'] = f'log index {index}, void from the start: {line["void_reason"]}'
    return f'ledger {1 + next(at for at, two in enumerate(one.lines) if two.get("certificate") is line)}'


def void_from_the_start(told, one):
    stored_void(one, void_line(one)['log_index'])


def void_by_anothers_start(told, one):
    return stored_void(one, void_line(one)['log_index'] + 1)


def in_an_export(one, text):
    """Behind the batch's name, as bytes of the file."""
    def change(files):
        files['ledger.jsonl'] = files['ledger.jsonl'].replace(b'"batch":"B-1","format"',
                                                              b'"batch":"B-1' + text + b'","format"')
    one.raw.append(change)
    return f'ledger {1 + one.line("export")}'


def export_of_a_name_with_a_zero(told, one):
    return in_an_export(one, b'\\u0000')


def export_of_half_a_character(told, one):
    return in_an_export(one, b'\\ud800')


def export_of_the_same_name_in_other_words(told, one):
    one.raw.append(lambda files: files.update(
        {'ledger.jsonl': files['ledger.jsonl'].replace(b'"batch":"B-1","format"', b'"batch":"\\u0042-1","format"')}))


# ---- files ----

def two_stations(told, one):
    one.raw.append(lambda files: files.update({'station.pem': 2 * files['station.pem']}))
    return 'station'


def renewed_authority(told, one):
    """The first CA has a newer certificate with another name, in front of the one that issued."""
    path = os.path.join(told.folder, 'renewed.pem')
    forge.run('req', '-x509', '-new', '-key', told.authority.key, '-subj', '/CN=renewed', '-days', '9', '-out', path)
    with open(path, 'rb') as file:
        newer = file.read()
    one.raw.append(lambda files: files.update({'authorities.pem': newer + files['authorities.pem']}))


def authority_behind_rubbish(told, one):
    """What can't be read does not hide what stands behind it."""
    rubbish = b'-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n'
    one.raw.append(lambda files: files.update({'authorities.pem': rubbish + files['authorities.pem']}))
    entry = entry_of(one, log.CERTIFICATE)
    exchange_certificate(one, entry, forge.Signer.new(told.folder, 'nobody').certify(
        forge.Signer.new(told.folder, 'key'), 'D-1'))
    return at(one, entry)


# ---- what the owner kept: files that are made once all is sealed ----

def root_of(one, size):
    return forge.root_of(one.entries, size)


def note(one, size, root=None):
    return one.station_key.note(one.origin, size, root or root_of(one, size)).encode()


def proof(one, behind=b'', root=None):
    return b'c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\n' + note(one, 1, root) + behind


def keeping(name, found, make):
    def lie(told, one):
        one.kept = make
        return found
    lie.__name__ = name
    return lie


KEPT = (
    keeping('kept in order', None, lambda one: [note(one, 4) + b'\n' + note(one, 9)]),
    keeping('kept in no order', 'kept 0.note', lambda one: [note(one, 9) + b'\n' + note(one, 4)]),
    keeping('kept in two files', None, lambda one: [note(one, 9), note(one, 4)]),
    keeping('kept of two forks', 'kept 1.note', lambda one: [note(one, 9), note(one, 9, bytes(32))]),
    keeping('kept of a longer log', 'kept 0.note', lambda one: [note(one, len(one.entries) + 1, bytes(32))]),
    keeping('kept of the whole log', None, lambda one: [note(one, len(one.entries))]),
    keeping('a proof that was kept', None, lambda one: [proof(one)]),
    keeping('a proof with more behind', 'kept 0.note', lambda one: [proof(one, b'\nmore\n')]),
    keeping('a proof of a fork', 'kept 0.note', lambda one: [proof(one, root=bytes(32))]),
    keeping('a report that is not in the log', 'kept 0.note',
            lambda one: [one.station_key.statement(another_report(one))]),
    keeping('mail with its line ends', 'kept 0.note', lambda one: [note(one, 4).replace(b'\n', b'\r\n')]),
    keeping('an empty file', 'kept 0.note', lambda one: [b'']),
)


def another_report(one):
    """As true as the first, and with another number."""
    text = entry_of(one, log.REPORT).text.replace(b'Number=1', b'Number=9', 1)
    size = int(text.split(b'\nSize=')[1].split(b'\n')[0])
    return text.replace(b'Root=', b'Root=' + root_of(one, size).hex().encode() + b'\n#', 1)


def no_file(name, found, make):
    def lie(told, one):
        one.places[name] = make
        return found
    lie.__name__ = f'{make.__name__} for {name}'
    return lie


LIES = (other_authority, unknown_authority, foreign_list, list_of_the_other, foreign_loss, lose_more_than_a_tpm_counts,
        lose_as_many_as_a_tpm_counts, losses_that_wrap, refusal_after_all_time, batch_with_a_zero, clock_by_ticket_02,
        key_of_another_device, own_key_compressed, report_from_the_drawer, report_a_moment_old, tpm_of_one_authority,
        tpm_that_counted_one_more, loss_of_another_tpm, report_that_is_not_said_to_be_final, report_at_a_leap_second,
        last_entry_torn_by_its_length, void_without_a_reason, void_for_a_piece_of_the_reason, void_from_the_start,
        void_by_anothers_start, export_of_a_name_with_a_zero, export_of_half_a_character,
        export_of_the_same_name_in_other_words, two_stations, renewed_authority, authority_behind_rubbish, *KEPT,
        *(no_file(name, found, make) for make in (os.mkdir, os.mkfifo)
          for name, found in (('issuance.log', 'header'), ('station.pem', 'station'), ('checkpoints', 'checkpoint 1'),
                              ('ledger.jsonl', 'ledger 1'), ('authorities.pem', None))))


def keep(rig, folder, contents):
    rig.honest.kept = [os.path.join(folder, f'{number}.note') for number in range(len(contents))]
    for path, content in zip(rig.honest.kept, contents):
        with open(path, 'wb') as file:
            file.write(content)


def judge(rig, told, honest, lie):
    """What is wrong with how it is judged, or None."""
    one = honest.copy()
    one.places, one.kept = {}, lambda one: []
    expected = lie(told, one)
    one.seal()
    rig.lay_out(one)
    keep(rig, told.folder, one.kept(one))
    for name, make in one.places.items():
        os.unlink(os.path.join(rig.folder, name))
        make(os.path.join(rig.folder, name))
    second, first = rig.second_says(one), rig.first_says(one)
    for name, make in one.places.items():
        (os.rmdir if make is os.mkdir else os.unlink)(os.path.join(rig.folder, name))
    if second[0] == first[0] == expected:
        return None
    return f'{lie.__name__}: expected {expected}; the second verifier says {second[1]!r}, the first {first[1][-700:]!r}'


def main():
    program, part = sys.argv[1], (sys.argv + [''])[2]
    with tempfile.TemporaryDirectory(prefix='keycradle-lies-') as folder:
        told = story.tell(os.path.join(folder, 'one'))
        honest = Forged(told)
        rig = Rig(honest, os.path.join(folder, 'changed'), program)
        complaints = [judge(rig, told, honest, lie) for lie in LIES if part in lie.__name__]
    for complaint in filter(None, complaints):
        print(complaint)
    print(f'{len(complaints)} lies and truths, {sum(map(bool, complaints))} misjudged')
    sys.exit(1 if any(complaints) or not complaints else 0)


if __name__ == '__main__':
    main()
