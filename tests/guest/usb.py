# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: simulated devices on the kernel's own USB (vhci_hcd), enumerated for real, and the
USB transport with the real libusb and usbfs between them and the driver: first without a station,
then with one (usb_line.py).

usb.py JOURNEY: the program that takes one device the whole way (usb-journey.c).
"""

import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import rig  # noqa: E402
import usb_line  # noqa: E402

DEVICES = '/sys/bus/usb/devices'
# The reference descriptors: docs/smp-provisioning-group.md, 7.4.
DESCRIPTORS = ('1201100200000040e32f014b000101020301'
               '0902200001010080320904000002ff4b0104070501024000000705810240 0000').replace(' ', '')


def say(words):
    print('- ' + words)


def attribute(device, name):
    with open(os.path.join(device, name), encoding='utf-8') as file:
        return file.read().strip()


class Bench:
    """Devices of keycradle-sim on the ports of vhci_hcd: slot N is port N."""

    def __init__(self, journey):
        self.journey = journey
        self.folder = tempfile.mkdtemp(prefix='keycradle-usb-')
        self.ports = os.path.join(self.folder, 'ports')
        os.mkdir(self.ports)
        self.simulator = rig.Simulator(self, keeps=True)

    def plug(self, name, port=1, **options):
        options.setdefault('serial', name)
        self.simulator.new(name, driver='smp', key='p-256', usb='vhci', **options)
        self.simulator.plug(name, port)

    def find(self, port):
        """The device's folder in sysfs, once it is there."""
        def found():
            for place in glob.glob(f'{DEVICES}/*-{port}'):
                if os.path.exists(os.path.join(place, f'{os.path.basename(place)}:1.0')):
                    return place
            return None
        return rig.wait_until(found, f'a device is at port {port}')

    def wait_gone(self, port):
        rig.wait_until(lambda: not glob.glob(f'{DEVICES}/*-{port}'), f'port {port} is empty')

    def address(self, port):
        device = self.find(port)
        return f"usb:{attribute(device, 'busnum')}/{attribute(device, 'devnum')}/0"

    def start(self, address, **more):
        return subprocess.Popen([self.journey, address], stdout=subprocess.PIPE, text=True, **more)

    def go(self, address, **more):
        """'passed', or the error's word and sentence."""
        said, _ = self.start(address, **more).communicate(timeout=60)
        return said.strip()

    def expect(self, port, wanted, words):
        said = self.go(self.address(port))
        rig.expect(said.startswith(wanted), f'{words}: {said}, expected {wanted}')

    def take_out(self, name, port=1):
        self.simulator.unplug(name)
        self.wait_gone(port)


def it_enumerates_as_the_page_says(bench):
    bench.plug('PLAIN-1')
    device = bench.find(1)
    with open(os.path.join(device, 'descriptors'), 'rb') as file:
        rig.expect_equal(file.read().hex(), DESCRIPTORS, 'the descriptors that the kernel read')
    shown = {name: attribute(device, name) for name in ('serial', 'version', 'product', 'speed')}
    rig.expect_equal(shown, {'serial': 'PLAIN-1', 'version': '2.10', 'product': 'Simulated device',
                             'speed': '12'}, 'what the kernel shows')
    say(f'a device enumerates with the reference descriptors: {os.path.realpath(device)}')


def it_goes_the_whole_way(bench):
    bench.expect(1, 'passed', 'PLAIN-1')
    bench.expect(1, 'passed', 'PLAIN-1 again, without a plug')
    bench.take_out('PLAIN-1')
    bench.simulator.plug('PLAIN-1', 1)
    bench.expect(1, 'passed', 'PLAIN-1 plugged in again')
    bench.take_out('PLAIN-1')
    say('a device passed three times, once after it was plugged in anew')


def stalls_are_cleared(bench):
    for transfer in (1, 6):
        name = f'STALL-{transfer}'
        bench.plug(name, **{'usb-fault': f'stall={transfer}'})
        bench.expect(1, 'passed', f'stalled at transfer {transfer}')
        bench.take_out(name)
    say('stalls of the 1st and 6th transfer were cleared')


def short_transfers_are_put_together(bench):
    for length in (1, 64):
        name = f'SHORT-{length}'
        bench.plug(name, **{'usb-fault': f'short={length}'})
        bench.expect(1, 'passed', f'{length} bytes a transfer')
        bench.take_out(name)
    say('answers in transfers of 1 and of 64 bytes were put together')


def a_yank_anywhere_is_an_unplug(bench):
    for transfer in (1, 7):
        name = f'YANK-{transfer}'
        bench.plug(name, **{'usb-fault': f'yank={transfer}'})
        bench.expect(1, 'unplugged', f'yanked while it takes transfer {transfer}')
        bench.wait_gone(1)
        bench.simulator.unplug(name)
        bench.simulator.plug(name, 1)
        bench.expect(1, 'passed', f'{name} is back')
        bench.take_out(name)
    for fault in ('unplug=300', 'unplug-in=400'):
        name = fault.replace('=', '-')
        bench.plug(name, fault=fault)
        bench.expect(1, 'unplugged', f'{fault} bytes')
        bench.wait_gone(1)
    say('yanked in a transfer to it, in its answer, behind a byte: unplugged at once')


def hostile_descriptors_are_refused(bench):
    for variant in (1, 2, 3, 4):
        name = f'HOSTILE-{variant}'
        bench.plug(name, **{'usb-fault': f'hostile={variant}'})
        bench.expect(1, 'garbled', f'descriptors {variant}')
        bench.take_out(name)
    say('four kinds of descriptors that can not be were refused')


def an_open_device_is_nobody_elses(bench):
    bench.plug('SLOW-1', latency=400)
    address = bench.address(1)
    both = [bench.start(address) for _ in range(2)]
    said = sorted(one.communicate(timeout=60)[0].strip() for one in both)
    rig.expect(said[0] == 'passed' and said[1].endswith('is in use by another program'),
               f'of two at once: {said}')
    said = bench.go(address, user='nobody', group='nogroup', extra_groups=[])
    rig.expect(said.startswith('port: ') and 'udevadm' in said, f'nobody was told: {said}')
    bench.take_out('SLOW-1')
    say('who has it open keeps it, and who may not open it is told what to do')


def one_serial_number_on_two_devices_is_two_places(bench):
    bench.plug('TWIN-1', 1, serial='TWIN')
    bench.plug('TWIN-2', 2, serial='TWIN')
    both = [bench.start(bench.address(port)) for port in (1, 2)]
    for one in both:
        rig.expect_equal(one.communicate(timeout=60)[0].strip(), 'passed', 'a twin')
    bench.take_out('TWIN-1', 1)
    bench.take_out('TWIN-2', 2)
    say('two devices of one serial number passed side by side')


PARTS = (it_enumerates_as_the_page_says, it_goes_the_whole_way, stalls_are_cleared,
         short_transfers_are_put_together, a_yank_anywhere_is_an_unplug,
         hostile_descriptors_are_refused, an_open_device_is_nobody_elses,
         one_serial_number_on_two_devices_is_two_places)


def devices_on_real_usb_are_served(journey):
    bench = Bench(journey)
    try:
        for part in PARTS:
            part(bench)
        usb_line.the_line_works_on_real_usb(bench)
    finally:
        bench.simulator.close()


if __name__ == '__main__':
    devices_on_real_usb_are_served(sys.argv[1])
