"""What a seed has acknowledged survives SIGKILL, of one seed and of all; a minority decides nothing."""
import random
import threading

import harness


class Registrar(threading.Thread):
    """Registers one port after another in document 000's dialect; remembers what was acknowledged."""

    def __init__(self, seeds, ports):
        super().__init__(daemon=True)
        self.seeds = seeds
        self.ports = ports
        self.acknowledged = set()
        self.stopping = threading.Event()

    def run(self):
        generator = random.Random(self.ports[0])
        for port in self.ports:
            if self.stopping.is_set():
                return
            try:
                if harness.register(generator.choice(self.seeds), port, timeout=3) == "REGISTER_ACK":
                    self.acknowledged.add(harness.name(port))
            except (OSError, harness.Failed, ValueError):
                pass  # the seed died under it: nothing was acknowledged


class SeedDurability(harness.TestCase):
    SLOW_DETECTION = {"gossip.max_messages": 0, "seeds.sync_interval": "300ms", "seeds.lease": "10m"}

    def network(self, peers=0):
        return harness.Network(3, peers, self.SLOW_DETECTION, room=250 - peers)

    def storm(self, network, threads=8, each=12):
        base = 40000  # never dialled
        workers = [Registrar(network.seeds, range(base + i * each, base + (i + 1) * each)) for i in range(threads)]
        for worker in workers:
            worker.start()
        return workers

    def settle(self, workers):
        for worker in workers:
            worker.join(120 * harness.SLOW)
        return set().union(*(worker.acknowledged for worker in workers))

    def test_seed_killed_at_any_moment_keeps_what_it_acknowledged(self):
        rounds = 4 if harness.FULL_SPEED else 1
        for number in range(rounds):
            with self.subTest(number), self.network() as network:
                network.do(f"wait agree {10 * harness.SLOW}s")
                workers = self.storm(network)
                for victim in random.Random(number).choices(network.seeds, k=3):
                    harness.until(lambda: sum(len(w.acknowledged) for w in workers) > 0 or
                                  not any(w.is_alive() for w in workers), 30, "a first acknowledgement")
                    network.do(f"kill {victim}")
                    network.do(f"restart {victim}")
                acknowledged = self.settle(workers)
                self.assertGreater(len(acknowledged), 0)
                network.do(f"wait agree {10 * harness.SLOW}s")
                for seed in network.seeds:
                    self.assertEqual(acknowledged - harness.peer_list(seed), set())

    def test_all_seeds_killed_and_restarted_the_list_is_whole(self):
        with self.network(peers=4) as network:
            network.start()
            acknowledged = self.settle(self.storm(network, 4, 8))
            self.assertEqual(len(acknowledged), 32)
            network.do(f"wait agree {5 * harness.SLOW}s")
            before = harness.peer_list(network.seeds[0])
            self.assertEqual(len(before), 36)
            network.do("kill seeds")
            network.do("restart seeds")
            network.do(f"wait agree {10 * harness.SLOW}s")
            for seed in network.seeds:
                self.assertEqual(harness.peer_list(seed), before)
            network.do("add")
            network.do(f"wait members == 37 {10 * harness.SLOW}s")

    def test_killed_seed_binds_its_port_again_at_once(self):
        with self.network(peers=3) as network:
            network.start()
            for _ in range(3):
                network.do(f"restart {network.seeds[1]}")
            network.do(f"wait agree {10 * harness.SLOW}s")

    def test_a_minority_admits_and_removes_nothing_and_gossip_goes_on(self):
        settings = {**harness.FAST, "gossip.max_messages": 0, "seeds.pending_after": "500ms"}
        with harness.Network(3, 5, settings) as network:
            network.start()
            survivor = network.seeds[0]
            before = harness.peer_list(survivor)
            network.do(f"kill {network.seeds[1]},{network.seeds[2]}")
            answer = harness.register(survivor, 40000, timeout=15)
            self.assertEqual(answer, "REGISTER_PENDING")
            network.do(f"kill {network.peers[4]}")
            network.do(f'wait log {survivor} ~ "NO QUORUM" 15s')
            network.say(network.peers[0], "without a quorum")
            network.do(f"wait reached last == all {10 * harness.SLOW}s")
            network.do("sleep 3s")  # time enough for a removal, had there been one
            self.assertEqual(harness.peer_list(survivor), before)
            network.do(f"restart {network.seeds[1]}")
            network.do(f"wait removed {network.peers[4]} {20 * harness.SLOW}s")
            harness.until(lambda: harness.register(survivor, 40000, timeout=10) == "REGISTER_ACK", 20, "admission")

    def test_one_of_three_seeds_dead_changes_nothing_for_joiners(self):
        with self.network(peers=3) as network:
            network.start()
            network.do(f"kill {network.seeds[2]}")
            network.do("add 3")
            network.do(f"wait registered == 6 {15 * harness.SLOW}s")
            network.do(f"restart {network.seeds[2]}")
            network.do(f"wait agree {10 * harness.SLOW}s")


if __name__ == "__main__":
    harness.main()
