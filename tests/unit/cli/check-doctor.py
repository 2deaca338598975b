#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-doctor.py KEYCRADLE KEYCRADLED: the doctor finds what was broken on purpose, without a daemon."""

import json
import os
import pty
import socket
import subprocess
import sys
import tempfile

KEYCRADLE, KEYCRADLED = map(os.path.abspath, sys.argv[1:])
ENVIRONMENT = dict(os.environ, KEYCRADLE_LIBEXEC=os.path.dirname(KEYCRADLED))


def expect(truth, words):
    if not truth:
        sys.exit(words)


def write(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)


def examine(config):
    """The findings by check, and the exit code; the plain form must say the same."""
    words = [KEYCRADLE, "doctor", "--config", config]
    done = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False,
                          env=ENVIRONMENT)
    findings = json.loads(done.stdout)
    plain = subprocess.run(words, capture_output=True, text=True, check=False,
                           env=ENVIRONMENT).stdout
    worst = any(finding["level"] == "FAIL" for finding in findings)
    expect(done.returncode == (1 if worst else 0), f"exit code {done.returncode}: {findings}")
    for finding in findings:
        expect(f"{finding['level']:4}  " in plain and finding["text"], f"{finding} in {plain}")
        expect(finding["level"] == "OK" or finding["check"] in ("daemon", "config", "signer")
               or finding.get("type"), f"nothing to type: {finding}")
    return {name: [f for f in findings if f["check"] == name]
            for name in {f["check"] for f in findings}}


def a_missing_configuration_is_named(folder):
    found = examine(folder + "/none.conf")
    expect(found["config"][0]["level"] == "FAIL" and "init" in found["config"][0]["type"],
           f"no configuration: {found['config']}")
    expect(found["daemon"][0]["level"] == "FAIL", f"no daemon: {found['daemon']}")


def a_mistake_is_named_by_line(folder):
    write(f"[station]\nName=x\nColour=blue\nStateFolder={folder}\n", folder, "bad.conf")
    found = examine(folder + "/bad.conf")
    expect(f"{folder}/bad.conf:3" in found["config"][0]["text"], f"line 3: {found['config']}")


def a_sound_station_has_no_fault_but_the_missing_daemon(folder):
    os.mkdir(folder + "/profiles")
    write(f"[station]\nName=x\nStateFolder={folder}\nProfileFolder={folder}/profiles\n"
          f"Socket={folder}/station.sock\n[slot 1]\nPort={folder}/slot1\n", folder, "good.conf")
    found = examine(folder + "/good.conf")
    expect(found["profiles"][0]["level"] == "FAIL", f"no profile: {found['profiles']}")
    write("", folder, "profiles", "a.profile")
    found = examine(folder + "/good.conf")
    fails = [name for name, all in found.items() if any(f["level"] == "FAIL" for f in all)]
    expect(fails == ["daemon"], f"only the daemon is away: {found}")


def whoever_holds_a_port_is_named(folder):
    ours, theirs = pty.openpty()
    os.symlink(os.ttyname(theirs), folder + "/slot1")
    with subprocess.Popen(["sleep", "60"], stdin=theirs) as holder:
        os.close(theirs)
        found = examine(folder + "/good.conf")["slot-port"][0]
        holder.kill()
    os.close(ours)
    expect(found["level"] == "FAIL" and "sleep" in found["text"] and str(holder.pid)
           in found["text"] and str(holder.pid) in found["type"], f"the port's holder: {found}")


def a_missing_pcscd_is_named(folder):
    write(f"[station]\nName=x\nStateFolder={folder}\n[slot 1]\nPort=card:Some Reader 00 00\n", folder,
          "cards.conf")
    ENVIRONMENT["PCSCLITE_CSOCK_NAME"] = folder + "/pcscd.comm"
    found = examine(folder + "/cards.conf")
    expect(found["cards"][0]["level"] == "FAIL" and "pcscd.socket" in found["cards"][0]["type"],
           f"no pcscd: {found['cards']}")
    expect("slot-port" not in found, f"a reader is no port: {found}")
    with socket.socket(socket.AF_UNIX) as pcscd:
        pcscd.bind(folder + "/pcscd.comm")
        pcscd.listen()
        found = examine(folder + "/cards.conf")
    expect(found["cards"][0]["level"] == "OK", f"pcscd is there: {found['cards']}")
    expect("cards" not in examine(folder + "/good.conf"), "nobody asks for cards")


with tempfile.TemporaryDirectory(prefix="keycradle-") as top:
    for test in (a_missing_configuration_is_named, a_mistake_is_named_by_line,
                 a_sound_station_has_no_fault_but_the_missing_daemon,
                 whoever_holds_a_port_is_named, a_missing_pcscd_is_named):
        test(top)
        print("in order:", test.__name__)
