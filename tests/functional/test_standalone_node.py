"""`gossipctl node`: seeds and peers each alone in a process of their own, as on several machines."""
import contextlib
import socket
import subprocess

import harness


class Standalone(harness.TestCase):
    def setUp(self):
        self.folder = harness.Folder()
        base = harness.free_ports(20)
        self.seed_ports = [base, base + 1, base + 2]
        self.peer_ports = [base + 10 + i for i in range(5)]
        self.nodes = []

    def tearDown(self):
        for node in self.nodes:
            node.close()
        if self.failed():
            print(f"logs of the failed test: {self.folder.path}")
        else:
            self.folder.remove()

    def node(self, role, port, settings=None, **more):
        settings = {**harness.QUIET, **(settings or {})}
        node = harness.Node(role, port, self.folder.path, self.seed_ports, settings, **more)
        self.nodes.append(node)
        return node

    def seeds(self, **more):
        nodes = [self.node("seed", port, **more).start("--bootstrap") for port in self.seed_ports]
        for port in self.seed_ports:
            harness.until_listening(port)
        return nodes

    def peers(self, count, settings=None, **more):
        nodes = [self.node("peer", port, settings, **more).start() for port in self.peer_ports[:count]]
        harness.until(lambda: all("Registration complete" in node.log() for node in nodes), 20, "registration")
        return nodes

    def listed(self, ports):
        wanted = {harness.name(port) for port in ports}

        def agreed():
            with contextlib.suppress(OSError):
                return all(harness.peer_list(seed) == wanted for seed in self.seed_ports)
            return False
        harness.until(agreed, 15, f"{sorted(wanted)} at every seed")

    def test_network_of_separate_processes(self):
        self.seeds()
        self.peers(3)
        self.listed(self.peer_ports[:3])

    def test_seeds_in_config_toml(self):
        self.seeds(seeds_file=False)
        self.peers(2, seeds_file=False)
        self.listed(self.peer_ports[:2])

    def test_seeds_in_config_csv(self):
        csv = self.folder.path / "config.csv"
        csv.write_text("".join(f"{harness.HOST},{port}\n" for port in self.seed_ports))
        self.seeds(seeds_file=False)
        node = self.node("peer", self.peer_ports[0], seeds_file=False, arguments=["--seeds", str(csv)]).start()
        harness.until(lambda: "Registration complete" in node.log(), 20, "registration")

    def test_terminated_peer_leaves(self):
        self.seeds()
        peers = self.peers(3)
        self.assertEqual(peers[1].terminate(), 0)
        self.listed([self.peer_ports[0], self.peer_ports[2]])
        self.assertIn("Peer node stopped.", peers[1].log())

    def test_terminated_seed_stops_cleanly_and_comes_back_with_its_list(self):
        seeds = self.seeds()
        self.peers(2)
        self.listed(self.peer_ports[:2])
        self.assertEqual(seeds[0].terminate(), 0)
        self.assertIn("Seed node stopped.", seeds[0].log())
        seeds[0].start()
        harness.until_listening(self.seed_ports[0])
        self.listed(self.peer_ports[:2])

    def test_gossip_arrives_once_and_a_peer_outlives_its_last_message(self):
        """003's peers exited after their tenth message."""
        self.seeds()
        peers = self.peers(3, {"gossip.max_messages": 4, "gossip.interval": "100ms", "gossip.first_after": "50ms"})
        for node in peers:
            harness.until(lambda: "Generated gossip #4/4" in node.log(), 20, "the last message")
        harness.until(lambda: all(node.log().count("Gossip received") >= 8 for node in peers), 20, "all messages")
        for node in peers:
            self.assertIsNone(node.process.poll())
            ids = [line.split("msg=")[1].split(",")[0] for line in node.log().splitlines() if "Gossip received" in line]
            self.assertEqual(len(ids), len(set(ids)))

    # ---- what is wrong, said plainly

    def run_node(self, *arguments, timeout=20):
        return subprocess.run([harness.BINARY, "node", *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout * harness.SLOW, cwd=self.folder.path)

    def test_port_taken(self):
        config = self.folder.path / "c.toml"
        config.write_text(harness.to_toml({}, self.seed_ports))
        with socket.create_server((harness.HOST, self.peer_ports[0])):
            name = harness.name(self.peer_ports[0])
            done = self.run_node("--role", "peer", "--listen", name, "--config", str(config))
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(harness.name(self.peer_ports[0]), done.stderr)
        self.assertIn("in use", done.stderr)

    def test_bad_configuration(self):
        config = self.folder.path / "c.toml"
        for text, words in [("[gossip]\nintervall = \"5s\"\n", ["c.toml:2", "gossip.interval"]),
                            ("[gossip]\ninterval = 5\n", ["c.toml:2", "duration"]),
                            ("[gossip\n", ["c.toml:1"]),
                            ("[[seed]]\nip = \"nowhere\"\nport = 1\n", ["c.toml", "nowhere"])]:
            with self.subTest(text):
                config.write_text(text)
                done = self.run_node("--role", "peer", "--listen", harness.name(self.peer_ports[0]), "--config",
                                     str(config))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_bad_command_lines(self):
        for arguments in [["--role", "king", "--listen", "127.0.0.1:7000"], ["--role", "peer"],
                          ["--role", "peer", "--listen", "7000x"], ["--no-such-option"],
                          ["--role", "peer", "--listen", "127.0.0.1:7000", "--config", "not-there.toml"]]:
            with self.subTest(arguments):
                done = self.run_node(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_peer_that_finds_no_seed_says_so_and_joins_when_one_comes(self):
        node = self.node("peer", self.peer_ports[0]).start()
        harness.until(lambda: "Registration failed" in node.log(), 20, "a word about the missing seeds")
        self.assertIsNone(node.process.poll())
        self.seeds()
        harness.until(lambda: "Registration complete" in node.log(), 30, "registration")


if __name__ == "__main__":
    harness.main()
