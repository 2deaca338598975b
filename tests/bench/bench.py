# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much the station adds to what wire and chip need. Each figure is a line of its own:
`bench NAME VALUE UNIT`. Every figure is a median of at least 5 rounds, taken in rotation, so
that a neighbour on the disk or the CPU hurts all alike; what can be a ratio is a ratio.

  attempt-DRIVER      seconds of one attempt, port opened to PASS, on a device that answers at once
  wire-DRIVER         seconds that the bytes of one attempt need on the family's wire (10 bits a byte
                      at its baud rate, both ways added): the floor
  floor-DRIVER        the floor over what an attempt takes on a device behind such a wire. 1 is a
                      station that costs nothing; a dialect whose answers overlap may exceed it
  line-share-16       16 ports at 115200, smp, P-256: what the bytes need on the wire (10 bits a
                      byte, both ways added, as the device counted them) over what the attempts
                      took. 1 is a station that costs nothing.
  line-share-16-plug  the same, with unplugging and plugging in between: devices a second over
                      16 / the wire's seconds a device
  turn-round          from the last byte of the CSR to the first byte of what is installed (smp
                      sends chain and roots ahead of the certificate), one port
  turn-round-silence  the part of it until the station's next byte: before it writes, it asks once
                      more who is there
  fdatasync           append of 4 KiB and fdatasync, on the same file system
  turn-round-fsyncs   turn-round over fdatasync
  slots-64-over-1     devices a second with 64 slots busy over devices a second with 1, on devices
                      that answer at once
"""

import contextlib
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'line'))

import dialects  # noqa: E402
import rig  # noqa: E402

SMP = dialects.Dialect('smp')
ROUNDS = int(os.environ.get('KEYCRADLE_BENCH_ROUNDS', '5'))

def tell(name, value, unit):
    print(f'bench {name} {value:.6g} {unit}', flush=True)


def median(values):
    return statistics.median(values)


class Counter:
    """Fresh numbers, never twice."""

    def __init__(self):
        self.number = 0

    def next(self):
        self.number += 1
        return self.number


def seconds_of(attempt):
    return (attempt['ended-at'] - attempt['started-at']) / 1e6


def pull_out(station, simulator, name, slot):
    simulator.unplug(name)
    rig.wait_until(lambda: not station.slot(slot)['present'], f'slot {slot} is empty')


class Bench:
    """A station for the devices of one driver, and its simulator."""

    def __init__(self, stack, dialect, slots=1):
        self.dialect = dialect
        self.numbers = Counter()
        self.station = stack.enter_context(rig.station(slots=slots, start=False))
        dialect.prepare(self.station)
        self.simulator = self.station.start().simulator(keeps=False)
        self.station.start_batch()

    def run_one(self, **options):
        """One fresh device in slot 1; the simulator's record of it, and its attempt."""
        name = self.dialect.new(self.simulator, self.numbers.next(), **options)
        self.simulator.plug(name, 1)
        record = self.station.wait_slot(1, 'pass', 'fail')
        rig.expect_equal(record['state'], 'pass', f'{self.dialect.name}: {record}')
        attempt = self.station.attempt(record['attempt'])
        pull_out(self.station, self.simulator, name, 1)
        return self.simulator.show(name), attempt

    def baud(self):
        """What the family's ports run at."""
        drivers = {one['name']: one for one in self.station.json('driver', 'list')}
        return drivers[self.dialect.name]['baud'] or 115200


# ---- one port ----

def chunks(transcript):
    """(direction, seconds, text) of each line of a transcript."""
    for line in transcript.splitlines():
        if line[:2] in ('> ', '< '):
            direction, seconds, text = (line.split(' ', 2) + [''])[:3]
            yield direction, float(seconds), text


def fdatasync_seconds(folder, times=40):
    """The median of an append of 4 KiB and its fdatasync, where the station keeps its files."""
    path = os.path.join(folder, 'fdatasync.probe')
    block = b'\x5a' * 4096
    measured = []
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(times):
        start = time.monotonic()
        os.write(file, block)
        os.fdatasync(file)
        measured.append(time.monotonic() - start)
    os.close(file)
    os.unlink(path)
    return median(measured)


def turn_round_seconds(transcript):
    """(CSR to certificate, CSR to the station's next byte). While the key is made and the CSR
    read, the station's longest silence is the one behind the CSR: there it judges, signs and
    stores. The note of the certificate stands where its first byte is about to leave."""
    before, told = transcript.split('\n# certificate ', 1)
    exchange = list(chunks(before[before.index('\n# key '):]))
    certificate = next(seconds for direction, seconds, _ in chunks(told) if direction == '>')
    exchange.append(('>', certificate, ''))
    gaps = [(later[1] - earlier[1], earlier[1]) for earlier, later in zip(exchange, exchange[1:])
            if earlier[0] == '<' and later[0] == '>']
    think, heard = max(gaps)
    return certificate - heard, think


def every_driver():
    """Attempts at once and on a wire, of each driver in turn."""
    with contextlib.ExitStack() as stack:
        benches = [Bench(stack, dialects.Dialect(name)) for name in dialects.all_names()]
        instant, floors, shares = {}, {}, {}
        for bench in benches:
            bench.station.listen()
            bench.run_one()  # everything is warm from here on
        for _ in range(ROUNDS):
            for bench in benches:
                name, baud = bench.dialect.name, bench.baud()
                attempts = [seconds_of(bench.run_one()[1]) for _ in range(3)]
                record, attempt = bench.run_one(baud=baud)
                floor = wire_seconds(record, baud)
                instant.setdefault(name, []).append(median(attempts))
                floors.setdefault(name, []).append(floor)
                shares.setdefault(name, []).append(floor / seconds_of(attempt))
    for name, seconds in instant.items():
        tell(f'attempt-{name}', median(seconds), 's')
        tell(f'wire-{name}', median(floors[name]), 's')
        tell(f'floor-{name}', median(shares[name]), 'ratio')


def one_port():
    with contextlib.ExitStack() as stack:
        bench = Bench(stack, dialects.Dialect('smp'))
        bench.station.listen()
        turns, thoughts, syncs = [], [], []
        bench.run_one()
        for _ in range(ROUNDS):
            attempts = [bench.run_one()[1] for _ in range(5)]
            rounds = [turn_round_seconds(one['transcript']) for one in attempts]
            turns.append(median([turn for turn, _ in rounds]))
            thoughts.append(median([think for _, think in rounds]))
            syncs.append(fdatasync_seconds(bench.station.folder))
    tell('turn-round', median(turns), 's')
    tell('turn-round-silence', median(thoughts), 's')
    tell('fdatasync', median(syncs), 's')
    tell('turn-round-fsyncs', median([turn / sync for turn, sync in zip(turns, syncs)]), 'ratio')


# ---- sixteen ports on a slow wire ----

def wire_seconds(record, baud=115200):
    return (record['bytes-in'] + record['bytes-out']) * 10 / baud


def waves(station, simulator, serials, slots, count, **options):
    """`count` devices in each slot, one after the other, the next one plugged in when the port of
    the one before was closed. (device's record of the simulator, attempt) of each, and the
    seconds of it all. Nothing but the simulator is asked meanwhile, so nothing disturbs."""
    order = {}
    for number in range(slots * count):
        name = SMP.new(simulator, serials.next(), **options)
        order.setdefault(1 + number % slots, []).append(name)
    before = len(station.attempts())
    names = [name for row in order.values() for name in row]
    slot_of = {name: slot for slot, row in order.items() for name in row}
    waiting = {slot: row[1:] for slot, row in order.items()}
    simulator.events.clear()
    start = time.monotonic()
    for slot, row in order.items():
        simulator.plug(row[0], slot)
    for place in range(len(names)):
        closed = simulator.nth_event('closed', place)
        slot = slot_of[closed]
        if waiting[slot]:
            simulator.unplug(closed)
            simulator.plug(waiting[slot].pop(0), slot)
    elapsed = time.monotonic() - start
    attempts = {one.get('device'): one for one in station.wait_ended(before + len(names))[before:]}
    for name in names:
        rig.expect_equal(attempts[name]['result'], 'passed', f'{attempts[name]}')
        if simulator.show(name)['plugged']:
            pull_out(station, simulator, name, slot_of[name])
    return [(simulator.show(name), attempts[name]) for name in names], elapsed


def sixteen_ports():
    with rig.station(slots=16) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        serials = Counter()
        waves(station, simulator, serials, 16, 1, baud=115200)
        shares, shares_with_plugging, syncs = [], [], []
        for _ in range(ROUNDS):
            pairs, elapsed = waves(station, simulator, serials, 16, 6, baud=115200)
            wire = sum(wire_seconds(record) for record, _ in pairs)
            shares.append(wire / sum(seconds_of(attempt) for _, attempt in pairs))
            shares_with_plugging.append(wire / 16 / elapsed)
            syncs.append(fdatasync_seconds(station.folder))
    tell('line-share-16', median(shares), 'ratio')
    tell('line-share-16-plug', median(shares_with_plugging), 'ratio')
    tell('line-share-16-wire', wire / len(pairs), 's')
    tell('line-share-16-fdatasync', median(syncs), 's')


# ---- many slots ----

def devices_a_second(station, simulator, serials, slots, devices):
    """From the first start to the last end of an attempt, without the time between attempts
    where there is only one slot."""
    pairs, _ = waves(station, simulator, serials, slots, devices // slots)
    attempts = [attempt for _, attempt in pairs]
    if slots == 1:
        return len(attempts) / sum(seconds_of(one) for one in attempts)
    span = max(one['ended-at'] for one in attempts) - min(one['started-at'] for one in attempts)
    return len(attempts) / (span / 1e6)


def many_slots():
    with rig.station(slots=64) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        serials = Counter()
        devices_a_second(station, simulator, serials, 64, 64)
        ratios, one, all_of_them = [], [], []
        for _ in range(ROUNDS):
            one.append(devices_a_second(station, simulator, serials, 1, 24))
            all_of_them.append(devices_a_second(station, simulator, serials, 64, 128))
            ratios.append(all_of_them[-1] / one[-1])
    tell('devices-a-second-1', median(one), '1/s')
    tell('devices-a-second-64', median(all_of_them), '1/s')
    tell('slots-64-over-1', median(ratios), 'ratio')


if __name__ == '__main__':
    rig.main({'every-driver': every_driver, 'one-port': one_port, 'sixteen-ports': sixteen_ports, 'many-slots': many_slots})
