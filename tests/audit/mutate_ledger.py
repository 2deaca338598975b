# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong ledgers: bytes, fields and lines of ledger.jsonl, by a clumsy forger and by one who computes
the chain of events anew."""

import forge
from cases import Case, flipped, random_of

# What no signature covers: docs/evidence.md says so.
UNPROVEN = {('ledger', 'made_at'), ('batch', 'state'), ('batch', 'target'), ('batch', 'devices'), ('batch', 'failed'),
            ('batch', 'profile'), ('export', 'at'), ('export', 'confirmed'), ('report', 'at'), ('report', 'id'),
            ('export', 'id'), ('export', 'through'), ('ledger', 'next_log_index')}


def flip_lines(honest):
    """A bit in each line, on a place where it is no mere blank."""
    start = 0
    for number, line in enumerate(honest.files['ledger.jsonl'].split(b'\n')[:-1], 1):
        for part in range(3):
            def apply(one, start=start, length=len(line), number=number, part=part):
                chance = random_of(f'ledger {number} {part}')
                place = start + chance.randrange(length)
                one.files['ledger.jsonl'] = flipped(one.files['ledger.jsonl'], place, chance)
            unproven = any(member in honest.lines[number - 1] for member, _ in UNPROVEN)
            yield Case(f'ledger line {number}: byte flipped, {part}',
                       honest.names_of_ledger(number) | ({None} if unproven else set()), apply)
        start += len(line) + 1


def other(value, chance):
    """Something else of the same type, and of the same form."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((1, -1, 7)) if value else 1
    if value and all(letter in '0123456789abcdef' for letter in value):
        place = chance.randrange(len(value))
        return value[:place] + f'{int(value[place], 16) ^ chance.randrange(1, 16):x}' + value[place + 1:]
    return value + 'x'


def change_fields(honest):
    for number, line in enumerate(honest.lines, 1):
        (member, record), = line.items()
        for key in record:
            for how in ('changed', 'forged'):
                if how == 'forged' and (member != 'event' or key == 'hash'):
                    continue

                def apply(one, number=number, member=member, key=key, how=how):
                    values = one.lines[number - 1][member]
                    values[key] = other(values[key], random_of(f'{number} {key}'))
                    if how == 'forged':
                        forge.rechain(one.lines)
                    one.pack_ledger()
                names = honest.names_of_ledger(number if how == 'changed' else 1)
                if (member, key) in UNPROVEN or how == 'forged' and not honest.event_is_claimed(record['id']):
                    names = names | {None}
                yield Case(f'ledger line {number}: {key} of {member} {how}', names, apply)


def change_states(honest):
    """What a forger would like: a void that was none, a certificate that passed, another reason."""
    for number, line in enumerate(honest.lines, 1):
        if 'certificate' not in line:
            continue
        for state in ('issued', 'verified', 'void'):
            if state == line['certificate']['state']:
                continue

            def apply(one, number=number, state=state):
                record = one.lines[number - 1]['certificate']
                event = record.get('verified_event') or record.get('void_event') or 1
                for key in ('void_reason', 'void_event', 'verified_event'):
                    record.pop(key, None)
                record['state'] = state
                record.update({'verified': {'verified_event': event},
                               'void': {'void_reason': 'lost', 'void_event': event}}.get(state, {}))
                one.pack_ledger()
            yield Case(f'ledger line {number}: state {state}', honest.names_of_ledger(), apply)


def restructure(honest):
    def changed(name, change, chain=False):
        def apply(one):
            change(one.lines)
            if chain:
                number = 0
                for line in one.lines:
                    if 'event' in line:
                        number += 1
                        line['event']['id'] = number
                    if 'end' in line:
                        line['end'].update(events=sum('event' in two for two in one.lines),
                                           certificates=sum('certificate' in two for two in one.lines))
                forge.rechain(one.lines)
            one.pack_ledger()
        return Case(name, names | ({None} if passes else set()), apply)
    for index, line in enumerate(honest.lines):
        (member, record), = line.items()
        names = honest.names_of_ledger()
        passes = member == 'report'
        yield changed(f'ledger line {index + 1}: {member} deleted', lambda lines, at=index: lines.pop(at))
        passes = False
        yield changed(f'ledger line {index + 1}: {member} doubled',
                      lambda lines, at=index: lines.insert(at, lines[at]))
        if index + 1 < len(honest.lines):
            following = set(honest.lines[index + 1])
            passes = following == {'batch'} == set(line)

            def swap(lines, at=index):
                lines[at], lines[at + 1] = lines[at + 1], lines[at]
            yield changed(f'ledger line {index + 1}: {member} and the next exchanged', swap)
        if member in ('event', 'certificate'):
            passes = member == 'event' and not honest.event_is_claimed(record['id'])
            yield changed(f'ledger line {index + 1}: {member} deleted, all counts and hashes anew',
                          lambda lines, at=index: lines.pop(at), chain=True)


def cut(honest):
    starts = [0]
    for line in honest.files['ledger.jsonl'].split(b'\n')[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    for number, (start, end) in enumerate(zip(starts, starts[1:]), 1):
        for at in (start, start + 1, (start + end) // 2, end - 1):
            def apply(one, at=at):
                one.files['ledger.jsonl'] = one.files['ledger.jsonl'][:at]
            yield Case(f'ledger cut off in line {number} at byte {at}', honest.names_of_ledger(number), apply)


def splice(honest, foreign):
    def apply(one):
        one.files['ledger.jsonl'] = foreign.files['ledger.jsonl']
    yield Case("another station's ledger", {'ledger 1'}, apply)

    def renamed(one):
        one.lines[0]['ledger']['id'] = 'f' * 32
        forge.rechain(one.lines)
        one.pack_ledger()
    yield Case('the ledger with another id and chain', {'ledger 1'}, renamed)


def all_cases(honest, foreign):
    for make in (flip_lines, change_fields, change_states, restructure, cut):
        yield from make(honest)
    yield from splice(honest, foreign)
