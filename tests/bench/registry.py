# SPDX-License-Identifier: LGPL-2.1-or-later
"""registry.py MAKE-LEDGER BENCH-REGISTRY: makes a ledger of a million units (KEYCRADLE_BENCH_UNITS) and runs
bench-registry on it; what its figures are stands there."""

import os
import subprocess
import sys
import tempfile
import time

UNITS = os.environ.get('KEYCRADLE_BENCH_UNITS', '1000000')


def main():
    make_ledger, bench_registry = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        subprocess.run([make_ledger, folder, UNITS], check=True)
        print(f'bench registry-make-ledger {time.monotonic() - begun:.4g} s', flush=True)
        subprocess.run([bench_registry, folder, UNITS], check=True)


main()
