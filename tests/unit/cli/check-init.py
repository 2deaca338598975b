#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-init.py KEYCRADLE KEYCRADLED KEYCRADLE-SIGNER: what `keycradle init` writes is what daemon
and signer take, and nothing that was there is lost."""

import os
import re
import subprocess
import sys
import tempfile

KEYCRADLE, KEYCRADLED, SIGNER = map(os.path.abspath, sys.argv[1:])
ENVIRONMENT = dict(os.environ, KEYCRADLE_LIBEXEC=os.path.dirname(SIGNER))


def run(*words, code=0):
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode != code:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def expect(truth, words):
    if not truth:
        sys.exit(words)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def append(text, *path):
    with open(os.path.join(*path), "a", encoding="utf-8") as file:
        file.write(text)


def a_demo_station_is_complete(folder):
    demo = os.path.join(folder, "demo")
    run(KEYCRADLE, "init", "--demo", demo, "--slots", "3")
    expect("DualControl" not in read(demo, "keycradle.conf"), "a trial has one person")
    told = run(KEYCRADLED, "--check-config", "--config", demo + "/keycradle.conf")
    expect("3 slots" in told, f"three slots were asked for: {told}")
    told = run(SIGNER, "--check", "--config", demo + "/signer.conf")
    expect("OK" in told, f"the signer does not take the demo: {told}")
    expect("AcknowledgeFailures=no" in read(demo, "keycradle.conf"), "nobody stands at a demo")
    expect(f"Port={demo}/ports/slot3" in read(demo, "keycradle.conf"), "slot 3 has no port")
    expect(os.path.isdir(demo + "/ports") and os.path.isdir(demo + "/state"), "folders")
    expect(f"ExportFolder={demo}/manifests" in read(demo, "screen.conf")
           and os.path.isdir(demo + "/manifests"), "where the screen exports to")


def a_folder_in_use_is_refused_and_force_keeps_the_ca(folder):
    demo = os.path.join(folder, "demo")
    ca = read(demo, "ca/ca.pem")
    append("# mine\n", demo, "keycradle.conf")
    run(KEYCRADLE, "init", "--demo", demo, code=1)
    expect("# mine" in read(demo, "keycradle.conf"), "a refused init has written")
    run(KEYCRADLE, "init", "--demo", demo, "--force", "--slots", "1", "--acknowledge")
    expect("# mine" not in read(demo, "keycradle.conf"), "--force has not written")
    expect("AcknowledgeFailures=yes" in read(demo, "keycradle.conf"), "--acknowledge")
    expect(read(demo, "ca/ca.pem") == ca, "--force has replaced the CA")


def a_path_too_long_for_a_socket_is_refused(folder):
    deep = os.path.join(folder, "x" * 100)
    told = run(KEYCRADLE, "init", "--demo", deep, code=2)
    expect("socket" in told and not os.path.exists(deep), f"a long path: {told}")


def a_production_skeleton_is_sound_once_a_slot_is_named(folder):
    where = os.path.join(folder, "etc")
    run(KEYCRADLE, "init", "--folder", where)
    text = read(where, "keycradle.conf")
    expect("Mode=production" in text, "production is not what it says")
    expect("\n[roles]\nDualControl=all\n" in text, "what can't be undone takes two")
    with open(where + "/keycradle.conf", "w", encoding="utf-8") as file:
        file.write(re.sub(r"^#(\[slot|IdPath|Driver)", r"\1", text, flags=re.M))
    told = run(KEYCRADLED, "--check-config", "--config", where + "/keycradle.conf")
    expect("2 slots" in told, f"the skeleton's slots: {told}")
    told = run(SIGNER, "--check", "--config", where + "/signer.conf", code=1)
    expect("ca.key" in told or "ca.pem" in told, f"the signer must miss its key: {told}")


def a_second_init_changes_nothing(folder):
    where = os.path.join(folder, "etc")
    append("# mine\n", where, "keycradle.conf")
    before = {name: read(where, name) for name in ("keycradle.conf", "signer.conf")}
    told = run(KEYCRADLE, "init", "--folder", where)
    expect(told.count("stays as it is") == 3, f"it must say so: {told}")
    expect(before == {name: read(where, name) for name in before}, "a second init has written")


def options_that_do_not_fit_are_refused(folder):
    run(KEYCRADLE, "init", "--folder", folder, "--slots", "3", code=2)
    run(KEYCRADLE, "init", "--demo", folder + "/y", "--slots", "0", code=2)
    run(KEYCRADLE, "init", "--demo", folder + "/y", "--slots", "129", code=2)
    run(KEYCRADLE, "init", "--demo", folder + "/y", "--folder", folder, code=2)
    expect(not os.path.exists(folder + "/y"), "a refused init has written")


with tempfile.TemporaryDirectory(prefix="keycradle-") as top:
    for test in (a_demo_station_is_complete, a_folder_in_use_is_refused_and_force_keeps_the_ca,
                 a_path_too_long_for_a_socket_is_refused,
                 a_production_skeleton_is_sound_once_a_slot_is_named,
                 a_second_init_changes_nothing, options_that_do_not_fit_are_refused):
        test(top)
        print("in order:", test.__name__)
