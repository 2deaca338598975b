# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest, in one boot: the whole station, with its CA key in the PC's TPM, and all kinds of
devices on the kernel's USB.

whole.py [PART,...]: those parts alone.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import judge  # noqa: E402
import crowd  # noqa: E402
import kinds  # noqa: E402
import rules  # noqa: E402
import tpm_ca  # noqa: E402
from bench import BOARD_SLOT, GADGET_SLOTS, Bench  # noqa: E402
from gadget import load_modules  # noqa: E402
from guest import Station, say  # noqa: E402


def a_microcontroller_passes(bench):
    line = bench.line
    line.fixture.new('BOARD-1', driver='cortex-m3', serial='BOARD-1')
    line.fixture.plug('BOARD-1', '1')
    line.wait_passed(BOARD_SLOT, 'BOARD-1')
    say('a Cortex-M3 behind a converter made its key, and the TPM signed for it')


# The last one needs a batch of its own.
PARTS = {
    'board': a_microcontroller_passes,
    'crowd': crowd.many_at_once,
    'hub': crowd.a_hub_loses_its_power,
    'flap': crowd.a_cable_flaps,
    'usb': kinds.faults_on_usb_are_borne,
    'extras': kinds.what_shows_too_much_is_never_opened,
    'linux': kinds.a_linux_keeps_its_key_in_its_tpm,
    'hid': kinds.kits_pass_by_hid_reports,
}


def run_parts(bench, names):
    for name in names:
        begun = time.monotonic()
        PARTS[name](bench)
        say(f'({name}: {time.monotonic() - begun:.1f} s)')


def main(names):
    load_modules(len(GADGET_SLOTS))
    rules.have_other_packages()
    station = Station()
    try:
        tpm_ca.keep_ca_in_tpm(station)
        kinds.write_kits_profile(station)
        bench = Bench(station)
        bench.bind()
        station.start()
        station.start_batch()
        run_parts(bench, names)
        judge.judge_devices(station, bench.line.fixture, bench.line.passed)
        station.stop()
        station.judge_logs()
    except BaseException:
        station.tell_story()
        raise
    finally:
        station.close()


if __name__ == '__main__':
    main(sys.argv[1].split(',') if len(sys.argv) > 1 and sys.argv[1] else PARTS)
