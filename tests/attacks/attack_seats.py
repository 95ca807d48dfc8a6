"""Speaking as a seed: with the port of one that is down, with its name, with its messages."""
import contextlib
import json
import threading
import time

import harness
import wire
from arena import Arena, Harm, attack, between

EMPTY = "00" * 32


class FalseSeed(wire.Impostor):
    """The port of a dead seed. It answers with a key of its own and then says what the attack wants."""

    def __init__(self, network, port):
        self.told = threading.Event()
        self.state = (0, EMPTY)
        super().__init__(port, network.identity(port), role="seed")

    def answer(self, connection, kind, payload):
        if kind in ("SYNC", "BEHIND"):
            self.state = (int(payload["epoch"]), payload["digest"])
            self.told.set()


def take_seat(stack, network):
    """The last seed is down, and a stranger listens at its port until the others have dialled it."""
    dead = network.seeds[2]
    network.do(f"kill {dead}")
    false = stack.enter_context(FalseSeed(network, dead))
    if false.await_kind("HELLO", within=10) is None:
        raise harness.Failed("no seed dialled the port of the dead one")
    false.told.wait(1)
    return false


def preach(false, lines, seconds=2):
    """Says them on all connections to it, again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for connection in list(false.connections):
            for kind, payload in lines(false.state):
                false.say(connection, kind, payload)
        time.sleep(0.1)


def forged_history(state):
    """DECISIONS that continue the true list, and a SNAPSHOT far ahead of it."""
    epoch, digest = state
    ghost = {"kind": "add", "peer": "127.0.0.1:9", "inc": 5, "v": 0}
    change = wire.change_bytes("add", "127.0.0.1:9", 5, protocol=0)
    after = wire.chain_digest(bytes.fromhex(digest), epoch + 1, [change]).hex()
    yield "DECISIONS", {"decisions": [{"epoch": epoch + 1, "batch": [ghost], "digest": after}]}
    yield "LEARN", {"epoch": epoch + 1, "ballot": [9, 2], "digest": after}
    yield "SNAPSHOT", {"epoch": 1_000_000, "digest": "ab" * 32, "members": [{"id": "127.0.0.1:9", "inc": 5, "v": 0}],
                       "removed": [], "seats": []}


def still_decide(network, seeds):
    network.no_alarm(seeds)
    network.do(f"restart {network.seeds[2]}")
    network.must(f"wait agree {4 * harness.SLOW}s", "the seeds do not agree any more")
    network.newcomer_enters()


@attack("A4", "at a dead seed's port: DECISIONS and a SNAPSHOT of a list that nobody decided")
def history_rewritten():
    with Arena() as network, contextlib.ExitStack() as stack:
        honest = network.seeds[:2]
        before = network.members(honest[0])
        false = take_seat(stack, network)
        preach(false, forged_history)
        network.stays(lambda: network.unchanged(before, honest), 1)
        false.close()
        still_decide(network, honest)


@attack("A5", "at a dead seed's port: SYNC and LEARN with a digest that contradicts the others'")
def contradiction():
    with Arena() as network, contextlib.ExitStack() as stack:
        honest = network.seeds[:2]
        false = take_seat(stack, network)

        def lies(state):
            for epoch in (state[0], max(0, state[0] - 1)):
                for kind in ("SYNC", "BEHIND"):
                    yield kind, {"epoch": epoch, "digest": "cd" * 32, "life": 7}
                yield "LEARN", {"epoch": epoch, "ballot": [9, 2], "digest": "cd" * 32}
        preach(false, lies)
        false.close()
        still_decide(network, honest)


def all_messages(network):
    """Every kind of message, well formed and about this network's own nodes."""
    golden = harness.ROOT / "tests" / "node" / "golden"
    own = {f"127.0.0.1:{7000 + i}": harness.name(peer) for i, peer in enumerate(network.peers)}
    own |= {f"127.0.0.1:{6000 + i}": harness.name(seed) for i, seed in enumerate(network.seeds)}
    for file in sorted(golden.glob("*.json")):
        text = file.read_text().splitlines()[0]
        for theirs, ours in own.items():
            text = text.replace(theirs, ours)
        message = json.loads(text)
        if message["type"] not in ("REGISTER_REQUEST", "HELLO", "HELLO_ACK", "HELLO_PROOF"):
            yield message["type"], message["payload"]


FORGED = {"PROPOSE", "VOTE", "NACK", "BEHIND", "COMMIT", "ACK", "LEARN", "SYNC", "FETCH", "DECISIONS", "SNAPSHOT",
          "REMOVAL_CASE", "CASE_OPINION", "SEAT_QUERY", "SEAT_ANSWER", "MEMBERSHIP", "DELTAS", "LEASE_ACK",
          "REGISTER_ACK", "REGISTER_NACK", "CANDIDATES", "REPORT_ACK"}


@attack("H1", "every message of seeds, forged: without a name, as a peer, and as a seed")
def forged_messages():
    with Arena() as network:
        messages = [(kind, payload) for kind, payload in all_messages(network) if kind in FORGED]
        missing = FORGED - {kind for kind, _ in messages}
        if missing:
            raise harness.Failed(f"tests/node/golden has no {', '.join(sorted(missing))}")
        before = network.members()
        shared = wire.ed25519.Key()
        speakers = [("nameless", None, "peer"), ("proven", network.peers[3], "peer"),
                    ("claimed", network.seeds[1], "seed"), ("proven", network.seeds[1], "seed")]
        for node in network.seeds + network.peers:
            for way, claimed, role in speakers:
                if claimed == node:
                    continue
                identity = network.identity(claimed or node, shared)
                speaker = wire.approach(way, node, identity, role)
                for kind, payload in messages:
                    if not speaker.open:
                        speaker = wire.approach(way, node, identity, role)
                    speaker.send(kind, payload)
                speaker.collect(0.01)
                speaker.close()
        network.stays(lambda: network.unchanged(before), 1)
        network.no_alarm()
        network.gossip_works()
        network.newcomer_enters()


@attack("H2", "claims a seed's id without its key, many times")
def claimed_seed():
    with Arena(peers=3) as network:
        pids = network.pids()
        before = {(a, b): between(pids[a], pids[b]) for a in network.seeds for b in network.seeds if a < b}
        with contextlib.ExitStack() as stack:
            for node in network.seeds[:2] + network.peers:
                for way in ("claimed", "proven"):
                    for _ in range(20):
                        identity = network.identity(network.seeds[2])
                        speaker = stack.enter_context(wire.approach(way, node, identity, "seed"))
                        speaker.send("SYNC", {"epoch": 99, "digest": "cd" * 32, "life": 7})
            network.newcomer_enters()
            network.gossip_works()
        for (a, b), pair in before.items():
            if pair - between(pids[a], pids[b]):
                raise Harm(f"the connection of seeds {a} and {b} was cut")
        network.no_alarm()


@attack("H4", "epoch 2^64-1 in every message that has one")
def last_epoch():
    with Arena() as network:
        before = network.members()
        for node in network.seeds + network.peers:
            for way, role in (("nameless", "peer"), ("proven", "peer"), ("claimed", "seed")):
                claimed = network.peers[3] if role == "peer" else network.seeds[2]
                if claimed == node:
                    continue
                speaker = wire.approach(way, node, network.identity(claimed), role)
                for kind, payload in all_messages(network):
                    for field in ("epoch", "since"):
                        if field in payload:
                            if not speaker.open:
                                speaker = wire.approach(way, node, network.identity(claimed), role)
                            speaker.send(kind, {**payload, field: str((1 << 64) - 1)})
                speaker.collect(0.01)
                speaker.close()
        network.stays(lambda: network.unchanged(before), 1)
        network.no_alarm()
        network.newcomer_enters()
        network.gossip_works()


def no_quorum(network):
    return sum(network.node_log(seed).count("NO QUORUM") for seed in network.seeds)


@attack("A21", "30 KB in a seed's name at each other seed, again and again")
def seeds_cut_off():
    with Arena() as network:
        pids = network.pids()
        pairs = {(a, b): between(pids[a], pids[b]) for a in network.seeds for b in network.seeds if a != b}
        # A HELLO in another seed's name is a burst as well: its end alone made the seeds think that the other was lost.
        requests = wire.line("GET_PEER_LIST", {}) * 600
        held = wire.line("SYNC", {"epoch": 0, "digest": EMPTY}) * 400
        flaps_before = no_quorum(network)
        end = time.monotonic() + 4
        slowest = 0.0
        while time.monotonic() < end:
            for a, b in pairs:
                for burst in (b"", requests, held):
                    for way in ("claimed", "proven"):
                        with wire.approach(way, a, network.identity(b, wire.ed25519.Key()), "seed") as speaker:
                            speaker.send_raw(burst)
                            speaker.collect(0.01)
            slowest = max(slowest, network.newcomer_enters() if slowest == 0.0 else 0.0)
        flaps = no_quorum(network) - flaps_before
        cut = [pair for pair, before in pairs.items() if before - between(pids[pair[0]], pids[pair[1]])]
        if flaps or cut:
            raise Harm(f"NO QUORUM {flaps} times; {len(cut)} of {len(pairs)} connections of seeds were cut")
        if slowest > 2.5:
            raise Harm(f"a registration took {slowest:.1f} s")
