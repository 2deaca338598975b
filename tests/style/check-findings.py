# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever `audit verify` says stands in docs/what-verify-says.md: what it means to an owner, and what to
ask. Each sentence of audit/ has a piece of it in backticks there, and each piece is of a sentence."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What the machine lacks, or other commands say.
OTHERS = ('digest.c', 'issued.c', 'proof.c', 'result.c', 'result-text.c', 'spill.c', 'tally.c')
NO_FINDING = ('keycradle ledger', 'row N: %s', "OpenSSL can't compute SHA3-256", ' (since the one before, not entered: ', 'log index N, void from the start: %.*s')
TOKEN = re.compile(r'/\*.*?\*/|\'(?:[^\'\\]|\\.)+\'|"(?:[^"\\\n]|\\.)*"|\bG_G\w+_FORMAT\b|#include[^\n]*|\s+|.',
                   re.DOTALL)
LITERAL = re.compile(r'"(.*)"', re.DOTALL)


def sentences(path):
    """String literals of three words and more; pieces that stand one behind the other are one."""
    with open(path, encoding='utf-8') as file:
        tokens = TOKEN.findall(file.read())
    whole = None
    for token in tokens + [';']:
        if token.isspace() or token.startswith(('/*', '#include')):
            continue
        if token.startswith('G_G'):
            whole = whole[:-1] + 'N' if whole and whole.endswith('%') else whole
        elif LITERAL.fullmatch(token):
            whole = (whole or '') + LITERAL.fullmatch(token).group(1)
        else:
            if whole and len(whole.split()) >= 3:
                yield whole
            whole = None


def main():
    with open(os.path.join(ROOT, 'docs', 'what-verify-says.md'), encoding='utf-8') as file:
        cells = [line.split('|')[1] for line in file if line.startswith('| `')]
    pieces = [piece for cell in cells for piece in re.findall('`([^`]+)`', cell)]
    folder = os.path.join(ROOT, 'audit')
    said = [(name, one) for name in sorted(os.listdir(folder)) if name.endswith('.c') and name not in OTHERS
            for one in sentences(os.path.join(folder, name)) if one not in NO_FINDING]
    offences = [f'audit/{name}: the page has no row for: {one}' for name, one in said
                if not any(piece in one for piece in pieces)]
    offences += [f'docs/what-verify-says.md: nothing says `{piece}`' for piece in pieces
                 if not any(piece in one for _, one in said)]
    for offence in offences:
        print(offence)
    print(f'{len(offences)} offence(s) against: each of {len(said)} sentences is explained to the owner')
    sys.exit(1 if offences or not said else 0)


if __name__ == '__main__':
    main()
