"""What docs/EXTENDING.md shows works as it stands there: an executable with its examples runs them."""
import json
import subprocess
from pathlib import Path

import harness
from harness import TestCase

EXTENDED = Path(harness.BINARY).with_name("gossipctl_extended")


class Extending(TestCase):
    def setUp(self):
        self.binary, harness.BINARY = harness.BINARY, str(EXTENDED)

    def tearDown(self):
        harness.BINARY = self.binary

    def said(self, *arguments):
        return subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL).stdout

    def test_both_are_listed_everywhere(self):
        for arguments in (["sim", "--help"], ["man"]):
            self.assertIn("the peers with the fewest links", self.said(*arguments))
            self.assertIn("the first copy to half of the links", self.said(*arguments))
        self.assertIn("fewest", self.said("topology", "--help"))

    def test_the_overlay_strategy_in_virtual_time(self):
        fewest, pa = json.loads(self.said("topology", "--overlay", "fewest,pa", "--peers", "200", "--replicates", "0",
                                          "-o", "json"))
        self.assertLess(fewest["hub_share"], pa["hub_share"])
        result = json.loads(self.said("sim", "--overlay", "fewest", "--peers", "30", "--messages", "3", "-o", "json"))
        self.assertEqual((result["outcome"], result["coverage_min"]), ("complete", 1))

    def test_the_way_to_spread_in_virtual_time(self):
        half, flood = (json.loads(self.said("sim", "--gossip", mode, "--peers", "50", "--messages", "5", "-o", "json"))
                       for mode in ("half", "flood"))
        self.assertEqual((half["outcome"], half["coverage_min"]), ("complete", 1))
        self.assertLess(half["redundancy"], flood["redundancy"])

    def test_both_as_processes(self):
        settings = {**harness.QUIET, "overlay.strategy": "fewest", "gossip.mode": "half",
                    "gossip.repair_interval": "1s"}
        with harness.Network(3, 8, settings) as network:
            network.start()
            network.say(network.peers[0], "few links, half of them")
            network.do(f"wait reached last == all {20 * harness.SLOW}s")


if __name__ == "__main__":
    harness.main()
