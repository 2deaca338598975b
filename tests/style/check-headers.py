# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every header compiles alone. Arguments: build folder, then the compiler's command.

A header that a source of this build includes before all else was compiled alone already, by the
build itself; only the others are compiled here.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import sources

PACKAGES = ['glib-2.0', 'gio-unix-2.0', 'libcrypto', 'sqlite3', 'gudev-1.0',
            'libcbor', 'json-glib-1.0', 'smartcols', 'libsystemd', 'p11-kit-1']
SKIPPED_FOLDERS = ('tests/', 'drivers/smp/firmware/')
# Fails to match where a macro or a system's header comes first.
FIRST = re.compile(r'\A(?:(?!^[ \t]*#).*\n)*^#include "([^"]+)"', re.MULTILINE)

build, compiler = sys.argv[1], sys.argv[2:]
flags = subprocess.run(['pkg-config', '--cflags', *PACKAGES], check=True, capture_output=True,
                       text=True).stdout.split()


def compile_alone(name):
    run = subprocess.run(
        [*compiler, '-std=gnu11', '-D_GNU_SOURCE', '-DOPENSSL_API_COMPAT=30000',
         '-DOPENSSL_NO_DEPRECATED', '-DG_LOG_USE_STRUCTURED', '-Wall', '-Wextra', '-Werror',
         '-Wno-unused-parameter', '-Wno-unused-function', '-Wundef', '-fsyntax-only',
         '-I', sources.TOP, '-I', build, '-I', os.path.join(build, 'station'), *flags, '-include', os.path.join(sources.TOP, name),
         '-x', 'c', '/dev/null'], capture_output=True, text=True, check=False)
    return None if run.returncode == 0 else f'{name}:\n{run.stderr}'


def first_included():
    """The headers that sources of this build begin with."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        compiled = {os.path.realpath(os.path.join(unit['directory'], unit['file'])) for unit in json.load(file)}
    found = set()
    for name in sources.c_files('.c'):
        first = FIRST.search(sources.read(name))
        if first and os.path.join(sources.TOP, name) in compiled:
            found.add(first.group(1))
    return found


headers = [name for name in sources.c_files('.h') if not name.startswith(SKIPPED_FOLDERS)]
proven = first_included()
with ThreadPoolExecutor(max_workers=2) as pool:
    offences = [result for result in pool.map(compile_alone, sorted(set(headers) - proven)) if result]
sources.finish(offences, f'each of {len(headers)} headers compiles alone, {len(proven.intersection(headers))} of them in the build')
