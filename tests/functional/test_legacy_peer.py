"""A peer that speaks only document 000's dialect: no HELLO, no keys, no incarnations."""
import contextlib
import hashlib
import json
import queue
import socket
import threading
import time

import harness


class LegacyPeer:
    """Listens, answers and sends as 000's peer.py: one JSON object a line, many on a connection."""

    def __init__(self, port):
        self.port = port
        self.received = queue.Queue()
        self.pinged = threading.Event()
        self.listener = socket.create_server((harness.HOST, port))
        self.number = 0
        self.connections = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        with contextlib.suppress(OSError), connection.makefile("rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    self.take(connection, json.loads(line))

    def take(self, connection, message):
        kind, payload = message.get("type"), message.get("payload", {})
        if kind == "PING":
            self.pinged.set()
            self.reply(connection, "PONG", {"sender": harness.name(self.port), "timestamp": time.time()})
        elif kind == "GOSSIP":
            self.received.put(payload)
        elif kind == "SUSPECT_QUERY":
            self.reply(connection, "SUSPECT_RESPONSE",
                       {"sender": harness.name(self.port), "suspect": payload["suspect"], "confirmed": True})

    @staticmethod
    def reply(connection, kind, payload):
        line = json.dumps({"type": kind, "timestamp": time.time(), "payload": payload}) + "\n"
        with contextlib.suppress(OSError):
            connection.sendall(line.encode())

    def gossip_to(self, port):
        self.number += 1
        text = f"{time.time()}:{harness.HOST}:{self.port}:{self.number}"
        payload = {"msg_id": text, "msg_hash": hashlib.sha256(text.encode()).hexdigest(),
                   "sender": harness.name(self.port)}
        with harness.Lines(port) as lines:
            lines.send("GOSSIP", payload)
        return text

    def await_gossip(self, wanted, timeout=20):
        deadline = time.monotonic() + timeout * harness.SLOW
        while True:
            payload = self.received.get(timeout=max(0.01, deadline - time.monotonic()))
            if wanted(payload):
                return payload

    def close(self):
        """As the death of its process: everything it held is closed."""
        for connection in [self.listener, *self.connections]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class LegacyDialect(harness.TestCase):
    def setUp(self):
        self.network = harness.Network(3, 4, {**harness.FAST, **harness.QUIET}, room=20)
        self.legacy = LegacyPeer(harness.free_ports(1))

    def tearDown(self):
        self.legacy.close()

    def join(self):
        """As 000's peer: quorum-many seeds, each asked on a connection of its own."""
        return [harness.register(seed, self.legacy.port, timeout=15) for seed in self.network.seeds[:2]]

    def test_registers_and_is_listed_by_every_seed(self):
        with self.network as network:
            network.start()
            with harness.Lines(network.seeds[0]) as lines:
                lines.send("REGISTER_REQUEST", {"host": harness.HOST, "port": self.legacy.port})
                ack = lines.expect("REGISTER_ACK", "REGISTER_NACK", "REGISTER_PENDING")
            self.assertEqual(ack["type"], "REGISTER_ACK")
            self.assertEqual(ack["payload"]["peer_id"], harness.name(self.legacy.port))
            self.assertIn("message", ack["payload"])
            network.do(f"wait members == 5 {10 * harness.SLOW}s")
            network.do(f"wait agree {5 * harness.SLOW}s")
            for seed in network.seeds:
                answer = harness.ask(seed, "GET_PEER_LIST", {}, "PEER_LIST")["payload"]
                self.assertEqual(answer["seed_id"], harness.name(seed))
                entry = answer["peers"][harness.name(self.legacy.port)]
                self.assertEqual((entry["host"], entry["port"]), (harness.HOST, self.legacy.port))
                self.assertEqual(len(answer["peers"]), 5)

    def test_registering_again_is_acknowledged(self):
        with self.network as network:
            network.start()
            self.assertEqual(self.join(), ["REGISTER_ACK", "REGISTER_ACK"])
            self.assertEqual(self.join(), ["REGISTER_ACK", "REGISTER_ACK"])
            self.assertEqual(len(harness.peer_list(network.seeds[2])), 5)

    def test_its_message_reaches_all(self):
        with self.network as network:
            network.start()
            self.join()
            text = self.legacy.gossip_to(network.peers[0])
            for peer in network.peers:
                network.do(f'wait log {peer} ~ "msg={text}" 10s')

    def test_it_receives_what_others_say(self):
        with self.network as network:
            network.start()
            self.join()
            self.legacy.gossip_to(network.peers[0])  # 000's links are one-sided: this makes it our neighbour
            said = network.say(network.peers[1], "hello")
            got = self.legacy.await_gossip(lambda payload: payload["msg_id"] == said)
            self.assertEqual(got["msg_hash"], hashlib.sha256(said.encode()).hexdigest())
            self.assertIn(int(got["sender"].split(":")[1]), network.peers)

    def test_it_pings_and_is_pinged(self):
        with self.network as network:
            network.start()
            self.join()
            payload = {"sender": harness.name(self.legacy.port), "timestamp": time.time()}
            pong = harness.ask(network.peers[0], "PING", payload, "PONG")
            self.assertEqual(pong["payload"]["sender"], harness.name(network.peers[0]))
            self.assertTrue(self.legacy.pinged.wait(20 * harness.SLOW), "nobody pinged the legacy peer")

    def test_alive_it_stays_and_dead_it_is_removed(self):
        with self.network as network:
            network.start()
            self.join()
            self.legacy.gossip_to(network.peers[0])
            self.assertTrue(self.legacy.pinged.wait(20 * harness.SLOW), "nobody pinged the legacy peer")
            network.do("sleep 4s")  # longer than the detection windows: answering pings keeps it in
            network.do(f"expect not removed {self.legacy.port}")
            self.legacy.close()
            network.do(f"wait removed {self.legacy.port} {20 * harness.SLOW}s")


if __name__ == "__main__":
    harness.main()
