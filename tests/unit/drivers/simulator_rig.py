# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds keycradle-sim's other end: its control dialogue, its ptys, and a small SMP client.

Everything here is written from the specifications, not from the simulator's code, so that
the two check each other.
"""
import base64
import json
import os
import select
import subprocess
import sys
import tempfile
import termios
import time
import tty
import unittest

SIM = os.environ["KEYCRADLE_SIM"]

# Nothing here is a measure of speed: it only ends a test that hangs.
PATIENCE = 60


def run_tests():
    """Runs the classes that the command line names, or all."""
    result = unittest.main(module="__main__", verbosity=2, exit=False).result
    # 77 tells meson that all of it was skipped.
    nothing_ran = result.testsRun == len(result.skipped)
    sys.exit(77 if result.wasSuccessful() and nothing_ran else not result.wasSuccessful())


class Port:
    """The station's end of a device's serial port."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd, termios.TCSANOW)
        self.buffer = b""
        self.stamps = []

    def close(self):
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        os.write(self.fd, data if isinstance(data, bytes) else data.encode())

    def read_some(self, patience=PATIENCE):
        """Bytes, b"" where none came in time; None after a hang-up."""
        if not select.select([self.fd], [], [], patience)[0]:
            return b""
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None
        self.stamps.append((time.monotonic(), len(data)))
        return data or None

    def read_until(self, end, patience=PATIENCE):
        """Everything up to and including `end`."""
        limit = time.monotonic() + patience
        while end not in self.buffer:
            data = self.read_some(max(0, limit - time.monotonic()))
            if not data:
                raise AssertionError(f"no {end!r} after {self.buffer[-300:]!r}")
            self.buffer += data
        cut = self.buffer.index(end) + len(end)
        found, self.buffer = self.buffer[:cut], self.buffer[cut:]
        return found

    def read_count(self, count):
        """Exactly so many bytes."""
        while len(self.buffer) < count:
            data = self.read_some()
            assert data, f"{len(self.buffer)} of {count} bytes"
            self.buffer += data
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def read_to_end(self, patience):
        """Everything until a hang-up or until nothing comes for `patience` seconds."""
        data, self.buffer = self.buffer, b""
        while True:
            more = self.read_some(patience)
            if not more:
                return data, more is None
            data += more


class Rig:
    """A keycradle-sim under control."""

    def __init__(self, state=None, ports=None):
        self.folder = tempfile.TemporaryDirectory(prefix="keycradle-sim-")
        self.ports = ports or os.path.join(self.folder.name, "ports")
        command = [SIM, "control", "--ports", self.ports]
        if state:
            command += ["--state", state]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.folder.cleanup()

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        while True:
            answer = json.loads(self.process.stdout.readline())
            if "event" not in answer:
                return answer
            self.events.append(answer)

    def say(self, command):
        answer = self.ask(command)
        assert "error" not in answer, (command, answer)
        return answer

    def wait_event(self, kind, device):
        wanted = lambda event: event["event"] == kind and event["device"] == device
        while not any(map(wanted, self.events)):
            self.events.append(json.loads(self.process.stdout.readline()))

    def link(self, slot):
        return os.path.join(self.ports, f"slot{slot}")

    def plug(self, name, slot, settings):
        self.say(f"new {name} {settings}")
        self.say(f"plug {name} {slot}")
        return Port(self.link(slot))


def openssl(*arguments, data=b""):
    """Output of openssl, which must succeed."""
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def csr_verifies(der):
    done = subprocess.run(["openssl", "req", "-inform", "der", "-verify", "-noout"], input=der,
                          capture_output=True, check=False)
    return done.returncode == 0 and b"verify OK" in done.stderr + done.stdout


def csr_text(der):
    return openssl("req", "-inform", "der", "-noout", "-text", data=der).decode()


class Authority:
    """A throw-away CA."""

    def __init__(self, folder):
        self.key, self.certificate = os.path.join(folder, "ca.key"), os.path.join(folder, "ca.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.key, "-out", self.certificate, "-subj", "/CN=a test's CA", "-days", "2")

    def sign(self, der):
        return openssl("x509", "-req", "-inform", "der", "-CA", self.certificate, "-CAkey", self.key, "-days",
                       "2", "-outform", "der", data=der)


def pem_of(der, end="\n"):
    text = base64.b64encode(der).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return end.join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


# --- SMP, from the Zephyr documentation ---------------------------------------------------------


def cbor(value):
    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 256:
            return bytes([major << 5 | 24, number])
        return bytes([major << 5 | 25]) + number.to_bytes(2, "big")

    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())
    raise TypeError(value)


def cbor_read(data, at=0):
    """The value at `at` and where the next one starts; indefinite lengths too."""
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if 24 <= low < 28:
        width = 1 << low - 24
        number, at = int.from_bytes(data[at:at + width], "big"), at + width
    else:
        number = low
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        raw = data[at:at + number]
        return (raw if major == 2 else raw.decode()), at + number
    if major == 7:
        return {20: False, 21: True, 22: None}[low], at
    result, count = ([] if major == 4 else {}), 0
    while (data[at] != 0xFF) if low == 31 else (count < number):
        item, at = cbor_read(data, at)
        if major == 4:
            result.append(item)
        else:
            result[item], at = cbor_read(data, at)
        count += 1
    return result, at + (low == 31)


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


class Smp:
    """A client of the serial transport."""

    def __init__(self, port):
        self.port, self.sequence, self.console = port, 0, b""

    def send(self, operation, group, command, body):
        data = cbor(body)
        packet = bytes([1 << 3 | operation, 0]) + len(data).to_bytes(2, "big") + group.to_bytes(2, "big")
        packet += bytes([self.sequence, command]) + data
        self.send_packet(packet)

    def send_packet(self, packet):
        body = (len(packet) + 2).to_bytes(2, "big") + packet + crc16(packet).to_bytes(2, "big")
        marker = b"\x06\x09"
        while body:
            self.port.write(marker + base64.b64encode(body[:90]) + b"\n")
            body, marker = body[90:], b"\x04\x14"

    def receive_packet(self):
        raw = b""
        while True:
            line = self.port.read_until(b"\n")
            for marker in (b"\x06\x09", b"\x04\x14"):
                if marker in line:
                    raw = (b"" if marker[0] == 6 else raw) + base64.b64decode(line[line.index(marker) + 2:])
                    assert len(line) - line.index(marker) <= 127
                    break
            else:
                self.console += line
            if len(raw) >= 2 and len(raw) >= 2 + int.from_bytes(raw[:2], "big"):
                break
        packet, check = raw[2:-2], raw[-2:]
        assert crc16(packet).to_bytes(2, "big") == check
        return packet

    def receive(self):
        packet = self.receive_packet()
        assert packet[6] == self.sequence
        return cbor_read(packet, 8)[0]

    def ask(self, operation, group, command, body=None):
        self.sequence = (self.sequence + 1) % 256
        self.send(operation, group, command, body or {})
        return self.receive()


class SmpRaw(Smp):
    """The same with bare packets, as over USB."""

    def send_packet(self, packet):
        self.port.write(packet)

    def receive_packet(self):
        while len(self.port.buffer) < 8 or len(self.port.buffer) < 8 + int.from_bytes(self.port.buffer[2:4], "big"):
            data = self.port.read_some()
            assert data, f"no packet after {self.port.buffer!r}"
            self.port.buffer += data
        packet, self.port.buffer = self.port.buffer, b""
        assert len(packet) == 8 + int.from_bytes(packet[2:4], "big")
        return packet
