# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the parts of whole.py share: a station whose slots are places of the guest's kernel, and
simulated devices that are plugged in there."""

import glob
import os
import subprocess

import rig
from gadget import Gadget
from guest import Line, properties, settled

GADGET_SLOTS = range(1, 9)  # all that the kernel has ttyGS for
VHCI_SLOTS = range(9, 17)   # slot 9 is port 1 of vhci_hcd
HUB_SLOTS = {17: '5.1', 18: '5.2'}
BOARD_SLOT = 19
# What the gadgets show and are, by the parity of their slots' numbers.
PRODUCTS = (('0x2fe3', '0x0001'), ('0x0483', '0x374e'))
KINDS = (('smp', {'key': 'p-256'}), ('freertos', {}))


def product_of(slot):
    return PRODUCTS[slot % 2]


def properties_of_usb(folder):
    """What udev says of the USB device at a folder in sysfs."""
    run = subprocess.run(['udevadm', 'info', '--query', 'property', '--path', folder],
                         capture_output=True, text=True, check=True)
    return dict(line.split('=', 1) for line in run.stdout.splitlines())


def attribute(folder, name):
    try:
        with open(os.path.join(folder, name), encoding='utf-8', errors='replace') as file:
            return file.read().strip()
    except OSError:
        return None  # it went in between


def usb_device(serial):
    """The folder in sysfs of the device that has this serial number, once udev has done with it."""
    def found():
        return [folder for folder in glob.glob('/sys/bus/usb/devices/*')
                if attribute(folder, 'serial') == serial]
    folder = rig.wait_until(found, f'{serial} is on USB')[0]
    settled()
    return folder


class Bench:
    """`serials` are those of devices of this kernel that passed."""

    def __init__(self, station):
        self.station = station
        self.line = Line(station)
        self.simulator = station.simulator()
        self.gadgets = {slot: Gadget(slot - 1, f'G{slot}', *product_of(slot)) for slot in GADGET_SLOTS}
        self.serials = []

    # ---- places ----

    def places(self):
        """slot → the place where the kernel puts its device: as `slot learn` would find out."""
        first = self.place_of_gadget()
        places = {slot: first.replace('.0-usb', f'.{slot - 1}-usb') for slot in GADGET_SLOTS}
        port = self.place_of_vhci()
        places.update({slot: port[:-1] + str(slot - 8) for slot in VHCI_SLOTS})
        behind_hub = self.place_behind_hub()
        for slot, port in HUB_SLOTS.items():
            places[slot] = behind_hub.replace(':5.1:', f':{port}:')
        places[BOARD_SLOT] = behind_hub.replace(':5.1:', ':1:')
        return places

    def place_of_gadget(self):
        self.gadgets[1].connect()
        node = rig.wait_until(lambda: glob.glob('/dev/ttyACM*'), 'a gadget has a tty')[0]
        settled()
        path = properties(node)['ID_PATH']
        self.gadgets[1].disconnect()
        rig.expect('.0-usb-0:1:1.0' in path, f'the place of the first gadget: {path}')
        return path

    def place_of_vhci(self):
        self.simulator.new('PLACE-1', driver='smp', key='p-256', usb='vhci:1', serial='PLACE-1')
        self.simulator.plug('PLACE-1', 9)
        path = properties_of_usb(usb_device('PLACE-1'))['ID_PATH']
        self.simulator.unplug('PLACE-1')
        rig.expect(path.endswith('-usb-0:1'), f'the place of the first port of vhci: {path}')
        return path

    def place_behind_hub(self):
        self.line.fixture.new('PLACE', driver='smp', key='p-256', serial='PLACE')
        self.line.fixture.plug('PLACE', '5.1')
        node = rig.wait_until(lambda: glob.glob('/dev/ttyUSB*'), 'a converter has a tty')[0]
        settled()
        path = properties(node)['ID_PATH']
        self.line.fixture.unplug('PLACE', '5.1')
        rig.expect(':5.1:1.0' in path, f'a place behind a hub: {path}')
        return path

    def bind(self):
        """QEMU's FTDI converter could be anybody's; its slot says which driver it is for."""
        self.station.bind({slot: f'IdPath={path}' + ('\nDriver=smp' if slot > 16 else '')
                           for slot, path in self.places().items()})

    # ---- devices ----

    def new(self, name, slot, **more):
        """The kind of device that a slot's gadget or port is for."""
        driver, options = KINDS[slot % len(KINDS)] if slot in GADGET_SLOTS else KINDS[0]
        if slot in VHCI_SLOTS:
            options = {**options, 'usb': f'vhci:{slot - 8}'}
        self.simulator.new(name, **{'driver': driver, 'serial': name, **options, **more})

    def prepare(self, name, slot):
        """All but the moment of plugging in."""
        if slot in GADGET_SLOTS:
            self.simulator.plug(name, slot)
            self.gadgets[slot].wire_to(os.path.join(self.station.ports, f'slot{slot}'))

    def connect(self, name, slot):
        if slot in GADGET_SLOTS:
            self.gadgets[slot].connect()
        else:
            self.simulator.plug(name, slot)

    def plug(self, name, slot):
        self.prepare(name, slot)
        self.connect(name, slot)

    def unplug(self, name, slot):
        if slot in GADGET_SLOTS:
            self.gadgets[slot].unplug()
        self.simulator.unplug(name)

    def take_out(self, names):
        """slot → name: all of them, and their slots are empty."""
        for slot, name in names.items():
            self.unplug(name, slot)
        self.wait_empty(names)

    def wait_empty(self, slots):
        def empty():
            seen = self.station.slot_list()
            return not any(seen[slot]['present'] for slot in slots)
        rig.wait_until(empty, f'slots {list(slots)} are empty', pause=0.2)

    def wait_passed(self, names):
        """slot → name: each has passed in its slot, and none failed on the way."""
        def passed():
            slots = self.station.slot_list()
            failed = [slots[slot] for slot in names
                      if slots[slot]['state'] == 'fail' and slots[slot]['present']]
            rig.expect(not failed, f'{failed}')
            return all((slots[slot]['state'], slots[slot].get('device')) == ('pass', name)
                       for slot, name in names.items())
        rig.wait_until(passed, f'{len(names)} devices pass', 120, pause=0.2)
        self.serials += [name for name in names.values() if name not in self.serials]

    def wait_states(self, slots, state):
        """slot → its record, once all are in that state."""
        def reached():
            seen = self.station.slot_list()
            return seen if all(seen[slot]['state'] == state for slot in slots) else None
        return rig.wait_until(reached, f'slots {list(slots)} are in {state}', 120, pause=0.2)
