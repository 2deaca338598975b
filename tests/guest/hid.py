# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: simulated kits as HID devices of a real kernel (uhid), and the driver on their
hidraw nodes. No station here.

hid.py JOURNEY: the program that takes one device the whole way (usb-journey.c).
"""

import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import rig  # noqa: E402

KIT = 'HID_ID=0003:000003EB:00002312'


def say(words):
    print('- ' + words)


def nodes():
    """The hidraw nodes of simulated kits."""
    found = []
    for place in glob.glob('/sys/class/hidraw/hidraw*'):
        with open(os.path.join(place, 'device', 'uevent'), encoding='utf-8') as file:
            if KIT in file.read().splitlines():
                found.append('/dev/' + os.path.basename(place))
    return [node for node in found if os.path.exists(node)]


class Bench:
    """One kit at a time, in a HID plug."""

    def __init__(self, journey):
        self.journey = journey
        self.folder = tempfile.mkdtemp(prefix='keycradle-hid-')
        self.ports = os.path.join(self.folder, 'ports')
        os.mkdir(self.ports)
        self.simulator = rig.Simulator(self, keeps=True)
        self.hid = None

    def plug(self, name, new=True, **options):
        """Its node."""
        if new:
            self.simulator.new(name, driver='microchip', **options)
        self.simulator.plug(name, 1)
        self.hid = subprocess.Popen([rig.program('keycradle-sim'), 'hid', f'{self.ports}/slot1'],
                                    stdout=subprocess.PIPE, text=True)
        rig.expect_equal(self.hid.stdout.readline().strip(), 'plugged', 'the plug said')
        rig.wait_until(nodes, 'there is a hidraw node')
        return nodes()[0]

    def start(self, node):
        return subprocess.Popen([self.journey, f'hid:{node}'], stdout=subprocess.PIPE, text=True)

    def go(self, node):
        """'passed', or the error's word and sentence."""
        said, _ = self.start(node).communicate(timeout=60)
        return said.strip()

    def expect(self, node, wanted, words):
        said = self.go(node)
        rig.expect(said.startswith(wanted), f'{words}: {said}, expected {wanted}')

    def wait_gone(self):
        rig.expect_equal(self.hid.wait(timeout=20), 0, 'the plug ended')
        rig.wait_until(lambda: not nodes(), 'the node is gone')

    def take_out(self, name):
        self.simulator.unplug(name)
        self.wait_gone()


def it_goes_the_whole_way(bench):
    for name, options in (('KIT-1', {}), ('KIT-2', {'firmware': '508a'}), ('KIT-3', {'latency': 5})):
        node = bench.plug(name, **options)
        bench.expect(node, 'passed', name)
        bench.expect(node, 'passed', f'{name} again, without a plug')
        bench.take_out(name)
        node = bench.plug(name, new=False)
        bench.expect(node, 'passed', f'{name} plugged in again')
        bench.take_out(name)
    say('three kits passed in reports of 64 bytes, once each after they were plugged in anew')


def a_yank_anywhere_is_an_unplug(bench):
    for fault in ('unplug=10', 'unplug=300', 'unplug=700', 'unplug-in=100', 'unplug-in=900'):
        name = fault.replace('=', '-')
        node = bench.plug(name, fault=fault)
        bench.expect(node, 'unplugged', fault)
        bench.wait_gone()
    bench.expect(node, 'unplugged', 'a node that is gone')
    say('pulled out at five places: unplugged at once')


def an_open_node_is_nobody_elses(bench):
    node = bench.plug('SLOW-1', latency=40)
    both = [bench.start(node) for _ in range(2)]
    refused, passed = sorted((one.communicate(timeout=60)[0].strip() for one in both),
                             key=lambda said: said == 'passed')
    rig.expect_equal(passed, 'passed', 'who came first')
    rig.expect('is in use by another program' in refused, f'who came second was told: {refused}')
    bench.take_out('SLOW-1')
    say('who has a node open keeps it')


def kits_on_hidraw_nodes_are_served(journey):
    bench = Bench(journey)
    try:
        for part in (it_goes_the_whole_way, a_yank_anywhere_is_an_unplug,
                     an_open_node_is_nobody_elses):
            part(bench)
    finally:
        bench.simulator.close()


if __name__ == '__main__':
    kits_on_hidraw_nodes_are_served(sys.argv[1])
