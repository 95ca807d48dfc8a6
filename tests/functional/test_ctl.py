"""A second terminal: gossipctl ctl and attach, two networks side by side, stale sockets."""
import os
import pty
import select
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import harness
from harness import FAST, QUIET, SLOW, Network, TestCase, until

HOME = tempfile.TemporaryDirectory(prefix="gossip-run-")
os.environ["GOSSIPCTL_RUNTIME_DIR"] = HOME.name


def ctl(*words, text=None, command="ctl"):
    done = subprocess.run([harness.BINARY, command, *words], input=text, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL if text is None else None, timeout=90 * SLOW)
    return done.returncode, done.stdout, done.stderr


class Ctl(TestCase):
    def test_exit_codes_are_those_of_the_shell(self):
        with Network(1, 2, {**FAST, **QUIET}) as n:
            n.start()
            cases = ((("list",), 0, ""), (("kill", "9"), 1, "E_COMMAND: no such node: 9"),
                     (("frobnicate",), 2, "E_USAGE"), (("kill",), 2, "E_USAGE"),
                     (("expect", "registered", "==", "5"), 3, "E_EXPECT"),
                     (("wait registered == 5 200ms",), 4, "E_WAIT: wait registered == 5 200ms: 2 of 5"),
                     (("--bogus",), 2, "unknown option"))
            for words, code, told in cases:
                with self.subTest(words):
                    got, out, errors = ctl(*words)
                    self.assertEqual(got, code, errors)
                    self.assertIn(told, errors)
                    self.assertEqual(bool(out), code == 0)

    def test_scripts_and_formats(self):
        with Network(1, 3, {**FAST, **QUIET}) as n:
            n.start()
            code, out, errors = ctl("-o", "json", "repeat 2 { echo round }; list peers")
            self.assertEqual(code, 0, errors)
            self.assertTrue(out.startswith("round\nround\n["), out)
            code, out, _ = ctl(text=f"kill {n.peers[2]}\nwait removed {n.peers[2]} {30 * SLOW}s\necho gone\n")
            self.assertEqual((code, out), (0, "gone\n"))
            code, out, errors = ctl("-kill 1; echo on")
            self.assertEqual((code, out), (0, "on\n"))
            self.assertIn("E_COMMAND", errors)
            script = n.folder.path / "more.gsh"
            script.write_text("echo from a file\nkill 9\n")
            code, out, errors = ctl("source", str(script))
            self.assertEqual((code, out), (1, "from a file\n"))
            self.assertIn("more.gsh:2", errors)

    def test_a_long_wait_holds_nobody_up(self):
        with Network(1, 2, {**FAST, **QUIET}) as n:
            n.start()
            waiting = subprocess.Popen([harness.BINARY, "ctl", f"wait registered == 3 {60 * SLOW}s"])
            # The first terminal waits as well: the others are served meanwhile.
            n.process.stdin.write(f"wait registered == 3 {60 * SLOW}s\necho all there\n")
            n.process.stdin.flush()
            self.assertEqual(ctl("echo served")[:2], (0, "served\n"))
            code, out, errors = ctl("add")
            self.assertEqual(code, 0, errors)
            self.assertEqual(waiting.wait(60 * SLOW), 0)
            self.assertEqual(n.process.stdout.readline(), "all there\n")

    def test_waiting_costs_no_processor_time(self):
        with Network(1, 2, FAST) as n:  # with messages: what is heard meanwhile must not start anything
            n.start()

            def used():  # in hundredths of a second
                stat = Path(f"/proc/{n.process.pid}/stat").read_text()
                return sum(int(field) for field in stat.rsplit(")", 1)[1].split()[11:13])
            before = used()
            self.assertEqual(ctl("sleep 2s")[0], 0)
            self.assertLess(used() - before, 60)

    def test_exit_ends_the_network(self):
        n = Network(1, 2, QUIET)
        n.start()
        pids = n.pids().values()
        code, _, errors = ctl("exit")
        self.assertEqual(code, 0, errors)
        self.assertEqual(n.process.wait(20 * SLOW), 0)
        self.assertFalse([pid for pid in pids if harness.alive(pid)])
        for stream in (n.process.stdin, n.process.stdout, n.errors):
            stream.close()
        n.folder.remove()

    def test_nobody_there(self):
        code, _, errors = ctl("list")
        self.assertEqual(code, 1)
        self.assertIn("no network runs here", errors)

    def test_a_death_is_the_script_s_failure_and_not_the_second_terminal_s(self):
        with Network(1, 2, QUIET) as n:
            n.start()
            waiting = subprocess.Popen([harness.BINARY, "ctl", f"echo waits; wait registered == 9 {60 * SLOW}s"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(waiting.stdout.readline(), "waits\n")
            os.kill(n.pids()[n.peers[0]], signal.SIGKILL)
            self.assertIn("the network", waiting.communicate(timeout=60 * SLOW)[1])
            self.assertEqual(waiting.returncode, 1)
            n.finish(6)


class Sockets(TestCase):
    def test_two_networks_side_by_side(self):
        with Network(1, 1, QUIET) as a, Network(1, 2, QUIET) as b:
            a.start()
            b.start()
            code, _, errors = ctl("list")
            self.assertEqual(code, 1)
            self.assertIn("2 networks run", errors)
            for n in (a, b):
                code, out, _ = ctl("--network", str(n.seeds[0]), "-o", "tsv", "list peers")
                self.assertEqual(code, 0)
                self.assertEqual(len(out.splitlines()), 1 + len(n.peers))
            code, _, errors = ctl("--network", "1", "list")
            self.assertEqual(code, 1)
            self.assertIn("no network 1", errors)

    def test_port_offset(self):
        with Network(1, 2, QUIET, room=200, arguments=["--port-offset", "100"]) as n:
            n.do(f"wait registered == 2 {20 * SLOW}s")
            ports = {int(r["id"].split(":")[1]) for r in n.rows("list")}
            self.assertEqual(ports, {p + 100 for p in n.seeds + n.peers})
        done = subprocess.run([harness.BINARY, "--port-offset", "60000", "-e", "list"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("above 65535", done.stderr)

    def test_stale_sockets_are_removed_and_replaced(self):
        n = Network(1, 1, QUIET)
        n.start()
        path = Path(HOME.name) / f"{n.seeds[0]}.sock"
        self.assertTrue(path.exists())
        n.crash()
        self.assertTrue(path.exists())
        code, _, errors = ctl("list")
        self.assertEqual(code, 1)
        self.assertIn("no network runs here", errors)
        self.assertFalse(path.exists())
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
        again = subprocess.Popen([harness.BINARY, "--config", str(n.config)], cwd=n.folder.path,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        until(lambda: ctl("list")[0] == 0, 20, "the network that replaced the socket")
        again.communicate("exit\n", timeout=30 * SLOW)
        self.assertFalse(path.exists())
        for stream in (n.process.stdin, n.process.stdout, n.errors):
            stream.close()
        n.folder.remove()

    def test_a_folder_that_others_may_write_to_is_not_used(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            environment = {**os.environ, "GOSSIPCTL_RUNTIME_DIR": folder}
            done = subprocess.run([harness.BINARY, "ctl", "list"], capture_output=True, text=True, env=environment)
            self.assertEqual(done.returncode, 1)
            self.assertIn("others may write there", done.stderr)

    def test_garbage_on_the_socket_harms_nobody(self):
        with Network(1, 1, QUIET) as n:
            n.start()
            for garbage in (b"\x00" * 500, b"run 99999999999\n", b"run x\n", b"run 3\nabc", b"nonsense 0\n",
                            b"complete 1\nx", b"run 5\nta"):
                with socket.socket(socket.AF_UNIX) as raw:
                    raw.connect(str(Path(HOME.name) / f"{n.seeds[0]}.sock"))
                    raw.sendall(garbage)
                    raw.shutdown(socket.SHUT_WR)
                    raw.settimeout(20 * SLOW)
                    self.assertEqual(raw.recv(100), b"")
            self.assertEqual(ctl("echo well")[:2], (0, "well\n"))


class Attach(TestCase):
    """Through a pseudo terminal, as a person sees it."""

    def attached(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(harness.BINARY, [harness.BINARY, "attach"])
        self.screen = ""
        return pid, fd

    def see(self, fd, text, timeout=20):
        def look():
            if select.select([fd], [], [], 0.02)[0]:
                try:
                    self.screen += os.read(fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            return text in self.screen
        until(look, timeout, f"{text!r} on the screen {self.screen[-500:]!r}")

    def test_prompt_events_and_detaching(self):
        with Network(1, 2, {**FAST, **QUIET}) as n:
            n.start()
            pid, fd = self.attached()
            self.see(fd, "gossip[1s 2p]> ")
            os.write(fd, b"echo over here\n")
            self.see(fd, "\r\nover here\r\n")
            os.write(fd, b"kil\t\x15")
            self.see(fd, "kill ")
            n.do(f"kill {n.peers[1]}")
            self.see(fd, "gossip[1s 1p")
            n.do(f"wait removed {n.peers[1]} {30 * SLOW}s")
            self.see(fd, f"{n.peers[1]} removed")
            os.write(fd, b"wait registered == 9 60s\n")
            self.see(fd, "60s\r\n")
            os.write(fd, b"\x03")
            os.write(fd, b"echo back\n")
            self.see(fd, "\r\nback\r\n")
            os.write(fd, b"\x04")
            self.see(fd, "the network runs on")
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
            os.close(fd)
            self.assertEqual(ctl("echo still")[0], 0)


if __name__ == "__main__":
    harness.main()
