"""Messages: in another's name, with others' numbers, ahead of time; and what they cost who passes them on."""
import contextlib
import re
import socket
import threading
import time

import harness
import wire
from arena import Arena, Harm, attack, resident
from test_legacy_peer import LegacyPeer


def lacking(network, ids, ports, seconds):
    """{port: ids that its log does not have}, once all have them or time is up."""
    end = time.monotonic() + seconds
    while True:
        found = {}
        for port in ports:
            log = network.node_log(port)
            if missing := [i for i in ids if f"msg={i}" not in log]:
                found[port] = missing
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.05)


def tell(network, port, identity, payloads, way):
    """GOSSIP to one peer, and until that has read it."""
    with wire.approach(way, port, identity) as speaker:
        for payload in payloads:
            speaker.send("GOSSIP", payload)
        speaker.read_by(40001)


@attack("A12", "GOSSIP in a live peer's name")
def forged_origin():
    with Arena() as network:
        victim = network.peers[0]
        life = network.life_of(victim)
        forged = []
        for index, way in enumerate(wire.WAYS):
            for count in (1, 2):
                identity = network.identity(victim)
                payload = wire.gossip(identity.name, 10 * index + count, life, "I never said this", typed=count == 1)
                forged.append(payload["msg_id"])
                tell(network, network.peers[1 + index], identity, [payload], way)
        for message in forged:
            network.nobody_logs(f"msg={message}", 0.2, "{port} delivered what the victim never said", network.peers)
        network.gossip_works(victim)
        network.nobody_logs("I never said this", 0, "{port} shows what the victim never said", network.peers)


@attack("A13", "numbers of a live peer sent ahead of it")
def numbers_ahead():
    with Arena(settings={"gossip.burst": 100}) as network:
        victim, others = network.peers[0], network.peers[1:]
        life = network.life_of(victim)
        for way in wire.WAYS:
            ahead = [wire.gossip(harness.name(victim), n, life, "ahead", typed=typed)
                     for n in range(1, 41) for typed in (True, False)]
            for port in others:
                tell(network, port, network.identity(victim), ahead, way)
        ids = [network.say(victim, f"number {n}") for n in range(10)]
        lost = lacking(network, ids, others, 5)
        if lost:
            raise Harm(f"{max(len(v) for v in lost.values())} of the victim's next 10 messages were not delivered")


def texts_of(network, port, message_id):
    found = re.findall(rf"msg={re.escape(message_id)}, time=[^\]]*\](?: \"([^\"]*)\")?", network.node_log(port))
    return set(found)


@attack("A14", "a member gives one id with four texts")
def four_texts():
    with Arena(settings={"overlay.links": 2}) as network, wire.Insider(network) as insider:
        payload = wire.gossip(insider.identity.name, 1, insider.identity.life, "")
        payloads = [insider.signed({**payload, "text": f"text {n}"}) for n in range(4)]
        with contextlib.ExitStack() as stack:
            links = [stack.enter_context(insider.link(port)) for port in network.peers[:4]]
            for link, said in zip(links, payloads):
                link.send("GOSSIP", said)
            fair = insider.signed(wire.gossip(insider.identity.name, 2, insider.identity.life, "one text"))
            links[0].send("GOSSIP", fair)
            if missing := lacking(network, [fair["msg_id"]], network.peers, 5):
                raise harness.Failed(f"an honest message of the member did not reach {sorted(missing)}")
            time.sleep(1.5)  # several rounds of repair, after which those who differ would go on differing
        texts = {port: texts_of(network, port, payload["msg_id"]) for port in network.peers}
        kept = {text for found in texts.values() for text in found}
        evidence = [line for port in network.peers for line in network.node_log(port).splitlines()
                    if payload["msg_id"] in line and not re.search(r"Gossip received|Duplicate message", line)]
        if len(kept) > 1:
            raise Harm(f"peers keep {len(kept)} texts of one id{'' if evidence else ', and nothing is logged'}")
        if not evidence:
            raise Harm("nobody logged that one id had four texts")


def lately_joined(network, harm):
    """Eight honest messages; a peer that joins now must get them all."""
    author = network.peers[0]
    ids = [network.say(author, f"before it came {n}") for n in range(8)]
    network.must(f"wait reached last == all {2 * harness.SLOW}s", f"{harm}: those who are here do not get a message")
    network.newcomer_enters()
    missing = lacking(network, ids, [network.peers[-1]], 12)
    if missing:
        raise Harm(f"{harm}: a late joiner got {8 - len(missing[network.peers[-1]])} of 8 honest messages")


@attack("A17", "junk from the future fills the stores: a late joiner gets nothing that is honest")
def junk_from_the_future():
    with Arena(settings={"gossip.store": 200, "gossip.repair_interval": "300ms"}) as network:
        future = wire.wall_ms() + 290_000
        for way in wire.WAYS:
            junk = [wire.gossip(f"127.9.8.{n % 200}:4000", n, 7, "junk", seconds=future / 1000, born=future)
                    for n in range(1, 211)]
            for port in network.peers[:3]:
                tell(network, port, network.identity(harness.free_ports(1)), junk, way)
        lately_joined(network, "junk of strangers")


@attack("A17b", "the same from a member, signed")
def junk_of_a_member():
    with Arena(settings={"gossip.store": 200, "gossip.repair_interval": "300ms"}) as network, \
            wire.Insider(network) as insider:
        future = wire.wall_ms() + 290_000
        name, life = insider.identity.name, insider.identity.life
        with insider.link(network.peers[0]) as link:
            for n in range(1, 211):
                link.send("GOSSIP", insider.signed(wire.gossip(name, n, life, "junk", seconds=future / 1000,
                                                               born=future)))
            link.read_by()
        lately_joined(network, "junk of a member")


@attack("H7", "three hashes for one id, and a field that contradicts it")
def three_hashes():
    with Arena() as network:
        port = harness.free_ports(1)
        guest = LegacyPeer(port)
        try:
            harness.register(network.seeds[0], port)
            payload = wire.gossip(harness.name(port), 1, 0, "")
            plain = {field: payload[field] for field in ("msg_id", "msg_hash", "sender")}
            for digest in (plain["msg_hash"], "0" * 64, "no hash"):
                with wire.Speaker(network.peers[0]) as speaker:
                    speaker.send("GOSSIP", {**plain, "msg_hash": digest, "origin": "10.0.0.1:1", "number": 99})
                    speaker.read_by(port)
            if lacking(network, [plain["msg_id"]], network.peers, 5):
                raise Harm("a guest's message did not reach all")
            for peer in network.peers:
                if network.node_log(peer).count(f"msg={plain['msg_id']}") != 1:
                    raise Harm(f"{peer} delivered it more than once")
        finally:
            guest.close()


# ---------------------------------------------------------------- being asked to look

class Flood(threading.Thread):
    """Says the same lines over and over to one node, so often a second, until it is stopped."""

    def __init__(self, port, lines, rate, identity=None):
        super().__init__(daemon=True)
        self.port, self.lines, self.rate, self.identity = port, lines, rate, identity
        self.over = threading.Event()
        self.start()

    def connect(self):
        speaker = wire.Speaker(self.port)
        return speaker.hello(self.identity) if self.identity else speaker

    def run(self):
        speaker, index, step = self.connect(), 0, max(1, self.rate // 50)
        while not self.over.wait(step / self.rate):
            if not speaker.open:
                speaker.close()
                speaker = self.connect()
            chunk = b"".join(self.lines[(index + i) % len(self.lines)] for i in range(step))
            index += step
            speaker.send_raw(chunk)
            speaker.collect(0)
        speaker.close()

    def stop(self):
        self.over.set()
        self.join()


def queries(about, identity):
    return [wire.line("SUSPECT_QUERY", {"sender": identity.name, "suspect": harness.name(port), "inc": 1})
            for port in about]


@attack("A10", "300 SUSPECT_QUERYs a second to each peer while one dies", alone=True)
def query_flood():
    with Arena() as network, contextlib.ExitStack() as stack:
        start = time.monotonic()
        network.do(f"kill {network.peers[4]}")
        network.do(f"wait removed {network.peers[4]} {5 * harness.SLOW}s")
        calm = time.monotonic() - start
        base = harness.free_ports(70)
        for port in range(base, base + 70):  # each takes connections and answers nothing
            stack.enter_context(socket.create_server((harness.HOST, port)))
        floods = []
        for port in network.peers[:4]:
            identity = network.identity(harness.free_ports(1))
            lines = queries(range(base, base + 70), identity)
            floods += [Flood(port, lines, 150), Flood(port, lines, 150, identity)]
        try:
            time.sleep(0.5)  # the flood itself
            start = time.monotonic()
            network.do(f"kill {network.peers[3]}")
            network.must(f"wait removed {network.peers[3]} 20s", "a dead peer was not removed in 20 s")
            flooded = time.monotonic() - start
        finally:
            for flood in floods:
                flood.stop()
        if flooded > max(3 * calm, calm + 1.5):
            raise Harm(f"detection took {flooded:.1f} s instead of {calm:.1f} s")


@attack("A11", "SUSPECT_QUERYs about a third party, which the peers then dial")
def relayed_dials():
    with Arena() as network:
        port = harness.free_ports(1)
        with socket.create_server((harness.HOST, port)) as third:
            for peer in network.peers:
                for way in wire.WAYS:
                    identity = network.identity(harness.free_ports(1))
                    with wire.approach(way, peer, identity) as speaker:
                        speaker.send_raw(queries([port], identity)[0])
                        speaker.read_by(40001)
            third.settimeout(1.5)
            dials = 0
            with contextlib.suppress(TimeoutError):
                while True:
                    third.accept()[0].close()
                    dials += 1
        if dials:
            raise Harm(f"a third party was dialled {dials} times for {len(wire.WAYS) * len(network.peers)} lines")
        with wire.Insider(network) as member, member.link(network.peers[0]) as link:
            suspect = {"suspect": harness.name(network.peers[1]), "inc": wire.number(network.life_of(network.peers[1]))}
            link.send("SUSPECT_QUERY", {"sender": member.identity.name, **suspect})
            if member.await_kind("SUSPECT_RESPONSE") is None:
                raise harness.Failed("a member's question about a member is not answered")


@attack("A24", "160,000 numbers with holes between them, of invented origins", long=True)
def holes():
    with Arena(peers=2, settings={"gossip.store": 200, "log.level": "warning"}) as network:
        target, pid = network.peers[0], network.pid(network.peers[0])
        identity = network.identity(harness.free_ports(1))
        grown = []
        for origin in range(40):
            way = ("nameless", "proven")[origin % 2]
            with wire.approach(way, target, identity) as speaker:
                lines = [wire.line("GOSSIP", wire.gossip(f"127.9.8.{origin}:4000", 2 * n, 5, "", seconds=1))
                         for n in range(1, 4001)]
                for start in range(0, 4000, 500):
                    speaker.send_raw(b"".join(lines[start:start + 500]))
                    speaker.collect(0)
                speaker.read_by(40001)
            grown.append(resident(pid))
        # The store of messages is full long before the fifth.
        if grown[-1] - grown[4] > 1_000_000:
            raise Harm(f"140,000 numbers took {(grown[-1] - grown[4]) / 1e6:.1f} MB; 65,536 origins may do the same")
        network.gossip_works()
