# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/api.md has each key of the API's records, with its type, and no other; and neither client
reads a key that the daemon does not make."""

import re

import sources

TYPES = {'bytes': 'ay', 'text': 's', 'number': 'u', 'time': 'x', 'words': 'as'}
SCREEN = {'TEXT': 's', 'LINES': 's', 'NUMBER': 'u', 'LARGE': 't', 'TIME': 'x', 'FLAG': 'b',
          'WORDS': 'as', 'CHOICE': 's', 'INSIDE': 'a{sv}', 'LIST': 'aa{sv}'}
offences = []


def documented():
    """(key, type) of each row of the table of records."""
    found = set()
    for row in re.findall(r'^\| [a-z ]+ \| (`.*) \|$', sources.read('docs/api.md'), re.MULTILINE):
        found |= set(re.findall(r'`([a-z0-9-]+)` (a\{sv\}|aa\{sv\}|as|ay|[sutxb])(?![a-z{])', row))
    return found


def made(in_document):
    """(key, type) of each entry that a source of the daemon puts into a record. Of a whole variant that
    is put in, the source does not show the type: it is what the document says."""
    found = set()
    for name in sources.tracked_files():
        if not re.fullmatch(r'station/[a-z-]+\.c', name):
            continue
        text = sources.read(name)
        for kind, key in re.findall(r'record_(text|number|time|words|bytes) \(&?\w+,\s*"([a-z0-9-]+)"',
                                    text):
            found.add((key, TYPES[kind]))
        found |= set(re.findall(
            r'g_variant_dict_insert \(&?\w+,\s*"([a-z0-9-]+)",\s*"([a-z{}]+)"', text))
        for key in re.findall(r'g_variant_dict_insert_value \(\s*&?\w+,\s*"([a-z0-9-]+)"', text):
            found |= {entry for entry in in_document if entry[0] == key} or {(key, 'v')}
    return found


def read_by_screen():
    text = sources.read('ui-tui/record-tables.c')
    return {(key, SCREEN[kind]) for kind, key in
            re.findall(r'\b(' + '|'.join(SCREEN) + r') \("([a-z0-9-]+)",', text)}


def read_by_command():
    """But for what a verb without a daemon made itself, in the same file."""
    keys = set()
    for name in sources.tracked_files():
        if re.fullmatch(r'station/cli/[a-z-]+\.c', name):
            text = sources.read(name)
            keys |= set(re.findall(r'\{ "([a-z0-9-]+)",\s*"[^"]*",\s*FIELD_', text)) \
                - set(re.findall(r'g_variant_dict_insert \(&?\w+,\s*"([a-z0-9-]+)"', text))
    return keys


in_document = documented()
in_daemon = made(in_document)
for key, kind in sorted(in_daemon - in_document):
    offences.append(f'docs/api.md: has no `{key}` {kind}, which the daemon puts into a record')
for key, kind in sorted(in_document - in_daemon):
    offences.append(f'docs/api.md: `{key}` {kind} is in no record that the daemon makes')
for key, kind in sorted(read_by_screen() - in_document):
    offences.append(f'ui-tui/record-tables.c: reads `{key}` {kind}, which docs/api.md has not')
for key in sorted(read_by_command() - {key for key, kind in in_document}):
    offences.append(f'station/cli: reads `{key}`, which docs/api.md has not')
def formats_of(pattern, folder):
    return {pair for name in sources.tracked_files() if name.startswith(folder)
            for pair in re.findall(pattern, sources.read(name))}


written = formats_of(r'\.name = "([a-z0-9-]+)",[^}]*\.file_suffix = "([.a-z]+)"', 'db/manifest-')
offered = formats_of(r'\{ "([a-z0-9-]+)", "([.a-z]+)",\s+N_', 'ui-tui/export-formats.c')
for format in sorted(written ^ offered):
    offences.append('ui-tui/export-formats.c: %s (%s) is not there and in db/ alike' % format)
if len(in_daemon) < 60 or not written:
    offences.append(f'only {len(in_daemon)} keys and {len(written)} formats were found')
sources.finish(offences, f'{len(in_document)} keys of records, as docs/api.md has them')
