"""gossipctl sweep: every combination with every seed, once."""
import csv
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from unittest import mock

import harness
from harness import TestCase

STUDY = """
seeds = ["1:3"]
metrics = ["redundancy"]
[parameters]
peers = "8:16|*2"
links = [2, 3]
"""


class Sweep(TestCase):
    def setUp(self):
        self.folder = harness.Folder()

    def tearDown(self):
        self.folder.remove()

    def sweep(self, text, *arguments, code=0):
        (self.folder.path / "study.toml").write_text(text)
        done = subprocess.run([harness.BINARY, "sweep", "study.toml", *arguments], cwd=self.folder.path,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_results_and_going_on(self):
        rows = json.loads(self.sweep(STUDY, "--jobs", "2", "-o", "json"))
        self.assertEqual([(row["peers"], row["links"], row["n"]) for row in rows],
                         [(8, 2, 3), (8, 3, 3), (16, 2, 3), (16, 3, 3)])
        self.assertLess(rows[2]["mean"], rows[3]["mean"])  # more links, more copies
        self.assertIn("±", rows[1]["against_first"])
        results = self.folder.path / "study-results"
        table = list(csv.DictReader((results / "results.csv").read_text().splitlines()))
        self.assertEqual(len(table), 12)
        self.assertEqual(self.sweep(STUDY, "--print-commands"), "")
        # What is missing, and nothing else, is run again.
        kept, lost = sorted(results.glob("*.tsv"))[:2]
        before = kept.stat().st_mtime_ns
        whole = lost.read_text()
        lost.unlink()
        commands = self.sweep(STUDY, "--print-commands").splitlines()
        self.assertEqual(len(commands), 1)
        executable = re.escape(str(Path(harness.BINARY).resolve()))
        self.assertRegex(commands[0], rf"^('?){executable}\1 sim --peers ")
        (self.folder.path / "gossipctl").symlink_to(Path(harness.BINARY).resolve())
        with mock.patch.dict(os.environ, {"PATH": f"{self.folder.path}:{os.environ['PATH']}"}):
            self.assertTrue(self.sweep(STUDY, "--print-commands").startswith("gossipctl sim --peers "))
        self.assertEqual(json.loads(self.sweep(STUDY, "-o", "json")), rows)
        self.assertEqual((lost.read_text(), kept.stat().st_mtime_ns), (whole, before))

    def test_a_script_over_parameters(self):
        (self.folder.path / "one.gsh").write_text(
            "wait agree\nwait connected\nsleep 1s\nsay 7000 hello\nwait reached last == all\n"
            "kill 7002\nwait removed 7002 60s\n")
        rows = json.loads(self.sweep('script = "one.gsh"\nseeds = [1, 2]\nmetrics = ["removed_after_ms"]\n'
                                     '[parameters]\n'
                                     'peers = 6\ngossip.max_messages = 0\nliveness.misses = [2, 3]\n', "-o", "json"))
        self.assertEqual([(row["liveness.misses"], row["n"]) for row in rows], [(2, 2), (3, 2)])
        self.assertEqual(self.sweep('script = "one.gsh"\nseeds = [1, 2]\n[parameters]\npeers = 6\n'
                                    'gossip.max_messages = 0\nliveness.misses = [2, 3]\n', "--print-commands"), "")

    def test_results_of_another_script_are_not_mixed_in(self):
        study = 'script = "one.gsh"\nseeds = [1]\nmetrics = ["coverage"]\n[parameters]\npeers = 4\n'
        (self.folder.path / "one.gsh").write_text("wait registered == 4\nwait connected\nsay 7000 a\n")
        self.sweep(study)
        (self.folder.path / "one.gsh").write_text("wait registered == 4\nwait connected\nsay 7001 b\n")
        self.assertIn("another script or configuration", self.sweep(study, code=2))
        self.sweep(study, "--out", "second")

    def test_a_metric_that_no_run_has(self):
        study = STUDY.replace('"redundancy"', '"redundanzy"')
        self.assertIn("study.toml: metrics: no run has \"redundanzy\"; did you mean redundancy?",
                      self.sweep(study, code=2))

    def test_processes_one_at_a_time_and_as_commands(self):
        base = harness.free_ports(40)
        (self.folder.path / "config.toml").write_text(harness.to_toml(
            {**harness.FAST, **harness.QUIET, "ports.peers": f"{base + 1}-{base + 30}", "web.enabled": False}, [base]))
        (self.folder.path / "one.gsh").write_text(
            "wait registered == 2\nwait connected\nsay @random hello\nwait reached last == all\n")
        study = ('script = "one.gsh"\nmode = "run"\nseeds = [1, 2]\nmetrics = ["coverage"]\n'
                 '[parameters]\npeers = 2\noverlay.links = [1, 2]\n')
        commands = self.sweep(study, "--print-commands")
        self.assertEqual(len(commands.splitlines()), 4)
        subprocess.run(["sh", "-c", commands.splitlines()[0]], cwd=self.folder.path, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(self.sweep(study, "--print-commands").splitlines(), commands.splitlines()[1:])
        rows = json.loads(self.sweep(study, "-o", "json"))
        self.assertEqual([(row["overlay.links"], row["n"], row["mean"]) for row in rows], [(1, 2, 1), (2, 2, 1)])

    def test_interrupted_and_gone_on_with(self):
        study = "seeds = [1]\nmetrics = [\"coverage_min\"]\n[parameters]\npeers = [4, 2000]\nmessages = 4000\n"
        (self.folder.path / "study.toml").write_text(study)
        running = subprocess.Popen([harness.BINARY, "sweep", "study.toml"], cwd=self.folder.path, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        results = self.folder.path / "study-results"
        harness.until(lambda: list(results.glob("peers=2000*.part")), 30, "the second run")
        running.send_signal(signal.SIGINT)
        out, errors = running.communicate(timeout=60 * harness.SLOW)
        self.assertEqual((running.returncode, out), (130, ""), errors)
        self.assertIn("1 runs to go; the same command goes on", errors)
        self.assertEqual(len(self.sweep(study, "--print-commands").splitlines()), 1)

    def test_a_failing_run_is_named(self):
        errors = self.sweep("[parameters]\npeers = [8, 0]\n", code=1)
        self.assertIn("5 runs failed, the first: ", errors)
        self.assertIn("gossipctl sim --peers 0 --seed 1 ", errors)
        self.assertIn("is not a number from 1", errors)

    def test_bad_words(self):
        none = subprocess.run([harness.BINARY, "sweep"], capture_output=True, text=True)
        self.assertIn("a file is needed", none.stderr)
        self.assertIn("study.toml:1:", self.sweep("nonsense = 3\n", code=2))
        self.assertIn('--jobs: "none" is not a number from 1 to 256', self.sweep(STUDY, "--jobs", "none", code=2))
        self.assertFalse(Path(self.folder.path / "study-results").exists())


if __name__ == "__main__":
    harness.main()
