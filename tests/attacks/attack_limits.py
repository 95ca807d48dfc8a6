"""Floods, silence and slowness: what a stranger costs those who are honest."""
import contextlib
import resource
import socket
import statistics
import threading
import time

import ed25519
import wire
from arena import Arena, Harm, Untried, attack, resident


class Pump(threading.Thread):
    """Sends the same bytes over new connections until they are all sent, or it is stopped."""

    def __init__(self, port, chunks, identity=None):
        super().__init__(daemon=True)
        self.port, self.chunks, self.identity = port, chunks, identity
        self.over = threading.Event()
        self.sent = 0
        self.start()

    def run(self):
        speaker = None
        for chunk in self.chunks:
            if self.over.is_set():
                break
            if speaker is None or not speaker.open:
                if speaker is not None:
                    speaker.close()
                speaker = wire.Speaker(self.port)
                if self.identity:
                    speaker.hello(self.identity)
            self.sent += len(chunk) if speaker.send_raw(chunk) else 0
            speaker.collect(0)
        if speaker is not None:
            speaker.close()

    def stop(self):
        self.over.set()
        self.join()


def stop_all(pumps):
    for pump in pumps:
        pump.over.set()
    for pump in pumps:
        pump.join()


def registrations(count, keyed, offset=0):
    """REGISTER_REQUESTs of peers that do not exist, a hundred in a chunk."""
    shared = ed25519.Key()
    chunk = []
    for n in range(count):
        name = f"127.{1 + n // 60000}.{n // 250 % 240}.{1 + n % 250}:{20000 + offset}"
        host, port = name.split(":")
        plain = {"host": host, "port": int(port)}
        chunk.append(wire.line("REGISTER_REQUEST", wire.registration(name, shared) if keyed else plain))
        if len(chunk) == 100:
            yield b"".join(chunk)
            chunk = []


def delayed(calm, flooded, what):
    if flooded > 2 * calm + 0.5:
        raise Harm(f"{what} took {flooded:.1f} s instead of {calm:.1f} s")


@attack("A19", "10,000 registrations of peers that do not exist", long=True)
def registration_flood():
    with Arena() as network:
        calm = statistics.median(network.newcomer_enters() for _ in range(3))
        known = len(network.members())
        memory = {seed: resident(network.pid(seed)) for seed in network.seeds}
        logs = network.log_bytes()
        keyed = [list(registrations(1000, True, 10 + i)) for i in range(3)]
        guests = [list(registrations(3000, False, i)) for i in range(3)]
        pumps = [Pump(seed, chunks) for group in (guests, keyed) for seed, chunks in zip(network.seeds, group)]
        flooded = network.newcomer_enters(60)
        for pump in pumps:
            pump.join(60)
        flooded = max(flooded, network.newcomer_enters(60))
        fakes = len(network.members()) - known - 2
        grown = max(resident(network.pid(seed)) - memory[seed] for seed in network.seeds)
        logged = network.log_bytes() - logs
        if fakes > 500:
            raise Harm(f"{fakes} fakes are listed; an honest registration took {flooded:.1f} s instead of {calm:.1f} s")
        delayed(calm, flooded, "an honest registration")
        if grown > 40_000_000 or logged > 30_000_000:
            raise Harm(f"a seed grew by {grown // 1_000_000} MB, the logs by {logged // 1_000_000} MB")
        network.gossip_works(seconds=30)


@attack("A19b", "1,000 registrations of peers that do not exist, while one that does registers", alone=True)
def small_registration_flood():
    with Arena(peers=3) as network:
        calm = network.newcomer_enters()
        known = len(network.members())
        pumps = [Pump(seed, list(registrations(350, False, i))) for i, seed in enumerate(network.seeds)]
        flooded = network.newcomer_enters(60)
        for pump in pumps:
            pump.join(30)
        fakes = len(network.members()) - known - 1
        if fakes > 300:
            raise Harm(f"{fakes} fakes are listed")
        delayed(calm, flooded, "an honest registration")


@attack("A20", "4,110 greeted and silent connections to each seed", long=True)
def silent_crowd():
    wanted = 3 * 4110 + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        raise Untried(f"needs {wanted} file descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with Arena() as network, contextlib.ExitStack() as stack:
        shared = ed25519.Key()
        greeted = 0
        for n in range(4110):
            for seed in network.seeds:
                speaker = stack.enter_context(wire.Speaker(seed))
                identity = wire.Identity(f"127.9.{n // 200}.{1 + n % 200}:7000", network.seed_names, shared, 5)
                greeted += speaker.send("HELLO", wire.hello_payload(identity))
        network.newcomer_enters(20)
        network.gossip_works()


def say_seconds(network, author, others):
    start = time.monotonic()
    network.do(f"say {author} under load")
    network.must(f"wait reached last >= {others} 20s", "a message of an honest peer did not reach the others in 20 s")
    return time.monotonic() - start


def junk_flood(network, chunks, bytes_limit):
    """The others' messages while one peer is flooded, and what it costs."""
    target, author = network.peers[0], network.peers[1]
    others = len(network.peers) - 1
    calm = statistics.median(say_seconds(network, author, others) for _ in range(5))
    memory, logs = resident(network.pid(target)), network.log_bytes()
    pump = Pump(target, chunks)
    times = []
    while pump.is_alive() and len(times) < 100:
        times.append(say_seconds(network, author, others))
        time.sleep(0.2)
    pump.stop()
    grown, logged = resident(network.pid(target)) - memory, network.log_bytes() - logs
    if times and statistics.median(times) > 2 * calm + 0.25:
        raise Harm(f"a message took {statistics.median(times):.1f} s instead of {calm:.2f} s")
    if logged > bytes_limit:
        raise Harm(f"{pump.sent // 1_000_000} MB made {logged // 1_000_000} MB of logs")
    if grown > 80_000_000:
        raise Harm(f"the peer grew by {grown // 1_000_000} MB")
    network.gossip_works(author, 20)


TALKATIVE = {"gossip.rate": 100, "gossip.burst": 1000}  # a peer's own limit is not what is measured


def junk(count, text):
    for start in range(0, count, 200):
        numbered = ((n, f"127.{1 + (n >> 16)}.{n >> 8 & 255}.{n & 255}:4000") for n in range(start + 1, start + 201))
        yield b"".join(wire.line("GOSSIP", wire.gossip(origin, n, 5, text)) for n, origin in numbered)


@attack("A22", "100,000 lines of junk to one peer", long=True)
def junk_lines():
    with Arena(settings=TALKATIVE) as network:
        junk_flood(network, junk(100_000, "x"), 16_000_000)


@attack("A22b", "15,000 messages of 4 KB to one peer", long=True)
def junk_kilobytes():
    with Arena(settings=TALKATIVE) as network:
        junk_flood(network, junk(15_000, "x" * 3900), 16_000_000)


def bad_signatures(count, offset):
    for n in range(count):
        payload = {"host": f"127.{30 + offset}.{n // 250}.{1 + n % 250}", "port": 7000, "inc": wire.wall_ms(), "v": 1,
                   "key": wire.base64_of((n + 1).to_bytes(32, "little")), "sig": wire.base64_of(bytes(64))}
        yield wire.line("REGISTER_REQUEST", payload)


@attack("A25", "20,000 registrations with bad signatures", long=True)
def signature_flood():
    with Arena() as network:
        calm = statistics.median(network.newcomer_enters() for _ in range(3))
        pumps = [Pump(seed, list(bad_signatures(6700, i))) for i, seed in enumerate(network.seeds)]
        times = []
        while any(pump.is_alive() for pump in pumps) and len(times) < 10:
            times.append(network.newcomer_enters(30))
        stop_all(pumps)
        delayed(calm, max(times, default=0), "an honest registration")


@attack("H10", "4,600 connections that say nothing", long=True)
def mute_crowd():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 5200:
        raise Untried(f"needs 5,200 file descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (5200, hard))
    with Arena(peers=3) as network, contextlib.ExitStack() as stack:
        for _ in range(2300):
            for port in (network.seeds[0], network.peers[0]):
                stack.enter_context(wire.Speaker(port))
        network.newcomer_enters(20)
        network.gossip_works()


@attack("H11", "slow loris: two hundred lines that trickle in byte by byte")
def trickle():
    with Arena(peers=3) as network, contextlib.ExitStack() as stack:
        speakers = [stack.enter_context(wire.Speaker(port)) for port in (network.seeds[0], network.peers[0])
                    for _ in range(100)]
        for byte in b'{"type": "REGISTER_REQ':
            for speaker in speakers:
                speaker.send_raw(bytes([byte]))
        network.newcomer_enters(10)
        network.gossip_works()
        end = time.monotonic() + 14  # a line's deadline is 10 s from its first byte
        while any(s.open for s in speakers) and time.monotonic() < end:
            for speaker in speakers:
                if speaker.open:
                    speaker.send_raw(b" ")
                    speaker.receive(0.002)
        if left := sum(s.open for s in speakers):
            raise Harm(f"{left} of 200 trickling connections were held for ever")


@attack("H12", "three hundred connections that ask and do not read")
def slow_readers():
    with Arena(peers=3) as network, contextlib.ExitStack() as stack:
        memory = network.resident(network.seeds[0])
        request = wire.line("GET_PEER_LIST", {}) * 50
        for _ in range(300):
            speaker = stack.enter_context(wire.Speaker(network.seeds[0]))
            if speaker.socket is not None:
                speaker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                speaker.socket.setblocking(False)
                with contextlib.suppress(OSError):
                    speaker.socket.send(request)
        network.newcomer_enters(10)
        network.gossip_works()
        grown = network.resident(network.seeds[0]) - memory
        if grown > 350_000_000:
            raise Harm(f"the seed grew by {grown // 1_000_000} MB")
