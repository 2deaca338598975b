#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-terminal.py KEYCRADLE-TUI: the whole program on a terminal of its own, without a daemon:
what it sends, that it fits, and that it always gives the terminal back."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = sys.argv[1]
ALONE = "Leave units in"


class Screen:
    """The program on a new terminal."""

    def __init__(self, *options, rows=24, columns=80, **environment):
        self.folder = tempfile.TemporaryDirectory()
        self.save = os.path.join(self.folder.name, "screen")
        self.master, slave = pty.openpty()
        self.slave = slave
        self.resize(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.sent = b""
        known = {"TERM": "xterm", "LANG": "C.UTF-8", "PATH": os.environ["PATH"],
                 "HOME": self.folder.name, "KEYCRADLE_TUI_SAVE": self.save,
                 "KEYCRADLE_SCREEN": self.write_conf(""), **environment}
        self.process = subprocess.Popen(
            [PROGRAM, "--socket", os.path.join(self.folder.name, "none"), *options],
            stdin=slave, stdout=slave, stderr=subprocess.PIPE, env=known, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def write_conf(self, text):
        path = os.path.join(self.folder.name, "screen.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """What the program sends, for so long."""
        end = time.monotonic() + seconds
        read = b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    read += os.read(self.master, 65536)
                except OSError:
                    break
        self.sent += read
        return read

    def shown(self):
        try:
            with open(self.save, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait(self, condition, what):
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, f"never came: {what}\n{self.shown()}"
            assert self.process.poll() is None, (what, self.process.stderr.read())
            self.read(0.02)

    def wait_for(self, pattern):
        self.wait(lambda: re.search(pattern, self.shown()), pattern)

    def type(self, text):
        os.write(self.master, text)

    def end(self):
        """Its exit status; the terminal must be as it was."""
        for _ in range(1000):
            if self.process.poll() is not None:
                break
            self.read(0.02)
        assert self.process.poll() is not None, "it does not end"
        self.read(0.05)
        assert termios.tcgetattr(self.slave) == self.before, "the terminal's modes are not back"
        os.close(self.master)
        os.close(self.slave)
        self.process.stderr.close()
        self.folder.cleanup()
        return self.process.returncode


def check_it_leaves_the_terminal_as_it_was():
    for leave in (lambda screen: screen.type(b"q"), lambda screen: screen.type(b"\x03"),
                  lambda screen: screen.process.send_signal(signal.SIGTERM),
                  lambda screen: screen.process.send_signal(signal.SIGHUP)):
        screen = Screen()
        screen.wait_for(ALONE)
        leave(screen)
        assert screen.end() == 0
        assert b"\x1b[?1049l" in screen.sent


def check_a_crash_gives_the_terminal_back():
    for number in (signal.SIGSEGV, signal.SIGABRT):
        screen = Screen()
        screen.wait_for(ALONE)
        screen.process.send_signal(number)
        assert screen.end() == -number
        assert b"\x1b[?1049l" in screen.sent


def check_a_terminal_that_goes_ends_it():
    screen = Screen()
    screen.wait_for(ALONE)
    os.close(screen.slave)
    os.close(screen.master)
    assert screen.process.wait(10) == 0
    screen.process.stderr.close()
    screen.folder.cleanup()


def check_it_fits_every_size_at_once():
    screen = Screen()
    screen.wait_for(ALONE)
    for rows, columns in ((43, 132), (12, 40), (1, 1), (5, 300), (24, 80)):
        screen.resize(rows, columns)
        screen.wait(lambda: len(screen.shown().splitlines()) == rows, f"{rows} rows")
        assert max(map(len, screen.shown().splitlines())) <= columns
    screen.wait_for(ALONE)
    screen.type(b"q")
    assert screen.end() == 0


def check_function_keys_and_their_twins():
    for terminal, keys in (("xterm", b"\x1bOR"), ("xterm", b"\x1b3"), ("linux", b"\x1b[[C"),
                           ("vt100", b"\x1b"), ("vt220", b"\x1b")):
        screen = Screen(TERM=terminal)
        screen.wait_for(ALONE)
        before = screen.shown().splitlines()[-1]
        screen.type(keys)
        if keys == b"\x1b":
            screen.read(0.2)  # a hand is slower
            screen.type(b"3")
        screen.wait(lambda: "S Start" in screen.shown().splitlines()[-1], f"F3 on {terminal}")
        assert "S Start" not in before
        screen.type(b"q")
        assert screen.end() == 0


def check_no_colour_means_none():
    colour = re.compile(rb"\x1b\[(?:\d+;)*[34][0-7][;m]")
    for options, environment, coloured in (((), {}, True), (("--no-colour",), {}, False),
                                           ((), {"NO_COLOR": "1"}, False),
                                           ((), {"TERM": "vt100"}, False)):
        screen = Screen(*options, **environment)
        screen.wait_for(ALONE)
        screen.read(0.2)
        screen.type(b"q")
        assert screen.end() == 0
        assert bool(colour.search(screen.sent)) == coloured, (options, environment)


def check_ascii_is_ascii():
    for options, environment, ascii_only in (((), {}, False), (("--ascii",), {}, True),
                                             ((), {"LANG": "C"}, True),
                                             (("--language", "zh_CN"), {"LANG": "C"}, True)):
        screen = Screen(*options, **environment)
        screen.wait_for(ALONE)
        screen.read(0.2)
        assert screen.shown().isascii() == ascii_only, (options, environment)
        assert all(byte < 0x80 for byte in screen.sent) == ascii_only
        screen.type(b"q")
        assert screen.end() == 0


def check_a_terminal_without_chinese_says_so():
    says = "This terminal can't show Chinese"
    for environment, is_shown in (({"TERM": "linux"}, False), ({"LANG": "C"}, False),
                                  ({"TERM": "xterm"}, True)):
        screen = Screen("--language", "zh_CN", **environment)
        screen.wait(lambda: screen.shown(), "anything")
        screen.read(0.3)
        assert (says in screen.shown()) != is_shown, (environment, screen.shown())
        screen.type(b"q")
        assert screen.end() == 0


def check_an_idle_screen_sends_little():
    screen = Screen()
    screen.wait_for(ALONE)
    screen.read(1.5)
    sent = screen.read(3)
    assert 0 < len(sent) < 300, f"{len(sent)} bytes in 3 s"
    screen.type(b"q")
    assert screen.end() == 0


def check_redraw_sends_all_again():
    screen = Screen()
    screen.wait_for(ALONE)
    screen.read(0.5)
    screen.type(b"\x0c")
    assert ALONE.encode() in screen.read(0.5)
    screen.type(b"q")
    assert screen.end() == 0


def refusal(*options, terminal=True, **environment):
    """What it says where it does not start."""
    master, slave = pty.openpty()
    done = subprocess.run([PROGRAM, *options], stdin=slave if terminal else subprocess.DEVNULL,
                          stdout=slave if terminal else subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=20, check=False,
                          env={"PATH": os.environ["PATH"], **environment})
    os.close(master)
    os.close(slave)
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def check_an_unsuitable_terminal_is_one_sentence():
    assert "needs a terminal" in refusal(terminal=False, TERM="xterm")
    assert "TERM is not set" in refusal()
    assert "'dumb'" in refusal(TERM="dumb")
    assert "'no-such-thing'" in refusal(TERM="no-such-thing")


def check_wrong_options_are_one_sentence():
    assert "not 'attic'" in refusal("--view", "attic", TERM="xterm")
    assert "not 'fr'" in refusal("--language", "fr", TERM="xterm")
    assert "options only" in refusal("x", TERM="xterm")
    assert "/nowhere" in refusal("--screen", "/nowhere", TERM="xterm")


for name, check in list(globals().items()):
    if name.startswith("check_"):
        print(name, flush=True)
        check()
