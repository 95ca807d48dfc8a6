"""Two hundred peers on one machine come up, register, connect, and nobody alive is removed."""
import time

import harness

PEERS = 200 if harness.FULL_SPEED else 40


class Scale(harness.TestCase):
    def test_bring_up(self):
        start = time.monotonic()
        with harness.Network(3, PEERS, harness.QUIET) as network:
            network.do(f"wait registered == {PEERS} {60 * harness.SLOW}s")
            took = time.monotonic() - start
            print(f"{PEERS} peers up and registered: {took:.2f} s (goal 10 s)")
            network.do(f"wait agree {10 * harness.SLOW}s")
            network.do(f"wait connected {30 * harness.SLOW}s")
            for seed in network.seeds:
                self.assertEqual(len(harness.peer_list(seed)), PEERS)
            network.say(network.peers[0], "to all of you")
            network.do(f"wait reached last == all {20 * harness.SLOW}s")
            network.do("sleep 2s")  # time for a false suspicion, had there been one
            self.assertNotIn("CONFIRMED REMOVAL", network.log())
            degrees = network.degrees()
            self.assertEqual(min(degrees.values()) > 0, True, degrees)
            self.assertLessEqual(max(degrees.values()), 128)


if __name__ == "__main__":
    harness.main()
