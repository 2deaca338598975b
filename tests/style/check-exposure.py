# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much of the host the daemons are exposed to, as `systemd-analyze security` counts it.

argv[1] is the folder with the configured units, argv[2] that with the example drop-ins."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

# In tenths, each with the drop-ins that an installation may add.
MOST = [
    ('keycradled.service', None, 15),
    ('keycradle-signer.service', None, 6),
    ('keycradle-signer.service', 'signer-tpm2.conf', 6),
    ('keycradle-signer.service', 'signer-pkcs11.conf', 6),
    ('keycradle-courier@.service', None, 13),
]
# The control: a unit that lost these must be too exposed, else nothing is judged.
HARDENING = re.compile(r'^(SystemCallFilter|RestrictAddressFamilies|CapabilityBoundingSet|'
                       r'ProtectSystem|PrivateNetwork)=.*\n', re.MULTILINE)


def exposure(unit, text, drop_in, most):
    """Whether `unit` with that text keeps below `most`, and what systemd-analyze says last."""
    with tempfile.TemporaryDirectory(prefix='keycradle-unit-') as folder:
        path = os.path.join(folder, unit)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        if drop_in is not None:
            os.mkdir(path + '.d')
            shutil.copy(drop_in, path + '.d')
        run = subprocess.run(
            ['systemd-analyze', 'security', '--offline=true', '--no-pager',
             f'--threshold={most}', path],
            capture_output=True, text=True, check=False, env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    lines = run.stdout.strip().splitlines() or [run.stderr.strip()]
    if not any('Overall exposure level' in line for line in lines):
        sys.exit(f'{unit}: systemd-analyze says: {run.stderr.strip()}')
    return run.returncode == 0, lines[-1]


def main():
    units, drop_ins = sys.argv[1:]
    failed = False
    if shutil.which('systemd-analyze') is None:
        sys.exit(77)
    for unit, drop_in, most in MOST:
        with open(os.path.join(units, unit), encoding='utf-8') as file:
            text = file.read()
        kept, words = exposure(unit, text, drop_in and os.path.join(drop_ins, drop_in), most)
        bare_kept, bare_words = exposure(unit, HARDENING.sub('', text), None, most)
        print(f'{unit} {drop_in or ""}: {words}; at most {most / 10}')
        if not kept:
            failed = True
            print(f'{unit} {drop_in or ""} is more exposed than {most / 10}')
        if bare_kept:
            failed = True
            print(f'{unit} without its hardening still passes: {bare_words}')
    sys.exit(1 if failed else 0)


main()
