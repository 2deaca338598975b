# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every source starts with its licence, has no goto, and names no place that only we have."""

import os
import re

import sources

LICENCES = ('LGPL-2.1-or-later', 'Apache-2.0')
APACHE_FOLDERS = ('drivers/smp/device/', 'drivers/smp/firmware/')
OURSELVES = 'tests/style/check-text.py'

PRIVATE = re.compile(
    r'/work/|\.\./shared\b|\bfacts/[a-z-]+\.md|/tmp/bash_jobs|\bdeb\.debian\.org|'
    r'\bsnapshot\.debian\.org|\bsecurity\.debian\.org|\bpypi\.org|\bfiles\.pythonhosted\.org|'
    r'\bregistry\.npmjs\.org|\bcrates\.io\b|\bproxy\.golang\.org|\bghcr\.io\b|\bdocker\.io\b|'
    r'\bissues show\b')
GOTO = re.compile(r'\bgoto\b')


def is_script(name, text):
    return name.endswith(('.py', '.sh')) or text.startswith('#!')


def licence_offence(name, text):
    head = text.splitlines()[:2]
    if name.endswith(('.c', '.h')):
        head = head[:1]
    elif not is_script(name, text):
        return None
    found = re.search(r'SPDX-License-Identifier: (\S+)', ' '.join(head))
    if found is None:
        return f'{name}:1: no SPDX-License-Identifier'
    if found.group(1) not in LICENCES:
        return f'{name}:1: licence {found.group(1)} is not one of ours'
    if name.startswith(APACHE_FOLDERS) and found.group(1) != 'Apache-2.0':
        return f'{name}:1: what goes into firmware is Apache-2.0'
    if not os.path.isfile(os.path.join(sources.TOP, 'LICENSES', found.group(1) + '.txt')):
        return f'{name}:1: LICENSES/{found.group(1)}.txt is missing'
    return None


def places(name, text, pattern, words):
    for match in pattern.finditer(text):
        line = text.count('\n', 0, match.start()) + 1
        yield f'{name}:{line}: {words}: {match.group(0)}'


offences = []
for name in sources.tracked_files():
    if name == OURSELVES or name.startswith('LICENSES/'):
        continue
    text = sources.read(name)
    offence = licence_offence(name, text)
    if offence:
        offences.append(offence)
    offences += places(name, text, PRIVATE, 'names a place that is not for everybody')
    if name.endswith(('.c', '.h')):
        offences += places(name, sources.without_comments_and_strings(text), GOTO, 'no goto')
sources.finish(offences, 'licence first, no goto, no private places')
