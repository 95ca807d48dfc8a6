"""Whatever happens to the manager, no node outlives it."""
import signal

import harness


class Orphans(harness.TestCase):
    def start(self):
        network = harness.Network(3, 5, harness.QUIET)
        network.start()
        return network, list(network.pids().values())

    def test_manager_killed(self):
        network, pids = self.start()
        network.crash()
        harness.until_gone(pids)
        network.close()

    def test_manager_killed_while_a_node_is_paused(self):
        network, pids = self.start()
        network.do(f"pause {network.peers[2]}")
        network.crash()
        harness.until_gone(pids)
        network.close()

    def test_manager_terminated_cleans_up(self):
        network, pids = self.start()
        network.process.send_signal(signal.SIGTERM)
        self.assertEqual(network.process.wait(30 * harness.SLOW), 143)
        harness.until_gone(pids)
        network.close()

    def test_manager_interrupted_cleans_up(self):
        network, pids = self.start()
        network.process.send_signal(signal.SIGINT)
        self.assertEqual(network.process.wait(30 * harness.SLOW), 130)
        harness.until_gone(pids)
        network.close()

    def test_end_of_input_stops_all_in_order(self):
        network, pids = self.start()
        network.finish(0)
        harness.until_gone(pids)
        self.assertIn("Peer node stopped.", network.log())
        self.assertIn("Seed node stopped.", network.log())
        network.close()


if __name__ == "__main__":
    harness.main()
