"""Output that is lost is a failure; input that is none is named; signals that are ignored stay ignored."""
import json
import os
import signal
import subprocess

import harness
from harness import QUIET, SLOW, FolderTestCase, Network


class Output(FolderTestCase):
    def gossipctl(self, *arguments, **options):
        return subprocess.run([harness.BINARY, *arguments], cwd=self.folder.path, stderr=subprocess.PIPE, text=True,
                              **options)

    def record(self):
        script = "wait registered == 3; say 7000 hello; wait reached last == all; stats"
        done = self.gossipctl("sim", "--peers", "3", "--set", "gossip.max_messages=0", "--out", "run", "-e", script,
                              stdout=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)

    COMMANDS = [["--help"], ["--version"], ["--build-info"], ["man"], ["completion", "bash"], ["sim", "--help"],
                ["check"], ["doctor"], ["predict", "--peers", "50"], ["topology", "--peers", "50", "--overlay", "pa"],
                ["sim", "--peers", "4", "--duration", "5s"], ["sim", "-e", "list"], ["sim", "-e", "echo hello"],
                ["stats", "run"], ["compare", "run", "run"], ["export", "dot", "run", "--to", "-"],
                ["demo", "--text", "--lesson", "flooding"], ["help", "kill"]]

    def test_a_full_disk_is_a_failure_of_every_subcommand(self):
        self.record()
        for command in self.COMMANDS:
            with self.subTest(command):
                with open("/dev/full", "w") as full:
                    done = self.gossipctl(*command, stdin=subprocess.DEVNULL, stdout=full)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("E_COMMAND: output is lost: cannot write to stdout: No space left on device", done.stderr)

    def test_a_closed_stdout_is_a_failure_and_no_file_takes_its_place(self):
        done = subprocess.run(["bash", "-c", f"{harness.BINARY} sim --peers 3 --out run -e list >&-"],
                              cwd=self.folder.path, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("output is lost", done.stderr)
        for line in (self.folder.path / "run" / "events.jsonl").read_text().splitlines():
            json.loads(line)

    def test_a_reader_that_has_seen_enough_is_no_failure(self):
        for command in ("man", "sim --peers 3 -e 'repeat 3000 { echo a line of some length, so that the pipe fills }'"):
            recipe = f"set -o pipefail; trap '' PIPE; {harness.BINARY} {command} | head -1"
            done = subprocess.run(["bash", "-c", recipe], cwd=self.folder.path, capture_output=True, text=True)
            self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stderr)

    def test_the_shell_says_it_too(self):
        with open("/dev/full", "w") as full:
            base = harness.free_ports(10)
            config = self.folder.path / "net.toml"
            config.write_text(harness.to_toml({"network.initial_peers": 0, "web.enabled": False}, [base]))
            done = self.gossipctl("--config", "net.toml", "-e", "list", stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("output is lost", done.stderr)


class Input(FolderTestCase):
    def run_words(self, *arguments, **options):
        return subprocess.run([harness.BINARY, *arguments], cwd=self.folder.path, capture_output=True, text=True,
                              **options)

    def test_a_folder_is_no_script(self):
        for words, code in ((["run", "/tmp"], 2), (["sim", "/tmp"], 2), (["sim", "-e", "source /tmp"], 1),
                            (["demo", "--lesson", "/tmp"], 2), (["sim", "--replay", "/tmp"], 2),
                            (["check", "/tmp"], 2)):
            done = self.run_words(*words)
            self.assertEqual(done.returncode, code, (words, done.stderr))
            self.assertIn("Is a directory", done.stderr)

    def network(self):
        base = harness.free_ports(10)
        config = self.folder.path / "net.toml"
        config.write_text(harness.to_toml({"network.initial_peers": 1, "web.enabled": False}, [base]))
        return [harness.BINARY, "--config", "net.toml"]

    def test_stdin_that_is_no_script(self):
        folder = os.open("/tmp", os.O_RDONLY)
        done = subprocess.run(self.network(), cwd=self.folder.path, stdin=folder, capture_output=True, text=True)
        os.close(folder)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("cannot read stdin: Is a directory", done.stderr)

    def test_a_closed_stdin_is_an_empty_script(self):
        done = subprocess.run(["bash", "-c", " ".join(self.network()) + " <&-"], cwd=self.folder.path,
                              capture_output=True, text=True, timeout=60 * SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_text_that_is_not_utf8_costs_its_command(self):
        done = subprocess.run([harness.BINARY, "sim", "--keep-going", "-"], cwd=self.folder.path, capture_output=True,
                              input=b"echo one\nsay 7000 caf\xe9\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"-:2:13: the byte \\xe9 is no text; write commands in UTF-8", done.stderr)
        with Network(1, 1, QUIET, ["--keep-going"]) as n:
            n.start()
            n.process.stdin.buffer.write(f"say {n.peers[0]} caf".encode() + b"\xe9\n")
            n.process.stdin.buffer.flush()
            self.assertEqual(n.do("echo on"), ["on"])
            self.assertIn("the byte \\xe9 is no text", n.error_text())
            n.finish(2)

    def test_a_text_of_any_length_ends_nobody(self):
        with Network(1, 2, QUIET, ["--keep-going"]) as n:
            n.start()
            for size in (4097, 65536, 200_000):
                n.do(f"-say {n.peers[0]} {'x' * size}")
                self.assertIn(f"a message holds at most 4096 bytes of text; this one has {size}", n.error_text())
            self.assertTrue(n.say(n.peers[0], "x" * 4096))
            n.do(f"-publish {n.peers[0]} --size 30000")
            self.assertIn("this one has 30000", n.error_text())
            n.do(f"wait reached last == all {10 * SLOW}s")
            self.assertEqual([row["state"] for row in n.rows("list peers")], ["alive"] * 2)

    def test_publish_says_before_it_begins_that_it_is_too_fast(self):
        script = ("wait registered == 4; wait connected; publish peers --count 400 --rate 100/s; "
                  "wait reached last == all")
        words = ["sim", "--peers", "4", "--set", "gossip.max_messages=0", "-e", script]
        done = self.run_words(*words)
        self.assertEqual(done.returncode, 1)
        self.assertIn("each of 4 senders would say 100 messages at 25/s; a peer may say 20 at once and then 1/s",
                      done.stderr)
        done = self.run_words(*words, "--set", "gossip.rate=0")
        self.assertEqual((done.returncode, done.stdout), (0, "published 400\n"), done.stderr)


class Signals(harness.TestCase):
    def test_a_hang_up_that_is_ignored_stays_ignored(self):
        ignoring = ("bash", "-c", """trap '' HUP; exec "$@" """, "-")
        with Network(1, 2, QUIET, before=ignoring) as n:
            n.start()
            pids = n.pids()
            for pid in [n.process.pid, *pids.values()]:
                os.kill(pid, signal.SIGHUP)
            n.do(f"stop {n.peers[1]}")
            n.do(f"wait removed {n.peers[1]} {20 * SLOW}s")
            self.assertEqual({r["state"] for r in n.rows("list")}, {"alive", "left"})

    def test_a_simulation_that_cannot_advance_ends_when_told(self):
        process = subprocess.Popen([harness.BINARY, "sim", "--peers", "5", "--set", "gossip.interval=1ns", "--set",
                                    "gossip.max_messages=4000000000", "--set", "gossip.first_after=0s", "-e",
                                    "echo begun; wait registered == 9 1000s"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "begun\n")
        process.terminate()
        self.assertEqual(process.wait(1 * SLOW), 143)
        process.stdout.close()
        process.stderr.close()


if __name__ == "__main__":
    harness.main()
