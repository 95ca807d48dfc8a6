"""What a message costs over real sockets, where every send is a delivery or a duplicate: flooding exactly 2E-(n-1)
sends, a tree one a peer."""
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
                harness.until(lambda: sum(self.count(network, message)) >= expected or network.degrees() != before, 5,
                              f"{expected} receipts of {message}")
                new, again = self.count(network, message)
                if self.settled(network) != before:
                    continue  # a link changed meanwhile: count another one
                print(f"{PEERS} peers, {sum(before.values()) // 2} links: {new} deliveries + {again} duplicates")
                self.assertEqual(new, PEERS - 1)
                self.assertEqual(new + again, expected)
                return
            self.fail("the overlay did not settle")

    def test_a_tree_sends_a_message_once_a_peer(self):
        settings = {**harness.QUIET, "log.level": "debug", "gossip.mode": "tree", "gossip.copies": 1,
                    "gossip.rate": 1000, "gossip.burst": 1000}
        with harness.Network(3, 15, settings) as network:
            network.start(30)
            self.settled(network)
            counts = []
            for attempt in range(40):
                message = network.say(network.peers[attempt % 15], f"message {attempt}")
                network.do(f"wait reached last == all {10 * harness.SLOW}s")
                new, again = self.count(network, message)
                self.assertEqual(new, 14)
                counts.append(again)
                if sum(counts[-5:]) <= 1 and attempt >= 4:
                    break
            print(f"15 peers, duplicates of each message: {counts}")
            self.assertGreater(counts[0], 14)  # flooded, before anything was pruned
            self.assertLessEqual(sum(counts[-5:]), 1)

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
