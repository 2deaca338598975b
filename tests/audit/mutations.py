# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every wrong collection is found by both verifiers, which name the same first wrong thing.

usage: mutations.py story|line [--all] [--first PROGRAM] [TITLE-PART]

`story` takes a collection that story.py makes up, `line` one that a real station leaves. By default a part
of the cases, the same each time; all of them with --all. PROGRAM is the first verifier, keycradle.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import cms
import forge
import mutate_ledger
import mutate_log
import mutate_manifests
import mutate_rest
import story
import verify
from cases import Honest
from finding import Finding

NAME = re.compile(r'^(station|header|(?:log|checkpoint|ledger|report) \d+|kept [^:]+|manifest [^:]+(?:: row \d+)?): ', re.MULTILINE)


class Rig:
    """A folder for changed collections, and both verifiers."""

    def __init__(self, honest, folder, first):
        self.honest, self.folder, self.first = honest, folder, first
        self.owners = cms.read_pem(honest.owner)
        self.manifests = [os.path.join(folder, os.path.basename(path)) for path in honest.manifests]

    def lay_out(self, one):
        one.write(self.folder)
        for name, data in one.manifest_files.items():
            with open(os.path.join(self.folder, name), 'wb') as file:
                file.write(data)

    def manifests_of(self, one):
        return self.manifests + [os.path.join(self.folder, name) for name in one.more]

    def second_says(self, one):
        try:
            verify.Verifier(self.folder, self.honest.station, self.owners, self.honest.kept, self.manifests_of(one)).run()
        except Finding as finding:
            return finding.name, str(finding)
        return None, 'OK'

    def first_says(self, one):
        words = [self.first, 'audit', 'verify', self.folder, '--station', self.honest.station,
                 '--owner', self.honest.owner]
        words += [word for path in self.honest.kept for word in ('--kept', path)]
        words += [word for path in self.manifests_of(one) for word in ('--manifest', path)]
        run = subprocess.run(words, capture_output=True, text=True, errors='replace', check=False)
        found = NAME.search(run.stdout + '\n' + run.stderr)
        if run.returncode != 6 if found else run.returncode not in (0, 8):
            return 'neither', f'{run.returncode}: {run.stdout}{run.stderr}'
        return found and found.group(1), run.stdout + run.stderr

    def complaint(self, case):
        """What is wrong with how the case is found; None where all is well."""
        one = self.honest.copy()
        case.apply(one)
        if case.names is not None and one.files == self.honest.files and \
                one.manifest_files == self.honest.manifest_files:
            return 'it changes nothing'
        self.lay_out(one)
        name, words = self.second_says(one)
        if name not in (case.names or {None}):
            return f'the second verifier says {words!r}; expected: {sorted(map(str, case.names or {None}))[:6]}'
        if self.first is None:
            return None
        other, other_words = self.first_says(one)
        return None if other == name else f'the second verifier says {words!r}, the first {other_words.strip()!r}'


def all_cases(honest, foreign, earlier, key, stranger):
    yield from mutate_log.all_cases(honest, foreign)
    yield from mutate_ledger.all_cases(honest, foreign)
    yield from mutate_rest.all_cases(honest, foreign, earlier, key, stranger)
    yield from mutate_manifests.all_cases(honest, foreign, key, stranger)


def honest_of(folder, words):
    return Honest(folder, None, words['station'], words['owner'], words['kept'], words['manifest'])


def made_up(folder):
    told = [story.tell(os.path.join(folder, name), story.START + later) for name, later in (('one', 0), ('other', 7))]
    honest, foreign = [honest_of(one.collected, story.anchors(one)) for one in told]
    earlier = forge.Collection(told[0].earlier, None)
    return honest, foreign, earlier, told[0].station, told[0].other


def left_by_a_station(folder):
    """With a made-up one as the foreign station."""
    import material  # needs what is installed
    other = story.tell(os.path.join(folder, 'other'))
    with material.rig.station(start=False) as station:
        line = material.prepare(station, os.path.join(folder))
        words, collected, earlier = material.tell(line)
        shutil.copytree(material.state_folder(station), os.path.join(folder, 'state'))
        station.stop()
    key = forge.Signer(os.path.join(folder, 'state', 'station.key'), words['station'])
    foreign = honest_of(other.collected, story.anchors(other))
    return honest_of(collected, words), foreign, forge.Collection(earlier, None), key, other.other


def run_all(cases, rig, options):
    counts, bad = {'found': 0, 'passed': 0}, 0
    for number, case in enumerate(cases):
        if options.part not in case.title or not options.all and number % case.of and case.names is not None:
            continue
        complaint = rig.complaint(case)
        if complaint:
            bad += 1
            print(f'{case.title}: {complaint}', flush=True)
        counts['passed' if case.names is None else 'found'] += 1
    print(f'{counts["found"]} wrong collections, {counts["passed"]} honest ones, {bad} misjudged')
    return bad == 0 and sum(counts.values()) > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('source', choices=['story', 'line'])
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--first')
    parser.add_argument('part', nargs='?', default='')
    options = parser.parse_intermixed_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='keycradle-mutations-'))
        made = made_up(folder) if options.source == 'story' else left_by_a_station(folder)
        rig = Rig(made[0], os.path.join(folder, 'changed'), options.first)
        sys.exit(0 if run_all(all_cases(*made), rig, options) else 1)


if __name__ == '__main__':
    main()
