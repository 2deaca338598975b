# SPDX-License-Identifier: LGPL-2.1-or-later
"""A foreign SMP client talks to a device of ours, with the standard commands only."""

import importlib.util
import os
import sys

import rig

if importlib.util.find_spec('cbor2') is None:
    print('python3-cbor2 is not installed: no foreign SMP client here')
    sys.exit(77)

from smp_client import READ, WRITE, SmpClient  # noqa: E402

OS_GROUP, ECHO, RESET, PARAMETERS = 0, 0, 5, 6


def standard_commands_work():
    with rig.station(start=False) as station:
        os.makedirs(station.ports, exist_ok=True)
        simulator = station.simulator()
        simulator.new('SMP-1', driver='smp', key='p-256', serial='SMP-1')
        simulator.plug('SMP-1', 1)
        client = SmpClient(os.path.join(station.ports, 'slot1'))
        for text in ('hello', '', 'x' * 200, 'grüße'):
            rig.expect_equal(client.ask(WRITE, OS_GROUP, ECHO, {'d': text}), {'r': text}, 'echo')
        parameters = client.ask(READ, OS_GROUP, PARAMETERS, {})
        rig.expect(parameters['buf_size'] >= 256 and parameters['buf_count'] >= 1,
                   f'{parameters}')
        unknown = client.ask(READ, 63, 9, {})
        rig.expect(unknown.get('rc') == 8 or 'err' in unknown,
                   f'an unknown group is not supported (8): {unknown}')
        rig.expect_equal(client.ask(WRITE, OS_GROUP, RESET, {}), {}, 'reset')
        rig.expect_equal(client.ask(WRITE, OS_GROUP, ECHO, {'d': 'again'}), {'r': 'again'},
                         'echo after a reset')
        client.close()


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (standard_commands_work,)})
