# SPDX-License-Identifier: LGPL-2.1-or-later
"""pictures.py FOLDER: makes the README's pictures of the operator's screen again, from a run.

  meson install -C build-tests
  KEYCRADLE_TEST_PREFIX=$PWD/build-tests/prefix tests/line/pictures.py docs/pictures

A real station, simulated units, the real screen in tmux; what stands there is drawn by
scripts/picture (python3-pil, python3-pyte, fonts-dejavu-core). Nothing is touched up."""

import os
import subprocess
import sys

import many
import rig
from terminal import terminal

COLUMNS, ROWS = 100, 30
PICTURE = os.path.join(os.path.dirname(__file__), '..', '..', 'scripts', 'picture')


def draw(screen, folder, name):
    path = os.path.join(folder, name + '.png')
    subprocess.run([sys.executable, PICTURE, path, str(COLUMNS), str(ROWS)], check=True,
                   input=screen.coloured().encode())
    print(path)


def put_in(simulator, slot, serial, **options):
    simulator.new(serial, **{'driver': 'smp', 'key': 'p-256', 'serial': serial, 'baud': 115200,
                             **options})
    simulator.plug(serial, slot)


def take_out(station, simulator, slot, serial):
    simulator.unplug(serial)
    rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


def run_through(station, simulator, serials):
    """Units that come, pass and go."""
    for number, serial in enumerate(serials):
        slot = number % 7 + 1
        put_in(simulator, slot, serial)
        station.wait_slot(slot, 'pass')
        take_out(station, simulator, slot, serial)


def sign_in(station):
    badge = os.path.join(station.folder, 'badge')
    with open(badge, 'w', encoding='utf-8') as file:
        file.write('B4471\n')
    station.cli('operator', 'add', 'mei', '--role', 'operator', '--badge-file', badge)


def working(station, simulator, screen, folder):
    """Passed ones, units at work at several steps, an empty slot and one out of service."""
    put_in(simulator, 1, 'AC24-000413')
    put_in(simulator, 4, 'AC24-000416', key='rsa-2048')
    station.wait_slot(1, 'pass')
    station.wait_slot(4, 'pass')
    put_in(simulator, 2, 'AC24-000414', **{'keygen-ms': 25000})
    put_in(simulator, 6, many.serial_for('nrf91', 418), driver='nrf91', **{'keygen-ms': 25000})
    put_in(simulator, 3, 'AC24-000415', driver='freertos', latency=350)
    screen.wait('AC24-000414', 'key')
    rig.wait_until(lambda: station.slot(3)['step'] == 'install', 'slot 3 installs', pause=0.05)
    screen.wait('[Ww]rit|[Ii]nstall')
    draw(screen, folder, 'line-working')


def failed(station, simulator, screen, folder):
    put_in(simulator, 5, 'AC24-000417', key='rsa-2048', fault='weak-key')
    station.wait_slot(5, 'fail')
    screen.wait('AC24-000417', 'too weak')
    draw(screen, folder, 'line-fail')
    screen.keys('a')
    rig.wait_until(lambda: station.slot(5)['acknowledged'], 'the FAIL was seen')


def clear(station, simulator):
    """Lets every unit end, then takes them all out."""
    rig.wait_until(lambda: 'working' not in [one['state'] for one in station.slot_list().values()],
                   'no slot works', pause=0.1)
    for slot, record in station.slot_list().items():
        if record['present']:
            simulator.unplug(record['device'])
            station.wait_slot(slot, 'empty', 'fail', 'disabled')
    station.cli('slot', 'acknowledge')


def done(station, simulator, screen, folder):
    clear(station, simulator)
    # two units fail in one slot: the Batch view says in which
    for number in (1, 2):
        put_in(simulator, 7, f'AC24-00042{number}', fault='bad-signature')
        station.wait_slot(7, 'fail')
        take_out(station, simulator, 7, f'AC24-00042{number}')
        station.cli('slot', 'acknowledge')
    left = 20 - station.json('batch', 'show', 'WO-240917')['passed']
    run_through(station, simulator, [f'AC24-0005{number:02d}' for number in range(left - 1)])
    put_in(simulator, 1, 'AC24-000599')
    station.wait_slot(1, 'pass')
    screen.wait('20/20')
    draw(screen, folder, 'line-done')
    screen.keys('F3')
    screen.wait('WO-240917')
    draw(screen, folder, 'batch')


def main():
    folder = sys.argv[1]
    with rig.station(slots=8, acknowledge=True) as station:
        station.set_attempt_seconds(900)
        station.stop()
        station.start()
        simulator = station.simulator()
        sign_in(station)
        station.cli('slot', 'disable', '8', '--reason', 'pogo pin bent')
        station.cli('batch', 'create', 'WO-240918', '--product', 'AC-24 rev C', '--profile',
                    'aws-iot', '--target', '500')
        station.cli('batch', 'create', 'WO-240917', '--product', 'AC-24 rev C', '--profile',
                    'aws-iot', '--target', '20')
        station.cli('batch', 'start', 'WO-240917')
        with terminal(station, columns=COLUMNS, rows=ROWS, term='xterm-256color') as screen:
            screen.wait('WO-240917')
            screen.scan('B4471')
            screen.wait('mei')
            run_through(station, simulator, [f'AC24-0004{number:02d}' for number in range(6)])
            working(station, simulator, screen, folder)
            failed(station, simulator, screen, folder)
            done(station, simulator, screen, folder)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
