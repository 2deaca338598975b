# SPDX-License-Identifier: LGPL-2.1-or-later
"""The wire's speed and every fault of keycradle-sim. `test-simulator-line.py CLASS` runs one class."""
import os
import subprocess
import tempfile
import time
import unittest

import simulator_rig as rig
from simulator_dialogues import (
    GENERATE, GROUP, IDENTIFY, modem_ask, modem_keygen, modem_ready, public_key, READ, SEC_TAG,
    shell_ask, shell_of, smp_csr, smp_install, smp_proof, smp_read_back, WRITE,
)


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


if __name__ == "__main__":
    rig.run_tests()
