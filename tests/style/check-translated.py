# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every file with texts for operators stands in po/POTFILES, sorted, and no other."""

import re

import sources

MARKED = re.compile(r'\b(?:N?_|ngettext) ?\(')

listed = [line for line in sources.read('po/POTFILES').splitlines() if not line.startswith('#')]
marked = [name for name in sources.c_files() if name.startswith('ui-tui/')
          and name != 'ui-tui/language.h'
          and MARKED.search(sources.without_comments_and_strings(sources.read(name)))]
offences = [f'{name}: has texts for operators, but is not in po/POTFILES'
            for name in sorted(set(marked) - set(listed))]
offences += [f'po/POTFILES: {name} has no text for operators'
             for name in sorted(set(listed) - set(marked))]
if listed != sorted(set(listed)):
    offences.append('po/POTFILES: not sorted, or a file stands there twice')
sources.finish(offences, 'what operators read can be translated')
