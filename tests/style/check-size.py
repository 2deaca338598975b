# SPDX-License-Identifier: LGPL-2.1-or-later
"""No function is longer than 60 lines, no file outside tests/ longer than 450."""

import re

import sources

FUNCTION_LINES = 60
FILE_LINES = 450
SOURCES = ('.c', '.h', '.py', '.sh')
NAME = re.compile(r'^([A-Za-z_]\w*) ?\(', re.MULTILINE)


def functions(text):
    """(name, first line, lines) of each function: its brace opens and closes in column 0."""
    lines = sources.without_comments_and_strings(text).splitlines()
    opened = None
    for number, line in enumerate(lines, 1):
        if line.startswith('{'):
            opened = number
        elif line.startswith('}') and opened is not None:
            before = '\n'.join(lines[max(0, opened - 12):opened - 1])
            names = NAME.findall(before)
            if names and line.rstrip() == '}':
                yield names[-1], opened, number - opened - 1
            opened = None


offences = []
for name in sources.tracked_files():
    if not name.endswith(SOURCES):
        continue
    text = sources.read(name)
    count = text.count('\n')
    if count > FILE_LINES and not name.startswith('tests/'):
        offences.append(f'{name}: {count} lines')
    if name.endswith(('.c', '.h')):
        offences += [f'{name}:{first}: {function}() has {length} lines'
                     for function, first, length in functions(text) if length > FUNCTION_LINES]
sources.finish(offences, f'functions of at most {FUNCTION_LINES} lines in files of at most '
               f'{FILE_LINES}')
