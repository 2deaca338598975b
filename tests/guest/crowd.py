# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many devices at once: sixteen within a second, all back in another order, a hub's power, and a
cable that flaps."""

import glob
import os
import time

import judge
import rig
import rules
from bench import GADGET_SLOTS, HUB_SLOTS, VHCI_SLOTS
from gadget import write
from guest import say

ALL = [*GADGET_SLOTS, *VHCI_SLOTS]
FLAPS = 20
FLAPPING_SLOT = 2


def names_of(first, slots):
    return {slot: f'UNIT-{first + slot:03d}' for slot in slots}


def sixteen_come_at_once(bench):
    names = names_of(0, ALL)
    for slot, name in names.items():
        bench.new(name, slot)
        bench.prepare(name, slot)
    begun = time.monotonic()
    for slot, name in names.items():
        bench.connect(name, slot)
    took = time.monotonic() - begun
    bench.wait_passed(names)
    judge.judge_devices(bench.station, bench.simulator, names.values())
    say(f'{len(names)} devices came in {took:.1f} s, half of them without a tty, and passed')
    rules.nodes_are_ours_and_nobody_elses(bench)
    rules.doctor_names_who_holds_a_port(bench)
    return names


def all_go_and_come_back_in_another_order(bench, names):
    """As when a hub's power is cycled: other tty numbers, the same places."""
    before = ttys()
    bench.take_out(names)
    fresh = names_of(100, ALL)
    for slot, name in fresh.items():
        bench.new(name, slot)
        bench.prepare(name, slot)
    for slot in sorted(fresh, reverse=True):
        bench.connect(fresh[slot], slot)
    bench.wait_passed(fresh)
    after = ttys()
    moved = sum(before[slot] != after[slot] for slot in GADGET_SLOTS)
    rig.expect(moved > len(GADGET_SLOTS) // 2, f'most ttys have other numbers: {before}, {after}')
    judge.judge_devices(bench.station, bench.simulator, fresh.values())
    say(f'all came back the other way round, {moved} under other names, and passed in their slots')
    bench.take_out(fresh)


def ttys():
    return {slot: os.path.realpath(f'/dev/serial/by-id/usb-Keycradle_gadget_G{slot}-if00')
            for slot in GADGET_SLOTS}


def many_at_once(bench):
    all_go_and_come_back_in_another_order(bench, sixteen_come_at_once(bench))


def a_hub_loses_its_power(bench):
    line = bench.line
    for slot, port in HUB_SLOTS.items():
        name = f'HUB-{slot}'
        line.fixture.new(name, driver='smp', key='p-256', serial=name)
        line.fixture.plug(name, port)
    for slot in HUB_SLOTS:
        line.wait_passed(slot, f'HUB-{slot}')
        line.passed.append(f'HUB-{slot}')
    rules.a_converter_is_anybodys()
    hub = glob.glob('/sys/bus/usb/devices/*-5/authorized')
    rig.expect_equal(len(hub), 1, f'hubs: {hub}')
    attempts = len(line.station.attempts())
    # What QEMU's hub has instead of a switch for its power: all behind it go at once, and come back.
    write(hub[0], '0')
    for slot in HUB_SLOTS:
        line.wait_empty(slot)
    write(hub[0], '1')
    ended = line.station.wait_ended(attempts + len(HUB_SLOTS))
    rig.expect_equal({one['reason'] for one in ended[attempts:]}, {'already-done'},
                     'what becomes of devices that had passed before the hub lost its power')
    say('a hub lost its power: both slots behind it were empty, and knew their devices again')


def flap(gadget):
    """The longest time in seconds that it stayed."""
    longest = 0.0
    for _ in range(FLAPS):
        begun = time.monotonic()
        gadget.connect()
        time.sleep(0.05)
        gadget.disconnect()
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.03)
    return longest


def a_cable_flaps(bench):
    """No attempt while it flaps (docs/detection.md), but for what a slow computer lets it stay."""
    name = 'FLAP-1'
    before = len(bench.station.attempts())
    bench.new(name, FLAPPING_SLOT)
    bench.prepare(name, FLAPPING_SLOT)
    begun = time.monotonic()
    longest = flap(bench.gadgets[FLAPPING_SLOT])
    took = time.monotonic() - begun
    bench.connect(name, FLAPPING_SLOT)
    bench.wait_passed({FLAPPING_SLOT: name})
    attempts = len(bench.station.attempts()) - before
    rig.expect(attempts == 1 or (attempts <= 3 and longest > 0.25),
               f'{attempts} attempts; it had stayed for {longest:.2f} s at most')
    say(f'a cable flapped {FLAPS} times in {took:.1f} s, its device then passed in {attempts} attempt')
    bench.take_out({FLAPPING_SLOT: name})
