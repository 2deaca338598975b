# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every test that docs/aws-coverage.md names exists, and every row names one."""
import json
import os
import sys

root, build = sys.argv[1:3]


def tests():
    with open(os.path.join(build, 'meson-info', 'intro-tests.json'), encoding='utf-8') as listed:
        return {test['name'] for test in json.load(listed)}


def rows(path):
    """Number and cells of each row below a table's rule."""
    below = False
    for number, line in enumerate(open(path, encoding='utf-8'), 1):
        if not line.startswith('|'):
            below = False
        elif line.startswith('|---'):
            below = True
        elif below:
            yield number, [cell.strip() for cell in line.strip().strip('|').split('|')]


def problems(path, known):
    for number, cells in rows(path):
        named = [name.strip().strip('`') for name in cells[-1].split('`, `')]
        if len(cells) != 4 or not cells[-1].startswith('`'):
            yield f'{path}:{number}: a row has four cells, the last one tests in backticks'
            continue
        for name in named:
            if name not in known:
                yield f'{path}:{number}: there is no test "{name}"'


found = list(problems(os.path.join(root, 'docs/aws-coverage.md'), tests()))
print('\n'.join(found))
sys.exit(1 if found else 0)
