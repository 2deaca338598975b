# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every file with texts for operators stands in po/POTFILES, sorted, and no other; and the refusals
that the screen translates are sentences that the daemon says."""

import re

import sources

MARKED = re.compile(r'\b(?:N?_|ngettext) ?\(')

listed = [line for line in sources.read('po/POTFILES').splitlines() if not line.startswith('#')]
marked = [name for name in sources.c_files() if not name.startswith('tests/')
          and name not in ('base/text.h', 'ui-tui/language.h')
          and MARKED.search(sources.without_comments_and_strings(sources.read(name)))]
offences = [f'{name}: has texts for operators, but is not in po/POTFILES'
            for name in sorted(set(marked) - set(listed))]
offences += [f'po/POTFILES: {name} has no text for operators'
             for name in sorted(set(listed) - set(marked))]
if listed != sorted(set(listed)):
    offences.append('po/POTFILES: not sorted, or a file stands there twice')

STRINGS = re.compile(r'(?:"(?:\\.|[^"\\\n])*"|\s|G_G\w+|PRI\w+)+')
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def sentences(text):
    """String literals, those that follow each other joined."""
    for run in STRINGS.finditer(text):
        yield ''.join(STRING.findall(run.group(0)))


# what the daemon puts together from two
COMPOSED = ('slot %u ', 'device %s ', '%s was scanned, but slot %u ')


def is_said(sentence, said):
    nothing = re.fullmatch(r'there is no (\w+) %s', sentence)
    if nothing:
        return 'there is no %s %s' in said and nothing.group(1) in said
    return sentence in said or any(
        sentence.startswith(begin) and sentence[len(begin):] in said for begin in COMPOSED)


said = {sentence for name in sources.c_files('.c') if name.split('/')[0] in ('base', 'db', 'station')
        for sentence in sentences(sources.read(name))}
offences += [f'ui-tui/refusals.c: nobody says "{sentence}"'
             for sentence in re.findall(r'N_ \(((?:"(?:\\.|[^"\\])*"\s*)+)\)',
                                        sources.read('ui-tui/refusals.c'))
             for sentence in sentences(sentence) if not is_said(sentence, said)]
sources.finish(offences, 'what operators read can be translated')
