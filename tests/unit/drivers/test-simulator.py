# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycradle-sim over real ptys, from outside: each dialect's dialogue byte by byte, the wire's
speed, plugging, faults. `test-simulator.py CLASS` runs one class."""
import base64
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

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


class Modem(unittest.TestCase):
    """nrf91"""

    def setUp(self):
        self.rig = self.enterContext(rig.Rig())
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def plug(self, settings=""):
        port = self.rig.plug("m", 1, "driver=nrf91 serial=352656109480783 " + settings)
        return self.enterContext(port)

    def test_it_says_who_it_is_byte_by_byte(self):
        port = self.plug()
        for question, answer in [("AT", b"OK\r\n"), ("AT+CFUN=4", b"OK\r\n"), ("AT+CFUN?", b"+CFUN: 4\r\nOK\r\n"),
                                 ("AT+CGSN", b"352656109480783\r\nOK\r\n"),
                                 ("AT+CGMR", b"mfw_nrf9160_1.3.5\r\nOK\r\n"), ("AT+NONSENSE", b"ERROR\r\n"),
                                 ("AT+CMEE=1", b"OK\r\n"), ("AT+NONSENSE", b"+CME ERROR: 0\r\n")]:
            port.write(question + "\r\n")
            self.assertEqual(port.read_until(answer), answer)

    def test_keys_are_refused_unless_the_radio_is_off(self):
        port = self.plug()
        modem_ask(port, "AT+CMEE=1")
        self.assertEqual(modem_ask(port, f"AT%KEYGEN={SEC_TAG},2,0"), [b"+CME ERROR: 518"])
        modem_ask(port, "AT+CFUN=4")
        modem_keygen(port)
        self.assertEqual(modem_ask(port, f"AT%KEYGEN={SEC_TAG},2,0"), [b"+CME ERROR: 519"])

    def test_the_request_is_as_nordic_writes_it(self):
        port = self.plug()
        modem_ready(port)
        request, cose = modem_keygen(port)
        self.assertTrue(rig.csr_verifies(request))
        self.assertIn(bytes.fromhex("300c06082a8648ce3d0403020500"), request)
        self.assertIn("Digital Signature, Non Repudiation, Key Encipherment, Key Agreement", rig.csr_text(request))
        self.assertTrue(cose.startswith(bytes.fromhex("d28443a10126a1044121")))
        payload, at = rig.cbor_read(cose, 10)
        signature, end = rig.cbor_read(cose, at)
        self.assertEqual((len(signature), end), (64, len(cose)))
        self.assertTrue(payload.startswith(b"\xd9\xd9\xf7\x85\x09"))
        note = rig.cbor_read(payload, 3)[0]
        self.assertEqual(rig.cbor_read(note[2])[0], SEC_TAG)
        self.assertEqual(note[3], hashlib.sha256(request).digest())

    def test_names_and_usages_that_are_asked_for_are_in_the_request(self):
        port = self.plug()
        modem_ready(port)
        line = modem_ask(port, 'AT%KEYGEN=7,2,0,"O=Nordic Semiconductor,L=PDX,C=no","101010000"')[-2]
        text = rig.csr_text(unpadded(re.search(rb'"([^.]+)\.', line).group(1)))
        self.assertIn("O = Nordic Semiconductor, L = PDX, C = no", text)
        self.assertIn("Digital Signature, Key Encipherment, Key Agreement", text)

    def test_credentials_are_written_listed_read_and_deleted(self):
        port = self.plug()
        modem_ready(port)
        request, _ = modem_keygen(port)
        pem = rig.pem_of(rig.Authority(self.folder).sign(request), "\r\n")
        self.assertEqual(modem_ask(port, f'AT%CMNG=0,{SEC_TAG},1,"{pem}"'), [b"OK"])
        digest = hashlib.sha256(pem.encode()).hexdigest().upper()
        line = f'%CMNG: {SEC_TAG},1,"{digest}"'.encode()
        self.assertEqual(modem_ask(port, f"AT%CMNG=1,{SEC_TAG},1"), [line, b"OK"])
        shown = modem_ask(port, f"AT%CMNG=2,{SEC_TAG},1")
        self.assertEqual(b"\r\n".join(shown[:-1]), line + b',"' + pem.encode() + b'"')
        self.assertEqual(modem_ask(port, f"AT%CMNG=2,{SEC_TAG},2"), [b"+CME ERROR: 514"])
        self.assertEqual(len(modem_ask(port, "AT%CMNG=1")), 3)
        self.assertEqual(modem_ask(port, f"AT%CMNG=3,{SEC_TAG},1"), [b"OK"])
        self.assertEqual(modem_ask(port, f"AT%CMNG=3,{SEC_TAG},1"), [b"+CME ERROR: 513"])
        self.assertEqual(modem_ask(port, f'AT%CMNG=0,{SEC_TAG},1,"nonsense"'), [b"+CME ERROR: 527"])

    def test_a_token_is_signed_by_the_key_of_the_request(self):
        port = self.plug()
        modem_ready(port)
        request, _ = modem_keygen(port)
        line = modem_ask(port, f'AT%JWT=0,0,"who","a-nonce",{SEC_TAG},2')[-2]
        header, claims, signature = re.fullmatch(rb'%JWT: "([^.]+)\.([^.]+)\.([^.]+)"', line).groups()
        self.assertIn(b'"alg":"ES256"', unpadded(header))
        self.assertIn(b'"sub":"who","aud":"a-nonce"', unpadded(claims))
        raw = unpadded(signature)
        parts = [int.from_bytes(raw[at:at + 32], "big").to_bytes(33, "big").lstrip(b"\0") for at in (0, 32)]
        parts = [b"\0" + part if part[0] > 127 else part for part in parts]
        body = b"".join(b"\x02" + bytes([len(part)]) + part for part in parts)
        der = b"\x30" + bytes([len(body)]) + body
        self.assertTrue(verifies(public_key(request), header + b"." + claims, der))
        self.assertEqual(modem_ask(port, 'AT%JWT=0,0,"a","b",9,2'), [b"+CME ERROR: 513"])

    def test_behind_a_shell_commands_are_wrapped(self):
        port = self.plug("host=shell")
        prompt = b"\x1b[1;32muart:~$ \x1b[m"
        port.write(b"AT+CGSN\r\n")
        self.assertEqual(port.read_until(prompt),
                         b"AT+CGSN\r\n\x1b[1;31mAT+CGSN: command not found\r\n\x1b[m" + prompt)
        port.write(b"at 'AT+CGSN'\r\n")
        self.assertEqual(port.read_until(prompt), b"at 'AT+CGSN'\r\n352656109480783\r\nOK\r\n" + prompt)
        port.write(b"at AT+CFUN=4\r\n")
        self.assertEqual(port.read_until(prompt), b"at AT+CFUN=4\r\nOK\r\n" + prompt)
        port.write(b"at AT%KEYGEN=5,2,0\r\n")
        request = unpadded(re.search(rb'"([^.]+)\.', port.read_until(prompt)).group(1))
        certificate = rig.Authority(self.folder).sign(request)
        wrapped = rig.pem_of(certificate, "\\n")
        port.write(f"at 'AT%CMNG=0,5,1,\"{wrapped}\"'\r\n")
        self.assertTrue(port.read_until(prompt).endswith(b"\r\nOK\r\n" + prompt))
        port.write(b"at AT%CMNG=1,5,1\r\n")
        digest = hashlib.sha256(rig.pem_of(certificate, "\r\n").encode()).hexdigest().upper()
        self.assertIn(digest.encode(), port.read_until(prompt))


class FreeRtos(unittest.TestCase):
    """freertos"""

    def setUp(self):
        self.rig = self.enterContext(rig.Rig())
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def plug(self, settings=""):
        port = self.enterContext(self.rig.plug("f", 1, "driver=freertos " + settings))
        shell_of(port)
        return port

    def test_settings_are_shown_set_and_kept_byte_by_byte(self):
        port = self.plug()
        port.write(b"conf get\r")
        self.assertEqual(port.read_until(b"\r\n> "),
                         b'conf get\r\nthing_name=""\r\nmqtt_endpoint=""\r\nmqtt_port=8883\r\n'
                         b'wifi_ssid="factory-floor"\r\nwifi_credential="correct-horse-battery"\r\ntime_hwm=0\r\n> ')
        for line, answer in [("conf set thing_name dev-001", 'thing_name="dev-001"'),
                             ("conf set colour red", "Error: key: colour was not recognized."),
                             ("conf set mqtt_port many", "Error: value: many is not valid for key: mqtt_port"),
                             ("conf commit", "Configuration saved to NVM."),
                             ("nonsense", "Command not recognized. Enter 'help' to view a list of available commands.")]:
            self.assertEqual(shell_ask(port, line), f"{line}\r\n{answer}\r\n> ")

    def test_settings_that_were_not_committed_are_lost_with_power(self):
        port = self.plug()
        shell_ask(port, "conf set thing_name kept")
        shell_ask(port, "conf commit")
        shell_ask(port, "conf set thing_name lost")
        self.rig.say("unplug f")
        self.rig.say("plug f 1")
        with rig.Port(self.rig.link(1)) as again:
            shell_of(again)
            self.assertIn('thing_name="kept"', shell_ask(again, "conf get"))

    def test_lines_are_edited_and_bounded(self):
        port = self.plug()
        port.write(b"conf gex\bt thing_name\r")
        self.assertEqual(port.read_until(b"\r\n> "),
                         b'conf gex\b \bt thing_name\r\nthing_name=""\r\n> ')
        port.write(b"half a line\x03")
        self.assertEqual(port.read_until(b"\r\n> "), b"half a line\r\n> ")
        port.write(b"x" * 200 + b"\r")
        self.assertTrue(port.read_until(b"\r\n> ").startswith(b"x" * 128 + b"\r\nCommand not"))

    def key_and_csr(self, port):
        shell_ask(port, "conf set thing_name dev-7")
        answer = shell_ask(port, "pki generate key")
        self.assertTrue(answer.startswith("pki generate key\r\nSUCCESS: Key pair generated and stored in\r\n"
                                          "Private Key Label: tls_key_priv\r\nPublic Key Label: tls_key_pub\r\n"
                                          "-----BEGIN PUBLIC KEY-----\r\n"))
        pem = shell_ask(port, "pki generate csr")
        body = pem.split("-----")[2]
        return answer, base64.b64decode(body)

    def import_certificate(self, port, certificate):
        port.write("pki import cert\r")
        for line in rig.pem_of(certificate).splitlines():
            port.read_until(b"> ")
            port.write(line + "\r")
            port.read_until(line.encode() + b"\r\n")
        return port.read_until(b"\r\n> ")

    def test_a_key_a_request_and_a_certificate_make_a_round(self):
        port = self.plug()
        answer, csr = self.key_and_csr(port)
        self.assertTrue(rig.csr_verifies(csr))
        text = rig.csr_text(csr)
        for expected in ("CN = dev-7", "Digital Signature", "SSL Client"):
            self.assertIn(expected, text)
        self.assertEqual(public_key(csr).decode().split(), answer.split("tls_key_pub\r\n")[1][:-2].split())
        certificate = rig.Authority(self.folder).sign(csr)
        self.assertEqual(self.import_certificate(port, certificate),
                         b"Success: Certificate loaded to label: 'tls_cert'.\r\n> ")
        self.assertEqual(shell_ask(port, "pki export cert"),
                         "pki export cert\r\n" + rig.pem_of(certificate, "\r\n") + "> ")
        shown = self.rig.say("show f")
        self.assertEqual(shown["certificate"], hashlib.sha256(certificate).hexdigest())

    def test_pem_that_is_none_is_refused_in_the_devices_words(self):
        port = self.plug()
        for lines, error in [(["nonsense"], "Error: PEM header does not contain the expected text: '-----BEGIN '."),
                             (["-----BEGIN CERTIFICATE-----", "A" * 65],
                              "Error: Current line exceeds maximum line length for a PEM file."),
                             (["-----BEGIN CERTIFICATE-----", "AAAA", "-----END CERTIFICATE-----"],
                              "Error: failed to save certificate to label: 'tls_cert'.")]:
            port.write("pki import cert\r")
            for line in lines:
                port.read_until(b"> ")
                port.write(line + "\r")
            self.assertTrue(port.read_until(b"\r\n> ").decode().endswith(error + "\r\n> "))

    def test_log_lines_come_between_the_lines_of_a_certificate(self):
        port = self.plug("log-every=2 serial=LOG-1")
        shell_ask(port, "pki generate key")
        port.write("pki generate csr\r")
        text = port.read_until(b"-----END CERTIFICATE REQUEST-----").decode()
        inside = text[text.index("-----BEGIN"):text.index("-----END")]
        logs = re.findall(r"\r\x1b\[K<(?:INF|ERR)> \d+ \[\w+\] [^\r]+\r\n", inside)
        self.assertGreaterEqual(len(logs), 2)
        for log in logs:
            text = text.replace(log, "")
        self.assertTrue(rig.csr_verifies(base64.b64decode(text.split("-----")[2])))


class Smp(unittest.TestCase):
    """smp, with every kind of key"""

    def setUp(self):
        self.rig = self.enterContext(rig.Rig())
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def plug(self, settings=""):
        return rig.Smp(self.enterContext(self.rig.plug("s", 1, "driver=smp " + settings)))

    def test_an_ordinary_client_is_answered(self):
        smp = self.plug()
        self.assertEqual(smp.ask(WRITE, 0, 0, {"d": "hello"}), {"r": "hello"})
        self.assertGreaterEqual(smp.ask(READ, 0, 6)["buf_size"], 256)

    def test_each_kind_of_key_makes_a_whole_round(self):
        authority = rig.Authority(self.folder)
        for slot, kind in enumerate(["p-256", "p-384", "p-521", "rsa-2048", "rsa-3072"], 1):
            with self.subTest(kind), self.rig.plug(kind, slot, f"driver=smp key={kind} serial=S-{slot}") as port:
                smp = rig.Smp(port)
                self.assertEqual(smp.ask(READ, GROUP, IDENTIFY)["serial"], f"S-{slot}")
                self.assertEqual(smp.ask(READ, GROUP, CAPABILITIES)["keys"], [kind])
                self.assertEqual(smp.ask(WRITE, GROUP, GENERATE, {"kind": kind}), {})
                csr = smp_csr(smp)
                self.assertTrue(rig.csr_verifies(csr))
                certificate = authority.sign(csr)
                self.assertEqual(smp_install(smp, "cert", certificate), {"off": len(certificate)})
                self.assertEqual(smp_read_back(smp, "cert"), certificate)
                self.assertTrue(smp_proof(smp, csr))

    def test_a_locked_device_makes_no_more_keys(self):
        smp = self.plug("key=p-256")
        smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
        self.assertEqual(smp.ask(WRITE, GROUP, LOCK), {})
        self.assertEqual(smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})["err"]["rc"], 2)
        self.assertTrue(self.rig.say("show s")["locked"])


class Plugging(unittest.TestCase):
    """links, hang-ups, memory, events, plans"""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def test_a_link_comes_and_goes_and_a_reader_sees_the_hang_up(self):
        with rig.Rig() as bench:
            port = bench.plug("d", 3, "driver=nrf91")
            self.assertTrue(os.readlink(bench.link(3)).startswith("/dev/pts/"))
            self.assertEqual(modem_ask(port, "AT"), [b"OK"])
            bench.say("unplug d")
            self.assertFalse(os.path.lexists(bench.link(3)))
            self.assertIsNone(port.read_some())
            port.close()

    def test_opening_and_closing_are_events(self):
        with rig.Rig() as bench:
            bench.plug("d", 1, "driver=nrf91").close()
            bench.say("wait-closed d")
            with rig.Port(bench.link(1)):
                pass
            bench.wait_event("closed", "d")
            shown = bench.say("show d")
            while shown["closed"] < 2:
                shown = bench.say("show d")
            self.assertEqual((shown["opened"], shown["plugged-times"]), (2, 1))

    def test_links_of_a_killed_process_are_swept(self):
        ports = os.path.join(self.folder, "ports")
        os.mkdir(ports)
        os.symlink("/dev/null", os.path.join(ports, "slot7"))
        with rig.Rig(ports=ports) as bench:
            bench.say("list")
            self.assertFalse(os.path.lexists(bench.link(7)))
            bench.plug("d", 8, "driver=nrf91").close()
            with rig.Rig(ports=ports) as second:
                second.say("list")
                self.assertTrue(os.path.lexists(bench.link(8)))

    def test_a_slot_takes_one_device(self):
        with rig.Rig() as bench:
            bench.plug("a", 1, "driver=nrf91").close()
            bench.say("new b driver=smp")
            self.assertIn("slot 1 holds 'a'", bench.ask("plug b 1")["error"])

    def test_a_device_remembers_across_plugs_and_across_processes(self):
        keys = []
        for _ in range(2):
            with rig.Rig(self.folder) as bench:
                port = bench.plug("d", 1, "driver=smp serial=KEEP-1")
                if not keys:
                    rig.Smp(port).ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
                keys.append(bench.say("show d")["key"])
                bench.say("unplug d")
                port.close()
                bench.say("plug d 2")
                keys.append(bench.say("show d")["key"])
                with rig.Port(bench.link(2)) as again:
                    self.assertTrue(rig.Smp(again).ask(READ, GROUP, CAPABILITIES)["key"])
        self.assertEqual(len(set(keys)), 1)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "KEEP-1.key")))

    def test_the_held_certificate_is_a_file(self):
        with rig.Rig(self.folder) as bench, bench.plug("d", 1, "driver=smp serial=KEEP-2") as port:
            smp = rig.Smp(port)
            smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
            certificate = rig.Authority(self.folder).sign(smp_csr(smp))
            smp_install(smp, "cert", certificate)
            path = os.path.join(self.folder, "KEEP-2.cert.der")
            with open(path, "rb") as file:
                self.assertEqual(file.read(), certificate)
            smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
            self.assertFalse(os.path.exists(path))

    def test_sixty_four_devices_answer_at_once(self):
        with rig.Rig() as bench:
            ports = [bench.plug(f"d{n}", n, "driver=nrf91") for n in range(1, 65)]
            for port in ports:
                port.write("AT+CGSN\r\n")
            serials = {port.read_until(b"\r\nOK\r\n") for port in ports}
            self.assertEqual(len(serials), 64)
            for port in ports:
                port.close()

    def play(self, plan, *options):
        path, ports = os.path.join(self.folder, "plan"), os.path.join(self.folder, "ports")
        with open(path, "w", encoding="utf-8") as file:
            file.write(plan)
        return subprocess.Popen([rig.SIM, "play", path, "--ports", ports, "--events", *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def serve(self, process):
        """A station of one slot: opens each device as it is plugged, asks, closes."""
        seen = []
        for line in process.stdout:
            event = rig.json.loads(line)
            if event["event"] != "plugged":
                continue
            with rig.Port(os.path.join(self.folder, "ports", f"slot{event['slot']}")) as port:
                try:
                    port.write("AT+CGSN\r\n")
                    port.read_until(b"OK\r\n")
                    seen.append((event["device"], True))
                except (AssertionError, OSError):
                    seen.append((event["device"], False))
        process.stdout.close()
        process.stderr.close()
        return seen

    def test_a_plan_serves_each_device_and_a_pulled_one_comes_back(self):
        process = self.play("[device one]\nDriver=nrf91\nSlot=1\nFault=unplug=10\n"
                            "[device two]\nDriver=nrf91\nSlot=1\nLatency=1\nKeygenMs=5\n")
        self.assertEqual(self.serve(process), [("one", False), ("two", True), ("one", True)])
        self.assertEqual(process.wait(), 0)
        self.assertEqual(os.listdir(os.path.join(self.folder, "ports")), [".keycradle-sim.lock"])

    def test_a_plan_can_bring_everyone_twice(self):
        process = self.play("[device one]\nDriver=nrf91\nSlot=4\n", "--replug", "1")
        self.assertEqual(self.serve(process), [("one", True), ("one", True)])
        self.assertEqual(process.wait(), 0)

    def test_mistakes_in_a_plan_are_named(self):
        for plan, sentence in [("[device a]\nSlot=1\n", "needs a driver"),
                               ("[device a]\nDriver=smp\n", "Slot= is missing"),
                               ("[device a]\nDriver=smp\nSlot=1\nFault=rust\n", "no fault 'rust'"),
                               ("[device a]\nDriver=nrf91\nSlot=1\nKey=rsa-2048\n", "can't make such a key"),
                               ("[device a]\nDriver=nrf91\nSlot=1\nSerial=7\n", "15 digits"),
                               ("[gadget a]\n", "expected [device NAME]"), ("", "no devices")]:
            process = self.play(plan)
            _, problem = process.communicate()
            self.assertEqual(process.returncode, 1)
            self.assertIn(sentence, problem)


class Wire(unittest.TestCase):
    """speed and latency; only ratios and what no wire can undercut are asserted"""

    def setUp(self):
        self.rig = self.enterContext(rig.Rig())

    def big_answer(self, port):
        """Writes 4000 bytes into the modem and has them back; seconds for each way."""
        modem_ready(port)
        request, _ = modem_keygen(port)
        with tempfile.TemporaryDirectory() as folder:
            pem = rig.pem_of(rig.Authority(folder).sign(request), "\r\n")
        pem += "#" * (3800 - len(pem))
        start = time.monotonic()
        sent = modem_ask(port, f'AT%CMNG=0,{SEC_TAG},1,"{pem}"')
        self.assertEqual(sent, [b"OK"])
        turn = time.monotonic()
        port.write(f"AT%CMNG=2,{SEC_TAG},1\r\n")
        answer = port.read_until(b"\r\nOK\r\n")
        return turn - start, time.monotonic() - turn, len(answer)

    def test_bytes_take_their_time_on_the_wire_in_both_directions(self):
        fast, slow = 230400, 57600
        times = {}
        for baud in (fast, slow):
            with self.rig.plug(f"b{baud}", 1, f"driver=nrf91 baud={baud}") as port:
                into, out, length = self.big_answer(port)
                times[baud] = into, out
                self.assertGreaterEqual(into, 3800 * 10 / baud)
                self.assertGreaterEqual(out, length * 10 / baud)
            self.rig.say(f"unplug b{baud}")
        for direction in (0, 1):
            ratio = times[slow][direction] / times[fast][direction]
            self.assertTrue(2 < ratio < 4.5, f"direction {direction}: {ratio}")

    def test_an_answer_comes_at_the_wires_pace_not_in_one_piece(self):
        with self.rig.plug("d", 1, "driver=nrf91 baud=57600") as port:
            self.big_answer(port)
            (first, _), (last, _) = port.stamps[-20], port.stamps[-1]
            self.assertGreater(len(port.stamps), 60)
            share = sum(count for _, count in port.stamps[-19:]) * 10 / 57600 / (last - first)
            self.assertTrue(0.5 < share < 2, share)

    def test_latency_and_chip_time_are_waited_for(self):
        with self.rig.plug("d", 1, "driver=nrf91 latency=30 keygen-ms=120") as port:
            modem_ready(port)
            start = time.monotonic()
            for _ in range(5):
                modem_ask(port, "AT")
            self.assertGreaterEqual(time.monotonic() - start, 5 * 0.030)
            start = time.monotonic()
            modem_keygen(port)
            self.assertGreaterEqual(time.monotonic() - start, 0.150)


class Faults(unittest.TestCase):
    """each fault can be seen, and ends when it should"""

    def setUp(self):
        self.rig = self.enterContext(rig.Rig())
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def plug(self, fault, driver="nrf91", settings=""):
        return self.enterContext(self.rig.plug("d", 1, f"driver={driver} fault={fault} {settings}"))

    def replug(self):
        self.rig.say("unplug d")
        self.rig.say("plug d 1")
        return self.enterContext(rig.Port(self.rig.link(1)))

    def smp_with_csr(self, fault, kind="p-256"):
        smp = rig.Smp(self.plug(fault, "smp", f"key={kind}"))
        self.assertEqual(smp.ask(WRITE, GROUP, GENERATE, {"kind": kind}), {})
        return smp, smp_csr(smp)

    def test_silence_says_nothing_and_may_start_late(self):
        port = self.plug("silence=4")
        self.assertEqual(modem_ask(port, "AT"), [b"OK"])
        port.write("AT\r\n")
        self.assertEqual(port.read_to_end(0.3), (b"", False))

    def test_garbage_is_as_long_as_the_answer_and_not_it(self):
        port = self.plug("garbage")
        port.write("AT+CGSN\r\n" * 20)
        data = port.read_count(20 * len("352656109480783\r\nOK\r\n"))
        self.assertEqual(port.read_to_end(0.2), (b"", False))
        self.assertNotIn(b"OK\r\n", data)

    def test_a_half_line_ends_in_the_middle_of_the_long_answer(self):
        port = self.plug("half-line")
        modem_ready(port)
        port.write(f"AT%KEYGEN={SEC_TAG},2,0\r\n")
        data = port.read_count(100) + port.read_to_end(0.3)[0]
        self.assertTrue(data.startswith(b'%KEYGEN: "MII'))
        self.assertNotIn(b"\r\n", data)
        port.write("AT\r\n")
        self.assertEqual(port.read_to_end(0.3), (b"", False))

    def test_a_flood_does_not_end(self):
        port = self.rig.plug("d", 1, "driver=nrf91 fault=flood=1x1")
        port.write("AT\r\n")
        count = 0
        while count < 1_000_000:
            count += len(port.read_some())
        port.close()
        self.assertEqual(modem_ask(self.replug(), "AT"), [b"OK"])

    def test_dripping_is_slower_than_the_wire(self):
        port = self.plug("drip=20")
        start = time.monotonic()
        modem_ask(port, "AT+CGSN")
        self.assertGreaterEqual(time.monotonic() - start, 21 * 0.020 - 0.001)

    def test_a_device_pulls_itself_out_after_so_many_bytes_once(self):
        port = self.plug("unplug=10")
        port.write("AT+CGSN\r\n")
        data, hung_up = port.read_to_end(rig.PATIENCE)
        self.assertTrue(hung_up)
        self.assertLessEqual(len(data), 10)
        self.rig.wait_event("pulled", "d")
        self.assertFalse(os.path.lexists(self.rig.link(1)))
        shown = self.rig.say("show d")
        self.assertEqual((shown["plugged"], shown["bytes-out"]), (False, 10))
        self.assertEqual(len(modem_ask(self.replug(), "AT+CGSN")), 2)

    def test_a_device_pulls_itself_out_after_so_many_bytes_to_it(self):
        port = self.plug("unplug-in=12x2")
        for _ in range(2):
            self.assertEqual(modem_ask(port, "AT"), [b"OK"])
            port.write("AT+CGSN\r\n")
            self.assertTrue(port.read_to_end(rig.PATIENCE)[1])
            port = self.replug()
        self.assertEqual(len(modem_ask(port, "AT+CGSN")), 2)

    def test_a_device_without_identity_says_so_in_its_dialect(self):
        self.assertEqual(modem_ask(self.plug("no-identity"), "AT+CGSN"), [b"ERROR"])
        with self.rig.plug("s", 2, "driver=smp serial=X fault=no-identity") as port:
            answer = rig.Smp(port).ask(READ, GROUP, IDENTIFY)
            self.assertEqual(set(answer), {"model", "fw"})
        with self.rig.plug("f", 3, "driver=freertos serial=X fault=no-identity") as port:
            shell_of(port)
            self.assertNotIn("thing_name", shell_ask(port, "conf get"))
            self.assertIn("not valid", shell_ask(port, "conf set thing_name y"))

    def test_weak_keys_are_weak_and_otherwise_in_order(self):
        for slot, (kind, expected) in enumerate([("rsa-2048", "Public-Key: (1024 bit)"), ("p-384", "secp224r1")], 2):
            with self.rig.plug(kind, slot, f"driver=smp key={kind} fault=weak-key") as port:
                smp = rig.Smp(port)
                smp.ask(WRITE, GROUP, GENERATE, {"kind": kind})
                csr = smp_csr(smp)
                self.assertTrue(rig.csr_verifies(csr))
                self.assertIn(expected, rig.csr_text(csr))

    def test_a_bad_signature_is_well_formed_and_wrong(self):
        _, csr = self.smp_with_csr("bad-signature")
        self.assertIn("CN = a-name", rig.csr_text(csr))
        self.assertFalse(rig.csr_verifies(csr))

    def test_devices_with_a_duplicate_key_share_it(self):
        _, first = self.smp_with_csr("duplicate-key")
        port = self.enterContext(self.rig.plug("e", 2, "driver=nrf91 fault=duplicate-key"))
        modem_ready(port)
        second, _ = modem_keygen(port)
        self.assertEqual(public_key(first), public_key(second))

    def test_a_leak_is_a_private_key_that_fits_the_request(self):
        smp, csr = self.smp_with_csr("leak-private-key")
        pem = smp.console[smp.console.index(b"-----BEGIN PRIVATE KEY"):]
        self.assertEqual(rig.openssl("pkey", "-pubout", data=pem), public_key(csr))

    def test_an_install_is_refused(self):
        smp, csr = self.smp_with_csr("refuse-install")
        self.assertIn("err", smp_install(smp, "cert", rig.Authority(self.folder).sign(csr)))

    def test_another_certificate_is_read_back(self):
        smp, csr = self.smp_with_csr("wrong-certificate")
        certificate = rig.Authority(self.folder).sign(csr)
        smp_install(smp, "cert", certificate)
        other = smp_read_back(smp, "cert")
        self.assertNotEqual(other, certificate)
        rig.openssl("x509", "-inform", "der", "-noout", data=other)

    def test_the_proof_is_signed_with_another_key_for_as_long_as_was_said(self):
        smp, csr = self.smp_with_csr("wrong-keyx1")
        self.assertFalse(smp_proof(smp, csr))
        self.assertTrue(smp_proof(rig.Smp(self.replug()), csr))

    def test_all_faults_are_listed_with_a_sentence(self):
        text = subprocess.run([rig.SIM, "faults"], capture_output=True, text=True, check=True).stdout
        for name in ("garbage silence half-line flood wrong-certificate wrong-key weak-key bad-signature duplicate-key "
                     "leak-private-key unplug unplug-in no-identity refuse-install drip").split():
            self.assertRegex(text, rf"(?m)^{name}\s+\w.{{15}}")


class Usage(unittest.TestCase):
    """the command line"""

    def run_sim(self, *arguments):
        return subprocess.run([rig.SIM, *arguments], capture_output=True, text=True, check=False)

    def test_help_and_version_are_no_errors(self):
        self.assertIn("keycradle-sim COMMAND", self.run_sim("--help").stdout)
        self.assertRegex(self.run_sim("--version").stdout, r"^keycradle-sim \d")

    def test_wrong_usage_is_status_2_and_a_sentence(self):
        for arguments in ([], ["dance"], ["play"], ["control"], ["one"], ["one", "abacus"], ["play", "x", "--depth", "1"],
                          ["one", "smp", "--key"], ["one", "smp", "--colour", "red"]):
            done = self.run_sim(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr.startswith("keycradle-sim: "))

    def test_one_device_prints_its_port_and_leaves_no_link(self):
        with tempfile.TemporaryDirectory() as folder:
            link = os.path.join(folder, "port")
            process = subprocess.Popen([rig.SIM, "one", "nrf91", "--link", link], stdout=subprocess.PIPE, text=True)
            path = process.stdout.readline().strip()
            self.assertEqual(os.readlink(link), path)
            with rig.Port(path) as port:
                self.assertEqual(modem_ask(port, "AT"), [b"OK"])
            process.terminate()
            process.wait(rig.PATIENCE)
            process.stdout.close()
            self.assertFalse(os.path.lexists(link))


class Firmware(unittest.TestCase):
    """the reference firmware on an emulated Cortex-M3; skipped where there is none"""

    def setUp(self):
        if not os.path.exists(os.environ.get("KEYCRADLE_FIRMWARE", "")):
            self.skipTest("KEYCRADLE_FIRMWARE names no firmware")
        self.rig = self.enterContext(rig.Rig())
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def plug(self, name, slot, settings=""):
        return rig.Smp(self.enterContext(self.rig.plug(name, slot, "driver=cortex-m3 " + settings)))

    def test_a_chip_makes_a_key_takes_its_certificate_and_proves_the_key(self):
        smp = self.plug("c", 1, "serial=CM3-1 chip=CHIP-1")
        identity = smp.ask(READ, GROUP, IDENTIFY)
        self.assertEqual((identity["serial"], identity["chip"]), ("CM3-1", "CHIP-1"))
        self.assertEqual(smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"}), {})
        csr = smp_csr(smp)
        self.assertTrue(rig.csr_verifies(csr))
        self.assertIn("CN = a-name", rig.csr_text(csr))
        self.assertIn("Digital Signature", rig.csr_text(csr))
        certificate = rig.Authority(self.folder).sign(csr)
        self.assertEqual(smp_install(smp, "cert", certificate), {"off": len(certificate)})
        self.assertEqual(smp_read_back(smp, "cert"), certificate)
        self.assertTrue(smp_proof(smp, csr))

    def test_it_refuses_a_certificate_for_another_key(self):
        smp = self.plug("c", 1)
        smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
        certificate = rig.Authority(self.folder).sign(smp_csr(smp))
        smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
        self.assertEqual(smp_install(smp, "cert", certificate)["err"]["rc"], 13)

    def test_two_boards_make_two_keys_and_keep_them_when_pulled(self):
        keys = []
        for slot, name in enumerate("ab", 1):
            smp = self.plug(name, slot)
            smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
            keys.append(public_key(smp_csr(smp)))
        self.assertNotEqual(*keys)
        self.rig.say("unplug b")
        self.rig.say("plug b 2")
        with rig.Port(self.rig.link(2)) as port:
            self.assertEqual(public_key(smp_csr(rig.Smp(port))), keys[1])

    def test_a_locked_chip_stays_locked_and_a_reset_keeps_everything(self):
        smp = self.plug("c", 1)
        smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})
        smp.ask(WRITE, GROUP, LOCK)
        smp.ask(WRITE, 0, 5)
        self.assertTrue(smp.ask(READ, GROUP, CAPABILITIES)["locked"])
        self.assertEqual(smp.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"})["err"]["rc"], 2)


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    # 77 tells meson that all of it was skipped.
    nothing_ran = result.testsRun == len(result.skipped)
    sys.exit(77 if result.wasSuccessful() and nothing_ran else not result.wasSuccessful())
