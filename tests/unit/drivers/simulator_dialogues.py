# SPDX-License-Identifier: LGPL-2.1-or-later
"""The station's side of each dialect, question by question."""
import base64
import hashlib
import os
import re
import subprocess
import tempfile

import simulator_rig as rig

SEC_TAG = 16842753
GROUP = 0x4B43
READ, WRITE = 0, 2
IDENTIFY, CAPABILITIES, GENERATE, CSR, INSTALL, READ_BACK, PROVE, LOCK = range(8)


def unpadded(text):
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def modem_ask(port, command):
    """The lines of an answer, the final one last."""
    port.write(command + "\r\n")
    lines = []
    while not lines or not re.fullmatch(rb"OK|ERROR|\+CME ERROR: \d+", lines[-1]):
        lines.append(port.read_until(b"\r\n")[:-2])
    return lines


def modem_ready(port):
    assert modem_ask(port, "AT+CMEE=1") == [b"OK"]
    assert modem_ask(port, "AT+CFUN=4") == [b"OK"]


def modem_keygen(port):
    line = modem_ask(port, f"AT%KEYGEN={SEC_TAG},2,0")[-2]
    request, cose = re.fullmatch(rb'%KEYGEN: "([^.]+)\.([^.]+)"', line).groups()
    return unpadded(request), unpadded(cose)


def shell_of(port):
    """A FreeRTOS prompt, as the station looks for one."""
    port.write(b"\x03")
    port.read_until(b"\r\n> ")


def shell_ask(port, command):
    port.write(command + "\r")
    return port.read_until(b"\r\n> ").decode()


def smp_csr(smp):
    first = smp.ask(READ, GROUP, CSR, {"off": 0, "cn": "a-name"})
    data = first["data"]
    while len(data) < first["len"]:
        data += smp.ask(READ, GROUP, CSR, {"off": len(data)})["data"]
    return data


def smp_install(smp, what, data):
    answer, offset = {}, 0
    while offset < len(data):
        body = {"what": what, "off": offset, "data": data[offset:offset + 200]}
        if offset == 0:
            body["len"] = len(data)
        if offset + 200 >= len(data):
            body["sha"] = hashlib.sha256(data).digest()
        answer = smp.ask(WRITE, GROUP, INSTALL, body)
        if "off" not in answer:
            return answer
        offset = answer["off"]
    return answer


def smp_read_back(smp, what):
    data, length = b"", 1
    while len(data) < length:
        answer = smp.ask(READ, GROUP, READ_BACK, {"what": what, "off": len(data)})
        if "data" not in answer:
            return answer
        data, length = data + answer["data"], answer["len"]
    return data


def public_key(csr):
    return rig.openssl("req", "-inform", "der", "-pubkey", "-noout", data=csr)


def verifies(public_pem, message, signature):
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("key", "signature")]
        for name, data in zip(names, (public_pem, signature)):
            with open(name, "wb") as file:
                file.write(data)
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", names[0], "-signature", names[1]],
                              input=message, capture_output=True, check=False)
    return done.returncode == 0


def smp_proof(smp, csr):
    nonce = os.urandom(32)
    answer = smp.ask(READ, GROUP, PROVE, {"nonce": nonce})
    return verifies(public_key(csr), b"keycradle-proof-v1\0" + nonce, answer["sig"])
