"""What nodes say to each other, spoken by a stranger: bytes that are signed, and a whole handshake with any key."""
import base64
import contextlib
import copy
import hashlib
import json
import os
import socket
import struct
import threading
import time
from pathlib import Path

import ed25519
import harness

EXACT = 1 << 53  # greater numbers are written as strings
MASK = (1 << 64) - 1


def wall_ms():
    return int(time.time() * 1000)


def number(value):
    return str(value) if value > EXACT else value


def base64_of(data):
    return base64.b64encode(data).decode()


def node_number(name):
    """"127.0.0.1:7000" as the number that is signed: ip << 16 | port."""
    host, port = name.rsplit(":", 1)
    return int.from_bytes(socket.inet_aton(host), "big") << 16 | int(port)


def mix64(z):
    """One step of splitmix64."""
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def cluster_of(seeds):
    """The fingerprint of the ordered list of seeds, as names."""
    value = mix64(len(seeds))
    for seed in seeds:
        value = mix64(value ^ node_number(seed))
    return value


# ---------------------------------------------------------------- canonical bytes

def text_bytes(text):
    return struct.pack("<I", len(text)) + text.encode()


def ids_bytes(ids):
    return struct.pack("<I", len(ids)) + b"".join(struct.pack("<Q", node_number(i)) for i in ids)


KINDS = {"add": 0, "remove": 1, "leave": 2, "replace": 3}


def change_bytes(kind, peer, life, key=bytes(32), protocol=1):
    return struct.pack("<BQQB", KINDS[kind], node_number(peer), life, protocol) + key + struct.pack("<BQQ", 255, 0, 0)


def signed_change(key, kind, peer, life):
    """A LEAVE is signed with an empty key in the change, an add with the key that it asks to be listed."""
    listed = key.public if kind == "add" else bytes(32)
    return base64_of(key.sign(text_bytes("gossip/change") + change_bytes(kind, peer, life, listed)))


def chain_digest(previous, epoch, changes):
    """The digest of an epoch whose batch is these changes, each as bytes."""
    body = text_bytes("gossip/epoch") + previous + struct.pack("<QI", epoch, len(changes)) + b"".join(changes)
    return hashlib.sha256(body).digest()


def links_record(key, peer, life, version=1, links=(), successors=()):
    body = text_bytes("gossip/links") + struct.pack("<QQQ", node_number(peer), life, version)
    body += ids_bytes(links) + ids_bytes(successors)
    return {"peer": peer, "inc": number(life), "version": version, "links": list(links),
            "successors": list(successors), "sig": base64_of(key.sign(body))}


VERDICTS = {"reachable": 0, "unreachable": 1, "refused": 2}


def statement(key, suspect, life, witness, verdict="refused", version=1):
    """A witness' finding, signed with this key."""
    body = text_bytes("gossip/statement") + struct.pack("<QQQBQ", node_number(suspect), life, version,
                                                        VERDICTS[verdict], node_number(witness))
    return {"suspect": suspect, "inc": number(life), "links_version": version, "verdict": verdict, "witness": witness,
            "sig": base64_of(key.sign(body))}


def rumor_key(message_id):
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


ROLES = {"seed": 0, "peer": 1}
BOTH_SIGNED = b"gossip/hello/dialler" in Path(harness.BINARY).read_bytes()


def said_bytes(hello):
    """What a side says of itself in HELLO or HELLO_ACK, as both sign it."""
    return struct.pack("<BQQ", ROLES[hello["role"]], node_number(hello["id"]), int(hello["cluster"])) + \
        base64.b64decode(hello["key"]) + bytes.fromhex(hello["nonce"])


def proof(key, side, dialler, acceptor):
    """A side's proof that it holds this key, over all that both said."""
    if BOTH_SIGNED:
        return base64_of(key.sign(text_bytes(f"gossip/hello/{side}") + said_bytes(dialler) + said_bytes(acceptor)))
    prover, other = (dialler, acceptor) if side == "dialler" else (acceptor, dialler)
    return base64_of(key.sign(text_bytes("gossip/hello") + bytes.fromhex(other["nonce"]) +
                              struct.pack("<QQ", node_number(prover["id"]), node_number(other["id"]))))


def challenge_bytes(cluster, seed, peer, nonce):
    return text_bytes("gossip/challenge") + struct.pack("<QQQ", cluster, node_number(seed), node_number(peer)) + nonce


# ---------------------------------------------------------------- payloads

def registration(peer, key, life=None):
    host, port = peer.rsplit(":", 1)
    life = wall_ms() if life is None else life
    return {"host": host, "port": int(port), "inc": number(life), "v": 1, "key": base64_of(key.public),
            "sig": signed_change(key, "add", peer, life)}


def leave(peer, key, life):
    return {"peer": peer, "inc": number(life), "sig": signed_change(key, "leave", peer, life)}


def gossip(origin, count, life, text, sender=None, seconds=None, born=None, typed=True, repair=False):
    """A message as its origin would write it; unsigned."""
    message_id = f"{time.time() if seconds is None else seconds:.3f}:{origin}:{count}"
    payload = {"msg_id": message_id, "msg_hash": hashlib.sha256(message_id.encode()).hexdigest(),
               "sender": sender or origin, "hop": 1, "ts": wall_ms(), "inc": number(life), "typed": typed,
               "text": text, "born": born or wall_ms()}
    return {**payload, "repair": True} if repair else payload


def line(kind, payload):
    return json.dumps({"type": kind, "timestamp": round(time.time(), 3), "payload": payload}).encode() + b"\n"


# ---------------------------------------------------------------- connections

def hello_payload(identity, role="peer"):
    hello = {"v": 1, "role": role, "id": identity.name, "cluster": number(identity.cluster),
             "key": base64_of(identity.public), "nonce": os.urandom(16).hex()}
    return {**hello, "credential": identity.credential} if identity.credential else hello


class Identity:
    """A name that somebody goes by, and the key with which he means to prove it."""

    def __init__(self, name, seeds, key=None, life=None):
        self.name = name
        self.cluster = cluster_of(seeds)
        self.key = key or ed25519.Key()
        self.public = self.key.public  # what it says its key is
        self.life = wall_ms() if life is None else life
        self.credential = None

    def borrowed(self):
        """The same with the public key and the credential of the node whose name it is, which that shows to anybody."""
        other = copy.copy(self)
        with Speaker(int(self.name.rsplit(":", 1)[1]), 0.5) as speaker:
            answer = speaker.ask("HELLO", hello_payload(Identity(f"{harness.HOST}:1", [], self.key)), "HELLO_ACK",
                                 within=1)
        if answer is not None:
            other.public = base64.b64decode(answer["payload"]["key"])
            other.credential = answer["payload"].get("credential")
        return other


class Speaker:
    """A connection to a node. Nothing that the node does to it is an error: an attack goes on until it is over."""

    def __init__(self, port, timeout=3.0):
        self.peer = f"{harness.HOST}:{port}"
        self.buffer = b""
        self.open = True
        self.socket = None
        try:
            self.socket = socket.create_connection((harness.HOST, port), timeout)
        except OSError:
            self.open = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.open = False
        if self.socket is not None:
            self.socket.close()

    def send_raw(self, data):
        """False when the other side has closed or does not read."""
        try:
            if self.open:
                self.socket.sendall(data)
        except OSError:
            self.open = False
        return self.open

    def send(self, kind, payload):
        return self.send_raw(line(kind, payload))

    def receive(self, within=3.0):
        """The next message; None when there is none in time or the connection is over."""
        deadline = time.monotonic() + within
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not self.open:
                return None
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 18)
            except TimeoutError:
                return None
            except OSError:
                data = b""
            if not data:
                self.open = False
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(text)

    def await_kind(self, *kinds, within=3.0):
        """The next message of one of these types."""
        deadline = time.monotonic() + within
        while (message := self.receive(max(0.0, deadline - time.monotonic()))) is not None:
            if message["type"] in kinds:
                return message
        return None

    def ask(self, kind, payload, *answers, within=3.0):
        self.send(kind, payload)
        return self.await_kind(*answers, within=within)

    def collect(self, within):
        """Everything that comes until then."""
        deadline = time.monotonic() + within
        messages = []
        while (message := self.receive(max(0.0, deadline - time.monotonic()))) is not None:
            messages.append(message)
        return messages

    def hello(self, identity, role="peer", prove=True):
        """Says who it is; the proof is made with the identity's own key, whoever owns the name."""
        said = hello_payload(identity, role)
        answer = self.ask("HELLO", said, "HELLO_ACK", "ERROR")
        if answer is None or answer["type"] != "HELLO_ACK":
            self.open = False
            return self
        if prove:
            self.send("HELLO_PROOF", {"proof": proof(identity.key, "dialler", said, answer["payload"])})
        return self

    def read_by(self, port=None):
        """Until the node has read all that was sent before: it answers, or has closed."""
        kind = "GET_PEER_LIST" if port is None else "PING"
        payload = {} if port is None else {"sender": f"{harness.HOST}:{port}", "timestamp": time.time()}
        return self.ask(kind, payload, "PEER_LIST", "PONG", "ERROR")


GREETED = ("claimed", "proven", "borrowed")
WAYS = ("nameless", *GREETED)


def approach(way, port, identity, role="peer"):
    """A connection of one of four kinds: without HELLO, with a HELLO alone, with a whole handshake by an own key, and
    with the key and credential of the node that is meant, for which only the proof is lacking."""
    speaker = Speaker(port)
    if way != "nameless":
        speaker.hello(identity.borrowed() if way == "borrowed" else identity, role, prove=way != "claimed")
    return speaker


class Impostor:
    """Listens at a node's address and does a whole handshake with a key of its own."""

    def __init__(self, port, identity, role="peer"):
        self.identity = identity
        self.role = role
        self.heard = []  # (connection, kind, payload), in order
        self.changed = threading.Condition()
        self.connections = []
        self.greeters = {}  # who said HELLO, by connection
        self.listener = socket.create_server((harness.HOST, port))
        if port == 0:
            self.identity.name = harness.name(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for end in [self.listener, *self.connections]:
            self.close_one(end)

    @staticmethod
    def close_one(end):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        with contextlib.suppress(OSError, ValueError), connection.makefile("rb") as lines:
            for text in lines:
                message = json.loads(text)
                self.take(connection, message["type"], message.get("payload", {}))

    def say(self, connection, kind, payload):
        with contextlib.suppress(OSError):
            connection.sendall(line(kind, payload))

    def take(self, connection, kind, payload):
        if kind == "HELLO":
            ack = hello_payload(self.identity, self.role)
            self.say(connection, "HELLO_ACK", {**ack, "proof": proof(self.identity.key, "acceptor", payload, ack)})
            self.greeters[connection] = payload["id"]
        self.answer(connection, kind, payload)
        with self.changed:
            self.heard.append((connection, kind, payload))
            self.changed.notify_all()

    def answer(self, connection, kind, payload):
        """What it does besides shaking hands."""
        if kind == "CHALLENGE":
            text = challenge_bytes(self.identity.cluster, self.greeters.get(connection, self.identity.name),
                                   self.identity.name, bytes.fromhex(payload["nonce"]))
            key = self.identity.key
            self.say(connection, "CHALLENGE_ANSWER", {"peer": self.identity.name, "key": base64_of(key.public),
                                                      "sig": base64_of(key.sign(text))})
        elif kind == "PING":
            pong = {"sender": self.identity.name, "timestamp": round(time.time(), 3), "seq": payload.get("seq", 0),
                    "inc": number(self.identity.life), "linked": True}
            self.say(connection, "PONG", pong)
        elif kind == "LINK_REQUEST":
            record = links_record(self.identity.key, self.identity.name, self.identity.life)
            self.say(connection, "LINK_ACCEPT", {"kind": payload["kind"], "inc": number(self.identity.life),
                                                 "degree": 1, "record": record})

    def await_kind(self, kind, within=10.0, after=0):
        """(connection, payload) of the first such message after so many; None when none comes."""
        deadline = time.monotonic() + within
        with self.changed:
            while True:
                for connection, heard, payload in self.heard[after:]:
                    if heard == kind:
                        return connection, payload
                if not self.changed.wait(max(0.0, deadline - time.monotonic())):
                    return None


class Insider(Impostor):
    """A peer that was admitted in order, with a key of its own; what it does then is up to the attack."""

    def __init__(self, network, seeds=None, patience=10):
        super().__init__(0, Identity("", network.seed_names))
        self.port = self.listener.getsockname()[1]
        self.signatures = {}  # of its credential, by seat
        try:
            for seed in seeds or network.seeds[:2]:
                self._register(seed, patience)
        except harness.Failed:
            self.close()
            raise

    def _register(self, seed, patience):
        known = len(self.heard)
        with Speaker(seed).hello(self.identity) as speaker:
            self.attend(speaker)
            speaker.send("REGISTER_REQUEST", registration(self.identity.name, self.identity.key, self.identity.life))
            # Over whichever connection leads to this peer: the seed may have dialled it meanwhile.
            answer = self.await_kind("REGISTER_ACK", within=patience, after=known)
        if answer is None:
            raise harness.Failed("an honest registration was not acknowledged")
        self.signatures |= {signature["seat"]: signature for signature in answer[1].get("credential", [])}
        if self.signatures:
            self.identity.credential = {"inc": number(self.identity.life), "signatures": [*self.signatures.values()]}
            for connection in self.connections:
                self.say(connection, "CREDENTIAL", {"credential": self.identity.credential})

    def attend(self, speaker):
        """What comes over a connection that this peer opened is heard and answered as what comes to its address."""
        if not speaker.open:
            raise harness.Failed(f"the connection of {self.identity.name} with {speaker.peer} was refused")
        speaker.socket.settimeout(None)
        self.connections.append(speaker.socket)
        threading.Thread(target=self._read, args=(speaker.socket,), daemon=True).start()

    def tell(self, seed, *messages):
        """Says them to a seed, and waits until that has read them."""
        known = len(self.heard)
        with Speaker(seed).hello(self.identity) as speaker:
            self.attend(speaker)
            for kind, payload in messages:
                speaker.send(kind, payload)
            speaker.send("GET_PEER_LIST", {})
            self.await_kind("PEER_LIST", after=known)

    def signed(self, payload):
        """Its own message as it has to be for others to take it."""
        return payload

    def link(self, port):
        return Link(self, port)


class Link:
    """A member's connection to a neighbour; what comes over it is answered as the member answers everything."""

    def __init__(self, member, port):
        self.member = member
        speaker = Speaker(port).hello(member.identity)
        member.attend(speaker)
        self.socket = speaker.socket
        known = len(member.heard)
        life = number(member.identity.life)
        record = links_record(member.identity.key, member.identity.name, member.identity.life)
        self.send("LINK_REQUEST", {"kind": "preferential", "inc": life, "degree": 1, "record": record})
        if member.await_kind("LINK_ACCEPT", after=known) is None:
            raise harness.Failed(f"a member was refused a link with {port}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.member.close_one(self.socket)

    def send(self, kind, payload):
        self.member.say(self.socket, kind, payload)

    def read_by(self):
        """Until the neighbour has read all that was sent before."""
        known = len(self.member.heard)
        self.send("PING", {"sender": self.member.identity.name, "timestamp": round(time.time(), 3), "linked": True,
                           "inc": number(self.member.identity.life)})
        self.member.await_kind("PONG", within=20, after=known)
