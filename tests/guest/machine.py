# SPDX-License-Identifier: LGPL-2.1-or-later
"""machine.py KERNEL TEST [HELPER]: boots a PC with four FTDI converters, and runs a test there:
"line" (inside.py), or "usb" (usb.py with the program HELPER).

KERNEL is a folder of prepare-kernel. The PC is QEMU's, without KVM; its root is this machine's
root, read-only. What the test says goes to its console and from there to standard output, the
rest of the console only where the test failed. Ends with 77 where something needed is missing.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading

import fixture

SKIPPED = 77
HERE = os.path.dirname(os.path.abspath(__file__))
EMULATOR = 'qemu-system-x86_64'
BOUND = 240  # seconds, well below the bound of meson.build
STATUS = 'guest: exit status '

# Port 3 has the serial number of a board that a driver knows, for `slot learn`.
SERIALS = {1: 'PLACE1', 2: 'PLACE2', 3: 'THINGY91-PLACE3', 4: 'PLACE4'}


def skip(words):
    print(f'{words}: real serial ports are not tested here')
    sys.exit(SKIPPED)


def look_for_parts(kernel):
    for name in ('vmlinux', 'initramfs'):
        if not os.path.isfile(os.path.join(kernel, name)):
            skip(f'{os.path.join(kernel, name)} is missing (tests/guest/prepare-kernel makes it)')
    for name in (EMULATOR, 'qemu-system-arm', 'udevadm', 'modprobe'):
        path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
        if shutil.which(name, path=path) is None:
            skip(f'{name} is not installed')
    if not os.path.isfile(os.environ.get('KEYCRADLE_FIRMWARE', '')):
        skip('KEYCRADLE_FIRMWARE names no firmware')


def shared(tag, path):
    return ['-fsdev', f'local,id={tag},path={path},security_model=none,readonly=on,'
            'multidevs=remap', '-device', f'virtio-9p-pci,fsdev={tag},mount_tag={tag}']


def socket_of(name, path):
    return ['-chardev', f'socket,id={name},path={path},server=on,wait=off']


def command(kernel, prefix, places, orders, test):
    append = ('console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off tsc=reliable nokaslr '
              f'guest.script={HERE}/inside.sh guest.kernel={kernel}/kernel guest.prefix={prefix} '
              f'guest.test={test[0]} guest.helper={test[1]}')
    words = [EMULATOR, '-accel', 'tcg', '-cpu', 'max', '-M', 'q35,hpet=off', '-smp', '1',
             '-m', '768', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
             '-kernel', os.path.join(kernel, 'vmlinux'),
             '-initrd', os.path.join(kernel, 'initramfs'), '-append', append,
             *shared('host', '/'),
             *socket_of('orders', orders), '-device', 'virtio-serial-pci',
             '-device', 'virtserialport,chardev=orders,name=orders',
             '-device', 'qemu-xhci,id=xhci']
    for port, serial in SERIALS.items():
        words += [*socket_of(f'usb{port}', places.usb(port)), '-device',
                  f'usb-serial,chardev=usb{port},serial={serial},bus=xhci.0,port={port}']
    return words


def read_console(machine, console):
    """Shows what the test says. Returns its exit status, None where it said none."""
    status = None
    for line in machine.stdout:
        line = line.decode(errors='replace').rstrip()
        console.append(line)
        if line.startswith(STATUS):
            status = int(line[len(STATUS):])
        elif line.startswith('- '):
            print(line[2:], flush=True)
    return status


def boot(kernel, prefix, folder, test):
    console = []
    with contextlib.closing(fixture.Fixture(folder)) as places:
        orders = os.path.join(folder, 'orders')
        machine = subprocess.Popen(command(kernel, prefix, places, orders, test),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, env=fixture.rig.environment())
        bound = threading.Timer(BOUND, machine.kill)
        bound.start()
        try:
            line = fixture.connect(orders)
            threading.Thread(target=places.serve, args=[line], daemon=True).start()
            status = read_console(machine, console)
        finally:
            bound.cancel()
            machine.kill()
            machine.wait()
    if status != 0:
        ended = f'no exit status within {BOUND} s' if status is None else f'exit status {status}'
        print('---- the console:', *console, f'---- {ended}', sep='\n', file=sys.stderr)
    return 0 if status == 0 else 1


def main():
    kernel = os.path.realpath(sys.argv[1])
    look_for_parts(kernel)
    folder = tempfile.mkdtemp(prefix='keycradle-guest-')
    try:
        sys.exit(boot(kernel, os.path.realpath(os.environ['KEYCRADLE_TEST_PREFIX']), folder,
                      (sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else '')))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
