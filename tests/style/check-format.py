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
run = subprocess.run([formatter, '--dry-run', '-Werror', *files], cwd=sources.TOP,
                     capture_output=True, text=True, check=False)
offences = [line for line in run.stderr.splitlines() if ': error: ' in line]
if run.returncode != 0 and not offences:
    offences = [run.stderr]
sources.finish(offences, f'each of {len(files)} C files is formatted (clang-format -i FILE)')
