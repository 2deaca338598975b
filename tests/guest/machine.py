# SPDX-License-Identifier: LGPL-2.1-or-later
"""machine.py KERNEL TEST [HELPER]: boots a PC and runs tests/guest/TEST.py there, which may use the
program HELPER (whole.py: the parts to run). The PC has four FTDI converters, a hub with two more,
and a TPM; gadgets and vhci make further devices inside.

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
BOUND = 580  # seconds, below the bound of meson.build; for a busy machine and the sanitizers
STATUS = 'guest: exit status '

SERIALS = {'1': 'PLACE1', '2': 'PLACE2', '3': 'PLACE3', '4': 'PLACE4'}
HUB = '5'
BEHIND_HUB = {'5.1': 'HUB1', '5.2': 'HUB2'}


def skip(words):
    print(f'{words}: real serial ports are not tested here')
    sys.exit(SKIPPED)


def look_for_parts(kernel):
    for name in ('vmlinux', 'initramfs'):
        if not os.path.isfile(os.path.join(kernel, name)):
            skip(f'{os.path.join(kernel, name)} is missing (tests/guest/prepare-kernel makes it)')
    for name in (EMULATOR, 'qemu-system-arm', 'udevadm', 'modprobe', 'swtpm', 'socat'):
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


def command(kernel, test, prefix, places, folder):
    append = ('console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off tsc=reliable nokaslr '
              # by its address: the kernel's ELF file starts without the tables that name the TPM
              f'tpm_tis.force=1 guest.test={test[0]} guest.helper={test[1]} '
              f'guest.script={HERE}/inside.sh guest.kernel={kernel}/kernel guest.prefix={prefix}')
    words = [EMULATOR, '-accel', 'tcg', '-cpu', 'max', '-M', 'q35,hpet=off', '-smp', '1',
             '-m', '768', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
             '-kernel', os.path.join(kernel, 'vmlinux'),
             '-initrd', os.path.join(kernel, 'initramfs'), '-append', append,
             *shared('host', '/'),
             *socket_of('orders', os.path.join(folder, 'orders')), '-device', 'virtio-serial-pci',
             '-device', 'virtserialport,chardev=orders,name=orders',
             '-chardev', f'socket,id=tpm,path={folder}/tpm/control',
             '-tpmdev', 'emulator,id=tpm0,chardev=tpm', '-device', 'tpm-tis,tpmdev=tpm0',
             '-device', 'qemu-xhci,id=xhci,p2=8,p3=8', '-device', f'usb-hub,bus=xhci.0,port={HUB}']
    for port, serial in {**SERIALS, **BEHIND_HUB}.items():
        name = port.replace('.', '-')
        words += [*socket_of(f'usb{name}', places.usb(port)), '-device',
                  f'usb-serial,chardev=usb{name},serial={serial},bus=xhci.0,port={port}']
    return words


def read_console(machine, console):
    """Shows what the test says. Returns its exit status, None where it said none. Does not wait for
    the PC to switch itself off: without the tables that name the TPM it only halts."""
    for line in machine.stdout:
        line = line.decode(errors='replace').rstrip()
        console.append(line)
        if line.startswith(STATUS):
            return int(line[len(STATUS):])
        if line.startswith('- '):
            print(line[2:], flush=True)
    return None


@contextlib.contextmanager
def tpm(folder):
    """The PC's TPM, until its PC is switched off."""
    os.mkdir(os.path.join(folder, 'tpm'))
    chip = subprocess.Popen(['swtpm', 'socket', '--tpm2', '--tpmstate', f'dir={folder}/tpm', '--ctrl',
                             f'type=unixio,path={folder}/tpm/control'])
    try:
        fixture.rig.wait_until(lambda: os.path.exists(f'{folder}/tpm/control'), 'swtpm listens')
        yield
    finally:
        chip.terminate()
        chip.wait()


def boot(kernel, test, prefix, folder):
    console = []
    with tpm(folder), contextlib.closing(fixture.Fixture(folder)) as places:
        orders = os.path.join(folder, 'orders')
        machine = subprocess.Popen(command(kernel, test, prefix, places, folder),
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
        sys.exit(boot(kernel, (sys.argv[2], os.path.realpath(sys.argv[3]) if len(sys.argv) > 3 else ''),
                      os.path.realpath(os.environ['KEYCRADLE_TEST_PREFIX']), folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
