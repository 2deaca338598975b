# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each test of tests/line is one that meson runs, and the other way round."""

import os
import re
import subprocess
import sys

import sources

FOLDER = os.path.join(sources.TOP, 'tests', 'line')


def tests_of(name):
    """What the file itself says it can run."""
    run = subprocess.run([sys.executable, os.path.join(FOLDER, name)], capture_output=True,
                         text=True, check=False,
                         env={**os.environ, 'PYTHONDONTWRITEBYTECODE': '1'})
    return None if run.returncode == sources.SKIPPED else run.stderr.split('\n  ')[1:]


offences = []
listed = set(re.findall(r"'([^'\n]*)'", sources.read('tests/line/meson.build')))
for name in sorted(os.listdir(FOLDER)):
    if not name.endswith('.py') or 'rig.main(' not in sources.read('tests/line/' + name):
        continue
    tests = tests_of(name)
    if tests is None:
        continue
    if not tests:
        offences.append(f'tests/line/{name} names no tests')
    offences += [f'tests/line/{name}: {test} is not in tests/line/meson.build'
                 for test in (one.strip() for one in tests) if test not in listed]
sources.finish(offences, 'every test of the line is run')
