# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each dialect of keycradle-sim, byte by byte, over real ptys. `test-simulator-dialects.py CLASS` runs one class."""
import base64
import hashlib
import os
import re
import tempfile
import unittest

import simulator_rig as rig
from simulator_dialogues import (
    CAPABILITIES, GENERATE, GROUP, IDENTIFY, LOCK, modem_ask, modem_keygen, modem_ready, public_key,
    READ, SEC_TAG, shell_ask, shell_of, smp_csr, smp_install, smp_proof, smp_read_back, unpadded,
    verifies, WRITE,
)


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
        refusal = b"AT+CGSN\r\n\x1b[1;31mAT+CGSN: command not found\r\n\x1b[m" + prompt
        # The prompt of its start comes first where the port was open by then.
        self.assertEqual(port.read_until(refusal).removeprefix(b"\r\n" + prompt), refusal)
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

    def test_it_speaks_raw_as_over_usb(self):
        raw = rig.SmpRaw(self.enterContext(self.rig.plug("s", 1, "driver=smp usb=stream")))
        self.assertEqual(raw.ask(WRITE, 0, 0, {"d": "hello"}), {"r": "hello"})
        self.assertEqual(raw.ask(WRITE, GROUP, GENERATE, {"kind": "p-256"}), {})
        self.assertTrue(rig.csr_verifies(smp_csr(raw)))

    def test_usb_settings_that_can_not_be_are_refused(self):
        for settings in ("driver=freertos usb=stream", "driver=smp usb=xhci", "driver=smp usb=vhci:16",
                         "driver=smp usb=vhci usb-fault=stall", "driver=smp usb=vhci usb-fault=hostile=6"):
            with self.subTest(settings):
                self.assertIn("error", self.rig.ask("new x " + settings))


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
    rig.run_tests()
