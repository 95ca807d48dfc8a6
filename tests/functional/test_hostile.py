"""Hostile connections cost themselves: the network and its memory stay as they were."""
import contextlib
import json
import os
import socket
import time

import harness


def rss(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Hostile(harness.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = {**harness.QUIET, "liveness.interval": "2s"}
        cls.network = harness.Network(3, 5, settings)
        cls.network.start()
        cls.before = harness.peer_list(cls.network.seeds[0])

    @classmethod
    def tearDownClass(cls):
        cls.network.__exit__(None, None, None)

    def tearDown(self):
        """Whatever was done: same list everywhere, and a message still reaches all."""
        self.network.do(f"wait agree {5 * harness.SLOW}s")
        for seed in self.network.seeds:
            self.assertEqual(harness.peer_list(seed), self.before)
        self.network.say(self.network.peers[0], "unharmed")
        self.network.do(f"wait reached last == all {10 * harness.SLOW}s")
        self.network.do("expect connected")
        self.assertNotIn("CONFIRMED REMOVAL", self.network.log())

    def targets(self):
        return [self.network.seeds[0], self.network.peers[0]]

    def test_garbage_is_answered_with_an_error_and_closed(self):
        for port in self.targets():
            for garbage in [b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff\xfe\n", b"{}\n", b"[]\n", b"null\n",
                            b"{\"type\":5}\n",
                            b"{\"type\":\"PING\",\"timestamp\":1,\"payload\":[]}\n", b"[" * 5000 + b"\n",
                            b"{\"type\":\"GOSSIP\",\"timestamp\":1e99999,\"payload\":{}}\n"]:
                with self.subTest(port=port, garbage=garbage[:40]), harness.Lines(port) as lines:
                    lines.send_raw(garbage)
                    answer = lines.receive()
                    if answer is not None:
                        self.assertEqual(answer["type"], "ERROR")
                    self.assertTrue(answer is None or lines.closed())

    def test_wrong_types_in_every_field_are_refused(self):
        for port in self.targets():
            for kind, payload in [("REGISTER_REQUEST", {"host": 5, "port": "x"}),
                                  ("REGISTER_REQUEST", {"host": harness.HOST, "port": 70000}),
                                  ("REGISTER_REQUEST", {"host": "no-address", "port": 7000}),
                                  ("GOSSIP", {"msg_id": 7, "msg_hash": [], "sender": {}}),
                                  ("PING", {"sender": "nonsense", "timestamp": "now"})]:
                with self.subTest(port=port, kind=kind, payload=payload), harness.Lines(port) as lines:
                    lines.send(kind, payload)
                    answer = lines.receive()
                    self.assertIn(answer["type"] if answer else "ERROR", ("ERROR", "REGISTER_NACK"))

    def test_unknown_type_is_logged_and_harmless(self):
        port = self.network.peers[1]
        with harness.Lines(port) as lines:
            lines.send("NO_SUCH_TYPE", {})
            lines.send("PING", {"sender": harness.name(40001), "timestamp": time.time()})
            self.assertEqual(lines.expect("PONG")["type"], "PONG")
        self.network.do(f'wait log {port} ~ "NO_SUCH_TYPE" 5s')

    def test_endless_line_is_cut(self):
        for port in self.targets():
            with self.subTest(port=port), harness.Lines(port) as lines:
                with contextlib.suppress(OSError):
                    for _ in range(40):
                        lines.send_raw(b"x" * 65536)
                self.assertTrue(lines.closed())

    def test_endless_line_costs_neither_memory_nor_a_core(self):
        pid = self.network.pids()[self.network.peers[0]]
        memory, cpu = rss(pid), cpu_seconds(pid)
        sent = 0
        start = time.monotonic()
        while time.monotonic() - start < 1.0:
            with contextlib.suppress(OSError), harness.Lines(self.network.peers[0]) as lines:
                while time.monotonic() - start < 1.0:
                    lines.send_raw(b"y" * 16384)
                    sent += 16384
        self.assertGreater(sent, 1_000_000)
        self.assertLess(rss(pid) - memory, 8_000_000 * harness.COST)
        self.assertLess(cpu_seconds(pid) - cpu, 0.8 * harness.COST)

    def test_trickled_line_meets_a_deadline(self):
        """A byte now and then must not extend it."""
        with harness.Lines(self.network.peers[0], timeout=1) as lines:
            lines.socket.settimeout(0.5)
            start = time.monotonic()
            closed = False
            while not closed and time.monotonic() - start < 30 * harness.SLOW:
                try:
                    lines.send_raw(b"{")
                    closed = lines.socket.recv(4096) == b""
                except socket.timeout:
                    continue
                except OSError:
                    closed = True
            self.assertTrue(closed, "a trickling connection was held for ever")

    def test_silent_connections_are_closed(self):
        connections = [harness.Lines(port, timeout=30) for port in self.targets() for _ in range(50)]
        try:
            for connection in connections:
                self.assertTrue(connection.closed(), "a silent connection was held for ever")
        finally:
            for connection in connections:
                connection.close()

    def test_forged_reports_by_an_outsider_remove_nobody(self):
        """Three of them evicted a live peer of 000 for good."""
        victim = harness.name(self.network.peers[2])
        for reporter in [40001, 40002, self.network.peers[1]]:
            for seed in self.network.seeds:
                text = f"Dead Node:{victim}:{time.time()}:{harness.HOST}"
                payload = {"dead_peer_id": victim, "reporter_id": harness.name(reporter), "peer_votes": 99,
                           "timestamp": time.time(), "report_string": text}
                with harness.Lines(seed) as lines:
                    lines.send("DEAD_NODE_REPORT", payload)
                    lines.send("GET_PEER_LIST", {})
                    lines.expect("PEER_LIST")
        self.network.do(f"expect not removed {self.network.peers[2]}")
        self.network.do(f"expect votes(remove {self.network.peers[2]}).yes == 0")

    def tell_all(self, kind, payload):
        """Says it to every node from outside, and waits until the node has read on, or has closed."""
        for port in self.network.seeds + self.network.peers:
            with self.subTest(kind=kind, port=port), harness.Lines(port) as lines:
                lines.send(kind, payload)
                with contextlib.suppress(OSError, harness.Failed):
                    lines.send("GET_PEER_LIST" if port in self.network.seeds else "PING",
                               {"sender": harness.name(40001), "timestamp": time.time()})
                    lines.expect("PEER_LIST", "PONG")

    def test_what_only_seeds_may_say_in_000s_words(self):
        """An open list-sync added 500 fakes to 000's seeds."""
        hosts = [f"10.0.{i // 250}.{i % 250 + 1}" for i in range(500)]
        fakes = {f"{host}:7000": {"host": host, "port": 7000, "joined": 1} for host in hosts}
        seed, peer = harness.name(self.network.seeds[1]), harness.name(self.network.peers[0])
        self.tell_all("SEED_SYNC", {"peers": fakes, "sender": seed})
        self.tell_all("PROPOSE_REMOVE", {"proposal_id": "00000000", "peer_id": peer, "reporter": "x", "peer_votes": 3,
                                         "proposer": seed})
        self.tell_all("VOTE_REMOVE", {"proposal_id": "00000000", "voter": seed, "vote": True})

    def test_every_message_of_ours_from_an_outsider(self):
        """Well formed, about this network's own nodes, from nobody: 001 obeyed a bare COMMIT from anyone."""
        golden = harness.ROOT / "tests" / "node" / "golden"
        own = {f"127.0.0.1:{7000 + i}": harness.name(peer) for i, peer in enumerate(self.network.peers)}
        told = set()
        for file in sorted(golden.glob("*.json")):
            text = file.read_text()
            for theirs, ours in own.items():
                text = text.replace(theirs, ours)
            message = json.loads(text.splitlines()[0])
            if message["type"] in ("REGISTER_REQUEST", "HELLO", "HELLO_ACK", "HELLO_PROOF"):
                continue  # anybody may ask to register; the handshake has tests of its own
            told.add(message["type"])
            self.tell_all(message["type"], message["payload"])
        self.assertLessEqual({"COMMIT", "PROPOSE", "VOTE", "SYNC", "SNAPSHOT", "MEMBERSHIP", "LEAVE"}, told)

    def test_a_forged_hash_hides_no_message(self):
        """The key of a message is computed, never believed: a wrong msg_hash changes nothing."""
        peer = self.network.peers[0]
        text = f"{time.time()}:{harness.HOST}:{self.network.peers[4]}:77"
        with harness.Lines(peer) as lines:
            lines.send("GOSSIP", {"msg_id": text, "msg_hash": "0" * 64, "sender": harness.name(40001)})
            lines.send("PING", {"sender": harness.name(40001), "timestamp": time.time()})
            lines.expect("PONG")

    def test_control_characters_do_not_reach_the_log(self):
        port = self.network.peers[1]
        with harness.Lines(port) as lines:
            lines.send("EVIL\u001b[31m\nSECOND LINE", {})
            lines.send("PING", {"sender": harness.name(40001), "timestamp": time.time()})
            lines.expect("PONG")
        log = self.network.log(f"peer-{port}.log")
        self.assertNotIn("\x1b", log)
        self.assertNotRegex(log, r"(?m)^SECOND LINE")

    def test_z_a_crowd_of_half_open_connections(self):
        crowd = []
        try:
            for _ in range(300):
                crowd.append(socket.create_connection((harness.HOST, self.network.seeds[0]), 2))
                crowd[-1].sendall(b'{"type": "REGISTER')
            self.assertEqual(harness.peer_list(self.network.seeds[0]), self.before)
        finally:
            for connection in crowd:
                connection.close()


if __name__ == "__main__":
    harness.main()
