# SPDX-License-Identifier: LGPL-2.1-or-later
"""keycradle-sim's plugging, memory, plans and command line. `test-simulator-bench.py CLASS` runs one class."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

import simulator_rig as rig
from simulator_dialogues import (
    CAPABILITIES, GENERATE, GROUP, modem_ask, READ, smp_csr, smp_install, WRITE,
)


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

    def test_a_signal_in_the_middle_of_the_end_ends_it_too(self):
        for attempt in range(20):
            process = subprocess.Popen([rig.SIM, "one", "nrf91", "--fault", "unplug-in=1"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            with rig.Port(process.stdout.readline().strip()) as port:
                port.write("A")
                time.sleep(attempt * 0.0002)
                process.terminate()
                _, problem = process.communicate(timeout=rig.PATIENCE)
            self.assertIn(process.returncode, (0, 128 + signal.SIGTERM))
            self.assertEqual(problem, "")


if __name__ == "__main__":
    rig.run_tests()
