# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices of other kinds: on Keycradle's own USB interface, with faults; a Linux with a TPM; kits that
are HID devices; and some that show more than they should."""

import configparser
import os

import judge
import rig
import rules
from bench import product_of
from dialects import Dialect
from gadget import KEYBOARD, REPORT, VENDORS, HidWire
from guest import properties, say

# ---- the vendor's own interface ----


def faults_on_usb_are_borne(bench):
    """A stall and short reads disturb nothing. Who is pulled out in a transfer comes back to the
    certificate that it had, if it had one."""
    sound = {9: 'STALL-2', 10: 'STALL-6', 11: 'SHORT-7'}
    for slot, name in sound.items():
        kind, number = name.lower().split('-')
        bench.new(name, slot, **{'usb-fault': f'{kind}={number}'})
    yanked = {12: 'YANK-3', 13: 'YANK-6', 14: 'YANK-8'}
    for slot, name in yanked.items():
        bench.new(name, slot, **{'usb-fault': f'yank={name[5:]}'})
    before = len(bench.station.attempts())
    for slot, name in {**sound, **yanked}.items():
        bench.plug(name, slot)
    bench.wait_passed(sound)
    had = certificates_of_who_was_pulled(bench, yanked, before)
    for slot, name in yanked.items():
        bench.simulator.plug(name, slot)
    bench.wait_passed(yanked)
    for name, sha256 in had.items():
        rig.expect_equal(bench.station.json('cert', 'show', name)['sha256'], sha256,
                         f'the certificate of {name}')
    judge.judge_devices(bench.station, bench.simulator, [*sound.values(), *yanked.values()])
    bench.take_out({**sound, **yanked})
    say(f'stalls and short reads passed; three were pulled out in a transfer, {", ".join(had)} with a '
        'certificate, and passed with it')


def certificates_of_who_was_pulled(bench, yanked, before):
    """name → SHA-256 of its certificate, where it had one when it went."""
    def gone():
        ended = [one for one in bench.station.attempts()[before:] if one.get('reason') == 'unplugged']
        return len(ended) == len(yanked)
    rig.wait_until(gone, f'{list(yanked.values())} were pulled out', 120, pause=0.2)
    bench.wait_empty(yanked)
    for name in yanked.values():
        bench.simulator.unplug(name)
    had = {record['device']: record['sha256'] for record in bench.station.certificates()
           if record['device'] in yanked.values()}
    rig.expect(had, 'one of them had its certificate when it was pulled out')
    return had


# ---- a Linux ----

def a_linux_keeps_its_key_in_its_tpm(bench):
    """Its twin has no TPM: no key is made for it in a file."""
    os.chown(bench.simulator.state, 0, 0)  # the devices' root knows no other users
    names = {1: 'LINUX-1', 2: 'LINUX-2'}
    for slot, name in names.items():
        bench.gadgets[slot].show('0x1d6b', '0x0104', bench.gadgets[slot].port)
        bench.simulator.new(name, driver='linux', serial=name, key='p-256',
                            tpm='yes' if slot == 1 else 'no')
        bench.plug(name, slot)
    bench.wait_passed({1: 'LINUX-1'})
    bench.wait_states([2], 'fail')
    etc = os.path.join(bench.simulator.state, '{}.root', 'etc', 'keycradle')
    with open(os.path.join(etc.format('LINUX-1'), 'device.key'), encoding='ascii') as file:
        rig.expect_equal(file.readline().strip(), '-----BEGIN TSS2 PRIVATE KEY-----', 'its key')
    rig.expect(not os.path.exists(os.path.join(etc.format('LINUX-2'), 'device.key')),
               'no key in a file where the profile wants a TPM')
    judge.judge_devices(bench.station, bench.simulator, ['LINUX-1'])
    bench.take_out(names)
    for slot in names:
        bench.gadgets[slot].show(*product_of(slot), bench.gadgets[slot].port)
    say('a Linux made its key in its TPM, behind a USB console; one without a TPM got none')


# ---- what shows too much ----

def what_shows_too_much_is_never_opened(bench):
    names = {2: 'DISK-2', 3: 'TYPES-3', 4: 'TYPES-4'}
    extras = {slot: bench.gadgets[slot].disk() if name.startswith('DISK')
              else bench.gadgets[slot].hid(KEYBOARD, 8)[0] for slot, name in names.items()}
    attempts = len(bench.station.attempts())
    bench.line.opens.names()  # forgotten: nodes get the names of those before them
    for slot, name in names.items():
        bench.new(name, slot)
        bench.gadgets[slot].show(*product_of(slot), bench.gadgets[slot].port, extras[slot])
        bench.plug(name, slot)
    expect_refused(bench, names)
    opened = {node for node in bench.line.opens.names() if node.startswith(('ttyACM', 'hidraw'))}
    rig.expect_equal(opened, set(), 'nodes that were opened')
    heard = [bench.simulator.show(name)['bytes-in'] for name in names.values()]
    rig.expect_equal(heard, [0, 0, 0], 'bytes that they heard')
    rig.expect_equal(len(bench.station.attempts()), attempts, 'attempts')
    bench.take_out(names)
    say('a port with a disk and two with a keyboard beside it were refused, and never opened')
    the_same_without_it_passes(bench, names)


def expect_refused(bench, names):
    seen = bench.wait_states(names, 'fail')
    rig.expect_equal({seen[slot]['reason'] for slot in names}, {'device-refused'}, f'{seen}')
    ports = {one.get('slot'): one for one in bench.station.json('port', 'list')}
    events = {event['subject']: event for event in bench.station.json('event', 'list')
              if event['kind'] == 'device-refused'}
    for slot in names:
        rig.expect_equal(ports[slot]['state'], 'refused', f'{ports[slot]}')
        rig.expect(f'slot {slot}' in events, f'the audit trail tells of slot {slot}: {events}')
        rig.expect(f'G{slot}' in str(events[f'slot {slot}']), f'it names the device: {events}')


def the_same_without_it_passes(bench, names):
    """And a debug chip's disk is nothing unheard of: its driver's match has also=08."""
    for slot in names:
        bench.gadgets[slot].show(*product_of(slot), bench.gadgets[slot].port)
    bench.gadgets[1].show(*product_of(1), bench.gadgets[1].port, bench.gadgets[1].disk())
    names = {**names, 1: 'DISK-1'}
    bench.new('DISK-1', 1)
    for slot, name in names.items():
        bench.plug(name, slot)
    bench.wait_passed(names)
    bench.take_out(names)
    bench.gadgets[1].show(*product_of(1), bench.gadgets[1].port)
    say('the same without disk and keyboard passed, and one whose disk its match allows')


# ---- HID ----

def write_kits_profile(station):
    """What fits into a secure element: aws-iot.profile, as drivers/microchip/contract.ini wants it."""
    profile = configparser.ConfigParser(interpolation=None, delimiters=('=',))
    profile.optionxform = str
    profile.read(station.profile_path(), encoding='utf-8')
    for name, values in Dialect('microchip').sections.items():
        for key, value in values.items() if name.startswith('profile.') else ():
            if value:
                profile.set(name.removeprefix('profile.'), key, value)
            else:
                profile.remove_option(name.removeprefix('profile.'), key)
    folder = os.path.dirname(station.profile_path())
    with open(os.path.join(folder, 'kit.profile'), 'w', encoding='utf-8') as file:
        profile.write(file, space_around_delimiters=False)


def kits_pass_by_hid_reports(bench):
    dialect = Dialect('microchip')
    bench.station.cli('batch', 'close', 'B1')
    bench.station.start_batch('B2', 'kit')
    names, wires = {}, []
    for slot in (5, 6):
        gadget = bench.gadgets[slot]
        function, node = gadget.hid(VENDORS, REPORT)
        gadget.show('0x03eb', '0x2312', function)
        names[slot] = dialect.new(bench.simulator, slot)
        bench.simulator.plug(names[slot], slot)
        gadget.connect()
        rig.wait_until(lambda node=node: os.path.exists(node), f'{node} is there')
        wires.append(HidWire(os.path.join(bench.station.ports, f'slot{slot}'), node))
    bench.wait_passed(names)
    judge.judge_devices(bench.station, bench.simulator, list(names.values()))
    ports = {one.get('slot'): one.get('port', '') for one in bench.station.json('port', 'list')}
    for slot in names:
        rig.expect(ports[slot].startswith('hid:/dev/hidraw'), f'how slot {slot} is reached: {ports}')
        raw = ports[slot].removeprefix('hid:')
        rig.expect_equal(rules.access(raw), rules.OURS, f'who may open {raw}: {properties(raw)}')
    for slot, wire in zip(names, wires):
        wire.stop()
        bench.gadgets[slot].disconnect()
        bench.simulator.unplug(names[slot])
    say('two kits passed by HID reports')
