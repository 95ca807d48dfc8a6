"""The network that is attacked, what can be seen of it from outside, and the list of attacks."""
import contextlib
import os
import socket
import time
from pathlib import Path

import harness
import wire

ATTACKS = {}  # by name, in the order of their files


class Harm(Exception):
    """What an attack achieved."""


class Untried(Exception):
    """Why an attack cannot be made on this machine."""


def attack(name, title, long=False, alone=False):
    """`long`: not for every change. `alone`: measures time, so nothing else runs beside it."""
    def register(function):
        ATTACKS[name] = {"name": name, "title": title, "long": long, "alone": alone or long, "run": function}
        return function
    return register


FAST = {**harness.FAST, **harness.QUIET}


class Arena(harness.Network):
    """A network, and checks that raise Harm."""

    def __init__(self, seeds=3, peers=5, settings=None, **more):
        super().__init__(seeds, peers, {**FAST, "log.runs": "", **(settings or {})}, **more)
        self.seed_names = [harness.name(port) for port in self.seeds]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            try:
                super().__exit__(None, None, None)
            except harness.Failed as failed:
                raise Harm(f"the network did not end as it should: {failed}") from failed
            return
        self.process.stdin.close()  # the end of input ends the network
        try:
            self.process.wait(30)
        except Exception:
            self.crash()
        self.close()

    def must(self, command, harm):
        """A command that only an attack can make fail. Its failure ends the network, as it ends any script."""
        try:
            return self.do(command)
        except harness.Failed as failed:
            raise Harm(harm) from failed

    # ------------------------------------------------------------ what is seen

    def identity(self, port, key=None, life=None):
        return wire.Identity(harness.name(port), self.seed_names, key, life)

    def list_state(self, seed):
        """(epoch, {id: entry}) as a seed lists them."""
        with wire.Speaker(seed) as speaker:
            answer = speaker.ask("GET_PEER_LIST", {}, "PEER_LIST", within=10 * harness.COST)
        if answer is None:
            raise Harm(f"seed {seed} does not answer any more")
        return answer["payload"].get("epoch", 0), answer["payload"]["peers"]

    def members(self, seed=None):
        return self.list_state(seed or self.seeds[0])[1]

    def life_of(self, port):
        return int(self.members().get(harness.name(port), {}).get("inc", 0))

    def row(self, port):
        return next(row for row in self.rows("list") if int(row["id"].split(":")[1]) == port)

    def pid(self, port):
        return int(self.row(port)["pid"])

    def resident(self, port):
        return resident(self.pid(port))

    def node_log(self, port):
        return self.log(f"{'seed' if port in self.seeds else 'peer'}-{port}.log")

    def log_bytes(self):
        folder = self.folder.path / "logs"
        return sum(file.stat().st_size for file in folder.iterdir())

    # ------------------------------------------------------------ what must hold

    def unchanged(self, before, seeds=None):
        """Every seed lists the same lives with the same keys as before."""
        for seed in seeds or self.seeds:
            now = self.members(seed)
            if gone := sorted(before.keys() - now.keys()):
                raise Harm(f"{', '.join(gone)} left the list")
            if new := sorted(now.keys() - before.keys()):
                raise Harm(f"{', '.join(new[:3])} entered the list")
            for name, entry in before.items():
                for field in ("inc", "key"):
                    if entry.get(field) != now[name].get(field):
                        raise Harm(f"the list holds another {'life' if field == 'inc' else field} of {name}")

    def stays(self, check, seconds):
        """`check`, which raises Harm, for as long as the harm would need to show."""
        end = time.monotonic() + seconds
        while True:
            check()
            if time.monotonic() > end:
                return
            time.sleep(0.1)

    def nobody_logs(self, text, seconds, harm, ports=None):
        def check():
            for port in ports or self.peers + self.seeds:
                if text in self.node_log(port):
                    raise Harm(harm.format(port=port))
        self.stays(check, seconds)

    def gossip_works(self, sender=None, seconds=10):
        """A message still reaches all; seconds until it did."""
        sender = sender or self.peers[0]
        start = time.monotonic()
        self.must(f"say {sender} still here", f"{sender} can say nothing")
        self.must(f"wait reached last == all {seconds * harness.COST}s",
                  f"a message does not reach all peers in {seconds} s")
        return time.monotonic() - start

    def newcomer_enters(self, seconds=20):
        """The positive control of most attacks: who is honest is still admitted. Seconds until it was."""
        start = time.monotonic()
        name = self.do("add 1")[0]
        self.peers.append(int(name.split(":")[1]))
        try:
            until(lambda: name in self.members(), seconds)
        except harness.Failed as failed:
            raise Harm(f"an honest newcomer was not admitted in {seconds} s") from failed
        return time.monotonic() - start

    def no_alarm(self, seeds=None):
        for seed in seeds or self.seeds:
            if "ALARM" in self.node_log(seed):
                raise Harm(f"seed {seed} raised the alarm and stopped")


def until(condition, seconds, what="it"):
    """Polls what has no event of its own. Only a build with sanitizers is given more time."""
    end = time.monotonic() + seconds * harness.COST
    while not (value := condition()):
        if time.monotonic() > end:
            raise harness.Failed(f"{what} did not come true in {seconds} s")
        time.sleep(0.02)
    return value


def resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def in_own_network():
    """Only loopback is there, so nothing that a node is made to dial can leave the machine."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def sockets(pid):
    """{(local port, remote port)} of the open connections of a process."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for text in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = text.split()
        if fields[3] == "01" and fields[9] in inodes:
            found.add((int(fields[1].split(":")[1], 16), int(fields[2].split(":")[1], 16)))
    return found


def between(one, other):
    """The connections of two processes with each other, as the first has them."""
    return {(local, remote) for local, remote in sockets(one) if (remote, local) in sockets(other)}
