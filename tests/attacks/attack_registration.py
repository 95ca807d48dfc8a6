"""Who enters the list, in whose name, and who can end there."""
import contextlib
import socket
import threading

import ed25519
import harness
import wire
from arena import Arena, Harm, Untried, attack, in_own_network, until
from test_legacy_peer import LegacyPeer

FOREVER = 1 << 62  # an incarnation that no clock reaches


def takeover(network, way, victim, life):
    """A registration of the victim's address with another key; that key."""
    thief = network.identity(victim, life=life)
    with wire.approach(way, network.seeds[0], thief) as speaker:
        payload = wire.registration(thief.name, thief.key, life)
        speaker.ask("REGISTER_REQUEST", payload, "REGISTER_ACK", "REGISTER_NACK", "ERROR", within=2)
    return thief


@attack("A1", "registers a live peer's address with another key and a later life")
def key_replaced():
    with Arena() as network:
        victim = network.peers[1]
        before = network.members()
        for way in wire.WAYS:
            takeover(network, way, victim, wire.wall_ms() + 10)
        harness.register(network.seeds[0], victim)  # as a guest: already registered, and nothing changes by it
        network.stays(lambda: network.unchanged(before), 1.5)
        if "while alive" in network.node_log(victim):
            raise Harm("the victim was removed while it was alive")
        network.gossip_works(victim)
        network.newcomer_enters()


@attack("A2", "the same with a life that no clock reaches; then LEAVE with that key")
def key_replaced_for_good():
    with Arena() as network:
        victim = network.peers[1]
        before = network.members()
        thieves = [takeover(network, way, victim, FOREVER) for way in wire.WAYS]
        network.stays(lambda: network.unchanged(before), 1)
        former = network.life_of(victim)
        network.do(f"restart {victim}")
        try:
            until(lambda: network.life_of(victim) > former, 20)
        except harness.Failed as failed:
            raise Harm("the victim cannot come back after a restart") from failed
        network.do(f"wait agree {5 * harness.SLOW}s")
        before = network.members()
        for thief in thieves:
            for life in (FOREVER, network.life_of(victim)):
                with wire.approach("proven", network.seeds[0], thief) as speaker:
                    speaker.send("LEAVE", wire.leave(thief.name, thief.key, life))
                    speaker.read_by()
        network.stays(lambda: network.unchanged(before), 1)


@attack("A9", "LEAVE of a guest without a key, signed for the key of zeros, which has order 4")
def zero_key():
    with Arena(room=20) as network:
        port = harness.free_ports(1)
        guest = LegacyPeer(port)
        try:
            if harness.register(network.seeds[0], port) != "REGISTER_ACK":
                raise harness.Failed("a peer of document 000 was not admitted")
            until(lambda: all(harness.name(port) in network.members(seed) for seed in network.seeds), 5, "its entry")
            before = network.members()
            life = network.life_of(port)
            for public in (bytes(32), bytes([1]) + bytes(31)):
                key = ed25519.SmallOrderKey(public)
                forged = wire.leave(harness.name(port), key, life)
                for way in wire.WAYS:
                    with wire.approach(way, network.seeds[0], network.identity(port)) as speaker:
                        speaker.send("LEAVE", forged)
                        speaker.read_by()
            network.stays(lambda: network.unchanged(before), 1)
        finally:
            guest.close()


@attack("A26", "registers broadcast, multicast and foreign addresses, and odd spellings of loopback ones")
def addresses():
    if not in_own_network():
        raise Untried("needs a network of its own (tests/own_network): nodes could be made to dial elsewhere")
    with Arena() as network:
        before = network.members()
        hosts = ["255.255.255.255", "224.0.0.1", "0.0.0.0", "127.255.255.255", "10.255.255.255", "8.8.8.8",
                 "010.0.0.1", "127.0.0.01", "0x7f.0.0.1", "127.1", "2130706433", "::1", "localhost"]
        for host in hosts:
            for keyed in (True, False):
                payload = {"host": host, "port": 53}
                if keyed and host.count(".") == 3 and "x" not in host:
                    plain = ".".join(str(int(part)) for part in host.split("."))
                    payload = {**wire.registration(f"{plain}:53", ed25519.Key()), "host": host}
                with wire.Speaker(network.seeds[0]) as speaker:
                    speaker.ask("REGISTER_REQUEST", payload, "REGISTER_ACK", "REGISTER_NACK", "ERROR", within=0.5)
        network.stays(lambda: network.unchanged(before), 1.5)
        network.newcomer_enters()


@attack("A32", "registers a third party's address over and over, which the seeds then dial")
def dials_for_strangers():
    with Arena(peers=2) as network:
        port = harness.free_ports(1)
        with socket.create_server((harness.HOST, port), backlog=512) as third:
            for seed in network.seeds:
                with wire.Speaker(seed) as speaker:
                    for _ in range(100):
                        speaker.send("REGISTER_REQUEST", wire.registration(harness.name(port), ed25519.Key()))
                    speaker.read_by()
            third.settimeout(2)
            dials = 0
            with contextlib.suppress(TimeoutError):
                while True:
                    third.accept()[0].close()
                    dials += 1
        if dials > 45:
            raise Harm(f"a third party was dialled {dials} times for 300 lines")
        network.newcomer_enters()


def standalone(network, role, settings=None):
    """A node of its own process that joins the network."""
    folder = network.folder.path / "alone"
    folder.mkdir(exist_ok=True)
    return harness.Node(role, harness.free_ports(1), folder, network.seeds,
                        {**harness.FAST, **harness.QUIET, **(settings or {})}, seeds_file=True)


@attack("A27", "told to end before a quorum admitted it: a success, and then a ghost in the list")
def ghost():
    with Arena(peers=2) as network:
        member = standalone(network, "peer").start()
        until(lambda: "fully active" in member.log(), 20, "an honest registration")
        if (code := member.terminate()) != 0:
            raise harness.Failed(f"an admitted peer that leaves ends with {code}")
        network.do(f"kill {network.seeds[1]},{network.seeds[2]}")
        peer = standalone(network, "peer").start()
        name = harness.name(peer.port)
        until(lambda: name in network.node_log(network.seeds[0]), 20, "its request")
        code = peer.terminate()
        network.do(f"restart {network.seeds[1]}")
        network.do(f"restart {network.seeds[2]}")
        network.do(f"wait agree {10 * harness.SLOW}s")

        def no_ghost():
            if name in network.members():
                raise Harm("it ended, and entered the list afterwards")
        network.stays(no_ghost, 3)
        if code != 1:
            raise Harm(f"a node that was never admitted ended with {code} and not with 1")


@attack("H6", "malformed registrations")
def malformed():
    with Arena(peers=3) as network:
        before = network.members()
        ports = [70000, -5, "abc", 0, 7.5, None, True, [7000], {}]
        hosts = ["a" * 70, "127.0.0.1\n", "\u001b[31m", "", None, 5, "127.0.0.1 ", "127.0.0.1:7000"]
        cases = [{"host": harness.HOST, "port": port} for port in ports]
        cases += [{"host": host, "port": 40001} for host in hosts] + [{}, {"host": harness.HOST}, {"port": 40001}]
        good = wire.registration(harness.name(40001), ed25519.Key())
        for field in ("inc", "v", "key", "sig"):
            cases += [{**good, field: value} for value in (-1, "x", [], {}, 1e300, 1 << 70)]
        cases.append({**good, "key": wire.base64_of(ed25519.Key().public)})
        for payload in cases:
            with wire.Speaker(network.seeds[0]) as speaker:
                answer = speaker.ask("REGISTER_REQUEST", payload, "REGISTER_ACK", "REGISTER_NACK", "REGISTER_PENDING",
                                     "ERROR", within=2)
            if answer is not None and answer["type"] in ("REGISTER_ACK", "REGISTER_PENDING"):
                raise Harm(f"accepted: {payload}")
        network.unchanged(before)
        network.newcomer_enters()


@attack("H5", "twenty registrations of one address at the same time, over all seeds")
def concurrent():
    with Arena(peers=2) as network:
        port = harness.free_ports(1)
        identity = network.identity(port)
        with wire.Impostor(port, identity):
            epoch, before = network.list_state(network.seeds[0])
            payload = wire.registration(identity.name, identity.key, identity.life)
            ready = threading.Barrier(20)
            answers = []

            def register(seed):
                with wire.Speaker(seed) as speaker:
                    ready.wait()
                    answers.append(speaker.ask("REGISTER_REQUEST", payload, "REGISTER_ACK", "REGISTER_NACK", "ERROR",
                                               within=20))
            threads = [threading.Thread(target=register, args=(network.seeds[i % 3],)) for i in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            unanswered = [a for a in answers if a is None or a["type"] != "REGISTER_ACK"]
            if unanswered:
                raise Harm(f"{len(unanswered)} of 20 were not acknowledged: {unanswered[0]}")
            for seed in network.seeds:
                until(lambda s=seed: identity.name in network.members(s), 5, "the entry")
                after = network.list_state(seed)
                if after[0] != epoch + 1 or len(after[1]) != len(before) + 1:
                    raise Harm(f"epoch {epoch} became {after[0]}, {len(before)} members {len(after[1])}")


@attack("H3", "replays of REGISTER_REQUEST, LEAVE and reports")
def replays():
    with Arena(peers=3) as network:
        with wire.Insider(network) as insider:
            name, key, life = insider.identity.name, insider.identity.key, insider.identity.life
            request = wire.registration(name, key, life)
            goodbye = wire.leave(name, key, life)
            insider.tell(network.seeds[0], ("LEAVE", goodbye))
            until(lambda: name not in network.members(), 5, "an honest LEAVE")
            left = network.members()
            for seed in network.seeds:
                for way in wire.WAYS:
                    with wire.approach(way, seed, insider.identity) as speaker:
                        speaker.ask("REGISTER_REQUEST", request, "REGISTER_ACK", "REGISTER_NACK", "ERROR", within=1)
            network.stays(lambda: network.unchanged(left), 1)
        with wire.Insider(network) as again:
            now = network.members()
            for seed in network.seeds:
                life = wire.number(again.identity.life)
                again.tell(seed, ("LEAVE", goodbye), ("LEAVE", {**goodbye, "peer": again.identity.name, "inc": life}))
            network.stays(lambda: network.unchanged(now), 1)

