# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every text for operators is translated in every language of po/LINGUAS, none is a guess of
msgmerge, and what is filled into a translation is what is filled into the English sentence."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import sources

TOOLS = ('xgettext', 'msgfmt', 'msgcmp')


def listed(name):
    return [line for line in sources.read(name).splitlines() if line and line[0] != '#']


def complaints(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=sources.TOP)
    said = [line for line in done.stderr.splitlines() if 'warning:' not in line]
    return [] if done.returncode == 0 else said or [' '.join(command)]


if not all(shutil.which(tool) for tool in TOOLS):
    print('needs gettext:', ', '.join(TOOLS))
    sys.exit(sources.SKIPPED)

# as the build calls xgettext
arguments = re.findall(r"'(--[^']+)'", sources.read('po/meson.build'))
offences = []
with tempfile.TemporaryDirectory() as folder:
    template = os.path.join(folder, 'keycradle.pot')
    offences += complaints('xgettext', *arguments, '--files-from=po/POTFILES', '-o', template)
    for language in listed('po/LINGUAS'):
        catalogue = f'po/{language}.po'
        offences += complaints('msgfmt', '--check', '-o', os.devnull, catalogue)
        offences += complaints('msgcmp', catalogue, template)
if offences:
    offences.append('Bring po/*.po up to date with `ninja -C build keycradle-pot '
                    'keycradle-update-po`, then translate what is empty or fuzzy '
                    '(docs/translating.md).')
sources.finish(offences, 'operators read their own language')
