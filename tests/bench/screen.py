# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the operator's screen costs, and how late it is. Lines and rounds as in bench.py.

  screen-hands-64-...     as screen-cpu-64 below, but a unit takes 20 to 30 s, as where hands change units
  screen-cpu-64-SIZE      share of one core that keycradle-tui takes while 64 slots are busy at a
                          line's pace: 115200 baud, a key in 2 to 5 s, the next unit at once
  screen-cpu-64-bare      the same of a client that only hears: `keycradle monitor --json`
  screen-cpu-64-daemon    the same of the daemon that serves all of them
  screen-cpu-64-changes   SlotChanged a second meanwhile
  screen-cpu-64-SIZE-bare the screen's share over the bare client's, of the same seconds
  screen-full-64-...      the same on devices that answer at once: the most that this PC can do
  screen-event-PACE       from what happens to the bytes on the terminal, idle and with 64 busy
                          slots; the median and the worst of all
            -plug         a unit is plugged in, until its serial stands there: the station has
                          found the port, opened it and asked the unit meanwhile
            -signal       the daemon's signal as a bare client reads it, until that serial stands
            -disable      the daemon switches a slot off, until the reason for it stands there
  screen-bytes-tile       bytes to the terminal when one tile of 64 changes, at 200x60
  screen-bytes-all        bytes for all of it
  screen-bytes-share      the one over the other
  screen-memory-SECONDS   growth of the screen's memory in KiB over thousands of changes
"""

import contextlib
import fcntl
import json
import os
import pty
import random
import selectors
import statistics
import struct
import subprocess
import termios
import threading
import time

import bench
import rig

SLOTS = 64
SECONDS = float(os.environ.get('KEYCRADLE_BENCH_SECONDS', '10'))
FAST_PACE = {'baud': 115200, 'latency': 2, 'keygen-ms': (2000, 5000)}
HANDS_PACE = {'baud': 115200, 'latency': 2, 'keygen-ms': (20000, 30000)}
CONTROL_L = b'\x0c'


def cpu_seconds(pid):
    """What all of its threads have used, those that ended too; finer than /proc/PID/stat. The
    clock of a process is named as clock_getcpuclockid(3) does."""
    return time.clock_gettime((~pid << 3) | 2)


# ---- clients that are watched ----

class Watch:
    """Reads what clients write, each with the moment at which it came."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def add(self, client):
        self.selector.register(client.output, selectors.EVENT_READ, client)

    def start(self):
        self.thread.start()

    def _read(self):
        while True:
            for key, _ in self.selector.select():
                try:
                    data = os.read(key.fd, 1 << 16)
                except OSError:
                    data = b''
                if not data:
                    self.selector.unregister(key.fd)
                    continue
                key.data.take(data, time.time())


class Client:
    def __init__(self):
        self.size = 0
        self.chunks = []  # (moment, bytes) since forget()

    def take(self, data, moment):
        self.size += len(data)
        self.chunks.append((moment, data))

    def forget(self):
        self.chunks = []

    def moment_of(self, text):
        """When `text` was there."""
        seen = b''
        for moment, data in list(self.chunks):
            seen += data
            if text in seen:
                return moment
        return None

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def close(self):
        self.process.terminate()
        self.process.wait()


class Screen(Client):
    """keycradle-tui on a bare pseudo terminal."""

    def __init__(self, station, columns, rows):
        super().__init__()
        self.output, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [rig.program('keycradle-tui'), '--config', station.config], stdin=inside,
            stdout=inside, stderr=subprocess.DEVNULL, start_new_session=True,
            env=rig.environment(TERM='xterm-256color'))
        os.close(inside)

    def press(self, key):
        os.write(self.output, key)


class Bare(Client):
    """It hears what the screen hears, and does nothing with it."""

    def __init__(self, station):
        super().__init__()
        self.process = subprocess.Popen(
            [rig.program('keycradle'), '--config', station.config, 'monitor', '--json'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, env=rig.environment())
        self.output = self.process.stdout.fileno()

    def told(self, name, **values):
        """The moments of signals `name` with these values in their record."""
        text = b''.join(data for _, data in self.chunks)
        moments, at = [], 0
        ends = []
        for moment, data in self.chunks:
            at += len(data)
            ends.append((at, moment))
        place = 0
        for line in text.splitlines(keepends=True):
            place += len(line)
            if name.encode() not in line or not line.endswith(b'\n'):
                continue
            record = json.loads(line)
            inside = next(value for key, value in record.items() if key != 'signal')
            if record['signal'] == name and values.items() <= inside.items():
                moments.append(next(moment for end, moment in ends if end >= place))
        return moments


@contextlib.contextmanager
def watched(*clients):
    watch = Watch()
    for client in clients:
        watch.add(client)
    watch.start()
    try:
        yield
    finally:
        for client in clients:
            client.close()


# ---- a line that is always busy ----

class BusyLine:
    """Each slot gets its next unit as soon as the last one's port was closed."""

    def __init__(self, simulator, slots, options):
        self.simulator = simulator
        self.options = options
        self.chance = random.Random(7)
        self.slot_of = {}
        self.made = 0
        self.stopped = False
        self.slots = slots
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _next(self, slot):
        self.made += 1
        name = f'U{self.made:06d}'
        self.slot_of[name] = slot
        options = {key: self.chance.randint(*value) if isinstance(value, tuple) else value
                   for key, value in self.options.items()}
        self.simulator.new(name, driver='smp', key='p-256', serial=name, **options)
        self.simulator.plug(name, slot)

    def _run(self):
        seen = 0
        for slot in self.slots:
            self._next(slot)
            if self.options:  # spread over the longest key, so that units end evenly
                time.sleep(self.options['keygen-ms'][1] / 1000 / len(self.slots))
        while not self.stopped:
            with self.simulator.arrived:
                self.simulator.arrived.wait_for(
                    lambda: self.stopped or len(self.simulator.events) > seen, 0.2)
                fresh = self.simulator.events[seen:]
                seen = len(self.simulator.events)
            for event in fresh:
                if event['event'] == 'closed' and event['device'] in self.slot_of:
                    self.simulator.unplug(event['device'])
                    self._next(self.slot_of.pop(event['device']))

    def close(self):
        self.stopped = True
        self.thread.join()


@contextlib.contextmanager
def busy_line(simulator, slots, options):
    line = BusyLine(simulator, slots, options)
    try:
        yield line
    finally:
        line.close()


# ---- what it costs ----

def shares(processes, seconds):
    before = {name: cpu() for name, cpu in processes.items()}
    start = time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - start
    return {name: (cpu() - before[name]) / elapsed for name, cpu in processes.items()}


def cpu_rounds(name, options):
    with rig.station(slots=SLOTS) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        small, large = Screen(station, 132, 43), Screen(station, 200, 60)
        bare = Bare(station)
        processes = {'132x43': small.cpu_seconds, '200x60': large.cpu_seconds,
                     'bare': bare.cpu_seconds,
                     'daemon': lambda: cpu_seconds(station.daemon.pid)}
        rounds, changes = [], []
        with watched(small, large, bare), \
                busy_line(simulator, range(1, SLOTS + 1), options) as line:
            rig.wait_until(lambda: line.made >= SLOTS + 16, 'all slots are busy')
            for _ in range(bench.ROUNDS):
                for client in (small, large, bare):
                    client.forget()
                made = line.made
                rounds.append(shares(processes, SECONDS))
                changes.append(len(bare.told('SlotChanged')) / SECONDS)
                units = (line.made - made) / SECONDS
    for part in processes:
        bench.tell(f'{name}-{part}', bench.median([one[part] for one in rounds]), 'cores')
    bench.tell(f'{name}-changes', bench.median(changes), '1/s')
    bench.tell(f'{name}-units', units, '1/s')
    for part in ('132x43', '200x60'):
        bench.tell(f'{name}-{part}-bare',
                   bench.median([one[part] / one['bare'] for one in rounds]), 'ratio')


def cpu():
    cpu_rounds('screen-cpu-64', FAST_PACE)


def hands():
    cpu_rounds('screen-hands-64', HANDS_PACE)


def full():
    cpu_rounds('screen-full-64', {})


# ---- how late it is ----

def tell_delays(name, seconds):
    bench.tell(f'{name}-median', statistics.median(seconds), 's')
    bench.tell(f'{name}-worst', max(seconds), 's')


def plug_delays(station, simulator, screen, bare, serial):
    """(from the plug, from the signal) until the serial is on the terminal."""
    simulator.new(serial, driver='smp', key='p-256', serial=serial)
    screen.forget()
    bare.forget()
    start = time.time()
    simulator.plug(serial, SLOTS)
    shown = rig.wait_until(lambda: screen.moment_of(serial.encode()), f'{serial} is shown')
    told = rig.wait_until(lambda: bare.told('SlotChanged', slot=SLOTS, device=serial),
                          f'{serial} is told')[0]
    rig.wait_until(lambda: bare.told('SlotChanged', slot=SLOTS, state='pass'), 'it has passed')
    simulator.unplug(serial)
    rig.wait_until(lambda: bare.told('SlotChanged', slot=SLOTS, state='empty'), 'it is out')
    return shown - start, shown - told


def disable_delay(station, screen, reason):
    """From the station's record of it."""
    screen.forget()
    station.cli('slot', 'disable', str(SLOTS), '--reason', reason)
    shown = rig.wait_until(lambda: screen.moment_of(reason.encode()), f'{reason} is shown')
    event = next(event for event in station.json('event', 'list')
                 if event['kind'] == 'slot-disable')
    station.cli('slot', 'enable', str(SLOTS))
    time.sleep(0.3)
    return shown - event['at'] / 1e6


def unlike(number):
    """Words of which no two that follow each other have a letter in common at a place, so that
    all of it must be written."""
    return ''.join(chr(ord('A') + (number * 7 + place * 5) % 26) for place in range(8))


def event_rounds(name, station, simulator, first):
    screen, bare = Screen(station, 200, 60), Bare(station)
    plugs, signals, disables = [], [], []
    with watched(screen, bare):
        rig.wait_until(lambda: screen.moment_of(b'SCAN'), 'the screen is there')
        time.sleep(1)
        for turn in range(bench.ROUNDS * 4):
            plug, signal = plug_delays(station, simulator, screen, bare,
                                       unlike(turn) + str(first + turn))
            plugs.append(plug)
            signals.append(signal)
            disables.append(disable_delay(station, screen, unlike(turn)))
    tell_delays(f'{name}-plug', plugs)
    tell_delays(f'{name}-signal', signals)
    tell_delays(f'{name}-disable', disables)


def event():
    with rig.station(slots=SLOTS) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        event_rounds('screen-event-idle', station, simulator, 100)
        with busy_line(simulator, range(1, SLOTS), FAST_PACE):
            time.sleep(8)
            event_rounds('screen-event-64', station, simulator, 200)


# ---- how much it writes ----

def bytes_until_quiet(screen, act):
    """The clock goes on, so a second without much is quiet."""
    before = screen.size
    act()
    time.sleep(0.5)
    return screen.size - before


def written():
    tiles, wholes, clocks = [], [], []
    with rig.station(slots=SLOTS) as station:
        station.start_batch()
        screen = Screen(station, 200, 60)
        with watched(screen):
            rig.wait_until(lambda: screen.moment_of(b'SCAN'), 'the screen is there')
            time.sleep(1)
            for turn in range(bench.ROUNDS):
                def switch_off(turn=turn):
                    station.cli('slot', 'disable', str(10 + turn), '--reason', unlike(turn))
                tiles.append(bytes_until_quiet(screen, switch_off))
                station.cli('slot', 'enable', str(10 + turn))
                wholes.append(bytes_until_quiet(screen, lambda: screen.press(CONTROL_L)))
                before = screen.size
                time.sleep(2)
                clocks.append((screen.size - before) / 2)
    bench.tell('screen-bytes-tile', bench.median(tiles), 'bytes')
    bench.tell('screen-bytes-all', bench.median(wholes), 'bytes')
    bench.tell('screen-bytes-share',
               bench.median([tile / whole for tile, whole in zip(tiles, wholes)]), 'ratio')
    bench.tell('screen-bytes-second', bench.median(clocks), 'bytes')


# ---- what it keeps ----

def memory():
    """An hour of a slow line in a minute or so: thousands of units at full pace."""
    with rig.station(slots=SLOTS) as station:
        simulator = station.simulator(keeps=False)
        station.start_batch()
        screen, bare = Screen(station, 132, 43), Bare(station)
        sizes = []
        with watched(screen, bare), busy_line(simulator, range(1, SLOTS + 1), {}) as line:
            for quarter in range(5):
                rig.wait_until(lambda quarter=quarter: line.made >= 600 * (quarter + 1),
                               'units were made', 300)
                sizes.append(rig.status_field(screen.process.pid, 'VmRSS'))
                screen.forget()
                bare.forget()
    bench.tell('screen-memory-start', sizes[0], 'KiB')
    bench.tell('screen-memory-growth', sizes[-1] - sizes[1], 'KiB')
    bench.tell('screen-memory-units', line.made, 'units')


if __name__ == '__main__':
    rig.main({'screen-cpu': cpu, 'screen-hands': hands, 'screen-full': full, 'screen-event': event,
              'screen-bytes': written, 'screen-memory': memory})
