"""gossipctl sweep: every combination with every seed, once."""
import csv
import json
import subprocess
from pathlib import Path

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
        self.assertTrue(commands[0].startswith("gossipctl sim --peers"), commands)
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

    def test_a_failing_run_is_named(self):
        errors = self.sweep("[parameters]\npeers = [8, 0]\n", code=1)
        self.assertIn("5 runs failed, the first: gossipctl sim --peers 0 --seed 1", errors)
        self.assertIn("is not a number from 1", errors)

    def test_bad_words(self):
        none = subprocess.run([harness.BINARY, "sweep"], capture_output=True, text=True)
        self.assertIn("a file is needed", none.stderr)
        self.assertIn("study.toml:1:", self.sweep("nonsense = 3\n", code=2))
        self.assertIn("--jobs: a number from 1", self.sweep(STUDY, "--jobs", "none", code=2))
        self.assertFalse(Path(self.folder.path / "study-results").exists())


if __name__ == "__main__":
    harness.main()
