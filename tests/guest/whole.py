# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest, in one boot: the whole station, with its CA key in the PC's TPM. Devices come
within a second, all are taken away and come back under other names; a hub loses its power; a
microcontroller speaks over a converter."""

import glob
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'line'))
import judge  # noqa: E402
import rig  # noqa: E402
from gadget import Gadget, load_modules, write  # noqa: E402
from guest import Line, Station, properties, say, settled  # noqa: E402

GADGETS = 8  # all that the kernel has ttyGS for
HUB_SLOTS = {17: '5.1', 18: '5.2'}
BOARD_SLOT = 19
HANDLE = '0x81000001'
# What the gadgets show and are, by the parity of their slots' numbers.
PRODUCTS = (('0x2fe3', '0x0001'), ('0x0483', '0x374e'))
KINDS = (('smp', {'key': 'p-256'}), ('freertos', {}))


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


# ---- the CA's key in the TPM ----

def make_tpm_key(folder):
    """A P-256 key that never leaves the TPM, at a persistent handle."""
    at = {'cwd': folder, 'env': {**os.environ, 'TPM2TOOLS_TCTI': 'device:/dev/tpmrm0'}}
    run('tpm2_createprimary', '-Q', '-C', 'o', '-G', 'ecc', '-c', 'primary.ctx', **at)
    run('tpm2_create', '-Q', '-C', 'primary.ctx', '-u', 'key.pub', '-r', 'key.priv', '-p', 'secret',
        '-G', 'ecc256', '-a', 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign', **at)
    run('tpm2_load', '-Q', '-C', 'primary.ctx', '-u', 'key.pub', '-r', 'key.priv', '-c', 'key.ctx', **at)
    run('tpm2_evictcontrol', '-Q', '-C', 'o', '-c', 'key.ctx', HANDLE, **at)
    run('tpm2_readpublic', '-Q', '-c', HANDLE, '-f', 'pem', '-o', 'ca.pub', **at)


def certify_tpm_key(station, folder):
    """The demo root signs it, as a customer's root would; its key is made for this."""
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', 'root.key', '-out', 'root.pem', '-days', '3650', '-addext',
        'keyUsage=critical,keyCertSign,cRLSign', '-subj',
        '/O=TEST - NOT FOR PRODUCTION/CN=TEST - NOT FOR PRODUCTION TPM Root', cwd=folder)
    with open(os.path.join(folder, 'ca.ext'), 'w', encoding='ascii') as file:
        file.write('basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
                   'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n')
    run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', '/dev/null', '-out', 'ca.csr', '-subj',
        '/O=TEST - NOT FOR PRODUCTION/CN=TEST - NOT FOR PRODUCTION TPM CA', cwd=folder)
    run('openssl', 'x509', '-req', '-in', 'ca.csr', '-force_pubkey', 'ca.pub', '-CA', 'root.pem',
        '-CAkey', 'root.key', '-set_serial', '2', '-days', '3000', '-extfile', 'ca.ext', '-out', 'ca.pem',
        cwd=folder)
    run('sh', '-c', 'cat ca.pem root.pem >chain.pem', cwd=folder)
    with open(os.path.join(folder, 'pin'), 'w', encoding='ascii') as file:
        file.write('secret\n')
    os.chmod(os.path.join(folder, 'pin'), 0o600)


def keep_ca_in_tpm(station):
    folder = os.path.join(station.folder, 'tpm')
    os.mkdir(folder)
    make_tpm_key(folder)
    certify_tpm_key(station, folder)
    os.chmod('/dev/tpmrm0', 0o666)
    for key, value in (('Key', f'tpm2:handle={HANDLE}'), ('Certificate', f'{folder}/chain.pem'),
                       ('PassphraseFile', f'{folder}/pin')):
        set_key(station.signer_config, key, value)
    say('the CA key was made in the TPM')


def set_key(path, key, value):
    with open(path, encoding='utf-8') as file:
        lines = file.read().splitlines()
    rig.expect(any(line.startswith(key + '=') for line in lines), f'{key} is in {path}')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(f'{key}={value}' if line.startswith(key + '=') else line
                             for line in lines) + '\n')


# ---- places ----

def id_path_of(pattern):
    node = rig.wait_until(lambda: glob.glob(pattern), f'{pattern} is there')[0]
    settled()
    return properties(node)['ID_PATH']


def find_places(line, gadgets):
    """Where the kernel puts each gadget and converter: as `slot learn` would find out."""
    gadgets[0].connect()
    first = id_path_of('/dev/ttyACM*')
    gadgets[0].disconnect()
    rig.expect('.0-usb-0:1:1.0' in first, f'the place of the first gadget: {first}')
    paths = {number + 1: first.replace('.0-usb', f'.{number}-usb') for number in range(GADGETS)}
    line.fixture.new('PLACE', driver='smp', key='p-256', serial='PLACE')
    line.fixture.plug('PLACE', '5.1')
    behind_hub = id_path_of('/dev/ttyUSB*')
    line.fixture.unplug('PLACE', '5.1')
    rig.expect(':5.1:1.0' in behind_hub, f'a place behind a hub: {behind_hub}')
    for slot, port in HUB_SLOTS.items():
        paths[slot] = behind_hub.replace(':5.1:', f':{port}:')
    paths[BOARD_SLOT] = behind_hub.replace(':5.1:', ':1:')
    return paths


def bind(path):
    """QEMU's FTDI converter could be anybody's; its slot says which driver it is for."""
    return f'IdPath={path}' + ('' if 'dummy' in path else '\nDriver=smp')


# ---- the parts ----

class Devices:
    """Simulated devices of the guest itself, each on the gadget of its slot."""

    def __init__(self, station, gadgets):
        self.station = station
        self.simulator = station.simulator()
        self.gadgets = dict(enumerate(gadgets, 1))

    def plug(self, name, slot):
        self.simulator.plug(name, slot)
        self.gadgets[slot].plug(os.path.join(self.station.ports, f'slot{slot}'))

    def unplug(self, name, slot):
        self.gadgets[slot].unplug()
        self.simulator.unplug(name)


def names_of(first, slots):
    return {slot: f'UNIT-{first + slot:03d}' for slot in slots}


def make(devices, names):
    for slot, name in names.items():
        driver, options = KINDS[slot % len(KINDS)]
        devices.simulator.new(name, driver=driver, serial=name, **options)


def wait_all(station, names):
    def passed():
        slots = station.slot_list()
        failed = [slots[slot] for slot in names if slots[slot]['state'] == 'fail']
        rig.expect(not failed, f'{failed}')
        return all((slots[slot]['state'], slots[slot].get('device')) == ('pass', name)
                   for slot, name in names.items())
    rig.wait_until(passed, f'{len(names)} devices pass', 120, pause=0.2)


def they_come_within_a_second(line, devices):
    names = names_of(0, range(1, GADGETS + 1))
    make(devices, names)
    begun = time.monotonic()
    for slot, name in names.items():
        devices.plug(name, slot)
    took = time.monotonic() - begun
    wait_all(line.station, names)
    judge.judge_devices(line.station, devices.simulator, names.values())
    say(f'{GADGETS} gadgets came in {took:.1f} s and passed')
    return names


def all_go_and_come_back_in_another_order(line, devices, names):
    """As when a hub's power is cycled: other tty numbers, the same places."""
    before = {slot: os.path.realpath(f'/dev/serial/by-id/usb-Keycradle_gadget_G{slot}-if00')
              for slot in names}
    for slot, name in names.items():
        devices.unplug(name, slot)
    for slot in names:
        line.wait_empty(slot)
    fresh = names_of(100, range(1, GADGETS + 1))
    make(devices, fresh)
    for slot in sorted(fresh, reverse=True):
        devices.plug(fresh[slot], slot)
    wait_all(line.station, fresh)
    after = {slot: os.path.realpath(f'/dev/serial/by-id/usb-Keycradle_gadget_G{slot}-if00')
             for slot in names}
    moved = sum(before[slot] != after[slot] for slot in names)
    rig.expect(moved > GADGETS // 2, f'most ttys have other numbers: {before}, {after}')
    judge.judge_devices(line.station, devices.simulator, fresh.values())
    say(f'all came back the other way round, {moved} under other names, and passed in their slots')
    for slot, name in fresh.items():
        devices.unplug(name, slot)


def a_hub_loses_its_power(line):
    for slot, port in HUB_SLOTS.items():
        name = f'HUB-{slot}'
        line.fixture.new(name, driver='smp', key='p-256', serial=name)
        line.fixture.plug(name, port)
    for slot in HUB_SLOTS:
        line.wait_passed(slot, f'HUB-{slot}')
        line.passed.append(f'HUB-{slot}')
    hub = glob.glob('/sys/bus/usb/devices/*-5/authorized')
    rig.expect_equal(len(hub), 1, f'hubs: {hub}')
    attempts = len(line.station.attempts())
    # What QEMU's hub has instead of a switch for its power: all behind it go at once, and come back.
    write(hub[0], '0')
    for slot in HUB_SLOTS:
        line.wait_empty(slot)
    write(hub[0], '1')
    ended = line.station.wait_ended(attempts + len(HUB_SLOTS))
    rig.expect_equal({one['reason'] for one in ended[attempts:]}, {'already-done'},
                     'what becomes of devices that had passed before the hub lost its power')
    say('a hub lost its power: both slots behind it were empty, and knew their devices again')


def a_microcontroller_passes(line):
    line.fixture.new('BOARD-1', driver='cortex-m3', serial='BOARD-1')
    line.fixture.plug('BOARD-1', '1')
    line.wait_passed(BOARD_SLOT, 'BOARD-1')
    say('a Cortex-M3 behind a converter made its key, and the TPM signed for it')


def main():
    load_modules(GADGETS)
    gadgets = [Gadget(number, f'G{number + 1}', *PRODUCTS[(number + 1) % 2]) for number in range(GADGETS)]
    station = Station()
    try:
        keep_ca_in_tpm(station)
        line = Line(station)
        places = find_places(line, gadgets)
        station.bind({slot: bind(path) for slot, path in places.items()})
        station.start()
        station.start_batch()
        devices = Devices(station, gadgets)
        a_microcontroller_passes(line)
        names = they_come_within_a_second(line, devices)
        all_go_and_come_back_in_another_order(line, devices, names)
        a_hub_loses_its_power(line)
        judge.judge_devices(station, line.fixture, line.passed)
        station.stop()
        station.judge_logs()
    except BaseException:
        station.tell_story()
        raise
    finally:
        station.close()


if __name__ == '__main__':
    main()
