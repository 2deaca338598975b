# SPDX-License-Identifier: LGPL-2.1-or-later
"""A line whose CA key is in a token, which dies in the middle of the shift: the units that were being
made FAIL with the reason, nothing is lost or signed twice, and all pass once it is back."""

import contextlib
import os
import shutil
import subprocess

import rig

STORES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'unit', 'ca',
                      'stores.sh')
LOSE = {'pkcs11': 'remove-hsm', 'tpm2': 'kill-tpm'}
RETURN = {'pkcs11': 'return-hsm', 'tpm2': 'start-tpm'}


@contextlib.contextmanager
def tokens():
    """A folder with keys in SoftHSM and swtpm."""
    folder = subprocess.run(['mktemp', '-d', '/tmp/keycradle-stores-XXXXXX'], check=True,
                            capture_output=True, text=True).stdout.strip()

    def run(verb):
        subprocess.run(['sh', STORES, verb, folder], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    try:
        run('make')
        os.environ['SOFTHSM2_CONF'] = os.path.join(folder, 'softhsm2.conf')
        yield folder, run
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run('kill-tpm')
        shutil.rmtree(folder, ignore_errors=True)


def use_key(station, folder, store):
    """The station's CA from here on: the P-256 key in `store`."""
    with open(f'{folder}/p256.{store}.uri', encoding='utf-8') as file:
        uri = file.read().strip()
    for key, value in (('Key', uri), ('Certificate', f'{folder}/p256.{store}.pem'),
                       ('PassphraseFile', f'{folder}/pin')):
        station.edit(station.signer_config, rf'^{key}=.*$', f'{key}={value}')


def die_and_come_back(store):
    names = [f'UNIT-{number}' for number in range(1, 9)]
    with tokens() as (folder, token), rig.station(slots=8, start=False) as station:
        use_key(station, folder, store)
        station.start()
        simulator = station.simulator()
        station.start_batch()
        for name in names:
            simulator.new(name, driver='smp', key='p-256', serial=name)
        state = station.run_device(simulator, names[0], 1)
        rig.expect_equal(state['state'], 'pass', f'the first unit: {state}')
        signer = station.signer_pid()

        for slot, name in enumerate(names[1:], 2):
            simulator.plug(name, slot)
        token(LOSE[store])
        attempts = station.wait_ended(8)
        failed = [one for one in attempts if one['result'] == 'failed']
        rig.expect_equal({one['reason'] for one in failed} - {'ca-token'}, set(),
                         'all reasons but ca-token')
        # One that comes now meets the dead token for certain.
        simulator.unplug(names[0])
        rig.wait_until(lambda: not station.slot(1)['present'], 'slot 1 is free')
        simulator.new('LATE', driver='smp', key='p-256', serial='LATE')
        state = station.run_device(simulator, 'LATE', 1)
        rig.expect_equal((state['state'], state['reason']), ('fail', 'ca-token'), 'a late unit')
        rig.expect('See that it is plugged in' in state['operator-text'], f'{state}')
        passed = {one['device'] for one in attempts if one['result'] == 'passed'}
        rig.expect_equal(len(station.certificates()), len(passed), 'certificates while it is away')

        token(RETURN[store])
        for slot, name in [(1, 'LATE')] + list(enumerate(names[1:], 2)):
            if name in passed:
                continue
            simulator.unplug(name)
            rig.wait_until(lambda place=slot: not station.slot(place)['present'], f'slot {slot} is free')
            state = station.run_device(simulator, name, slot)
            rig.expect_equal(state['state'], 'pass', f'{name} once the token is back: {state}')
        certificates = station.certificates()
        rig.expect_equal(sorted(one['device'] for one in certificates), sorted(names + ['LATE']),
                         'each unit has one certificate')
        rig.expect_equal(station.signer_pid(), signer, 'the signer was never started again')
        print(f'{store}: {len(failed) + 1} units failed and passed at the next attempt')


def a_line_outlives_its_pkcs11_token():
    die_and_come_back('pkcs11')


def a_line_outlives_its_tpm():
    die_and_come_back('tpm2')


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        a_line_outlives_its_pkcs11_token,
        a_line_outlives_its_tpm,
    )})
