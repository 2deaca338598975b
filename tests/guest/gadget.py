# SPDX-License-Identifier: LGPL-2.1-or-later
"""CDC ACM devices of the guest's own kernel: dummy_hcd is host and device at once, configfs says what
the device shows, and what is written to its ttyGS comes out of the host's ttyACM. A simulated
device (or a shell) on a pty is wired to its ttyGS by socat."""

import os
import subprocess

import rig

CONFIG = '/sys/kernel/config'
GADGETS = CONFIG + '/usb_gadget'


def write(path, text):
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)


def load_modules(count):
    kernel = os.environ['KEYCRADLE_TEST_KERNEL']
    modprobe = ['modprobe', '-d', kernel]
    subprocess.run([*modprobe, '-a', 'cdc_acm', 'libcomposite', 'usb_f_acm'], check=True)
    subprocess.run([*modprobe, 'dummy_hcd', f'num={count}'], check=True)
    if not os.path.isdir(GADGETS):
        subprocess.run(['mount', '-t', 'configfs', 'none', CONFIG], check=True)


class Gadget:
    """Number NUMBER: on UDC dummy_udc.NUMBER, with a serial number, and further `functions`
    ("mass_storage.0") beside its port."""

    def __init__(self, number, serial, vendor='0x2fe3', product='0x0001', functions=()):
        self.folder = os.path.join(GADGETS, f'g{number}')
        self.number = number
        strings, configuration = self.folder + '/strings/0x409', self.folder + '/configs/c.1'
        os.makedirs(strings)
        os.makedirs(configuration + '/strings/0x409')
        write(self.folder + '/idVendor', vendor)
        write(self.folder + '/idProduct', product)
        write(strings + '/serialnumber', serial)
        write(strings + '/manufacturer', 'Keycradle')
        write(strings + '/product', 'gadget')
        for function in (f'acm.{number}', *functions):
            os.makedirs(f'{self.folder}/functions/{function}')
            os.symlink(f'{self.folder}/functions/{function}', f'{configuration}/{function}')
        with open(f'{self.folder}/functions/acm.{number}/port_num', encoding='ascii') as file:
            self.tty = '/dev/ttyGS' + file.read().strip()
        rig.wait_until(lambda: os.path.exists(self.tty), f'{self.tty} is there')
        self.wire = None

    def plug(self, pty):
        """The device side first, or what the station says first is lost."""
        self.wire = subprocess.Popen(
            ['socat', f'{self.tty},raw,echo=0', f'{os.path.realpath(pty)},raw,echo=0'],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connect()

    def connect(self):
        write(self.folder + '/UDC', f'dummy_udc.{self.number}\n')

    def disconnect(self):
        write(self.folder + '/UDC', '\n')

    def unplug(self):
        self.disconnect()
        self.wire.terminate()
        self.wire.wait()
