# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes to the clouds, from the line to the receiver's parser: every format of a batch over the command line, the
station's signatures under a manifest of secure elements, and the outbox as calls for the aws CLI."""

import os
import sys

import rig

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'unit')
sys.path += [os.path.join(UNIT, 'db'), os.path.join(UNIT, 'base')]
import check_aws_calls  # noqa: E402  (after the path)
import check_formats  # noqa: E402

FORMATS = (('aws', ()), ('aws', ('production',)), ('aws-no-ca', ()), ('azure-hub', ()), ('azure-dps', ()), ('nrfcloud', ()),
           ('aws-calls', ('production',)), ('microchip', ()))


def make_units(station, names):
    simulator = station.simulator()
    station.start_batch()
    for name in names:
        simulator.new(name, driver='smp', serial=name)
        station.run_device(simulator, name, 1, 'pass')
        simulator.unplug(name)


def add_target(station):
    station.cli('target', 'add', 'production', '--kind', 'aws', '--mode', 'sni-only', '--account', '123456789012',
                '--region', 'eu-west-1', '--policy', 'factory-device', '--thing-type', 'sensor', '--thing-group', 'line-7')
    station.cli('registry', 'ca', 'register', 'production', 'ca')


def station_certificate(station):
    for folder, _, files in os.walk(station.folder):
        if 'station.pem' in files:
            return os.path.join(folder, 'station.pem')
    raise rig.Failure('no station.pem')


def more_for(station, form):
    return {'aws-calls': ('with',), 'microchip': (station_certificate(station), 'chain')}.get(form, ())


def each_format_is_read_by_its_receiver():
    with rig.station() as station:
        add_target(station)
        make_units(station, ['0123aa', '0123ab', '0123ac'])
        known = {one['device']: one['sha256'] for one in station.json('cert', 'list')}
        for form, target in FORMATS:
            path = os.path.join(station.folder, f'{form}-{len(target)}')
            words = ['--target', *target] if target else []
            station.cli('export', form, '--batch', 'B1', '--output', path, *words)
            rig.expect_equal(dict(check_formats.devices(form, path, *more_for(station, form))), known, form)
            station.cli('manifest', 'verify', path)


def an_edited_manifest_of_secure_elements_is_found():
    with rig.station() as station:
        make_units(station, ['0123aa'])
        path = os.path.join(station.folder, 'elements')
        station.cli('export', 'microchip', '--batch', 'B1', '--output', path)
        with open(path, encoding='utf-8') as file:
            text = file.read()
        os.unlink(path + '.p7s')
        place = text.index('"signature":"') + 20
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text[:place] + ('A' if text[place] != 'A' else 'B') + text[place + 1:])
        run = station.cli('manifest', 'verify', path, exit_code=6)
        rig.expect('its signature is not the station' in run.stdout + run.stderr, run.stdout + run.stderr)


def hand_over(station, name):
    """Exports what is due, and makes the calls: which there were, and stage and name of each line."""
    path = os.path.join(station.folder, name)
    station.cli('export', 'aws-calls', '--target', 'production', '--output', path)
    with check_aws_calls.Rig(path, path + '.sh') as aws:
        aws.run()
        made = len(aws.state()['calls'])
    rig.expect_equal(made, len(check_aws_calls.expected_calls(path)), 'calls made')
    return check_aws_calls.every_call_is_one_of_the_api(path), [tuple(columns[:2]) for columns, _ in
                                                                check_aws_calls.lines_of(path)]


def what_waits_becomes_calls():
    with rig.station() as station:
        add_target(station)
        station.start_batch()
        station.cli('batch', 'targets', 'B1', 'production')
        simulator = station.simulator()
        for name in ('0123aa', '0123ab'):
            simulator.new(name, driver='smp', serial=name)
            station.run_device(simulator, name, 1, 'pass')
            simulator.unplug(name)
        rig.expect_equal(hand_over(station, 'first'), ({'register-ca-certificate'}, [('1', 'CA')]), 'what is due first')
        states = {one['state'] for one in station.json('outbox', 'list', 'production', '--all')}
        rig.expect_equal(states, {'handed', 'waiting'}, 'states')
        run = station.cli('export', 'aws-calls', '--target', 'production', '--output', os.path.join(station.folder, 'none'))
        rig.expect('Nothing is due' in run.stdout, run.stdout)
        station.cli('outbox', 'done', 'production')
        seen, lines = hand_over(station, 'second')
        rig.expect_equal(lines, [('2', '0123aa'), ('2', '0123ab')], 'lines')
        rig.expect_equal(seen, {'register-certificate', 'create-thing', 'attach-thing-principal', 'attach-policy',
                                'add-thing-to-thing-group'}, 'calls')


rig.main({test.__name__: test for test in (
    each_format_is_read_by_its_receiver,
    an_edited_manifest_of_secure_elements_is_found,
    what_waits_becomes_calls,
)})
