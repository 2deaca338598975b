# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal with keycradle-tui in it: the real program, in tmux, read as an operator reads it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

import rig

COUNTER = iter(range(1000))
NEVER_LOCKED = '[screen]\nLockMinutes=0\n'


class Terminal:
    """keycradle-tui on a terminal of its own. `conf` is the text of its screen.conf."""

    def __init__(self, station, columns=80, rows=24, words=(), conf=NEVER_LOCKED, term='tmux-256color',
                 **variables):
        if shutil.which('tmux') is None:
            raise rig.Failure('tmux is not installed: scripts/prepare test installs it')
        self.station = station
        self.number = next(COUNTER)
        self.socket = os.path.join(station.folder, f'tmux-{self.number}')
        self.errors = os.path.join(station.folder, f'tui-{self.number}.log')
        self.screen_conf = os.path.join(station.folder, f'screen-{self.number}.conf')
        with open(self.screen_conf, 'w', encoding='utf-8') as file:
            file.write(conf)
        settings = {'TERM': term, 'LC_ALL': 'C.UTF-8', **variables}
        environment = ' '.join(f"{name}='{value}'" for name, value in settings.items())
        program = rig.program('keycradle-tui')
        command = (f'exec env {environment} {program} --config {station.config} '
                   f'--screen {self.screen_conf} {" ".join(words)} 2>{self.errors}')
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', str(columns), '-y', str(rows),
                  '-s', 's', 'sleep 1000')
        for option in ('status off', 'remain-on-exit on', 'window-size manual'):
            self.tmux('set-option', '-g', *option.split())
        self.tmux('set-option', '-s', 'escape-time', '0')
        self.tmux('resize-window', '-x', str(columns), '-y', str(rows))
        self.tmux('respawn-pane', '-k', command)

    def tmux(self, *words):
        run = subprocess.run(['tmux', '-S', self.socket, *words], capture_output=True, check=False,
                             env=rig.environment(TMUX=''), timeout=rig.PATIENCE)
        if run.returncode != 0:
            raise rig.Failure(f'tmux {" ".join(words)}: {run.stderr.decode(errors="replace")}')
        return run.stdout.decode(errors='replace')

    # ---- what stands there ----

    def text(self):
        return self.tmux('capture-pane', '-p')

    def coloured(self):
        """With escape sequences, for a picture."""
        return self.tmux('capture-pane', '-e', '-N', '-p')

    def wait(self, *patterns, seconds=rig.PATIENCE):
        """Until each of the regular expressions is found somewhere on the screen, in a line or in
        a sentence that goes over several."""
        seen = ['']

        def there():
            seen[0] = self.text()
            flat = ' '.join(re.sub('[║│]', ' ', seen[0]).split())
            return all(re.search(one, seen[0], re.MULTILINE) or re.search(one, flat)
                       for one in patterns)
        try:
            rig.wait_until(there, f'the screen shows {" and ".join(patterns)}', seconds, pause=0.03)
        except rig.Failure as failure:
            raise rig.Failure(f'{failure}; it shows:\n{seen[0]}\n{self.complaints()}') from None
        return seen[0]

    def wait_gone(self, pattern):
        try:
            rig.wait_until(lambda: not re.search(pattern, self.text(), re.MULTILINE),
                           f'{pattern} is gone', pause=0.03)
        except rig.Failure as failure:
            raise rig.Failure(f'{failure}; it shows:\n{self.text()}') from None

    def complaints(self):
        with open(self.errors, encoding='utf-8', errors='replace') as file:
            return file.read()

    # ---- what an operator does ----

    def keys(self, *names):
        """Presses keys by a hand, one after the other: "a", "F3", "Enter", "Escape"."""
        for name in names:
            time.sleep(0.4)  # a hand: slower than any scanner
            self.tmux('send-keys', name)

    def scan(self, code, suffix='Enter'):
        """What a scanner does: all of it at once."""
        self.tmux('send-keys', '-l', code)
        if suffix:
            self.tmux('send-keys', suffix)

    def paste(self, text):
        self.tmux('send-keys', '-l', text)

    def resize(self, columns, rows):
        self.tmux('resize-window', '-x', str(columns), '-y', str(rows))

    # ---- the process ----

    def pid(self):
        return int(self.tmux('display-message', '-p', '#{pane_pid}'))

    def is_dead(self):
        return self.tmux('display-message', '-p', '#{pane_dead}').strip() == '1'

    def end_status(self):
        """Its exit status, '' while there is none. tmux at times never asks for it: then the
        kernel still keeps it."""
        told = self.tmux('display-message', '-p', '#{pane_dead_status}').strip()
        if told or not self.is_dead():
            return told
        with contextlib.suppress(OSError):
            with open(f'/proc/{self.pid()}/stat', encoding='ascii', errors='replace') as file:
                words = file.read().rsplit(')', 1)[1].split()
            if words[0] == 'Z':
                code = int(words[-1])
                return f'signal {code & 127}' if code & 127 else str(code >> 8)
        return ''

    def wait_end(self):
        """Its exit status."""
        return rig.wait_until(self.end_status, 'keycradle-tui has ended', pause=0.03)

    def kill(self):
        os.kill(self.pid(), signal.SIGKILL)
        rig.wait_until(self.is_dead, 'keycradle-tui is dead')

    def judge(self):
        """It lives, and no library complained."""
        bad = [line for line in self.complaints().splitlines() if rig.COMPLAINT.search(line)]
        rig.expect(not bad, f'keycradle-tui: {bad[:5]}')

    def close(self):
        with contextlib.suppress(rig.Failure):
            self.tmux('kill-server')


@contextlib.contextmanager
def terminal(station, **options):
    one = Terminal(station, **options)
    try:
        yield one
        one.judge()
    finally:
        one.close()
