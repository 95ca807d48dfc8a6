"""Flooding over real sockets costs exactly 2E-(n-1) sends a message: every send is a delivery or a duplicate."""
import harness

PEERS = 50 if harness.FULL_SPEED else 15


class FloodCount(harness.TestCase):
    def count(self, network, message):
        """(receipts that were new, receipts that were duplicates) in the nodes' own logs."""
        new = again = 0
        for peer in network.peers:
            for line in network.log(f"peer-{peer}.log").splitlines():
                if message in line:
                    new += "Gossip received" in line
                    again += "Duplicate message" in line
        return new, again

    def test_sends_a_message(self):
        # Repair every ten minutes: only the push is counted. Links have settled when degrees stay the same.
        settings = {**harness.QUIET, "log.level": "debug", "gossip.repair_interval": "10m"}
        with harness.Network(3, PEERS, settings) as network:
            network.start(30)
            for attempt in range(5):
                before = self.settled(network)
                message = network.say(network.peers[attempt], f"message {attempt}")
                network.do(f"wait reached last == all {10 * harness.SLOW}s")
                expected = sum(before.values()) - (PEERS - 1)
                harness.until(lambda: sum(self.count(network, message)) >= expected, 5,
                              f"{expected} receipts of {message}")
                new, again = self.count(network, message)
                if self.settled(network) != before:
                    continue  # a link changed meanwhile: count another one
                print(f"{PEERS} peers, {sum(before.values()) // 2} links: {new} deliveries + {again} duplicates")
                self.assertEqual(new, PEERS - 1)
                self.assertEqual(new + again, expected)
                return
            self.fail("the overlay did not settle")

    def settled(self, network):
        last = None
        while True:
            degrees = network.degrees()
            if degrees == last:
                return degrees
            last = degrees
            network.do("sleep 300ms")


if __name__ == "__main__":
    harness.main()
