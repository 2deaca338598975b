# SPDX-License-Identifier: LGPL-2.1-or-later
"""USB devices of the guest's own kernel: dummy_hcd is host and device at once, configfs says what the
device shows, and what is written to its ttyGS comes out of the host's ttyACM. A simulated device on
a pty is wired to its ttyGS by socat; one that speaks in HID reports by a thread."""

import os
import select
import subprocess
import threading
import tty

import rig

CONFIG = '/sys/kernel/config'
GADGETS = CONFIG + '/usb_gadget'


def write(path, text):
    with open(path, 'w', encoding='ascii') as file:
        file.write(text)


def load_modules(count):
    kernel = os.environ['KEYCRADLE_TEST_KERNEL']
    modprobe = ['modprobe', '-d', kernel]
    subprocess.run([*modprobe, '-a', 'cdc_acm', 'libcomposite', 'usb_f_acm', 'usb_f_mass_storage',
                    'usb_f_hid', 'usbhid', 'hid_generic'], check=True)
    subprocess.run([*modprobe, 'dummy_hcd', f'num={count}'], check=True)
    if not os.path.isdir(GADGETS):
        subprocess.run(['mount', '-t', 'configfs', 'none', CONFIG], check=True)


KEYBOARD = bytes.fromhex('05010906a101050719e029e71500250175019508810295017508810395067508150025650507'
                         '190029658100c0')
# A page of the vendor's own, 64 bytes each way, no ids.
VENDORS = bytes.fromhex('0600ff0901a101150026ff00750895400901810209019102c0')
REPORT = 64


class HidWire:
    """Carries bytes between a pty and a /dev/hidgN as padded reports, until stop()."""

    def __init__(self, pty, node):
        self.pty = os.open(pty, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.pty)
        self.node = os.open(node, os.O_RDWR | os.O_NONBLOCK)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        watch = select.poll()
        watch.register(self.pty, select.POLLIN)
        watch.register(self.node, select.POLLIN)
        while not self.stopped.is_set():
            ready = {fd for fd, what in watch.poll(100) if what & select.POLLIN}
            if self.node in ready:
                os.write(self.pty, os.read(self.node, REPORT))
            if self.pty in ready:
                self._give(os.read(self.pty, REPORT).ljust(REPORT, b'\0'))

    def _give(self, report):
        """One report at a time: the next when the host has taken this one."""
        free = select.poll()
        free.register(self.node, select.POLLOUT)
        while not self.stopped.is_set():
            if free.poll(100):
                os.write(self.node, report)
                return

    def stop(self):
        self.stopped.set()
        self.thread.join()
        os.close(self.node)
        os.close(self.pty)


class Gadget:
    """Number NUMBER: on UDC dummy_udc.NUMBER, with a serial number; it shows a port until show()
    says otherwise."""

    def __init__(self, number, serial, vendor='0x2fe3', product='0x0001'):
        self.folder = os.path.join(GADGETS, f'g{number}')
        self.number = number
        self.port = f'acm.{number}'
        self.wire = None
        strings = self.folder + '/strings/0x409'
        os.makedirs(strings)
        os.makedirs(self.folder + '/configs/c.1/strings/0x409')
        write(strings + '/serialnumber', serial)
        write(strings + '/manufacturer', 'Keycradle')
        write(strings + '/product', 'gadget')
        with open(self.function(self.port) + '/port_num', encoding='ascii') as file:
            self.tty = '/dev/ttyGS' + file.read().strip()
        rig.wait_until(lambda: os.path.exists(self.tty), f'{self.tty} is there')
        self.show(vendor, product, self.port)

    def function(self, name):
        """The folder of a function, which stays: there are only so many of each."""
        folder = f'{self.folder}/functions/{name}'
        os.makedirs(folder, exist_ok=True)
        return folder

    def disk(self):
        """A function that shows a disk of a megabyte."""
        name = f'mass_storage.{self.number}'
        path = f'/run/disk{self.number}'
        with open(path, 'wb') as file:
            file.truncate(1024 * 1024)
        write(self.function(name) + '/lun.0/file', path)
        return name

    def hid(self, descriptor, length):
        """A function that is a HID device, and its node on the device's side."""
        name = f'hid.{self.number}'
        folder = self.function(name)
        write(folder + '/report_length', str(length))
        with open(folder + '/report_desc', 'wb') as file:
            file.write(descriptor)
        with open(folder + '/dev', encoding='ascii') as file:
            return name, '/dev/hidg' + file.read().strip().split(':')[1]

    def show(self, vendor, product, *functions):
        """While it is not connected: its numbers, and these functions in place of all others."""
        configuration = self.folder + '/configs/c.1'
        for entry in os.scandir(configuration):
            if entry.is_symlink():
                os.unlink(entry.path)
        write(self.folder + '/idVendor', vendor)
        write(self.folder + '/idProduct', product)
        for name in functions:
            os.symlink(self.function(name), f'{configuration}/{name}')

    def wire_to(self, pty):
        """The device side first, or what the station says first is lost."""
        self.wire = subprocess.Popen(
            ['socat', f'{self.tty},raw,echo=0', f'{os.path.realpath(pty)},raw,echo=0'],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def connect(self):
        write(self.folder + '/UDC', f'dummy_udc.{self.number}\n')

    def disconnect(self):
        write(self.folder + '/UDC', '\n')

    def unplug(self):
        self.disconnect()
        self.wire.terminate()
        self.wire.wait()
