# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong checkpoints, tickets, reports, statements, manifests; and all of it as it was before."""

import os
import re

import cms
import forge
import log
from cases import FORMS, Case, flipped, random_of


# ---- checkpoints ----

def checkpoints(honest, foreign):
    for index, note in enumerate(honest.notes):
        for part, (start, end) in enumerate(lines_of(note)):
            def apply(one, index=index, start=start, end=end, part=part):
                chance = random_of(f'note {index} {part}')
                data = flipped(one.notes[index].encode(), chance.randrange(start, end), chance)
                one.files['checkpoints'] = b''.join(
                    (data if at == index else other.encode()) + b'\n' for at, other in enumerate(one.notes))
            yield Case(f'checkpoint {index + 1}: line {part} flipped', {f'checkpoint {index + 1}'}, apply)

        def replace(one, index=index):
            one.notes[index] = foreign.notes[0]
            one.pack_notes()
        yield Case(f"checkpoint {index + 1}: another station's", {f'checkpoint {index + 1}'}, replace)

        def delete(one, index=index):
            one.notes.pop(index)
            one.pack_notes()
        yield Case(f'checkpoint {index + 1} deleted: the others cover what it did', None, delete)

        def tear(one, index=index):
            one.notes[index + 1:] = []
            one.pack_notes()
            one.files['checkpoints'] = one.files['checkpoints'][:-10]
        yield Case(f'checkpoint {index + 1} is the last, and torn', None, tear)
    for index in range(len(honest.notes) - 1):
        if honest.notes[index].split('\n')[1] == honest.notes[index + 1].split('\n')[1]:
            continue

        def swap(one, index=index):
            one.notes[index], one.notes[index + 1] = one.notes[index + 1], one.notes[index]
            one.pack_notes()
        yield Case(f'checkpoints {index + 1} and {index + 2} exchanged', {f'checkpoint {index + 2}'}, swap)


def lines_of(note):
    """Where each line begins and ends, in bytes; the signature's without its dash."""
    at = 0
    for line in note.encode().split(b'\n'):
        if line:
            yield at, at + len(line) + 1 if not line.startswith('—'.encode()) else at + len(line)
        at += len(line) + 1


def stolen_key(honest, key):
    """A forger with the station's key signs what he likes: what the owner kept still tells."""
    for index, note in enumerate(honest.notes):
        def apply(one, index=index):
            size = int(one.notes[index].split('\n')[1])
            one.notes[index] = key.note(one.origin, size, bytes(32))
            one.pack_notes()
        yield Case(f'checkpoint {index + 1}: another root, signed', {f'checkpoint {index + 1}'}, apply)
    certificates = [index for index, entry in enumerate(honest.entries) if entry.type == log.CERTIFICATE]
    for index in certificates[:2]:
        def rewrite(one, index=index):
            one.entries[index].product = b'another'
            resign(one, key)
        names = {name for _, name, _ in honest.anchors if name.startswith('kept')}
        yield Case(f'entry {index} changed, and all behind signed anew', names, rewrite)


def resign(one, key):
    """Every report, statement and checkpoint for the tree as it is now."""
    for index, entry in enumerate(one.entries):
        if entry.type not in (log.REPORT, log.MANIFEST):
            continue
        text = cms.Signed(entry.certificate).text.decode()
        size = int(re.search(r'^Size=(\d+)', text, re.MULTILINE).group(1))
        text = re.sub(r'^Root=.*', f'Root={forge.root_of(one.entries, size).hex()}', text, flags=re.MULTILINE)
        entry.certificate = key.statement(text)
        entry.csr_sha256 = forge.sha256(entry.certificate)
    sizes = [int(note.split('\n')[1]) for note in one.notes]
    one.notes = [key.note(one.origin, size, forge.root_of(one.entries, size)) for size in sizes]
    one.pack_log()
    one.pack_notes()


# ---- records in the log ----

def records(honest, key, stranger):
    """Their bytes, with the hashes around them computed anew; and their words, each of them, signed by
    a stranger or with the station's stolen key."""
    for index, entry in enumerate(honest.entries):
        if entry.type not in FORMS:
            continue
        for part in range(12):
            def flip(one, index=index, part=part):
                chance = random_of(f'record {index} {part}')
                place = chance.randrange(len(one.entries[index].certificate))
                set_record(one, index, flipped(one.entries[index].certificate, place, chance))
            yield Case(f'record {index}: byte flipped, {part}', honest.names_from(index), flip)
        text = cms.Signed(entry.certificate).text.decode()
        if entry.type == log.TICKET:
            def forge_count(one, index=index, text=text):
                set_record(one, index, stranger.statement(re.sub(r'(?m)^Count=.*', 'Count=1000', text)))
            yield Case(f'ticket {index}: another count, signed by another', {f'log {index}'}, forge_count)
            continue
        for line in [line for line in text.split('\n') if '=' in line]:
            def sign(one, index=index, line=line, text=text):
                name, value = line.split('=', 1)
                changed = re.sub(r'[0-9]', lambda digit: str((int(digit.group()) + 1) % 10), value, count=1)
                changed = changed if changed != value else value + 'x'
                set_record(one, index, key.statement(text.replace(line, f'{name}={changed}', 1)))
            names = honest.names_from(index) | honest.names_of_ledger()
            yield Case(f'record {index}: {line[:40]}: other, signed', names, sign)


def set_record(one, index, der):
    one.entries[index].certificate = der
    one.entries[index].csr_sha256 = forge.sha256(der)
    one.pack_log()


# ---- manifests ----

def manifests(honest):
    if len(honest.manifests) < 2:
        return
    for path, other_path in ((honest.manifests[0], honest.manifests[1]), (honest.manifests[1], honest.manifests[0])):
        name = os.path.basename(path)
        with open(path, 'rb') as file:
            lines = file.read().splitlines(keepends=True)
        with open(other_path, 'rb') as file:
            foreign = file.read()
        with open(other_path + '.p7s', 'rb') as file:
            foreign_statement = file.read()
        for title, content in (('a row removed', lines[1:]), ('a row added', lines + lines[:1]),
                               ('nothing in it', []), ('rows exchanged', lines[::-1]),
                               ('a line end added', lines + [b'\n']), ("another batch's file", [foreign])):
            def apply(one, name=name, content=b''.join(content)):
                one.manifest_files[name] = content
            yield Case(f'{name}: {title}', {f'manifest {name}'}, apply)
        for part in range(4):
            def flip(one, name=name, part=part):
                chance = random_of(f'{name} {part}')
                data = one.manifest_files[name]
                one.manifest_files[name] = flipped(data, chance.randrange(len(data)), chance)
            yield Case(f'{name}: a byte flipped, {part}', {f'manifest {name}'}, flip)

            def flip_statement(one, name=name + '.p7s', part=part):
                chance = random_of(f'{name} {part}')
                data = one.manifest_files[name]
                one.manifest_files[name] = flipped(data, chance.randrange(len(data)), chance)
            yield Case(f'{name}.p7s: a byte flipped, {part}', {f'manifest {name}'}, flip_statement)

        def swap(one, name=name + '.p7s'):
            one.manifest_files[name] = foreign_statement
        yield Case(f"{name}: another batch's statement", {f'manifest {name}'}, swap)


# ---- what was before ----

def rolled_back(honest, earlier):
    """Files of an earlier collection of the same station against what the owner kept later."""
    late = {honest.names_at_end(len(earlier.entries)).pop()}
    kept = late if any(name and name.startswith('kept') for name in late) else late | honest.names_of_ledger()
    for title, names, files in (
            ('the database', {f'ledger {len(earlier.lines)}'}, ['ledger.jsonl']),
            ('the log', kept, ['issuance.log']),
            ('the log and its checkpoints', kept, ['issuance.log', 'checkpoints']),
            ('log and database', kept, ['issuance.log', 'ledger.jsonl']),
            ('the whole disk', kept, list(earlier.files))):
        def apply(one, files=tuple(files)):
            for name in files:
                one.files[name] = earlier.files[name]
        yield Case(f'{title} rolled back', names, apply)


def all_cases(honest, foreign, earlier, key, stranger):
    yield from checkpoints(honest, foreign)
    yield from manifests(honest)
    yield from records(honest, key or stranger, stranger)
    if key:
        yield from stolen_key(honest, key)
    if earlier:
        yield from rolled_back(honest, earlier)
