"""gossipctl topology: strategies side by side, the same every time."""
import csv
import json
import subprocess

import harness
from harness import TestCase


def topology(*arguments, code=0, folder=None):
    done = subprocess.run([harness.BINARY, "topology", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout if code == 0 else done.stderr


class Topology(TestCase):
    def test_what_the_strategies_are_known_for(self):
        rows = {row["overlay"]: row for row in json.loads(topology("--peers", "2000", "--runs", "2", "-o", "json"))}
        # All but those for small networks, and the one that needs a graph.
        self.assertEqual(list(rows), ["pa-ring", "pa", "zipf", "random", "zipf-log", "rank2"])
        for row in rows.values():
            self.assertEqual(row["sends_per_broadcast"], 2 * row["links"] - 1999)
            self.assertEqual(row["components"], 1)
        # The ring keeps the survivors of a hub attack together; rank weights put the most on the hubs.
        self.assertGreater(rows["pa-ring"]["connected_without_hubs_10%"], rows["pa"]["connected_without_hubs_10%"])
        self.assertGreater(rows["pa"]["connected_without_hubs_10%"], rows["zipf"]["connected_without_hubs_10%"])
        self.assertGreater(rows["zipf"]["hub_share"], rows["random"]["hub_share"])
        self.assertTrue(2 < rows["pa"]["gamma"] < 4, rows["pa"])
        self.assertGreater(rows["random"]["gamma"], rows["pa"]["gamma"])

    def test_repeats_and_csv(self):
        folder = harness.Folder()
        words = ["--peers", "300", "--overlay", "pa,zipf", "--seed", "9", "--csv", "d.csv", "-o", "tsv"]
        first = topology(*words, folder=folder.path)
        self.assertEqual(first, topology(*words, folder=folder.path))
        self.assertNotEqual(first, topology(*words[:5], "10", *words[6:], folder=folder.path))
        rows = list(csv.DictReader((folder.path / "d.csv").read_text().splitlines()))
        for overlay in ("pa", "zipf"):
            for links in ("preferential", "all"):
                counts = [int(r["peers"]) for r in rows if (r["overlay"], r["links"]) == (overlay, links)]
                self.assertEqual(sum(counts), 300)
        folder.remove()

    def test_bad_words(self):
        self.assertIn("--overlay: \"pa,star\" is not all or a list", topology("--overlay", "pa,star", code=2))
        self.assertIn("--peers needs a value: N", topology("--peers", code=2))
        self.assertIn("is not a name like FILE.svg", topology("--plot", "x.png", code=2))
        self.assertIn("unknown option --nodes", topology("--nodes", "3", code=2))


if __name__ == "__main__":
    harness.main()
