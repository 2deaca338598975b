# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-rules.py 70-keycradle.rules 90-keycradle.rules MATCH...: what udev would make of devices.

Runs the rules as udev(7) says, over devices made from each line of the drivers' match files and over
strangers. The few keys that our rules use are understood; any other one ends the test.
"""

import os
import re
import sys

TERM = re.compile(r'\s*([A-Z]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|-=|=)\s*"([^"]*)"\s*(?:,|$)')


def glob(pattern, text):
    expression = re.escape(pattern).replace(r'\*', '.*').replace(r'\?', '.').replace(r'\|', '|')
    return text is not None and re.fullmatch(expression, text, re.DOTALL) is not None


def terms(line):
    at, found = 0, []
    while at < len(line):
        one = TERM.match(line, at)
        if one is None:
            sys.exit(f'not understood: {line[at:]}')
        found.append(one.groups())
        at = one.end()
    return found


def lines(path):
    with open(path, encoding='utf-8') as file:
        return [line.strip() for line in file if line.strip() and not line.startswith('#')]


class Event:
    """One device in udev's hands: `env` are its properties, `attr` its sysfs attributes, `parents`
    those of what is above it."""

    def __init__(self, subsystem, env=None, attr=None, parents=(), action='add'):
        self.facts = {'SUBSYSTEM': subsystem, 'ACTION': action}
        self.env = dict(env or {})
        self.attr = dict(attr or {})
        self.parents = [self.attr, *parents]
        self.given = {}
        self.tags = set(self.env.pop('tags', ()))

    def holds(self, key, name, operator, value):
        text = {'ENV': self.env, 'ATTR': self.attr}.get(key, self.facts).get(name or key)
        return glob(value, text if text is not None else '') == (operator == '==')

    def parents_hold(self, wanted):
        return not wanted or any(all(glob(value, one.get(name)) for name, value in wanted)
                                 for one in self.parents)

    def take(self, key, name, operator, value):
        if key == 'ENV':
            self.env[name] = value
        elif key in ('GROUP', 'MODE'):
            self.given[key] = value
        elif key == 'TAG' and operator == '-=':
            self.tags.discard(value)
        else:
            sys.exit(f'not understood: {key}{operator}')

    def run(self, rules):
        target = None
        for line in rules:
            parts = terms(line)
            if target is not None:
                if ('LABEL', None, '=', target) in parts:
                    target = None
                continue
            asked = [part for part in parts if part[2] in ('==', '!=')]
            if not all(self.holds(*part) for part in asked if part[0] != 'ATTRS') \
                    or not self.parents_hold([(p[1], p[3]) for p in asked if p[0] == 'ATTRS']):
                continue
            for part in parts:
                if part[0] == 'GOTO':
                    target = part[3]
                elif part not in asked and part[0] != 'LABEL':
                    self.take(*part)
        if target is not None:
            sys.exit(f'no label {target}')
        return self


def device(vendor, product, serial, interfaces):
    """(as seen by udev) a USB device, its tty, its hidraw node."""
    attr = {'idVendor': vendor, 'idProduct': product, 'serial': serial}
    env = {'ID_VENDOR_ID': vendor, 'ID_MODEL_ID': product, 'ID_SERIAL_SHORT': serial,
           'ID_USB_INTERFACES': f':{":".join(interfaces)}:'}
    interface = {'bInterfaceClass': '03'}
    return {'usb': Event('usb', {**env, 'DEVTYPE': 'usb_device'}, attr),
            'tty': Event('tty', {**env, 'ID_MM_CANDIDATE': '1'}, {}, [interface, attr]),
            'hid': Event('hidraw', {}, {}, [interface, attr])}


def device_of(match):
    kind, product, *conditions = match.split()
    conditions = dict(condition.split('=', 1) for condition in conditions)
    vendor, product = product.replace('*', '12ab').split(':')[0], product.split(':')[-1].replace('*', '12ab')
    classes = (conditions.get('interface', 'ff') + '/00/00').split('/')[:3]
    return kind, device(vendor, product, conditions.get('serial', '') + 'X1', [''.join(classes)])


OURS = {'GROUP': 'keycradle', 'MODE': '0660'}
rules, late = lines(sys.argv[1]), lines(sys.argv[2])
problems = []


def expect(what, found, wanted):
    if found != wanted:
        problems.append(f'{what}: {found}, not {wanted}')


def run(event):
    return event.run(rules).run(late)


count = 0
for path in sys.argv[3:]:
    for line in lines(path):
        line = line.split('#')[0].strip()
        kind, parts = device_of(line)
        if kind == 'card':
            continue
        count += 1
        usb, own = run(parts['usb']), run(parts[kind])
        name = f'{os.path.basename(os.path.dirname(path))}: {line}'
        expect(f'{name}: its node', own.given, OURS)
        expect(f'{name}: ModemManager', usb.env.get('ID_MM_DEVICE_IGNORE'), '1')
        if kind == 'tty':
            expect(f'{name}: its USB node', usb.given, {})
            expect(f'{name}: candidate', own.env['ID_MM_CANDIDATE'], '')

stranger = device('0403', '6001', 'A1', ['ffffff'])
for kind, event in stranger.items():
    expect(f'a stranger\'s {kind}', run(event).given, {})
expect('a stranger is a candidate', stranger['tty'].env['ID_MM_CANDIDATE'], '1')
expect('a keyboard', run(device('046d', 'c31c', '', ['030101'])['hid']).given, {})
expect('the right serial of another vendor', run(device('0403', '6001', 'PCA20035-1', [])['tty']).given, {})
expect('one that leaves', run(Event('tty', {'ID_VENDOR_ID': '2fe3', 'ID_MODEL_ID': '0001'},
                                    action='remove')).given, {})

braille = device('2fe3', '0001', '', ['020201'])['usb']
braille.env.update(BRLTTY_BRAILLE_DRIVER='bm', SYSTEMD_WANTS='brltty-device@.service')
braille.tags.add('systemd')
run(braille)
expect('brltty', (braille.env['BRLTTY_BRAILLE_DRIVER'], braille.env['SYSTEMD_WANTS'], braille.tags),
       ('', '', set()))
own = device('2fe3', '0001', '', ['020201'])['usb']
own.env['SYSTEMD_WANTS'] = 'site@.service'
expect('what is not brltty\'s', run(own).env['SYSTEMD_WANTS'], 'site@.service')

if count < 10:
    problems.append(f'only {count} matches were looked at')
if problems:
    sys.exit('\n'.join(problems))
print(f'{count} matches and their strangers: as the rules say')
