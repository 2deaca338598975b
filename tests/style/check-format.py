# SPDX-License-Identifier: LGPL-2.1-or-later
"""All C is as clang-format with the committed .clang-format leaves it."""

import shutil
import subprocess
import sys

import sources

formatter = shutil.which('clang-format')
if formatter is None:
    print('clang-format is not installed: the format is not checked here')
    sys.exit(sources.SKIPPED)

files = sources.c_files()
offences = []
for name in files:
    run = subprocess.run([formatter, '--dry-run', '-Werror', name], cwd=sources.TOP,
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        first = run.stderr.splitlines()[0] if run.stderr else name
        offences.append(first)
sources.finish(offences, f'each of {len(files)} C files is formatted (clang-format -i FILE)')
