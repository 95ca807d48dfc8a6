"""gossipctl advise, and a run's figures beside the prediction."""
import json
import subprocess

import harness
from harness import TestCase
from test_runs import Recorded


def gossipctl(*arguments, folder=None):
    done = subprocess.run([harness.BINARY, *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Advise(TestCase):
    def test_a_run_agrees_with_its_prediction(self):
        with Recorded(peers=40) as r:
            rows = {row["figure"]: row for row in json.loads(r.gossipctl("stats", "run", "--predicted", "-o", "json"))}
            self.assertEqual({row["verdict"] for row in rows.values()}, {"agrees"}, rows)
            self.assertEqual(set(rows), {"hops", "sends_per_message", "duplicates_per_delivery"})

    def test_advice_is_a_configuration_that_was_tried(self):
        folder = harness.Folder()
        circumstances = ["--peers", "60", "--stall", "12s", "--loss", "1%", "--link-delay", "5ms"]
        code, advice, errors = gossipctl("advise", *circumstances)
        self.assertEqual(code, 0, errors)
        self.assertIn("# simulated 60 peers", advice)
        self.assertIn('interval = "5s"', advice)  # three cycles of 5 s outlast a stall of 12 s
        (folder.path / "advice.toml").write_text(advice)
        code, out, errors = gossipctl("check", "advice.toml", folder=folder.path)
        self.assertEqual(code, 0, errors)
        self.assertIn('interval = "5s"', out)
        folder.remove()

    def test_what_cannot_be_had_is_said(self):
        code, out, errors = gossipctl("advise", "--peers", "60", "--link-delay", "50ms", "--latency", "5ms")
        self.assertEqual(code, 1, out)
        self.assertIn("half of the deliveries took up to", errors)

    def test_bad_words(self):
        for arguments, text in ((["--nonsense"], "unknown option --nonsense"), (["--loss", "120%"], "is not a share"),
                                (["--peers", "one"], "is not a number from 4"),
                                (["--latency"], "--latency needs a value: TIME")):
            code, _, errors = gossipctl("advise", *arguments)
            self.assertEqual(code, 2, arguments)
            self.assertIn(text, errors)


if __name__ == "__main__":
    harness.main()
