"""gossipctl predict: what theory says, in the names that a run gives its figures."""
import json
import subprocess
import tempfile

import harness


def gossipctl(*arguments):
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True, cwd=folder,
                              timeout=30 * harness.SLOW)


def predicted(*arguments):
    done = gossipctl("predict", *arguments, "-o", "json")
    assert done.returncode == 0, done.stderr
    return {row["figure"]: row for row in json.loads(done.stdout)}


class Predict(harness.TestCase):
    def test_every_figure_has_its_formula_and_source(self):
        rows = predicted("--peers", "200")
        for row in rows.values():
            self.assertTrue(row["formula"] and row["source"], row)
        self.assertEqual(rows["sends_per_message"]["predicted"], 987)
        self.assertAlmostEqual(rows["silent_suspected_s"]["predicted"], 13 / 6.93 + 39, places=1)

    def test_the_configuration_counts(self):
        slow, fast = predicted("--peers", "200"), predicted("--peers", "200", "--set", "liveness.interval=1s")
        self.assertGreater(slow["silent_removed_s"]["predicted"], 40)
        self.assertLess(fast["silent_removed_s"]["predicted"], 12)
        self.assertGreater(fast["idle_bytes_per_peer_s"]["predicted"], 10 * slow["idle_bytes_per_peer_s"]["predicted"])

    def test_a_run_shows_theory_beside_its_figures(self):
        theory = predicted("--peers", "150")
        run = json.loads(gossipctl("sim", "--peers", "150", "-o", "json").stdout)
        self.assertEqual(run["differs"], [])
        for name, value in run["predicted"].items():
            self.assertAlmostEqual(value, theory[name]["predicted"], places=2)
        self.assertIn("latency_p50_ms", run["predicted"])
        table = gossipctl("sim", "--peers", "150", "-o", "table").stdout
        self.assertIn("PREDICTED", table.splitlines()[0])

    def test_what_cannot_be_is_named(self):
        for arguments, code, words in ((["--peers", "1"], 2, "two peers"), (["--set"], 2, "--set needs a value"),
                                       (["--set", "gossip.intervall=3s"], 2, "did you mean gossip.interval?"),
                                       (["--peer", "7"], 2, "did you mean --peers?"),
                                       (["--config", "none.toml"], 2, "none.toml"), (["x.gsh"], 2, "script")):
            with self.subTest(arguments):
                done = gossipctl("predict", *arguments)
                self.assertEqual(done.returncode, code, done)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    harness.main()
