"""gossipctl sim: the command line of the simulator as a process."""
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import termios
import time
import unittest
from pathlib import Path

import harness


def sim(*arguments, timeout=120, cwd=None):
    return subprocess.run([harness.BINARY, "sim", *arguments], capture_output=True, text=True, timeout=timeout, cwd=cwd)


def own_terminal(slave):
    """In the child: the pty is its terminal, so that Ctrl-C there is its SIGINT."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def wait_until_caught(pid, number):
    """Until the process handles this signal: before that it would just die of it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        mask = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), 16)
        if mask >> (number - 1) & 1:
            return
    raise AssertionError(f"process {pid} never caught signal {number}")


class Sim(unittest.TestCase):
    def test_same_seed_same_trace(self):
        runs = [sim("--peers", "30", "--seed", "c141c2f", "-o", "json") for _ in range(2)]
        other = sim("--peers", "30", "--seed", "c141c2e", "-o", "json")
        first, second, third = (json.loads(run.stdout) for run in [*runs, other])
        self.assertEqual(first, second)
        self.assertNotEqual(first["trace_hash"], third["trace_hash"])
        self.assertEqual(first["coverage_min"], 1)
        self.assertEqual(runs[0].stderr, "", "no progress line off a terminal")

    def test_interrupt_ends_with_the_results_so_far(self):
        process = subprocess.Popen([harness.BINARY, "sim", "--peers", "300", "--duration", "24h", "-o", "json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until_caught(process.pid, signal.SIGINT)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        result = json.loads(out)
        self.assertEqual(result["outcome"], "interrupted")
        self.assertLess(result["virtual_s"], 86400)

    def interrupted_on_a_terminal(self, *arguments, stdin=None):
        """Ctrl-C on a pty once the line that shows the progress is there: (exit code, stdout, what the pty showed)."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        process = subprocess.Popen([harness.BINARY, "sim", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=slave, text=True, preexec_fn=lambda: own_terminal(slave))
        os.close(slave)
        process.stdin.write(stdin or "")
        process.stdin.close()
        shown = ""
        while "events/s" not in shown:
            self.assertTrue(select.select([master], [], [], 60)[0], "no progress in 60 s: " + shown)
            shown += os.read(master, 4096).decode()
        os.write(master, b"\x03")
        with process.stdout:
            out = process.stdout.read()
        return process.wait(60), out, shown

    def test_progress_and_ctrl_c_on_a_terminal(self):
        code, out, shown = self.interrupted_on_a_terminal("--peers", "300", "--duration", "24h", "-o", "json")
        self.assertEqual(code, 130)
        self.assertEqual(json.loads(out)["outcome"], "interrupted")
        self.assertRegex(shown, r"\rx?.*run 1/1 (running|bringing up).*virtual \d+\.\d+ s  \d+\.\d+ M events/s")
        code, out, shown = self.interrupted_on_a_terminal("--swarm", "100000000")
        self.assertEqual(code, 130)
        self.assertRegex(shown, r"run \d+/100000000  \[-+\]   0 %  .* s left")
        self.assertRegex(out, r"^\d+ runs good")
        code, out, shown = self.interrupted_on_a_terminal("-", stdin="echo begun\nsleep 1000h\necho never\n")
        self.assertEqual((code, out), (130, "begun\n"))
        self.assertIn("run 1/1", shown)

    def test_invariants_are_checked_and_change_nothing(self):
        checked, unchecked = (json.loads(sim("--peers", "30", "--faults", "crash=20%,pause=20%", "--check", check,
                                             "-o", "json").stdout) for check in ("on", "off"))
        self.assertEqual(checked, unchecked)

    def test_a_broken_invariant_ends_the_run(self):
        done = sim("--peers", "30", "--runs", "3", "--check", "canary", "-o", "json")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(json.loads(done.stdout)["outcome"], "violation")
        self.assertRegex(done.stderr, r"E_EXPECT: sim: seed 1: invariant S\d+ at 0\.\d+ s \[127\.0\.0\.1:500\d\]: ")

    def test_a_failing_swarm_run_is_kept_replayed_and_shrunk(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        good = sim("--swarm", "5", cwd=folder.path)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("5 runs good", good.stdout)
        self.assertEqual(list(folder.path.iterdir()), [])
        found = sim("--swarm", "5", "--seed", "x", "--check", "canary", cwd=folder.path)
        self.assertEqual(found.returncode, 3)
        violation = re.search(r"invariant (S\d+ at .*)", found.stderr).group(1)
        replayed = sim(*re.search(r"replay: gossipctl sim (.*)", found.stderr).group(1).split(), cwd=folder.path)
        self.assertEqual(replayed.returncode, 3)
        self.assertIn(violation, replayed.stderr)
        shrunk = sim(*re.search(r"shrink: gossipctl sim (.*)", found.stderr).group(1).split(), cwd=folder.path)
        self.assertEqual(shrunk.returncode, 0, shrunk.stderr)
        before, after = (json.loads((folder.path / name).read_text()) for name in ("repro.json", "repro.min.json"))
        self.assertLess(len(after["faults"]), len(before["faults"]))
        self.assertLess(after["shape"]["peers"], before["shape"]["peers"])
        last = sim(*re.search(r"replay: gossipctl sim (.*)", shrunk.stdout).group(1).split(), cwd=folder.path)
        self.assertEqual(last.returncode, 3)
        self.assertIn(f"invariant {after['invariant']} at ", last.stderr)

    def test_results_are_files_and_compared(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        for name, arguments in [("base", []), ("same", ["--seed", "77"]), ("more", ["--links", "5"])]:
            done = sim("--peers", "40", "--runs", "8", "--out", name, *arguments, cwd=folder.path)
            self.assertEqual(done.returncode, 0, done.stderr)
        runs = [json.loads(line) for line in (folder.path / "base" / "runs.jsonl").read_text().splitlines()]
        figures = json.loads((folder.path / "base" / "summary.json").read_text())["figures"]
        pushes = [run["pushes"] for run in runs]
        self.assertEqual(len(runs), 8)
        self.assertAlmostEqual(figures["pushes"]["mean"], sum(pushes) / 8)
        self.assertEqual((figures["pushes"]["min"], figures["pushes"]["max"]), (min(pushes), max(pushes)))
        low, high = figures["pushes"]["ci95"]
        self.assertTrue(low < figures["pushes"]["mean"] < high)
        head, first = (folder.path / "base" / "runs.csv").read_text().splitlines()[:2]
        self.assertEqual(dict(zip(head.split(","), first.split(",")))["pushes"], str(pushes[0]))

        def changed(new):
            rows = json.loads(sim("compare", "base", new, "-o", "json", cwd=folder.path).stdout)
            return {row["figure"] for row in rows if row["significant"] == "yes"}
        self.assertEqual(changed("base"), set())
        self.assertEqual(changed("same"), set())
        self.assertLessEqual({"pushes", "degree_mean", "redundancy"}, changed("more"))

    def test_results_that_cannot_be_compared(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        head = "seed,outcome,pushes,hops,trace_hash\n"
        for text, words in [("x\n", "1: is no runs.csv"), (head + "1,complete,2,0x1\n", "2: 4 columns, wanted 5"),
                            (head + "1,complete,2,many,0x1\n", "2: hops is no number: many"),
                            (head + "1,complete,2,3,0x1\n2,interrupted,2,3,0x2\n", "fewer than two complete runs")]:
            (folder.path / "a.csv").write_text(text)
            done = sim("compare", "a.csv", "a.csv", cwd=folder.path)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(words, done.stderr)
        for arguments, words in [(["one"], "two results are needed"), (["a", "b", "-x"], "unknown option -x"),
                                 (["none", "none"], "cannot read none")]:
            done = sim("compare", *arguments, cwd=folder.path)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)
        self.assertIn("cannot make the folder", sim("--out", "a.csv/b", cwd=folder.path).stderr)

    def test_bad_repros(self):
        folder = harness.Folder()
        self.addCleanup(folder.remove)
        file = folder.path / "bad.json"
        good = (harness.ROOT / "tests" / "regress" / "quorum_half.json").read_text()
        self.assertEqual(sim("--shrink", str(harness.ROOT / "tests" / "regress" / "quorum_half.json")).returncode, 1)
        for text, words in [("{", "is no JSON"), ("[]", "is no repro"), ('{"gossipctl_repro": 2}', "has format 2"),
                            (good.replace('"peers":', '"pears":'), "shape.peers is missing"),
                            (good.replace('"seeds":', '"seeds":-'), "shape.seeds has a value of the wrong kind"),
                            (good.replace('"jitter_percent":', '"jitter_percent":"x",'), "is no JSON"),
                            (good.replace('"gossip.max_messages":', '"gossip.max_messages":true,"x":'),
                             "config.gossip.max_messages has a value of the wrong kind"),
                            (good.replace('"pa-ring"', '"star"'), "overlay.strategy is unknown: star")]:
            file.write_text(text)
            for option in ("--replay", "--shrink"):
                done = sim(option, str(file))
                self.assertEqual(done.returncode, 2, text)
                self.assertIn(f"E_USAGE: sim: {file}: ", done.stderr)
                self.assertIn(words, done.stderr)
        self.assertIn("exclude each other", sim("--swarm", "3", "--replay", str(file)).stderr)

    def test_bad_input(self):
        for arguments, words in [(["--peers", "0"], "is not a number from 1"),
                                 (["--peers", "10000000", "--messages", "100000"], "of memory"),
                                 (["--check", "on", "--bring-up", "grown"], "no past to be judged by"),
                                 (["--check", "maybe"], "is not on or off"),
                                 (["--faults", "fire=1%"], "unknown fault")]:
            done = sim(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stdout, "")
            self.assertIn("E_USAGE", done.stderr)
            self.assertIn(words, done.stderr)

    def test_help(self):
        done = sim("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--latency MODEL", done.stdout)


if __name__ == "__main__":
    harness.main()
