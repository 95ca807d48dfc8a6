"""Speaking in the name of a node: what it would have been told, and what it would be believed."""
import contextlib
import threading

import harness
import wire
from arena import Arena, Harm, attack, between, until


@attack("A3", "asks for so many lists in a peer's name that the answers break its own connection to the seed")
def answers_overflow():
    with Arena() as network:
        victim = network.peers[0]
        pids = network.pids()
        seed = next(s for s in network.seeds if between(pids[s], pids[victim]))
        length = len(str(network.members(seed))) + 200
        request = wire.line("GET_PEER_LIST", {})
        for way in wire.GREETED:
            before = between(pids[seed], pids[victim])
            received = int(network.row(victim)["received"])
            with wire.approach(way, seed, network.identity(victim)) as speaker:
                speaker.send_raw(request * (3 * (1 << 20) // length + 1))
                speaker.await_kind("NOTHING", within=1.5)
            lost = before - between(pids[seed], pids[victim])
            if lost:
                raise Harm(f"the victim's own connection to seed {seed} was cut ({way})")
            if int(network.row(victim)["received"]) - received > 1000:
                raise Harm(f"the victim received the answers ({way})")
        network.do(f"expect not removed {victim}")
        network.gossip_works(victim)


@attack("A6", "says HELLO in the name of a peer that has not started yet")
def before_it_starts():
    with Arena() as network:
        port = max(network.peers) + 1
        stolen = []
        with contextlib.ExitStack() as stack:
            early = [stack.enter_context(wire.approach(way, node, network.identity(port)))
                     for node in network.seeds + network.peers for way in wire.GREETED]
            network.newcomer_enters(10)
            network.must(f"wait registered == 6 {2 * harness.SLOW}s", "the peer is listed and is never told so")
            network.gossip_works(port)
            for speaker in early:
                stolen += [m["type"] for m in speaker.collect(0.02)
                           if m["type"] in ("REGISTER_ACK", "REGISTER_PENDING", "GOSSIP", "LINK_ACCEPT")]
        if stolen:
            raise Harm(f"a stranger received {', '.join(sorted(set(stolen)))} that was meant for it")


def must_be_removed(network, victim, seconds=15):
    network.do(f"kill {victim}")
    network.must(f"wait removed {victim} {seconds * harness.COST}s",
                 f"the dead peer was still listed after {seconds} s")


@attack("A6b", "registers a guest at the address of a peer that has not started yet")
def guest_before_it_starts():
    with Arena() as network:
        port = max(network.peers) + 1
        for seed in network.seeds:
            harness.register(seed, port)
        network.newcomer_enters(10)
        until(lambda: int(network.row(port)["degree"] or 0) > 0, 10, "a link of the newcomer")
        network.gossip_works(port)
        if not network.members()[harness.name(port)].get("key"):
            raise Harm("it is listed as a guest, and so are all who take its address")


@attack("A7", "LINK_REQUEST in a peer's name with a life to come; then that peer dies")
def later_life():
    with Arena() as network:
        victim = network.peers[0]
        identity = network.identity(victim, life=1 << 61)
        with contextlib.ExitStack() as stack:
            for port in network.peers[1:]:
                for way in wire.GREETED:
                    speaker = stack.enter_context(wire.approach(way, port, identity))
                    record = wire.links_record(identity.key, identity.name, identity.life)
                    speaker.ask("LINK_REQUEST", {"kind": "ring", "inc": wire.number(identity.life), "degree": 1,
                                                 "record": record}, "LINK_ACCEPT", "LINK_REJECT", "ERROR", within=1)
            must_be_removed(network, victim)


class Puppet(threading.Thread):
    """Gives a dead peer's signs of life, until it is stopped."""

    def __init__(self, network, victim, life):
        super().__init__(daemon=True)
        self.network = network
        self.identity = network.identity(victim, life=life)
        self.port = victim
        self.over = threading.Event()
        self.start()

    def run(self):
        peers = [p for p in self.network.peers if p != self.port]
        speakers = [(port, way, wire.approach(way, port, self.identity)) for port in peers + self.network.seeds
                    for way in wire.WAYS]
        while not self.over.is_set():
            for index, (port, way, speaker) in enumerate(speakers):
                if not speaker.open:
                    speaker.close()
                    speakers[index] = port, way, speaker = port, way, wire.approach(way, port, self.identity)
                life = {"inc": wire.number(self.identity.life)}
                if port in self.network.seeds:
                    speaker.send("LEASE", {"peer": self.identity.name, **life, "degree": 3, "epoch": 1})
                else:
                    sign = {"sender": self.identity.name, "timestamp": wire.wall_ms() / 1000, **life, "linked": True}
                    speaker.send("PONG", sign)
                    speaker.send("PING", sign)
                speaker.collect(0.001)
            self.over.wait(0.1)
        for _, _, speaker in speakers:
            speaker.close()

    def stop(self):
        self.over.set()
        self.join()


@attack("A8", "PONG, PING and LEASE for a dead peer")
def signs_of_life():
    with Arena() as network:
        victim = network.peers[0]
        life = network.life_of(victim)
        puppet = Puppet(network, victim, life)
        try:
            must_be_removed(network, victim)
        finally:
            puppet.stop()


@attack("A8b", "takes the port of a dead peer and answers there with a key of its own")
def port_taken():
    with Arena(peers=10, settings={"overlay.links": 2}) as network:  # not all witnesses are its neighbours
        victim = network.peers[0]
        life = network.life_of(victim)
        network.do(f"kill {victim}")
        with wire.Impostor(victim, network.identity(victim, life=life)):
            network.must(f"wait removed {victim} {20 * harness.COST}s", "the dead peer was still listed after 20 s")


@attack("H18", "members report a live peer dead, with statements that they made up for its witnesses")
def false_accusation():
    with Arena() as network, wire.Insider(network) as insider:
        victim = harness.name(network.peers[0])
        life = network.life_of(network.peers[0])
        others = [harness.name(port) for port in network.peers[1:]]
        before = network.members()
        for witnesses in (others, [insider.identity.name]):
            record = wire.links_record(insider.identity.key, victim, life, 1 << 40, witnesses, witnesses)
            statements = [wire.statement(insider.identity.key, victim, life, w, version=1 << 40) for w in witnesses]
            report = {"dead_peer_id": victim, "reporter_id": insider.identity.name, "peer_votes": 99,
                      "timestamp": wire.wall_ms() / 1000, "inc": wire.number(life),
                      "report_string": f"Dead Node:{victim}:1:{harness.HOST}",
                      "certificate": {"record": record, "statements": statements}}
            for seed in network.seeds:
                insider.tell(seed, ("DEAD_NODE_REPORT", report))
        network.stays(lambda: network.unchanged(before), 2)
        network.gossip_works()


@attack("A16", "eclipse: HELLO as a peer at each of its neighbours, and PULLs that break its links")
def eclipse():
    settings = {"gossip.rate": 1000, "gossip.burst": 1000, "gossip.store": 1000}
    with Arena(settings=settings) as network:
        victim, author = network.peers[0], network.peers[1]
        ids = [network.say(author, "x" * 3900 + str(i)) for i in range(120)]
        network.do(f"wait reached last == all {5 * harness.SLOW}s")
        keys = [wire.rumor_key(i) for i in ids]
        pids = network.pids()
        neighbours = [p for p in network.peers[1:] if between(pids[p], pids[victim])]
        before = {p: between(pids[p], pids[victim]) for p in neighbours}
        pull = wire.line("PULL", {"keys": keys})
        with contextlib.ExitStack() as stack:
            speakers = []
            for port in neighbours:
                for way in wire.GREETED:
                    speaker = stack.enter_context(wire.approach(way, port, network.identity(victim)))
                    speaker.send_raw(pull * 8)
                    speakers.append(speaker)
            texts = [m["payload"]["text"] for s in speakers for m in s.collect(0.5) if m["type"] == "GOSSIP"]
            for port in neighbours:
                if before[port] - between(pids[port], pids[victim]):
                    raise Harm(f"the link of the victim with {port} was broken")
            network.do(f"say {author} after it")
            network.must(f"wait reached last == all {10 * harness.COST}s", "the victim receives nothing any more")
            texts += [m["payload"]["text"] for s in speakers for m in s.collect(0.2) if m["type"] == "GOSSIP"]
        if texts:
            raise Harm(f"a stranger read {len(texts)} messages that were meant for the victim")


@attack("A18", "UNLINK in every peer's name at every peer, 20 times a second")
def unlinked():
    with Arena() as network:
        over = threading.Event()

        def unlink():
            while not over.wait(0.05):
                for port in network.peers:
                    for way in wire.GREETED:
                        for other in network.peers:
                            if other != port:
                                with wire.approach(way, port, network.identity(other, shared)) as speaker:
                                    speaker.send("UNLINK", {"reason": "leaving"})
        shared = wire.ed25519.Key()
        thread = threading.Thread(target=unlink, daemon=True)
        thread.start()
        try:
            network.nobody_logs("it said: leaving", 3, "{port} gave up a link that a stranger ended", network.peers)
            network.gossip_works()
        finally:
            over.set()
            thread.join()
        network.do("expect connected")


@attack("A15", "a stranger links and listens; strangers occupy all links of all peers")
def stranger_links():
    with Arena(settings={"overlay.cap": 8}) as network:
        with contextlib.ExitStack() as stack:
            speakers = []
            for _ in range(9):
                identity = network.identity(harness.free_ports(1))
                record = wire.links_record(identity.key, identity.name, identity.life)
                request = {"kind": "preferential", "inc": wire.number(identity.life), "degree": 1, "record": record}
                for port in network.peers:
                    speaker = stack.enter_context(wire.Speaker(port).hello(identity))
                    speaker.send("LINK_REQUEST", request)
                    speakers.append(speaker)
            accepted = sum(s.await_kind("LINK_ACCEPT", "LINK_REJECT", "ERROR", within=1) is not None and s.open
                           for s in speakers)
            network.do(f"say {network.peers[0]} not for strangers")
            heard = [m for s in speakers for m in s.collect(0.05) if m["type"] == "GOSSIP"]
            full = None
            try:
                network.newcomer_enters()
                port = network.peers[-1]
                until(lambda: int(network.row(port)["degree"] or 0) > 0, 5, "a link of the newcomer")
                network.gossip_works(network.peers[0])
            except (Harm, harness.Failed) as failed:
                full = failed
        if heard:
            also = "; newcomers find no place" if full else ""
            raise Harm(f"a stranger read {len(heard)} copies of a message{also}")
        if full:
            raise Harm(f"{accepted} strangers' links, and no place for a newcomer: {full}")
