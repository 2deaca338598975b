# SPDX-License-Identifier: LGPL-2.1-or-later
"""udev's rules, as installed, judged on real devices; and what doctor says of a port that another
program has open."""

import glob
import grp
import os
import subprocess
import sys

import rig
from bench import properties_of_usb, usb_device
from guest import properties, say

OURS = ('keycradle', 0o660)
# What other packages' rules say (ModemManager's 80-mm-candidate.rules, Ubuntu's 85-brltty.rules), of
# every tty, so that what must be undone is there to be undone.
OTHERS = '''SUBSYSTEM=="tty", ENV{ID_BUS}=="usb", ENV{ID_MM_CANDIDATE}="1"
SUBSYSTEM=="tty", ENV{ID_BUS}=="usb", ENV{BRLTTY_BRAILLE_DRIVER}="hm", TAG+="systemd", ENV{SYSTEMD_WANTS}="brltty.service"
'''
HOLDER = 'import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print("open", flush=True); sys.stdin.read()'


def have_other_packages():
    with open('/run/udev/rules.d/85-others.rules', 'w', encoding='ascii') as file:
        file.write(OTHERS)
    subprocess.run(['udevadm', 'control', '--reload'], check=True)


def access(node):
    status = os.stat(node)
    return grp.getgrgid(status.st_gid).gr_name, status.st_mode & 0o777


def wishes_of_others(node):
    said = properties(node)
    return {name: said.get(name, '') for name in ('ID_MM_CANDIDATE', 'BRLTTY_BRAILLE_DRIVER',
                                                  'SYSTEMD_WANTS')}


def nodes_are_ours_and_nobody_elses(bench):
    for slot in (1, 2):
        node = os.path.realpath(f'/dev/serial/by-id/usb-Keycradle_gadget_G{slot}-if00')
        rig.expect_equal(access(node), OURS, f'who may open {node}')
        rig.expect_equal(set(wishes_of_others(node).values()), {''}, f'what others want of {node}')
        rig.expect_equal(properties(node).get('ID_MM_PORT_IGNORE'), '1', f'ID_MM_PORT_IGNORE of {node}')
        usb = properties_of_usb(usb_device(f'G{slot}'))
        rig.expect_equal(usb.get('ID_MM_DEVICE_IGNORE'), '1', f'ID_MM_DEVICE_IGNORE of G{slot}')
        rig.expect(access(usb['DEVNAME']) != OURS, f'{usb["DEVNAME"]} is reached by its tty alone')
    vendors = properties_of_usb(usb_device('UNIT-009'))
    rig.expect_equal(access(vendors['DEVNAME']), OURS, f'who may open {vendors["DEVNAME"]}')
    rig.expect_equal(vendors.get('ID_MM_DEVICE_IGNORE'), '1', 'ID_MM_DEVICE_IGNORE of UNIT-009')
    say('the nodes of known devices are our group\'s, and ModemManager and brltty keep off')


def a_converter_is_anybodys():
    node = glob.glob('/dev/ttyUSB*')[0]
    rig.expect_equal(access(node), ('dialout', 0o660), f'who may open {node}')
    rig.expect_equal(wishes_of_others(node), {'ID_MM_CANDIDATE': '1', 'BRLTTY_BRAILLE_DRIVER': 'hm',
                                              'SYSTEMD_WANTS': 'brltty.service'},
                     f'what others want of {node}')
    say(f'{node}, which no match names, was left to others')


def findings(bench, level):
    said = bench.station.json('doctor', exit_code=None)
    return [one['text'] for one in said if one['check'] == 'slot-port' and one['level'] == level]


def doctor_names_who_holds_a_port(bench):
    node = os.path.realpath('/dev/serial/by-id/usb-Keycradle_gadget_G1-if00')
    rig.expect_equal(findings(bench, 'FAIL'), [], 'ports that others hold')
    holder = subprocess.Popen([sys.executable, '-c', HOLDER, node], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    holder.stdout.readline()
    found = findings(bench, 'FAIL')
    holder.communicate()
    rig.expect(len(found) == 1 and 'slot 1:' in found[0] and f'process {holder.pid})' in found[0]
               and 'python3' in found[0] and node in found[0], f'what doctor says: {found}')
    rig.expect_equal(findings(bench, 'FAIL'), [], 'ports that others hold, when nobody does')
    say(f'doctor named who held {node}')
