# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many devices at once, and daemon and signer killed while they are under way."""

import os
import random
import time

import dialects
import judge
import rig

# driver, further options: what comes to the slots, in turn
KINDS = [
    ('smp', {'key': 'p-256'}),
    ('nrf91', {}),
    ('freertos', {}),
    ('smp', {'key': 'p-384'}),
    ('smp', {'key': 'rsa-2048'}),
    ('nrf91', {'host': 'shell'}),
    ('smp', {'key': 'p-521'}),
    ('zephyr', {}),
    ('arduino', {}),
]


def serial_for(driver, number):
    return dialects.Dialect(driver).serial(number)


def make_devices(simulator, count, **more):
    """`count` devices of mixed kinds; their serials, which are their names too."""
    serials = []
    for number in range(1, count + 1):
        driver, options = KINDS[number % len(KINDS)]
        serial = serial_for(driver, number)
        simulator.new(serial, driver=driver, serial=serial, **options, **more)
        serials.append(serial)
    return serials


def wait_all_passed(station, count, seconds=rig.PATIENCE):
    def passed():
        states = [record['state'] for record in station.slot_list().values()]
        if 'fail' in states and 'working' not in states:
            failed = [record for record in station.slot_list().values()
                      if record['state'] == 'fail']
            raise rig.Failure(f'slots failed: {failed}')
        return states.count('pass') == count
    rig.wait_until(passed, f'{count} slots show PASS', seconds, pause=0.05)


def thirty_two_devices_at_once_all_pass():
    with rig.station(slots=32) as station:
        simulator = station.simulator()
        station.start_batch(target=32)
        serials = make_devices(simulator, 32)
        for slot, serial in enumerate(serials, 1):
            simulator.plug(serial, slot)
        wait_all_passed(station, 32)
        judge.judge_devices(station, simulator, serials)
        rig.expect_equal(len(station.certificates()), 32, 'one certificate a device, no more')
        batch = station.json('batch', 'show', 'B1')
        rig.expect_equal((batch['passed'], batch['failed'], batch['attempts']), (32, 0, 32),
                         'what the batch counts')


def is_finished(record):
    """PASS, also of a device that had passed before its daemon was killed."""
    return record['state'] == 'pass'


def settle(station, simulator, serials, seconds=rig.PATIENCE):
    """Replugs whatever failed, as an operator would, until each slot shows PASS."""
    replugs = dict.fromkeys(serials, 0)

    def all_pass():
        slots = station.slot_list()
        for number, serial in enumerate(serials, 1):
            if slots[number]['state'] in ('fail', 'empty', 'waiting') \
                    and not is_finished(slots[number]):
                replugs[serial] += 1
                rig.expect(replugs[serial] <= 3, f'{serial} still fails after three replugs: '
                           f'{slots[number]}')
                simulator.unplug(serial)
                rig.wait_until(lambda one=number: station.slot(one)['state'] != 'pass'
                               and not station.slot(one)['present'], f'slot {number} is empty')
                simulator.plug(serial, number)
        return all(is_finished(record) for record in slots.values())
    rig.wait_until(all_pass, 'every device has passed', seconds, pause=0.05)


def survive_kills(victims, kills, seed, slots=32):
    """Kills one of `victims` at `kills` moments while `slots` devices are under way."""
    chance = random.Random(seed)
    print(f'seed {seed}: repeat with KEYCRADLE_TEST_SEED={seed}')
    with rig.station(slots=slots) as station:
        simulator = station.simulator()
        station.start_batch()
        serials = make_devices(simulator, slots, latency=10)
        order = list(range(1, slots + 1))
        done = 0
        while done < kills:
            chance.shuffle(order)
            for slot in order:
                simulator.plug(serials[slot - 1], slot)
            for _ in range(3):
                if done == kills:
                    break
                moment = chance.uniform(0.02, 0.6)
                victim = chance.choice(victims)
                print(f'kill {done + 1}: {victim} after {moment:.3f} s', flush=True)
                time.sleep(moment)
                if victim == 'daemon':
                    station.kill()
                    station.start()
                else:
                    station.kill_signer()
                done += 1
            settle(station, simulator, serials)
            judge.judge_devices(station, simulator, serials)
            if done < kills:
                serials = next_devices(simulator, serials, done)
        station.stop()


def next_devices(simulator, serials, generation):
    """Takes the finished devices out and makes as many new ones."""
    fresh = []
    for number, serial in enumerate(serials, 1):
        simulator.unplug(serial)
        driver, options = KINDS[number % len(KINDS)]
        name = serial_for(driver, number + 1000 * generation)
        simulator.new(name, driver=driver, serial=name, latency=10, **options)
        fresh.append(name)
    return fresh


def seed():
    return int(os.environ.get('KEYCRADLE_TEST_SEED') or random.SystemRandom().randrange(1 << 30))


def a_killed_daemon_goes_on_with_the_same_certificates():
    survive_kills(['daemon'], 3, seed())


def a_killed_signer_costs_no_certificate():
    survive_kills(['signer'], 3, seed())


def a_hundred_kills_leave_one_certificate_a_device():
    survive_kills(['daemon', 'signer'], 100, seed())


if __name__ == '__main__':
    rig.main({test.__name__: test for test in (
        thirty_two_devices_at_once_all_pass,
        a_killed_daemon_goes_on_with_the_same_certificates,
        a_killed_signer_costs_no_certificate,
        a_hundred_kills_leave_one_certificate_a_device,
    )})
