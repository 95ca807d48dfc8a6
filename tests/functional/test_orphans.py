"""Whatever happens to the manager, no node outlives it."""
import signal
import time

import harness


class Orphans(harness.TestCase):
    def start(self):
        network = harness.Network(3, 5, harness.QUIET)
        network.start()
        return network, list(network.pids().values())

    def gone(self, pids):
        start = time.monotonic()
        harness.until(lambda: not any(harness.alive(pid) for pid in pids), 10, "the nodes' end")
        print(f"all {len(pids)} nodes gone after {(time.monotonic() - start) * 1000:.0f} ms")

    def test_manager_killed(self):
        network, pids = self.start()
        network.process.kill()
        network.process.wait()
        self.gone(pids)
        self.close(network)

    def test_manager_killed_while_a_node_is_paused(self):
        network, pids = self.start()
        network.do(f"pause {network.peers[2]}")
        network.process.kill()
        network.process.wait()
        self.gone(pids)
        self.close(network)

    def test_manager_terminated_cleans_up(self):
        network, pids = self.start()
        network.process.send_signal(signal.SIGTERM)
        self.assertEqual(network.process.wait(30 * harness.SLOW), 143)
        self.gone(pids)
        self.close(network)

    def test_manager_interrupted_cleans_up(self):
        network, pids = self.start()
        network.process.send_signal(signal.SIGINT)
        self.assertEqual(network.process.wait(30 * harness.SLOW), 130)
        self.gone(pids)
        self.close(network)

    def test_end_of_input_stops_all_in_order(self):
        network, pids = self.start()
        network.finish(0)
        self.gone(pids)
        self.assertIn("Peer node stopped.", network.log())
        self.assertIn("Seed node stopped.", network.log())
        self.close(network)

    @staticmethod
    def close(network):
        network.process.stdin.close()
        network.process.stdout.close()
        network.errors.close()
        network.folder.remove()


if __name__ == "__main__":
    harness.main()
