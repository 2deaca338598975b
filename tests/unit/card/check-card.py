#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-card.py KEYCRADLE KEYCRADLE_CARD: zbarimg, as a scanner would, reads every code back from
the pages and from the bars of the text, and finds exactly the codes of the list."""

import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile

KEYCRADLE, CARD = sys.argv[1:]
FOLDER = tempfile.mkdtemp(prefix="keycradle-card-")
SKIPPED = 77
PAGE = (1654, 2339)


def path(name):
    return os.path.join(FOLDER, name)


def run(*words, code=0):
    """What `keycradle card` prints."""
    environment = {**os.environ, "KEYCRADLE_LIBEXEC": os.path.dirname(CARD), "LC_ALL": "C.UTF-8",
                   "KEYCRADLE_SOCKET": path("none.sock")}
    done = subprocess.run([KEYCRADLE, "card", *words], capture_output=True, text=True, check=False,
                          env=environment)
    assert done.returncode == code, f"{words} ends with {done.returncode}: {done.stderr}"
    return done.stdout if code == 0 else done.stderr


def codes_of(slots):
    return sorted(line.split()[0] for line in run("--ascii", "--slots", str(slots)).splitlines())


def scan(*images):
    """What a scanner reads, image by image."""
    done = subprocess.run(["zbarimg", "--nodbus", "--quiet", "-Sdisable", "-Scode128.enable",
                           *images], capture_output=True, text=True, check=False)
    return [line.split(":", 1)[1] for line in done.stdout.split()]


def check_header(image):
    """The size of A4 at 200 dpi, said in the file too, so that it prints at its real size."""
    with open(image, "rb") as file:
        start = file.read(100)
    assert struct.unpack(">II", start[16:24]) == PAGE, image
    at = start.index(b"pHYs") + 4
    assert struct.unpack(">IIB", start[at:at + 9]) == (7874, 7874, 1), image


def pages_are_read_back():
    for slots in (0, 4, 128):
        pages = run("--slots", str(slots), "--output", path(f"card{slots}.png")).split()
        assert len(pages) > 1 and pages[0].endswith(f"card{slots}-1.png"), pages
        for page in pages:
            check_header(page)
        found = sorted(code for page in pages for code in scan(page))
        assert found == codes_of(slots), set(found) ^ set(codes_of(slots))


def bars_of(text):
    """Rows of pixels for each code: what a printer makes of the half blocks."""
    ink = {" ": (0, 0), "▌": (1, 0), "▐": (0, 1), "█": (1, 1)}
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if not re.fullmatch("[ ▌▐█]*[▌▐█][ ▌▐█]*", line):
            continue
        yield [half for cell in line for half in ink[cell]], lines[at + 1]


def write_image(name, pixels, rows):
    """One line of text, 4 pixels a half block and 24 high, with white paper around it."""
    row = bytes(255 if not half else 0 for half in pixels for _ in range(4))
    blank = b"\xff" * len(row)
    with open(name, "wb") as file:
        file.write(b"P5 %d %d 255\n" % (len(row), 8 + 24 * rows + 8))
        file.write(blank * 8 + row * 24 * rows + blank * 8)


def text_is_read_back():
    run("--slots", "128", "--output", path("card.txt"))
    with open(path("card.txt"), encoding="utf-8") as file:
        bars = list(bars_of(file.read()))
    codes = codes_of(128)
    assert len(bars) == 3 * len(codes), "each code has three lines"
    assert max(len(pixels) for pixels, _ in bars) <= 160, "80 columns"
    images, written = [], []
    for first, second, third in zip(bars[::3], bars[1::3], bars[2::3]):
        assert first[0] == second[0] == third[0]
        images.append(path(f"bars-{len(images)}.pgm"))
        write_image(images[-1], first[0], 3)
        written.append(third[1].strip())  # the letters below the bars
    assert scan(*images) == written and sorted(written) == codes


def a_terminal_gets_dark_bars_on_light():
    master, slave = pty.openpty()
    done = subprocess.Popen([CARD, "--slots", "1"], stdout=slave)
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65536):
            shown += chunk
    except OSError:  # how the end of a terminal shows
        pass
    assert done.wait() == 0
    assert "\033[30;47m     █▐".encode() in shown


def what_cannot_be_done_is_said():
    assert ".png" in run("--output", path("card.pdf"), code=2)
    assert "128" in run("--slots", "129", code=2)
    assert "'xx'" in run("--language", "xx", code=2)
    assert ".txt" in run("--ascii", "--output", path("card.png"), code=2)
    assert "none" in run("--output", path("none/card.txt"), code=1)
    assert "none" in run("--output", path("none/card.png"), code=1)
    assert os.listdir(FOLDER).count("card.png") == 0


def without_the_program_it_says_how_to_get_it():
    environment = {**os.environ, "KEYCRADLE_LIBEXEC": path("."), "PATH": "/nowhere"}
    done = subprocess.run([KEYCRADLE, "card"], capture_output=True, text=True, check=False,
                          env=environment)
    if done.returncode == 0:
        return  # an installed one was found
    assert done.returncode == 1 and "built without" in done.stderr, done.stderr


def without_any_font_it_says_so():
    with open(path("fonts.conf"), "w", encoding="utf-8") as file:
        file.write(f"<fontconfig><cachedir>{FOLDER}/cache</cachedir></fontconfig>")
    done = subprocess.run([CARD, "--output", path("card.png")], capture_output=True, text=True,
                          check=False, env={**os.environ, "FONTCONFIG_FILE": path("fonts.conf")})
    assert done.returncode == 1 and "No font" in done.stderr, done.stderr
    assert not os.path.exists(path("card-1.png"))


def main():
    if shutil.which("zbarimg") is None:
        print("zbarimg is missing: scripts/prepare test")
        return SKIPPED
    try:
        for check in (pages_are_read_back, text_is_read_back, a_terminal_gets_dark_bars_on_light,
                      what_cannot_be_done_is_said, without_any_font_it_says_so,
                      without_the_program_it_says_how_to_get_it):
            check()
            print("ok", check.__name__)
    finally:
        shutil.rmtree(FOLDER)
    return 0


sys.exit(main())
