#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-man.py KEYCRADLE KEYCRADLE.1.SCD: every verb of the program stands in the page with its
arguments and options, and the page names no verb, option or exit code that there is not."""

import re
import subprocess
import sys


def help_of(program, *words):
    return subprocess.run([program, "help", *words], check=True, capture_output=True,
                          text=True).stdout


def verbs_of_program(program):
    """'batch create': ('NAME', {'product', ...})."""
    verbs = {}
    for line in help_of(program).splitlines():
        match = re.fullmatch(r"  ([a-z]+(?: [a-z][a-z-]*){0,2})((?: [\[\]A-Z.]+)*)(?: +[A-Z].*)?", line)
        if match:
            name = match.group(1)
            own = help_of(program, *name.split()).split("Options:")[1]
            verbs[name] = (match.group(2).strip(), set(re.findall(r"^  --([a-z-]+)", own, re.M)))
    return verbs


def verbs_of_page(page):
    commands = page.split("# COMMANDS")[1].split("\n# OPTIONS")[0]
    entries = {}
    for match in re.finditer(r"^\*([a-z]+(?: [a-z][a-z-]*){0,2})\*(.*)\n((?:\t.*\n|\n(?=\t))*)", commands,
                             re.M):
        text = match.group(2) + match.group(3)
        plain = match.group(2).replace("_", "").replace("*", "")
        first, options = entries.get(match.group(1), (plain, set()))  # a verb may have a second entry
        entries[match.group(1)] = (first, options | set(re.findall(r"--([a-z-]+)", text)))
    return entries


def complaints(program, page):
    verbs, entries = verbs_of_program(program), verbs_of_page(page)
    general = set(re.findall(r"^(?:\*-h\*, )?\*--([a-z-]+)\*", page.split("\n# OPTIONS")[1], re.M))
    if len(verbs) < 30:
        yield f"'{program} help' could not be read: only {sorted(verbs)}"
    for name in sorted(verbs.keys() ^ entries.keys()):
        yield f"'{name}' stands only in {'the program' if name in verbs else 'the page'}"
    for name in sorted(verbs.keys() & entries.keys()):
        arguments, options = verbs[name]
        plain, documented = entries[name]
        if not plain.strip().startswith(arguments):
            yield f"'{name}' takes '{arguments}', the page says '{plain.strip()}'"
        for option in sorted(options - documented - general):
            yield f"'{name} --{option}' is not in the page"
        for option in sorted(documented - options - general):
            yield f"the page gives '{name}' an option --{option}"


def main():
    program, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        page = file.read()
    found = list(complaints(program, page))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
