# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which files are ours, and how to look at C without being fooled by comments and strings."""

import os
import re
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
SKIPPED = 77


def tracked_files():
    """Paths from the top, of everything that is or will be committed."""
    listing = subprocess.run(
        ['git', '-c', 'safe.directory=*', '-C', TOP, 'ls-files', '-z', '--cached', '--others',
         '--exclude-standard'], capture_output=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        names = listing.stdout.decode().split('\0')
    else:
        names = walked_files()
    return sorted({name for name in names if name and '/corpus' not in name
                   and os.path.isfile(os.path.join(TOP, name))})


def walked_files():
    for folder, folders, files in os.walk(TOP):
        if folder == TOP:
            folders[:] = [name for name in folders
                          if not name.startswith('build') or name == 'build-aux']
        folders[:] = [name for name in folders if name not in ('.git', 'demo', '__pycache__')]
        for name in files:
            yield os.path.relpath(os.path.join(folder, name), TOP)


def c_files(*suffixes):
    return [name for name in tracked_files() if name.endswith(suffixes or ('.c', '.h'))]


def read(name):
    with open(os.path.join(TOP, name), encoding='utf-8', errors='replace') as file:
        return file.read()


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def without_comments_and_strings(text):
    """The same text with the same lines, comments and literals blanked."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    return TOKEN.sub(blank, text)


def finish(offences, what):
    """Ends the check: prints each offence, or how much was found in order."""
    for offence in offences:
        print(offence)
    if offences:
        print(f'{len(offences)} offence(s) against: {what}')
        sys.exit(1)
    print(f'in order: {what}')
    sys.exit(0)
