"""Drives real gossipctl processes for the functional tests. Standard library only.

A test waits for events, never for time to pass: the shell's `wait` for what happens in the network, sockets
and process ends for the rest. A pause in a test is itself the fault under test.
"""
import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("GOSSIPCTL_BINARY", str(ROOT / "build" / "release" / "gossipctl"))
if len(sys.argv) > 1 and os.path.isfile(sys.argv[1]):  # python3 test_x.py path/of/gossipctl
    BINARY = os.path.abspath(sys.argv.pop(1))
PRESET = Path(BINARY).parent.name
# Sanitizers and a debug build run several times slower: sizes shrink, and what is measured may be more.
FULL_SPEED = PRESET in ("release", "timings")
COST = 1 if FULL_SPEED else 4
# Deadlines of events that are awaited: an event that comes costs nothing more, a busy machine may be slow.
SLOW = 6 * COST
HOST = "127.0.0.1"

# Detection in about two seconds instead of a minute, so that a test can wait for it.
FAST = {
    "liveness.interval": "400ms",
    "liveness.misses": 3,
    "liveness.refute": "500ms",
    "liveness.probe_timeout": "300ms",
    "seeds.probe_timeout": "300ms",
    "seeds.sync_interval": "300ms",
    "gossip.interval": "500ms",
    "gossip.first_after": "200ms",
    "gossip.repair_interval": "500ms",
}
# No messages but those that a test says.
QUIET = {"gossip.max_messages": 0}


class Failed(AssertionError):
    pass


# ---------------------------------------------------------------- ports and files

def is_free(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


BLOCK = 300
BLOCKS_EACH = 3  # a process with many networks, one after the other, uses its own blocks again
_held = []  # (base, lock) of this process's blocks of ports; the locks end with it


def _take_block():
    """Tests run side by side: each holds blocks of ports by locks that end with its process."""
    if len(_held) == BLOCKS_EACH:
        _held.append(_held.pop(0))
        return _held[-1][0]
    numbers = list(range((32000 - 26000) // BLOCK))
    random.Random(os.getpid()).shuffle(numbers)
    for number in numbers:
        lock = os.open(Path(tempfile.gettempdir()) / f"gossip-test-ports-{number}.lock", os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        _held.append((26000 + number * BLOCK, lock))
        return _held[-1][0]
    raise Failed("every block of test ports is taken")


_next_port = [0, 0]  # next, end


def free_ports(count):
    """The first of `count` neighbouring free ports below the ephemeral range."""
    while True:
        base, end = _next_port
        if base + count > end:
            base = _take_block()
            end = base + BLOCK
        busy = [i for i in range(count) if not is_free(base + i)]
        _next_port[:] = [base + (busy[-1] + 1 if busy else count), end]
        if not busy:
            return base


def to_toml(settings, seeds, hosts=(), seed_ip=HOST):
    """{"gossip.interval": "5s"}, seed ports and [[host]] tables as the text of a config.toml."""
    sections = {}
    for key, value in settings.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {json.dumps(value)}")
    lines = []
    for port in seeds:
        lines += ["[[seed]]", f'ip = "{seed_ip}"', f"port = {port}", ""]
    for host in hosts:
        lines += ["[[host]]", *(f"{key} = {json.dumps(value)}" for key, value in host.items()), ""]
    for section, entries in sections.items():
        lines += [f"[{section}]", *entries, ""]
    return "\n".join(lines)


class Folder:
    """A temporary folder, kept and named when the test fails."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="gossip-test-"))

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


# ---------------------------------------------------------------- the manager

class Network:
    """gossipctl with a pipe for its commands. `do` runs one and gives its output."""

    def __init__(self, seeds=3, peers=5, settings=None, arguments=(), room=40, hosts=(), seed_ip=HOST, folder=None,
                 before=()):
        self.folder = folder or Folder()
        self.shared = folder is not None  # with another network: whoever made it removes it
        base = free_ports(seeds + peers + room)
        self.seeds = [base + i for i in range(seeds)]
        self.peers = [base + seeds + i for i in range(peers)]
        merged = {"network.initial_peers": peers,
                  "ports.peers": f"{base + seeds}-{base + seeds + peers + room - 1}",
                  "log.dir": str(self.folder.path / "logs"),
                  "web.enabled": False}
        merged.update(settings or {})
        self.settings = merged
        self.config = self.folder.path / f"config{'-2' if self.shared else ''}.toml"
        # A host's files go where the others are, each host's in a folder of its own.
        hosts = [{"dir": str(self.folder.path / f"at-{host['name']}"), **host} for host in hosts]
        self.config.write_text(to_toml(merged, self.seeds, hosts, seed_ip))
        self.errors = open(self.config.with_suffix(".stderr"), "w+")
        self.process = subprocess.Popen(
            [*before, BINARY, "--config", str(self.config), "-o", "json", *arguments], cwd=self.folder.path,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, bufsize=1)
        self.marker = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if self.process.poll() is None:
                if kind is None:
                    self.finish()
                else:
                    self.process.stdin.close()
                    self.process.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        finally:
            self.process.stdout.close()
            self.errors.close()
            if kind is None:
                if not self.shared:
                    self.folder.remove()
            else:
                print(f"logs of the failed test: {self.folder.path}", file=sys.stderr)

    def do(self, command):
        """Runs one command; its output, as a list of lines."""
        self.marker += 1
        mark = f"__done_{self.marker}__"
        try:
            self.process.stdin.write(f"{command}\necho {mark}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in self.process.stdout:
            if line.strip() == mark:
                return lines
            lines.append(line.rstrip("\n"))
        raise Failed(f"`{command}` ended the manager with {self.process.wait()}: {self.error_text()}")

    def rows(self, command):
        """The table that a command prints, as dictionaries."""
        return json.loads("\n".join(self.do(command)) or "[]")

    def start(self, timeout=20):
        """Until all are members and connected."""
        self.do(f"wait registered == {len(self.peers)} {timeout * SLOW}s")
        self.do(f"wait agree {5 * SLOW}s")
        self.do(f"wait connected {10 * SLOW}s")
        return self

    def say(self, port, text):
        return self.do(f"say {port} {text}")[-1]

    def error_text(self):
        self.errors.flush()
        return Path(self.errors.name).read_text()[-4000:]

    def finish(self, code=0):
        """End of input; waits for the manager and asserts how it ended."""
        self.process.stdin.close()
        ended = self.process.wait(60 * SLOW)
        if ended != code:
            raise Failed(f"exit code {ended}, wanted {code}: {self.error_text()}")

    def crash(self):
        """SIGKILL of the manager."""
        self.process.kill()
        self.process.wait()

    def close(self):
        """After its end, however that came."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()
        self.folder.remove()

    def log(self, name="outputfile.txt"):
        path = self.folder.path / "logs" / name
        return path.read_text() if path.exists() else ""

    def pids(self):
        return {int(row["id"].split(":")[1]): int(row["pid"]) for row in self.rows("list") if row["pid"]}

    def degrees(self):
        return {int(row["id"].split(":")[1]): int(row["degree"]) for row in self.rows("list peers") if row["pid"]}


def run_script(text, seeds=3, peers=5, settings=None, arguments=(), timeout=90):
    """A whole script through a pipe: (exit code, stdout, stderr, outputfile.txt)."""
    network = Network(seeds, peers, settings, arguments)
    text = text.format(seed=network.seeds, peer=network.peers)
    out, _ = network.process.communicate(text, timeout=timeout * SLOW)
    network.errors.seek(0)
    errors = network.errors.read()
    log = network.log()
    network.errors.close()
    network.folder.remove()
    return network.process.returncode, out, errors, log


# ---------------------------------------------------------------- one node by itself

class Node:
    """`gossipctl node` in a process of its own, as on another machine."""

    def __init__(self, role, port, folder, seeds, settings=None, arguments=(), seeds_file=True):
        self.port = port
        self.folder = Path(folder)
        config = self.folder / f"{role}-{port}.toml"
        merged = {"log.dir": str(self.folder / "logs"), "seeds.state_dir": str(self.folder / "state")}
        merged.update(settings or {})
        config.write_text(to_toml(merged, [] if seeds_file else seeds))
        command = [BINARY, "node", "--role", role, "--listen", f"{HOST}:{port}", "--config", str(config)]
        if seeds_file:
            listed = self.folder / "config.txt"
            if not listed.exists():  # nodes that were started already may be reading it
                listed.write_text("# seeds\n" + "".join(f"{HOST}:{seed}\n" for seed in seeds))
            command += ["--seeds", str(listed)]
        self.command = command + list(arguments)
        self.name = f"{role}-{port}"
        self.process = None

    def start(self, *more):
        with open(self.folder / f"{self.name}.stderr", "a") as errors:
            self.process = subprocess.Popen(self.command + list(more), cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=errors)
        return self

    def error_text(self):
        return (self.folder / f"{self.name}.stderr").read_text()

    def log(self):
        path = self.folder / "logs" / f"{self.name}.log"
        return path.read_text() if path.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout=15):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout * SLOW)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


def until(condition, timeout=20, what="a condition"):
    """Polls something that has no event of its own: a file of another process."""
    deadline = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not come true in {timeout * SLOW} s")
        time.sleep(0.02)


def until_listening(port, timeout=10):
    def answers():
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, port), 0.5).close()
            return True
        return False
    until(answers, timeout, f"port {port} listening")


# ---------------------------------------------------------------- document 000's dialect

class Lines:
    """A connection that carries one JSON object a line."""

    def __init__(self, port, timeout=5.0):
        self.socket = socket.create_connection((HOST, port), timeout)
        self.socket.settimeout(timeout * SLOW)
        self.buffer = b""

    def send(self, kind, payload):
        self.send_raw(json.dumps({"type": kind, "timestamp": time.time(), "payload": payload}).encode() + b"\n")

    def send_raw(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next message; None when the other side closed."""
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def expect(self, *kinds):
        """The next message of one of these types; others are passed over."""
        seen = []
        while True:
            message = self.receive()
            if message is None:
                raise Failed(f"closed while waiting for {kinds}; saw {seen}")
            if message["type"] in kinds:
                return message
            seen.append(message["type"])

    def closed(self):
        """True when the other side ends the connection before the deadline."""
        try:
            while self.receive() is not None:
                pass
        except (TimeoutError, socket.timeout):
            return False
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ask(port, kind, payload, *answers, timeout=5.0):
    with Lines(port, timeout) as lines:
        lines.send(kind, payload)
        return lines.expect(*answers)


def register(seed_port, port, timeout=5.0):
    """REGISTER_REQUEST as document 000 says it; the type of the answer."""
    return ask(seed_port, "REGISTER_REQUEST", {"host": HOST, "port": port},
               "REGISTER_ACK", "REGISTER_NACK", "REGISTER_PENDING", timeout=timeout)["type"]


def peer_list(seed_port):
    """GET_PEER_LIST as document 000 says it: the ids listed."""
    return set(ask(seed_port, "GET_PEER_LIST", {}, "PEER_LIST")["payload"]["peers"])


def name(port):
    return f"{HOST}:{port}"


def until_gone(pids):
    start = time.monotonic()
    until(lambda: not any(alive(pid) for pid in pids), 10, "the processes' end")
    print(f"all {len(pids)} processes gone after {(time.monotonic() - start) * 1000:.0f} ms")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z"
    return False


class TestCase(unittest.TestCase):
    longMessage = True

    def failed(self):
        """In tearDown: has this test failed? Then its folder is worth keeping."""
        outcome = getattr(self, "_outcome", None)
        result = getattr(outcome, "result", None)
        return result is not None and any(test is self for test, _ in result.failures + result.errors)

    def assertLog(self, log, pattern):
        self.assertRegex(log, re.compile(pattern, re.M))


class FolderTestCase(TestCase):
    """Each test has a folder of its own."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)


def main():
    unittest.main(verbosity=2)
