# SPDX-License-Identifier: LGPL-2.1-or-later
"""One wrong collection after the other, and under which names it may be found."""

import os
import random
import zlib

import cms
import forge
import log
import texts


class Case:
    """`apply` changes a copy of the honest collection. `names`: what a verifier may name (the rules
    of docs/evidence.md leave few); None: it must pass; with None among them it may pass as well. Of so many cases one is run by default."""

    def __init__(self, title, names, apply, of=24):
        self.title, self.names, self.apply, self.of = title, names, apply, of


def random_of(title):
    return random.Random(zlib.crc32(title.encode()))


def flipped(data, place, chance):
    """Another byte at `place`."""
    return data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1:]


class Honest(forge.Collection):
    """The honest collection with what the owner kept of it, and who can name what."""

    def __init__(self, folder, owned, station, owner, kept, manifests):
        super().__init__(folder, owned)
        self.station, self.owner, self.kept, self.manifests = station, owner, kept, manifests
        self.manifest_files = {}
        for path in [one for path in manifests for one in (path, path + '.p7s')]:
            with open(path, 'rb') as file:
                self.manifest_files[os.path.basename(path)] = file.read()
        self.anchors = self.find_anchors()

    def find_anchors(self):
        """(size, name) of all that says how the log began, outside of the log."""
        found = []
        for path in self.kept:
            with open(path, 'rb') as file:
                data = file.read()
            if data[:1] == b'\x30':
                text = cms.Signed(data).text
                found.append((int(text.split(b'Size=')[1].split(b'\n')[0]), f'kept {os.path.basename(path)}', data))
            else:
                for note in forge.split_notes(data.decode() + '\n'):
                    found.append((int(note.split('\n')[1]), f'kept {os.path.basename(path)}', None))
        for number, note in enumerate(self.notes, 1):
            found.append((int(note.split('\n')[1]), f'checkpoint {number}', None))
        return found

    def names_from(self, index):
        """Entry `index` is the first that is wrong. It is named, or a later one where it leads to
        that, up to the first root that covers it. Behind the last one it may be anything that
        follows, and behind the last record in the log, nothing."""
        covering = [size for size, _, _ in self.anchors if size > index]
        end = min(covering, default=len(self.entries) + 1)
        names = {f'log {place}' for place in range(index, end)}
        if end >= len(self.entries):  # the end is reached, where records that were kept are looked for
            names |= {name for _, name, record in self.anchors
                      if any(record == entry.certificate for entry in self.entries[index:])}
        if covering:
            return names | {name for size, name, _ in self.anchors if size == end}
        names |= self.names_of_ledger() | {f'manifest {os.path.basename(path)}' for path in self.manifests}
        return names if self.is_recorded(index) else names | {None}

    def names_of_ledger(self, line=1):
        """Line `line` is the first one that is wrong."""
        reports = sum(entry.type == log.REPORT for entry in self.entries)
        return {f'ledger {number}' for number in range(line, len(self.lines) + 2)} | \
            {f'report {number}' for number in range(1, reports + 1)}

    def event_is_claimed(self, number):
        """Whether a report or statement in the log covers the event."""
        texts_of = [texts.read(cms.Signed(entry.certificate).text, FORMS[entry.type][0])
                    for entry in self.entries if entry.type in (log.REPORT, log.MANIFEST)]
        return any(text['ledger']['Event'] >= number for text in texts_of)

    def is_recorded(self, index):
        """Whether a ticket, report or statement in the log covers entry `index`."""
        return any(entry.type in FORMS and size_of(entry) > index for entry in self.entries)

    def names_at_end(self, count):
        """The log has only `count` entries left."""
        records = {entry.certificate for entry in self.entries[:count]}
        gone = [name for size, name, record in self.anchors
                if size > count or record is not None and record not in records]
        return {gone[0]} if gone else {'ledger 1', None}

    def names_of_another_log(self):
        return {self.anchors[0][1]}


FORMS = {log.TICKET: (texts.TICKET, 'ticket', 'LogSize'), log.REPORT: (texts.REPORT, 'log', 'Size'),
         log.MANIFEST: (texts.STATEMENT, 'log', 'Size')}


def size_of(entry):
    """How many entries a ticket, report or statement knows of."""
    form, group, key = FORMS[entry.type]
    return texts.read(cms.Signed(entry.certificate).text, form)[group][key]
