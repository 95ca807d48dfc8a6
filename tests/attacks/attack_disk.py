"""What stands on a seed's disk: put back, damaged, replaced, or no room for it."""
import contextlib
import ctypes
import os
import random
import shutil
import threading
import time
from pathlib import Path

import harness
import wire
from arena import FAST, Arena, Harm, Untried, attack, until

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC, MS_PRIVATE = 16384, 1 << 18


def mount_small_disk(path, size):
    """A disk of that size, seen by this process and its children only."""
    path.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNS | (0 if uid == 0 else CLONE_NEWUSER)) != 0:
        raise Untried("needs a small disk: mount namespaces are not allowed here")
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    private = libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    mounted = libc.mount(b"tmpfs", str(path).encode(), b"tmpfs", 0, f"size={size}".encode())
    if private != 0 or mounted != 0:
        raise Untried("needs a small disk: mounting one is not allowed here")


class Trio:
    """Three seeds, each a process of its own, whose disks can be worked on."""

    def __init__(self, folder=None, settings=None):
        self.folder = harness.Folder()
        self.path = folder or self.folder.path
        base = harness.free_ports(3)
        self.seeds = [base, base + 1, base + 2]
        self.seed_names = [harness.name(port) for port in self.seeds]
        merged = {**FAST, "seeds.lease": "10m", **(settings or {})}
        self.nodes = [harness.Node("seed", port, self.path, self.seeds, merged) for port in self.seeds]
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        for node in self.nodes:
            node.start("--bootstrap")
        for port in self.seeds:
            harness.until_listening(port)
        return self

    def __exit__(self, *_):
        self.stack.close()
        for node in self.nodes:
            node.close()
        self.folder.remove()

    def start(self, index):
        self.nodes[index].start()
        harness.until_listening(self.seeds[index])

    def kill(self, index):
        self.nodes[index].kill()

    def ended(self, index):
        return self.nodes[index].process.poll() is not None

    def journal(self, index):
        found = [p for p in (self.path / "state").glob(f"*{self.seeds[index]}*") if p.name.endswith(".journal")]
        return found[0]

    def admit(self, *seeds):
        """A peer that a quorum admits, asked for at these seeds; its name."""
        peer = self.stack.enter_context(wire.Insider(self, [self.seeds[i] for i in seeds]))
        return peer.identity.name

    def listed(self, index):
        with wire.Speaker(self.seeds[index]) as speaker:
            answer = speaker.ask("GET_PEER_LIST", {}, "PEER_LIST", within=3)
        return set(answer["payload"]["peers"]) if answer else set()

    def agree(self, wanted, seconds=15, seeds=(0, 1, 2)):
        """Those seeds list all the wanted; Harm when they do not in time."""
        try:
            until(lambda: all(wanted <= self.listed(i) for i in seeds), seconds)
        except harness.Failed as failed:
            lost = {i: len(wanted - self.listed(i)) for i in seeds}
            stopped = [i for i in range(3) if self.ended(i)]
            alarms = [i for i in range(3) if "ALARM" in self.nodes[i].log()]
            raise Harm(f"acknowledged registrations lost, by seed: {lost}; stopped: {stopped}, alarms: {alarms}") \
                from failed


def roll_back(trio, others_up):
    """The journal of seed 1 is put back while seed 2 was down; is what was acknowledged meanwhile still there?"""
    known = {trio.admit(0, 1)}
    trio.agree(known)
    older = trio.journal(1).read_bytes()
    trio.kill(2)
    known |= {trio.admit(0), trio.admit(0)}
    trio.agree(known, seeds=(0, 1))
    trio.kill(1)
    if not others_up:
        trio.kill(0)
    trio.journal(1).write_bytes(older)
    trio.start(1)
    trio.start(2)
    with contextlib.suppress(harness.Failed):
        trio.stack.enter_context(wire.Insider(trio, [trio.seeds[1]], patience=3))
    if not others_up:
        trio.start(0)
    trio.agree(known)
    if stopped := [i for i in range(3) if trio.ended(i) or "ALARM" in trio.nodes[i].log()]:
        raise Harm(f"seeds {stopped} stopped with an alarm")
    trio.agree(known | {trio.admit(0, 1)})


@attack("A28", "a seed's journal put back to an older copy, when the only seed that knows better is down")
def rolled_back_alone():
    with Trio() as trio:
        roll_back(trio, others_up=False)


@attack("A28b", "a seed's journal put back to an older copy, while another was down")
def rolled_back():
    with Trio() as trio:
        roll_back(trio, others_up=True)


def refuses(trio, what, unharmed):
    """Seed 2 must end with an error that names its journal, and must not touch it."""
    node = trio.nodes[2]
    before = len(node.error_text()) + len(node.log())
    node.start()
    try:
        code = until(lambda: node.process.poll() is not None and [node.process.returncode], 8)[0]
    except harness.Failed as failed:
        with contextlib.suppress(OSError):
            node.kill()
        if not unharmed():
            raise Harm(f"{what} was taken for a journal, and overwritten") from failed
        raise Harm(f"{what} in the journal's place: the seed does not end with an error") from failed
    if code < 0 or code == 0:
        raise Harm(f"{what}: ended with {code}")
    if not unharmed():
        raise Harm(f"{what}: it was overwritten")
    if len(node.error_text()) + len(node.log()) == before or "journal" not in node.error_text().lower():
        raise Harm(f"{what}: no error names the journal")


@attack("A29", "garbage, a FIFO and a folder in place of a journal")
def garbage():
    with Trio() as trio:
        known = {trio.admit(0, 1)}
        trio.agree(known)
        trio.kill(2)
        path = trio.journal(2)
        good = path.read_bytes()
        kinds = {"3 MB of random bytes": random.Random(1).randbytes(3_000_000), "3 MB of zeros": bytes(3_000_000),
                 "3 MB of text": b"not a journal\n" * 220_000, "a short text": b"hello\n"}
        for what, data in kinds.items():
            path.write_bytes(data)
            refuses(trio, what, lambda d=data: path.read_bytes() == d)
        path.unlink()
        os.mkfifo(path)
        refuses(trio, "a FIFO", path.is_fifo)
        path.unlink()
        path.mkdir()
        refuses(trio, "a folder", path.is_dir)
        path.rmdir()
        path.write_bytes(good)
        trio.start(2)
        trio.agree(known)


def damages(good):
    generator = random.Random(13)
    for cut in (1, 3, 17, len(good) // 2):
        yield f"cut by {cut} bytes", good[:-cut]
    for _ in range(4):
        at = generator.randrange(len(good))
        yield f"bit flipped in byte {at}", good[:at] + bytes([good[at] ^ 1 << generator.randrange(8)]) + good[at + 1:]
    half = len(good) // 2
    yield "halves swapped", good[half:] + good[:half]
    yield "a piece missing", good[:half] + good[half + 40:]
    yield "twice the same", good + good
    yield "empty", b""
    yield "deleted", None


@attack("H13", "a journal cut, with flipped bits, swapped, deleted")
def damaged():
    with Trio() as trio:
        known = {trio.admit(0, 1) for _ in range(3)}
        trio.agree(known)
        for what, data in damages(trio.journal(2).read_bytes()):
            trio.kill(2)
            path = trio.journal(2)
            good = path.read_bytes()
            path.unlink()
            if data is not None:
                path.write_bytes(data)
            trio.nodes[2].start()
            try:
                until(lambda: trio.ended(2) or known <= trio.listed(2), 10)
            except harness.Failed as failed:
                raise Harm(f"{what}: the seed neither ends nor learns the list") from failed
            if trio.ended(2):
                if trio.nodes[2].process.returncode < 0:
                    raise Harm(f"{what}: the seed crashed")
                path.write_bytes(good)
                trio.start(2)
            if any("ALARM" in node.log() for node in trio.nodes):
                raise Harm(f"{what}: a seed raised the alarm")
            trio.agree(known)
        trio.agree(known | {trio.admit(0, 1)})


@attack("H14", "no room left for the journals", long=True)
def disk_full():
    folder = harness.Folder()
    small = folder.path / "small"
    mount_small_disk(small, "4m")
    with Trio(small, {"log.level": "error"}) as trio:
        known = {trio.admit(0, 1)}
        filler = small / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with open(filler, "r+b") as file:
            file.truncate(filler.stat().st_size - 32_768)
        with contextlib.suppress(harness.Failed, OSError):
            for _ in range(260):
                known.add(trio.admit(0, 1))
        filler.unlink()

        def all_listed():
            for index in range(3):
                if trio.ended(index):  # by its failed write, which may have been some time ago
                    trio.start(index)
            return all(known <= trio.listed(index) for index in range(3))
        with contextlib.suppress(harness.Failed):
            until(all_listed, 30)
        trio.agree(known, 1)


@attack("A23", "47 MB to one peer, with logs and journals on one disk of 12 MB", long=True)
def logs_fill_the_disk():
    folder = harness.Folder()
    small = folder.path / "small"
    mount_small_disk(small, "12m")
    (small / "logs").mkdir()
    settings = {"log.dir": str(small / "logs"), "seeds.state_dir": str(small / "state")}
    with Arena(settings=settings) as network:
        line = wire.line("GOSSIP", wire.gossip("127.9.8.7:4000", 1, 5, "x" * 3900))
        sent = 0
        while sent < 47_000_000:
            with wire.Speaker(network.peers[0]) as speaker:
                for n in range(1000):
                    text = line.replace(b"4000:1\"", b"4000:%d\"" % (sent // 1000 + n))
                    if not speaker.send_raw(text):
                        break
                    sent += len(text)
                    speaker.collect(0)
                if not speaker.open:
                    sent += 4096  # refused: counted, so that it comes to an end
        with contextlib.ExitStack() as stack, contextlib.suppress(harness.Failed):
            for _ in range(30):  # the journals have to grow
                stack.enter_context(wire.Insider(network, patience=3))
        states = {row["id"]: row["state"] for row in network.rows("list seeds")}
        if ended := [name for name, state in states.items() if state != "alive"]:
            raise Harm(f"{len(ended)} of 3 seeds ended")
        network.newcomer_enters()
    shutil.rmtree(small, ignore_errors=True)
    folder.remove()


class Registrar(threading.Thread):
    """Registers one peer after the other; what was acknowledged is remembered."""

    def __init__(self, network, number):
        super().__init__(daemon=True)
        self.network, self.random = network, random.Random(number)
        self.acknowledged = {}
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.5):  # some hundreds in all, each of which listens at a port
            seeds = self.random.sample(self.network.seeds, 2)
            try:
                peer = wire.Insider(self.network, seeds[:1], patience=3)
                self.acknowledged[peer.identity.name] = peer
            except (harness.Failed, OSError):
                pass  # the seed died under it: nothing was acknowledged


@attack("H17", "a minute of killed seeds and registrations", long=True)
def torture():
    with Arena(peers=3, settings={"seeds.lease": "10m", "liveness.interval": "10m"}) as network:
        registrars = [Registrar(network, number) for number in range(4)]
        generator = random.Random(5)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            victims = generator.sample(network.seeds, generator.choice((1, 1, 2, 3)))
            for victim in victims:
                network.do(f"kill {victim}")
            for victim in victims:
                network.do(f"restart {victim}")
            time.sleep(generator.uniform(0.2, 1.5))  # the seeds' time between two crashes
        for registrar in registrars:
            registrar.over.set()
        for registrar in registrars:
            registrar.join()
        acknowledged = {name for registrar in registrars for name in registrar.acknowledged}
        network.must(f"wait agree {10 * harness.SLOW}s", "the seeds do not agree any more")
        for seed in network.seeds:
            if lost := acknowledged - network.members(seed).keys():
                raise Harm(f"{len(lost)} of {len(acknowledged)} acknowledged registrations are lost")
        if not acknowledged:
            raise harness.Failed("nothing was acknowledged in a minute")
        for registrar in registrars:
            for peer in registrar.acknowledged.values():
                peer.close()
