# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong logs: every field of every entry flipped, by a clumsy forger and by one who computes hashes
anew; entries gone, come, moved and doubled; cuts; pieces of another station's log."""

import forge
import log
from cases import Case, flipped, random_of


def flip_bytes(honest):
    """Without a new leaf hash: the entry itself tells, whatever was hit."""
    starts = honest.frame_starts()
    for index, entry in enumerate(honest.entries):
        size = len(entry.encode())
        regions = [('frame length', -4, 4), ('leaf hash', size, 32), *entry.regions()]
        for name, at, length in regions:
            def apply(one, name=name, at=at, length=length, index=index):
                chance = random_of(f'{index} {name}')
                place = starts[index] + 4 + at + chance.randrange(length)
                one.files['issuance.log'] = flipped(one.files['issuance.log'], place, chance)
            yield Case(f'entry {index}: {name} flipped', {f'log {index}'}, apply)


def flip_fields(honest):
    """With the leaf hash computed anew, and so the whole tree: what the field means tells, or the
    first word about the tree that the forger can't change."""
    for index, entry in enumerate(honest.entries):
        for name, at, length in entry.regions():
            def apply(one, name=name, at=at, length=length, index=index):
                chance = random_of(f'forged {index} {name}')
                data = flipped(one.entries[index].encode(), at + chance.randrange(length), chance)
                frames = [forge.frame(other.encode()) for other in one.entries]
                frames[index] = forge.frame(data)
                one.files['issuance.log'] = forge.header(one.origin) + b''.join(frames)
            yield Case(f'entry {index}: {name} forged', honest.names_from(index), apply)


def restructure(honest):
    count = len(honest.entries)

    def changed(name, index, change):
        def apply(one):
            change(one.entries)
            one.pack_log()
        return Case(name, honest.names_from(index), apply)
    for index in range(count):
        yield changed(f'entry {index} deleted', index, lambda all_of, at=index: all_of.pop(at))
        yield changed(f'entry {index} doubled', index + 1,
                      lambda all_of, at=index: all_of.insert(at + 1, all_of[at]))
        yield changed(f'entry {index} again at the end', count,
                      lambda all_of, at=index: all_of.append(all_of[at]))
    for index in range(count - 1):
        def swap(all_of, at=index):
            all_of[at], all_of[at + 1] = all_of[at + 1], all_of[at]
        yield changed(f'entries {index} and {index + 1} exchanged', index, swap)
    first, second = [honest.place(log.CERTIFICATE, nth) for nth in (0, -1)]

    def exchange(all_of):
        all_of[first].time, all_of[second].time = all_of[second].time, all_of[first].time
    yield changed('times of the first and the last certificate exchanged', first, exchange)


def cut(honest):
    """At each border, and inside of each entry."""
    starts = honest.frame_starts()
    for index in range(len(honest.entries)):
        size = starts[index + 1] - starts[index]
        for name, more in (('before', 0), ('one byte of', 1), ('half of', size // 2), ('all but a byte of', size - 1)):
            def apply(one, at=starts[index] + more):
                one.files['issuance.log'] = one.files['issuance.log'][:at]
            yield Case(f'cut off: {name} entry {index} is left', honest.names_at_end(index), apply)

        def zero(one, at=starts[index], index=index):
            data = one.files['issuance.log']
            one.files['issuance.log'] = data[:at + 4] + bytes(starts[index + 1] - at - 4) + data[starts[index + 1]:]
        yield Case(f'entry {index} reads as zeros', {f'log {index}'} if index + 1 < len(honest.entries) else
                   honest.names_at_end(index), zero)
    for length in (0, 8, 43):
        def shorten(one, length=length):
            one.files['issuance.log'] = one.files['issuance.log'][:length]
        yield Case(f'only {length} bytes are left', {'header'}, shorten)


def flip_header(honest):
    for place in (0, 7, 11, 12, 43):
        def apply(one, place=place):
            one.files['issuance.log'] = flipped(one.files['issuance.log'], place, random_of(f'header {place}'))
        names = {'header'} if place < 12 else honest.names_of_another_log()
        yield Case(f'byte {place} of the header flipped', names, apply)


def splice(honest, foreign):
    """Pieces of another station's log, which is as honest."""
    def all_of_it(one):
        one.files['issuance.log'] = foreign.files['issuance.log']
    yield Case("another station's log", honest.names_of_another_log(), all_of_it)
    for index in range(1, min(len(honest.entries), len(foreign.entries))):
        def apply(one, index=index):
            one.entries[index:] = foreign.entries[index:]
            one.pack_log()
        yield Case(f"another station's log from entry {index} on", honest.names_from(index), apply)

        def single(one, index=index):
            one.entries[index] = foreign.entries[index]
            one.pack_log()
        yield Case(f"another station's entry {index}", honest.names_from(index), single)


def times(honest):
    """Each entry an hour earlier and an hour later, hashes computed anew."""
    for index in range(len(honest.entries)):
        for name, by in (('earlier', -3600000000), ('later', 3600000000)):
            def apply(one, index=index, by=by):
                one.entries[index].time += by
                one.pack_log()
            yield Case(f'entry {index} an hour {name}', honest.names_from(index), apply)


def twins(honest):
    """What honest people see, too."""
    yield Case('untouched', None, lambda one: None)
    for size in (1, 3, 4, 35, 36, 100):
        def torn(one, size=size):
            more = forge.frame(one.entries[-1].encode() + bytes(64))[:size]
            one.files['issuance.log'] += more
        yield Case(f'{size} bytes of a torn write behind the end', None, torn)

    def unwritten(one):
        one.files['issuance.log'] += bytes(512)
    yield Case('zeros behind the end', None, unwritten)

    def longer(one):
        entry = forge.Entry.of(one.entries[honest.place(log.REFUSAL)])
        one.entries.append(entry)
        one.pack_log()
    yield Case('a refusal more', None, longer)


def all_cases(honest, foreign):
    for make in (flip_bytes, flip_fields, restructure, cut, flip_header, times, twins):
        yield from make(honest)
    yield from splice(honest, foreign)
