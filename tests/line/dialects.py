# SPDX-License-Identifier: LGPL-2.1-or-later
"""The drivers as the tests of the line know them: what each folder's contract.ini says.

A driver needs the file only where its device is no plain one:

  [contract]   Serial=  the name of device NUMBER, as Python's format() takes it ("imei": a modem's
                        number with its check digit; the default is NAME-0001)
               Faults=  the simulator's faults that its device can't have, by ';', each with a reason
                        in README.md
  [device]     settings of the simulated device ("Key=p-256")
  [slot]       keys of the slot ("Driver=piv", where probing would not ask it)
  [driver]     what the station's [driver NAME] says; @FOLDER@ is the station's folder
  [profile.G]  what group G of the profile says, in place of what aws-iot has there
  [files]      files below @FOLDER@ and their contents, for secrets
"""

import configparser
import os
import re

import rig

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
LIST = re.compile(r"driver_names\s*\+?=\s*\[?([^\]\n]*)\]?")


def imei(number):
    """15 digits, the last one a check digit (3GPP TS 23.003, annex B)."""
    body = f'35265610{number:06d}'
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(body)]
    total = sum(value // 10 + value % 10 for value in doubled)
    return body + str(-total % 10)


class Dialect:
    """One driver, and what a test must do so that its device passes."""

    def __init__(self, name):
        parser = configparser.ConfigParser(interpolation=None, delimiters=('=',))
        parser.optionxform = str
        parser.read(os.path.join(TOP, 'drivers', name, 'contract.ini'), encoding='utf-8')
        self.name = name
        self.sections = {section: dict(parser[section]) for section in parser.sections()}
        contract = self.section('contract')
        self.serial_form = contract.get('Serial', name.upper() + '-{number:04d}')
        self.impossible = {fault.strip() for fault in contract.get('Faults', '').split(';')} - {''}
        self.options = {key.lower(): value for key, value in self.section('device').items()}

    def section(self, name):
        return self.sections.get(name, {})

    def serial(self, number):
        return imei(number) if self.serial_form == 'imei' else self.serial_form.format(number=number)

    def prepare(self, station, **slot_keys):
        """Tells a station that has not been started yet what this driver's devices need, and its slots
        what `slot_keys` say."""
        for name, text in self.section('files').items():
            with open(os.path.join(station.folder, name), 'w', encoding='utf-8') as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(text + '\n')
        slot = ''.join(f'{key}={value}\n'
                       for key, value in {**self.section('slot'), **slot_keys}.items())
        with open(station.config, encoding='utf-8') as file:
            text = file.read()
        text = re.sub(r'^(\[slot \d+\]\n)', lambda match: match.group(1) + slot, text, flags=re.MULTILINE)
        if self.section('driver'):
            text += f'\n[driver {self.name}]\n' + ''.join(
                f'{key}={value.replace("@FOLDER@", station.folder)}\n'
                for key, value in self.section('driver').items())
        with open(station.config, 'w', encoding='utf-8') as file:
            file.write(text)
        self._write_profile(station)

    def _write_profile(self, station):
        path = station.profile_path('aws-iot')
        profile = configparser.ConfigParser(interpolation=None, delimiters=('=',))
        profile.optionxform = str
        profile.read(path, encoding='utf-8')
        for section, values in self.sections.items():
            if not section.startswith('profile.'):
                continue
            group = section.removeprefix('profile.')
            if not profile.has_section(group):
                profile.add_section(group)
            for key, value in values.items():
                if value:
                    profile.set(group, key, value.replace('@FOLDER@', station.folder))
                else:
                    profile.remove_option(group, key)
        with open(path, 'w', encoding='utf-8') as file:
            profile.write(file, space_around_delimiters=False)

    def new(self, simulator, number, **more):
        """A fresh simulated device; its serial, which is its name too."""
        serial = self.serial(number)
        options = {'driver': self.name, 'serial': serial, **self.options, **more}
        simulator.new(serial, **{key: value for key, value in options.items() if value is not None})
        return serial


def all_names():
    """Every driver that the simulator can play, in the order of the registry."""
    with open(os.path.join(TOP, 'drivers', 'meson.build'), encoding='utf-8') as file:
        words = [re.findall(r"'([^']*)'", match) for match in LIST.findall(file.read())]
    return [name for group in words for name in group if played(name)]


def played(name):
    return name in {line.split()[0] for line in rig.simulator_says('dialects')}
