#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-codes.py SOURCE-FOLDER: each code that a rule of keycradle rehearse can say stands in
docs/rehearsal.md and in the tests of the rules, and these name no other."""

import pathlib
import re
import sys


def main():
    top = pathlib.Path(sys.argv[1])
    said = set()
    for path in (top / 'station' / 'rehearse').glob('judge*.c'):
        text = path.read_text(encoding='utf-8')
        said |= set(re.findall(r'remark_(?:refuse|note) \(\s*&?remark, "([a-z0-9-]+)"', text))
        said |= set(re.findall(r'^  \{ \d+, "([a-z-]+)"', text, re.M))
        said |= set(re.findall(r'^  \{ "[A-Za-z_]+", "([a-z-]+)"', text, re.M))
    page = (top / 'docs' / 'rehearsal.md').read_text(encoding='utf-8').split('## What it says')[1]
    rows = [line.split('|')[1] for line in page.split('\n## ')[0].splitlines()
            if line.startswith('| `')]
    told = set(re.findall(r'`([a-z0-9-]+)`', ' '.join(rows)))
    test = (top / 'tests/unit/rehearse/test-judge.c').read_text(encoding='utf-8')
    tested = set(re.findall(r'^  \{ (?:\d+, )?"([a-z0-9-]+)"', test, re.M))
    complaints = [f'{code}: only in {where}'
                  for where, one, other in (('the rules, not in the page', said, told),
                                            ('the page, not in the rules', told, said),
                                            ('the rules, not in the tests', said, tested),
                                            ('the tests, not in the rules', tested, said))
                  for code in sorted(one - other)]
    if len(said) < 60:
        complaints.append(f'the rules could not be read: {sorted(said)}')
    print('\n'.join(complaints))
    sys.exit(1 if complaints else 0)


main()
