# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rig: the installed programs, driven only through ports, socket and command line.

A test is a function whose name is a sentence. It gets a folder of its own below the
temporary folder, so tests run side by side. Nothing here waits for a fixed time: each
wait is for a condition, with a generous bound after which the test fails and says what
it waited for.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 60.0  # seconds; only a broken program uses them up
SANITIZED = 'ASAN_OPTIONS' in os.environ  # tests/no-reports: nothing can be told of memory there
COMPLAINT = re.compile(r"(GLib|GObject|GIO|Json)[\w-]*-(CRITICAL|WARNING)|assertion '|"
                       r"runtime error:|Sanitizer")
PREFIX = os.environ.get('KEYCRADLE_TEST_PREFIX', '')


class Failure(Exception):
    """What was expected, and what was there."""


def expect(condition, words):
    if not condition:
        raise Failure(words)


def expect_equal(found, expected, words):
    if found != expected:
        raise Failure(f'{words}: expected {expected!r}, found {found!r}')


def wait_until(condition, words, seconds=PATIENCE, pause=0.01):
    """The first true value of `condition()`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f'waited {seconds:.0f} s in vain: {words}')
        time.sleep(pause)


def program(name):
    """The installed program `name`."""
    for folder in ('bin', 'sbin', 'libexec', 'libexec/keycradle', 'lib/keycradle'):
        path = os.path.join(PREFIX, folder, name)
        if os.access(path, os.X_OK):
            return path
    raise Failure(f'{name} is not installed below {PREFIX or "KEYCRADLE_TEST_PREFIX"}: '
                  'run `meson install` first')


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith('KEYCRADLE_') and name not in ('NOTIFY_SOCKET', 'LISTEN_FDS')}
    kept.update(LC_ALL='C.UTF-8', PATH=os.path.join(PREFIX, 'bin') + ':' + kept.get('PATH', ''))
    # the tests of meson fill freed memory with rubbish, which is for unit tests
    kept.pop('MALLOC_PERTURB_', None)
    kept.update(more)
    return kept


def simulator_says(word):
    """The lines of a list that keycradle-sim knows, up to the first empty one."""
    run = subprocess.run([program('keycradle-sim'), word], capture_output=True, text=True, check=True,
                         env=environment())
    return run.stdout.split('\n\n')[0].splitlines()


def command_line(pid):
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return file.read().decode(errors='replace').split('\0')
    except OSError:
        return []


def status_field(pid, field):
    """A number of /proc/PID/status: VmRSS and VmHWM are KiB."""
    with open(f'/proc/{pid}/status', encoding='ascii', errors='replace') as file:
        for line in file:
            if line.startswith(field + ':'):
                return int(line.split()[1])
    raise Failure(f'/proc/{pid}/status has no {field}')


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
            return file.read().rsplit(')', 1)[1].split()[0] not in ('Z', 'X')
    except OSError:
        return False


class Simulator:
    """keycradle-sim control: devices on pseudo terminals, moved by lines of text."""

    def __init__(self, station, keeps):
        self.station = station
        self.state = os.path.join(station.folder, 'devices')
        state = ['--state', self.state] if keeps else []
        self.log = open(os.path.join(station.folder, 'simulator.log'), 'ab')
        self.process = subprocess.Popen(
            [program('keycradle-sim'), 'control', '--ports', station.ports, *state],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment(),
            start_new_session=True)
        self.answers = []
        self.events = []
        self.arrived = threading.Condition()
        self.calls = threading.Lock()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            record = json.loads(line)
            with self.arrived:
                (self.events if 'event' in record else self.answers).append(record)
                self.arrived.notify_all()
        with self.arrived:
            self.answers.append(None)
            self.arrived.notify_all()

    def tell(self, line, must=True):
        """Sends one line, returns its answer."""
        with self.calls:
            self.process.stdin.write(line.encode() + b'\n')
            self.process.stdin.flush()
            with self.arrived:
                if not self.arrived.wait_for(lambda: self.answers, PATIENCE):
                    raise Failure(f'the simulator does not answer: {line}')
                answer = self.answers.pop(0)
        if answer is None:
            raise Failure(f'the simulator ended at: {line}')
        if must and 'error' in answer:
            raise Failure(f'the simulator refuses: {line}: {answer}')
        return answer

    def new(self, name, **options):
        words = ' '.join(f'{key}={value}' for key, value in options.items())
        return self.tell(f'new {name} {words}')

    def plug(self, name, slot):
        return self.tell(f'plug {name} {slot}')

    def unplug(self, name):
        return self.tell(f'unplug {name}')

    def show(self, name):
        return self.tell(f'show {name}')

    def nth_event(self, kind, place):
        """The device of the event number `place` (from 0) of that kind."""
        def found():
            kept = [event['device'] for event in self.events if event['event'] == kind]
            return kept[place] if len(kept) > place else None
        with self.arrived:
            device = self.arrived.wait_for(found, PATIENCE)
        expect(device, f'{place + 1} devices were not {kind} in {PATIENCE:.0f} s')
        return device

    def item(self, serial, name):
        """What the device keeps under `name`, or None."""
        try:
            with open(os.path.join(self.state, f'{serial}.{name}'), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return None

    def certificate(self, serial):
        """The DER that the device holds, or None."""
        return self.item(serial, 'cert.der')

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


class Monitor:
    """keycradle monitor --json: the slots as the daemon's signals tell them. Cheaper than asking
    again and again, where the asking would disturb what is measured."""

    def __init__(self, station):
        self.slots = {}
        self.process = subprocess.Popen(
            [program('keycradle'), '--config', station.config, 'monitor', '--json'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment(), start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        wait_until(lambda: len(self.slots) == station.slots, 'the monitor knows every slot')

    def _read(self):
        for line in self.process.stdout:
            record = json.loads(line)
            if record['signal'] == 'SlotChanged':
                self.slots[record['slot']['slot']] = record['slot']

    def close(self):
        self.process.terminate()
        self.process.wait()


class Station:
    """A demo station in a folder of its own: its configuration, daemon, signer and simulator."""

    def __init__(self, slots=1, acknowledge=False):
        self.folder = tempfile.mkdtemp(prefix='keycradle-')
        os.chmod(self.folder, 0o755)  # another user must get as far as the socket
        self.config = os.path.join(self.folder, 'station', 'keycradle.conf')
        self.signer_config = os.path.join(self.folder, 'station', 'signer.conf')
        self.ports = os.path.join(self.folder, 'station', 'ports')
        self.log_path = os.path.join(self.folder, 'keycradled.log')
        self.slots = slots
        self.daemon = None
        self.simulators = []
        self.monitor = None
        self.cli('init', '--demo', os.path.dirname(self.config), '--slots', str(slots),
                 *(['--acknowledge'] if acknowledge else []), plain=True)

    # ---- configuration ----

    def edit(self, path, pattern, replacement):
        """Replaces the first match in a file; there must be one."""
        with open(path, encoding='utf-8') as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
        expect_equal(count, 1, f'{pattern} in {path}')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(changed)

    def set_attempt_seconds(self, seconds):
        with open(self.config, encoding='utf-8') as file:
            text = file.read()
        text = re.sub(r'^#?\s*AttemptSeconds=.*\n', '', text, flags=re.MULTILINE)
        text = text.replace('[station]\n', f'[station]\nAttemptSeconds={seconds}\n', 1)
        with open(self.config, 'w', encoding='utf-8') as file:
            file.write(text)

    def profile_path(self, name='aws-iot'):
        for folder, _, files in os.walk(os.path.dirname(self.config)):
            if name + '.profile' in files:
                return os.path.join(folder, name + '.profile')
        raise Failure(f'there is no {name}.profile')

    # ---- processes ----

    def start(self, wait=True):
        with open(self.log_path, 'ab') as log:
            self.daemon = subprocess.Popen([program('keycradled'), '--config', self.config],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env=environment(), start_new_session=True)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def answers():
            if self.daemon.poll() is not None:
                raise Failure(f'keycradled ended with {self.daemon.returncode}')
            return self.cli('status', plain=True, exit_code=None).returncode == 0
        wait_until(answers, 'keycradled answers')

    def stop(self, seconds=PATIENCE):
        """The clean stop: SIGTERM, and the exit code 0."""
        self.daemon.terminate()
        try:
            code = self.daemon.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f'keycradled has not ended {seconds} s after SIGTERM') from None
        expect_equal(code, 0, 'exit code of keycradled after SIGTERM')

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def signer_pid(self):
        """The signer of this station, or None while there is none."""
        for entry in os.listdir('/proc'):
            if not entry.isdigit():
                continue
            words = command_line(entry)
            if words and os.path.basename(words[0]) == 'keycradle-signer' \
                    and any(self.folder in word for word in words) and is_alive(entry):
                return int(entry)
        return None

    def kill_signer(self):
        pid = self.signer_pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return pid

    def simulator(self, keeps=True):
        """With keeps=False devices have no files, so that their writing costs nobody time."""
        simulator = Simulator(self, keeps)
        self.simulators.append(simulator)
        return simulator

    # ---- the command line ----

    def cli(self, *words, exit_code=0, plain=False, **more):
        """Runs keycradle; with exit_code None any end will do."""
        where = [] if plain and words[0] == 'init' else ['--config', self.config]
        run = subprocess.run([program('keycradle'), *where, *words], capture_output=True,
                             env=environment(), timeout=PATIENCE, check=False,
                             stdin=subprocess.DEVNULL, **more)
        run.stdout = run.stdout.decode(errors='replace')
        run.stderr = run.stderr.decode(errors='replace')
        if exit_code is not None and run.returncode != exit_code:
            raise Failure(f'keycradle {" ".join(words)} ended with {run.returncode}, not '
                          f'{exit_code}:\n{run.stdout}{run.stderr}')
        return run

    def json(self, *words, exit_code=0):
        run = self.cli(*words, '--json', exit_code=exit_code)
        try:
            return json.loads(run.stdout)
        except ValueError as error:
            raise Failure(f'keycradle {" ".join(words)} --json: {error}: {run.stdout!r}') from None

    def start_batch(self, name='B1', profile='aws-iot', **options):
        words = []
        for key, value in options.items():
            words += ['--' + key.replace('_', '-'), str(value)]
        self.cli('batch', 'create', name, '--product', 'lamp', '--profile', profile, *words)
        self.cli('batch', 'start', name)

    def listen(self):
        """From here on slots are known by signals, until the daemon ends."""
        self.monitor = Monitor(self)

    def slot_list(self):
        if self.monitor is not None:
            return dict(self.monitor.slots)
        return {record['slot']: record for record in self.json('slot', 'list')}

    def slot(self, number):
        return self.slot_list()[number]

    def wait_slot(self, number, *states, seconds=PATIENCE):
        seen = {}

        def reached():
            seen.update(self.slot(number))
            return seen if seen['state'] in states else None
        try:
            return wait_until(reached, f'slot {number} is {" or ".join(states)}', seconds,
                              pause=0.001 if self.monitor else 0.01)
        except Failure as failure:
            raise Failure(f'{failure}; it is {seen}') from None

    def attempts(self, device=None):
        """All attempts, oldest first."""
        words = ['--device', device] if device else []
        return list(reversed(self.json('attempt', 'list', '--limit', '0', *words)))

    def attempt(self, number):
        return self.json('attempt', 'show', str(number))

    def wait_ended(self, count, seconds=PATIENCE):
        """The attempts, oldest first, once `count` of them have ended."""
        def ended():
            attempts = self.attempts()
            return attempts if sum(one['result'] != 'running' for one in attempts) >= count \
                else None
        return wait_until(ended, f'{count} attempts have ended', seconds)

    def certificates(self):
        return self.json('cert', 'list', '--limit', '0')

    def run_device(self, simulator, name, slot, *states):
        """Plugs a device in and returns its slot's record when the attempt has ended."""
        before = len(self.attempts())
        simulator.plug(name, slot)
        self.wait_ended(before + 1)
        return self.wait_slot(slot, *(states or ('pass', 'fail')))

    # ---- the end ----

    def judge_logs(self):
        """No library complained, and no sanitizer, where the programs were built with one."""
        for name in ('keycradled.log', 'simulator.log'):
            path = os.path.join(self.folder, name)
            if not os.path.exists(path):
                continue
            with open(path, encoding='utf-8', errors='replace') as file:
                bad = [line for line in file if COMPLAINT.search(line)]
            expect(not bad, f'{name}: {"".join(bad[:5])}')

    def close(self):
        if self.monitor is not None:
            self.monitor.close()
        for simulator in self.simulators:
            simulator.close()
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        self.kill_signer()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell_story(self):
        """What a reader of a failed test wants to see."""
        for name in ('keycradled.log', 'simulator.log'):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding='utf-8', errors='replace') as file:
                    tail = file.read()[-6000:]
                print(f'---- the end of {name}:\n{tail}', file=sys.stderr)


@contextlib.contextmanager
def station(slots=1, start=True, acknowledge=False):
    """A station that goes away with everything it started. With acknowledge=True a FAIL stays until
    the test acknowledges it; else the next device is enough."""
    one = Station(slots, acknowledge)
    try:
        if start:
            one.start()
        yield one
        one.judge_logs()
    except BaseException:
        one.tell_story()
        raise
    finally:
        one.close()


def main(tests):
    """Runs the test that is named on the command line."""
    name = sys.argv[1] if len(sys.argv) > 1 else ''
    if name not in tests:
        print(f'usage: {sys.argv[0]} TEST, one of:', *tests, sep='\n  ', file=sys.stderr)
        sys.exit(2)
    try:
        tests[name]()
    except Failure as failure:
        print(f'FAILED: {failure}', file=sys.stderr)
        sys.exit(1)
