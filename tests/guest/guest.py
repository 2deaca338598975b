# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests in the guest share: the line to the host's fixture, a station whose daemon is not
root, and what udev says."""

import ctypes
import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import rig  # noqa: E402

ORDERS = '/dev/virtio-ports/orders'
IN_OPEN = 0x20


def say(words):
    print('- ' + words)


class Fixture:
    """fixture.py on the other side of a line of JSON."""

    def __init__(self):
        self.line = open(ORDERS, 'r+b', buffering=0)

    def order(self, order, *arguments, **options):
        request = {'order': order, 'arguments': arguments, 'options': options}
        self.line.write(json.dumps(request).encode() + b'\n')
        answer = json.loads(self.line.readline())
        if 'error' in answer:
            raise rig.Failure(answer['error'])
        return answer['answer']

    def new(self, name, **options):
        self.order('new', name, **options)

    def plug(self, name, port):
        self.order('plug', name, port)

    def unplug(self, name, port):
        self.order('unplug', name, port)

    def certificate(self, serial):
        held = self.order('certificate', serial)
        return bytes.fromhex(held) if held else None

    def item(self, _serial, _name):
        """Its devices hold whole certificates."""
        return None


class Opens:
    """Which nodes in /dev were opened since the last look, told by inotify."""

    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        rig.expect(libc.inotify_add_watch(self.fd, b'/dev', IN_OPEN) >= 0, 'inotify watches /dev')

    def names(self):
        names = set()
        while True:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return names
            while data:
                length = int.from_bytes(data[12:16], sys.byteorder)
                names.add(data[16:16 + length].rstrip(b'\0').decode())
                data = data[16 + length:]


class Station(rig.Station):
    """Its daemon is not root."""

    matches = None

    def start(self, wait=True):
        subprocess.run(['chown', '-R', 'keycradle:keycradle', self.folder], check=True)
        with open(self.log_path, 'ab') as log:
            self.daemon = subprocess.Popen(
                [rig.program('keycradled'), '--config', self.config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=rig.environment(), start_new_session=True,
                user='keycradle', group='keycradle', extra_groups=['dialout'])
        if wait:
            self.wait_ready()
        return self

    def allow(self, driver, match):
        """A match file of the site's own."""
        self.matches = os.path.join(self.folder, 'match.d')
        os.makedirs(self.matches, exist_ok=True)
        with open(os.path.join(self.matches, f'{driver}.match'), 'w', encoding='utf-8') as file:
            file.write(match + '\n')

    def install_rules(self):
        """udev's rules for the site's match files, as an engineer installs them."""
        with open('/run/udev/rules.d/71-keycradle-site.rules', 'w', encoding='utf-8') as file:
            file.write(self.cli('driver', 'rules').stdout)
        subprocess.run(['udevadm', 'control', '--reload'], check=True)

    def bind(self, slots):
        """Slots in place of those of `init --demo`: number → its line, '' for none."""
        with open(self.config, encoding='utf-8') as file:
            text = file.read()
        text = text[:text.index('[slot 1]')]
        if self.matches:
            text = text.replace('[station]\n', f'[station]\nMatchFolder={self.matches}\n', 1)
        for slot, line in slots.items():
            text += f'[slot {slot}]\n{line}\n'
        with open(self.config, 'w', encoding='utf-8') as file:
            file.write(text)


# ---- what udev says ----

def properties(node):
    run = subprocess.run(['udevadm', 'info', '--query', 'property', '--name', node],
                         capture_output=True, text=True, check=True)
    return dict(line.split('=', 1) for line in run.stdout.splitlines())


def settled():
    subprocess.run(['udevadm', 'settle'], check=True)


def place_of(id_path):
    """The USB port, without the interface of what is plugged in there."""
    return id_path[:id_path.rindex(':')]


def node_at(id_path):
    """The tty at a USB port, once udev has done with it."""
    def found():
        for node in glob.glob('/dev/ttyUSB*'):
            try:
                if properties(node).get('ID_PATH') == id_path:
                    return node
            except subprocess.CalledProcessError:
                pass  # it went in between
        return None
    node = rig.wait_until(found, f'a tty is at {id_path}', pause=0.05)
    settled()
    return node


class Line:
    """The station, the fixture and where its places are."""

    def __init__(self, station):
        self.station = station
        self.fixture = Fixture()
        self.opens = Opens()
        self.paths = {}
        self.passed = []  # serials of simulated devices

    def wait_ended(self, slot, name):
        def ended():
            record = self.station.slot(slot)
            there = record.get('device') == name and record['state'] in ('pass', 'fail')
            return record if there else None
        return rig.wait_until(ended, f'{name} passes or fails in slot {slot}')

    def wait_passed(self, slot, name):
        record = self.wait_ended(slot, name)
        rig.expect_equal(record['state'], 'pass', f'{name}: {record}')

    def wait_empty(self, slot):
        rig.wait_until(lambda: not self.station.slot(slot)['present'], f'slot {slot} is empty')
