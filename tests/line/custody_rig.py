# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signer apart from the daemon, as in production; here both are started by the test."""

import os
import subprocess

import rig


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def part_signer(station):
    """From here on the daemon starts none."""
    station.edit(station.config, r'^Config=.*\n', '')


def start_signer(station, preexec=None, environment=None, **more):
    log = open(os.path.join(station.folder, 'signer.log'), 'ab')
    return subprocess.Popen([rig.program('keycradle-signer'), '--config', station.signer_config],
                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=preexec,
                            env=rig.environment(**(environment or {})), start_new_session=True, **more)


def start_daemon(station, preexec=None, **more):
    with open(station.log_path, 'ab') as log:
        station.daemon = subprocess.Popen(
            [rig.program('keycradled'), '--config', station.config], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, preexec_fn=preexec, env=rig.environment(),
            start_new_session=True, **more)
    station.wait_ready()


def end(process):
    if process.poll() is None:
        process.kill()
        process.wait()
