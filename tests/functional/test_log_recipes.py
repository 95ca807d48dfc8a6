"""Document 000's grep, awk and diff recipes on the outputfile.txt of a real run."""
import re
import subprocess

import harness

SCRIPT = """wait registered == 5 20s
wait connected 10s
wait log {peer[0]} ~ "Generated gossip #3/3" 30s
wait log {peer[1]} ~ "Generated gossip #3/3" 30s
wait log {peer[2]} ~ "Generated gossip #3/3" 30s
wait log {peer[3]} ~ "Generated gossip #3/3" 30s
wait log {peer[4]} ~ "Generated gossip #3/3" 30s
say {peer[1]} text of a user
wait reached last == all 10s
kill {peer[3]}
wait removed {peer[3]} 20s
"""


class Leaving(harness.TestCase):
    def test_whoever_looks_for_trouble_finds_none_where_a_peer_leaves(self):
        settings = {**harness.FAST, **harness.QUIET}
        with harness.Network(3, 4, settings) as n:
            n.start()
            n.do(f"stop {n.peers[1]}")
            n.do(f"wait removed {n.peers[1]} {20 * harness.SLOW}s")
            log = n.log()
        self.assertIn(f"PROPOSAL: Peer {harness.name(n.peers[1])} leaves", log)
        self.assertEqual([line for line in log.splitlines() if re.search("dead|warning|error", line, re.I)], [])


class LogRecipes(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = {"gossip.interval": "300ms", "gossip.first_after": "100ms", "gossip.max_messages": 3}
        cls.network = harness.Network(3, 5, settings)
        text = SCRIPT.format(peer=cls.network.peers)
        cls.out, _ = cls.network.process.communicate(text, timeout=120 * harness.SLOW)
        cls.errors = cls.network.error_text()
        cls.log = cls.network.log()
        cls.path = cls.network.folder.path / "logs" / "outputfile.txt"

    @classmethod
    def tearDownClass(cls):
        cls.network.process.stdout.close()
        cls.network.errors.close()
        cls.network.folder.remove()

    def sh(self, recipe):
        return subprocess.run(["bash", "-c", recipe.replace("FILE", str(self.path))], capture_output=True,
                              text=True).stdout

    def count(self, pattern):
        return len(self.sh(f"grep -F -- '{pattern}' FILE").splitlines())

    def test_run_went_well(self):
        self.assertEqual(self.network.process.returncode, 0, self.errors)

    def test_line_format(self):
        line = re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[(SEED|PEER):\d+\] (DEBUG|INFO|WARNING|ERROR) - ")
        banner = re.compile(r"^(=+|  SESSION START — .*|  Node: (SEED|PEER):\d+|)$")
        odd = [text for text in self.log.splitlines() if not line.match(text) and not banner.match(text)]
        self.assertEqual(odd[:3], [])

    def test_what_the_gui_of_000_parses(self):
        pattern = r"\[(.+?)\]\s+\[(SEED|PEER):(\d+)\]\s+(\w+)\s+-\s+(.+)"
        self.assertGreater(len(re.findall(pattern, self.log)), 50)

    def test_registration_recipes(self):
        for pattern in ["Seed node initialized at", "Total seeds: 3, Quorum: 2", "Seed node listening on",
                        "Peer node initialized at", "Registering with 2/3 seeds (quorum = 2)",
                        "Sending registration to seed", "ACK from seed", "Registration complete",
                        "PROPOSAL: Register peer", "Vote from", "Voting YES on proposal",
                        "CONSENSUS OUTCOME — APPROVED", "Current Peer List: [", "Overlay built: degree=",
                        "Peer node fully active"]:
            self.assertGreater(self.count(pattern), 0, pattern)
        for port in self.network.peers:
            self.assertGreater(self.count(f"CONSENSUS OUTCOME — APPROVED: Peer {harness.name(port)}"), 0)

    def test_gossip_recipes(self):
        self.assertGreater(self.count("Gossip received  [from="), 0)
        received = self.sh("grep 'Gossip received' FILE | head -1")
        node = r"127\.0\.0\.1:\d+"
        self.assertRegex(received, rf"Gossip received  \[from={node}, msg=[\d.]+:{node}:\d+, time=[\d.]+\]")

    def test_awk_count_of_generated_messages_a_peer(self):
        counts = self.sh("grep 'Generated gossip' FILE | awk '{print $3}' | sort | uniq -c").splitlines()
        self.assertEqual(len(counts), 5)
        for line in counts:
            self.assertLessEqual(int(line.split()[0]), 10)
            self.assertEqual(int(line.split()[0]), 3, line)

    def test_nobody_receives_a_message_twice(self):
        seen = re.findall(r"\[PEER:(\d+)\].*Gossip received  \[from=\S+, msg=(\S+),", self.log)
        self.assertEqual(len(seen), len(set(seen)))

    def test_removal_recipes(self):
        dead = harness.name(self.network.peers[3])
        self.assertGreater(self.count(f"CONFIRMED REMOVAL: Peer {dead} removed from Peer List"), 0)
        report = re.compile(rf"DEAD NODE REPORT: Dead Node:{re.escape(dead)}:[\d.]+:127\.0\.0\.1")
        self.assertRegex(self.log, report)
        self.assertGreater(self.count(f"PROPOSAL: Remove dead peer {dead}"), 0)
        self.assertGreater(self.count("PEER CONSENSUS REACHED"), 0)
        self.assertGreater(self.count("Dead-node report received: Dead Node:"), 0)

    def test_outcome_lines_agree_over_the_seeds(self):
        """000's diff of OUTCOME lines: whichever seeds proposed, what was approved is the same set."""
        approved = set(re.findall(r"CONSENSUS OUTCOME — APPROVED: (?:Remove p|P)eer (\S+)", self.log))
        self.assertEqual(approved, {harness.name(port) for port in self.network.peers})

    def test_pings_are_not_logged(self):
        self.assertNotRegex(self.log, r"\bP[IO]NG\b(?! failed)")


if __name__ == "__main__":
    harness.main()
