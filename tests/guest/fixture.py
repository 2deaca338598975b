# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's side: simulated devices behind the USB sockets of the guest.

QEMU's usb-serial is an FTDI converter that is plugged in while somebody is connected to its
socket. A lead connects the pty of a simulated device with such a socket, so that plugging and
unplugging a simulated device, and a device that pulls itself out, are the same on the guest's
USB. The guest says over a line of JSON what it wants; each order is one method here.
"""

import errno
import json
import os
import select
import socket
import sys
import threading
import tty

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import rig  # noqa: E402


def connect(path):
    """A connection to a socket that QEMU makes soon."""
    def attempt():
        one = socket.socket(socket.AF_UNIX)
        try:
            one.connect(path)
            return one
        except (FileNotFoundError, ConnectionRefusedError):
            one.close()
            return None
    return rig.wait_until(attempt, f'{path} listens')


class Lead:
    """Carries bytes between a pty and a USB socket until one end is gone or stop() is called."""

    def __init__(self, pty, usb):
        self.pty = os.open(pty, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.pty)
        self.usb = connect(usb)
        self.heard = 0  # bytes from the guest
        self.stopper, self.stopped = socket.socketpair()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        watch = select.poll()
        for one in (self.pty, self.usb, self.stopped):
            watch.register(one, select.POLLIN)
        going = True
        while going:
            ready = {fd for fd, _ in watch.poll()}
            going = self.stopped.fileno() not in ready and self._carry_what_is_there(ready)
        self.usb.close()
        os.close(self.pty)

    def _carry_what_is_there(self, ready):
        """False where one end has hung up: that is no data, or one of three errors."""
        try:
            if self.pty in ready:
                data = os.read(self.pty, 4096)
                self.usb.sendall(data)
                if not data:
                    return False
            if self.usb.fileno() in ready:
                data = self.usb.recv(4096)
                self.heard += len(data)
                os.write(self.pty, data)
                return bool(data)
        except OSError as error:
            if error.errno not in (errno.EIO, errno.EPIPE, errno.ECONNRESET):
                raise
            return False
        return True

    def stop(self):
        self.stopper.close()
        self.thread.join()
        self.stopped.close()


class Fixture:
    """The USB sockets, and devices to plug into them."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = os.path.join(folder, 'ports')
        os.mkdir(self.ports)
        self.simulator = rig.Simulator(self, keeps=True)
        self.leads = {}  # by port

    def usb(self, port):
        return os.path.join(self.folder, f'usb{port}'.replace('.', '-'))

    # ---- what the guest may order ----

    def new(self, name, **options):
        if options['driver'] == 'cortex-m3':
            options['firmware'] = os.environ['KEYCRADLE_FIRMWARE']
        self.simulator.new(name, **options)

    def plug(self, name, port):
        self.simulator.plug(name, self.place(port))
        pty = os.path.realpath(os.path.join(self.ports, 'slot' + self.place(port)))
        self.leads[port] = Lead(pty, self.usb(port))

    @staticmethod
    def place(port):
        """The simulator numbers its slots; 5.1 is one of them too."""
        return str(port).replace('.', '0')

    def unplug(self, name, port):
        self.simulator.unplug(name)
        self.leads[port].stop()

    def heard(self, port):
        """Bytes that the guest wrote since the last plug()."""
        return self.leads[port].heard

    def certificate(self, serial):
        held = self.simulator.certificate(serial)
        return held.hex() if held else None

    ORDERS = ('new', 'plug', 'unplug', 'heard', 'certificate')

    def obey(self, line):
        order = json.loads(line)
        if order['order'] not in self.ORDERS:
            return {'error': f'unknown order: {line}'}
        try:
            run = getattr(self, order['order'])
            return {'answer': run(*order['arguments'], **order['options'])}
        except (rig.Failure, OSError) as error:
            return {'error': f'{line}: {error}'}

    def serve(self, orders):
        """Obeys until the guest is gone."""
        with orders, orders.makefile('rwb', buffering=0) as lines:
            for line in lines:
                lines.write(json.dumps(self.obey(line.decode())).encode() + b'\n')

    def close(self):
        for lead in self.leads.values():
            lead.stop()
        self.simulator.close()
