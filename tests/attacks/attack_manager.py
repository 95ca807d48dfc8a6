"""The manager: hosts that lie to it, users of the machine who look, and texts that are more than text."""
import contextlib
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import harness
import wire
from arena import Arena, Harm, attack, until
from test_legacy_peer import LegacyPeer

MARK = "SAID-BY-ANOTHER-HOST"
HOSTILE = str(Path(__file__).resolve().parent / "hostile_agent.py")


def with_hostile_host(how, check):
    """A network with one node behind an agent that says too much; `check` while it does."""
    host = {"name": "h1", "addr": "127.0.0.2", "peers": 1, "command": [sys.executable, HOSTILE, harness.BINARY, how]}
    network = Arena(peers=2, settings={"log.runs": "runs"}, hosts=[host], arguments=["--keep-going"])
    try:
        harness.until_listening(network.seeds[0])
        with contextlib.suppress(harness.Failed):  # the manager may cut that host off, and rightly so
            until(lambda: len(network.members()) == 3, 10)
        spoken = network.folder.path / "at-h1" / "has-spoken"
        until(spoken.exists, 30, "the hostile host's first word")
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            check(network)
            time.sleep(0.1)
    finally:
        with contextlib.suppress(OSError):
            network.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            network.process.wait(20)
        if network.process.poll() is None:
            network.crash()
        network.close()


def files_of(network):
    return [path for path in network.folder.path.rglob("*") if path.is_file() and not path.is_symlink()]


def everything_written(network):
    return b"".join(path.read_bytes() for path in files_of(network) if "journal" not in path.name)


def outside_text(data):
    """The first character of a text from the network that must not stand raw in a file or on a terminal."""
    return re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", data.decode(errors="replace"))


@attack("A30", "a host's agent sends raw escape sequences as log text")
def agent_escapes():
    def check(network):
        if outside_text(everything_written(network)):
            raise Harm("raw control characters reached a file of the manager")
    with_hostile_host("escape", check)


@attack("A30b", "a host's agent sends log lines of a seed of another host")
def agent_forges_lines():
    def check(network):
        for path in files_of(network):
            for line in path.read_text(errors="replace").splitlines():
                seed = re.search(r"\[SEED:\d+\] INFO - CONSENSUS OUTCOME", line)
                if MARK in line and seed and "outputfile" in path.name:
                    raise Harm("a line of a seed that is not its own stands in outputfile.txt")
                if MARK in line and path.name.startswith("seed-"):
                    raise Harm("a host wrote into the log of a node of another host")
    with_hostile_host("seed-lines", check)


@attack("A30c", "a host's agent reports events and status of nodes of other hosts")
def agent_reports_others():
    seen = set()

    def check(network):
        for path in network.folder.path.glob("runs/*/events.jsonl"):
            for line in path.read_text(errors="replace").splitlines():
                if MARK in line:
                    seen.add(json.loads(line)["node"].split(":")[0])
        if harness.HOST in seen:
            raise Harm("the run records as an event of the manager's host what another host reported")
        if network.row(network.peers[0])["listed"] == "no":
            raise Harm("a peer counts as removed because a peer of another host said so")
    with_hostile_host("other-node", check)
    if not seen:
        raise harness.Failed("no event of the hostile host was recorded")


@attack("A30d", "a host's agent sends 60 MB of log")
def agent_floods():
    def check(network):
        if (total := sum(path.stat().st_size for path in files_of(network))) > 45_000_000:
            raise Harm(f"the manager wrote {total // 1_000_000} MB for it")
    with_hostile_host("bytes", check)


@attack("A30e", "a host's agent sends logs of 3,000 nodes that it does not have")
def agent_makes_files():
    def check(network):
        if (count := len(files_of(network))) > 200:
            raise Harm(f"the manager made {count} files")
    with_hostile_host("files", check)


# ---------------------------------------------------------------- the page

class Page:
    """A network with its page."""

    def __init__(self, peers=1):
        settings = {"web.enabled": True, "web.listen": f"{harness.HOST}:{harness.free_ports(1)}", "log.runs": "runs"}
        self.network = Arena(3, peers, settings, arguments=["--web"])

    def __enter__(self):
        self.network.__enter__()
        found = re.search(r"Page: http://127\.0\.0\.1:(\d+)/\S*token=([0-9a-f]+)", self.network.error_text())
        self.port, self.token = int(found[1]), found[2]
        return self

    def __exit__(self, *error):
        return self.network.__exit__(*error)

    def raw(self, data, length=65536):
        """The beginning of the answer to these bytes."""
        with socket.create_connection((harness.HOST, self.port), 5) as client:
            client.settimeout(3)
            with contextlib.suppress(OSError):
                client.sendall(data)
                return client.recv(length)
        return b""

    def status(self, data):
        found = re.match(rb"HTTP/1\.1 (\d+)", self.raw(data))
        return int(found[1]) if found else 0

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection(harness.HOST, self.port, timeout=10)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


@attack("A31", "another user reads the run folder and the logs")
def folder_modes():
    old = os.umask(0o022)
    try:
        with Arena(peers=1, settings={"log.runs": "runs"}) as network:
            network.do("list")
            runs = [p for p in (network.folder.path / "runs").iterdir() if p.is_dir() and not p.is_symlink()]
            logs = network.folder.path / "logs"
            for path in [*runs, logs, logs / "state"]:
                if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
                    mode = stat.S_IMODE(path.stat().st_mode)
                    raise Harm(f"{path.relative_to(network.folder.path).parts[0]}: mode {mode:04o}")
    finally:
        os.umask(old)


@attack("A31b", "reads the page's data without the token")
def page_without_token():
    with Page() as page:
        open_paths = [path for path in ("/api/state", "/api/events", "/api/source", "/metrics", "/state")
                      if page.status(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()) == 200]
        if open_paths:
            raise Harm(f"answered without a token: {', '.join(open_paths)}")
        headers = {"Authorization": f"Bearer {page.token}"}
        if page.request("GET", "/api/state", headers)[0] != 200:
            raise harness.Failed("with the token the state is not served")


@attack("A31c", "the token stays in the address bar")
def token_in_address():
    with Page() as page:
        _, text = page.request("GET", "/")
        names = set(re.findall(rb'src="([^"]+\.js)"', text))
        seen, todo = {}, list(names)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen[name] = page.request("GET", "/" + name.decode())[1]
                todo += re.findall(rb'from "\./([^"]+)"', seen[name])
        if not any(b"replaceState" in source for name, source in seen.items() if b"d3" not in name):
            raise Harm("no module of the page takes it away")


@attack("A31d", "two Host headers, of which one is foreign")
def two_hosts():
    with Page() as page:
        for first, second in (("127.0.0.1", "evil.example"), ("evil.example", "127.0.0.1"), ("127.0.0.1",) * 2):
            token = f"Authorization: Bearer {page.token}\r\n"
            for path in ("/", "/api/state"):
                code = page.status(f"GET {path} HTTP/1.1\r\nHost: {first}\r\nHost: {second}\r\n{token}\r\n".encode())
                if code == 200:
                    raise Harm(f"GET {path} with Host {first} and {second}: 200")


@attack("A31e", "64 viewers of one user shut all others out")
def viewers():
    with Page() as page, contextlib.ExitStack() as stack:
        for path in ("/api/events", None):
            for _ in range(80):
                with contextlib.suppress(OSError):
                    client = stack.enter_context(socket.create_connection((harness.HOST, page.port), 2))
                    if path:
                        client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        headers = {"Authorization": f"Bearer {page.token}"}
        try:
            until(lambda: served(page, headers), 3)
        except harness.Failed as failed:
            raise Harm("who has the token is not served any more") from failed


def served(page, headers):
    try:
        return page.request("GET", "/api/state", headers)[0] == 200
    except OSError:
        return False
    except http.client.HTTPException:
        return False


@attack("H15", "foreign Host and Origin, traversal, smuggling, large heads and bodies")
def http_forms():
    with Page() as page:
        token = {"Authorization": f"Bearer {page.token}"}
        for host in ("evil.example", f"evil.example:{page.port}", "127.0.0.1.evil.example", "10.0.0.1", "localhost:x"):
            if page.request("GET", "/api/state", {**token, "Host": host})[0] == 200:
                raise Harm(f"Host {host}: 200")
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{page.port + 1}"):
            if page.request("POST", "/api/cmd", {**token, "Origin": origin}, b"list")[0] == 200:
                raise Harm(f"Origin {origin}: a command was taken")
        for path in ("/../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/./../x.toml", "/%00", "/\\..\\x"):
            code, body = page.request("GET", path, token)
            if code == 200 or b"root:" in body:
                raise Harm(f"GET {path}: {code}")
        smuggled = (b"POST /api/cmd HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/state HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        if b"HTTP/1.1 200" in page.raw(smuggled):
            raise Harm("a smuggled request was answered")
        page.raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n")
        page.raw(b"POST /api/cmd HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 1_000_000)
        if page.request("POST", "/api/cmd", {"Authorization": "Bearer " + "0" * 32}, b"list")[0] == 200:
            raise Harm("a command was taken without the token")
        if page.request("POST", "/api/cmd", token, b"list")[0] != 200:
            raise harness.Failed("a command with the token is not taken")
        page.network.do("expect agree")


MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & <!--"


@attack("H16", "markup in messages of a recorded run, on the exported page")
def markup_in_runs():
    folder = harness.Folder()
    script = f"wait registered == 3 60s\nsay 7000 {MARKUP}\nwait reached last == all 30s\n"
    run = subprocess.run([harness.BINARY, "sim", "-", "--seeds", "3", "--peers", "3", "--seed", "1", "--out", "run"],
                         input=script, capture_output=True, text=True, cwd=folder.path, timeout=60)
    if run.returncode != 0:
        raise harness.Failed(run.stderr)
    done = subprocess.run([harness.BINARY, "export", "html", "run"], capture_output=True, text=True, cwd=folder.path,
                          timeout=60)
    pages = [p.read_text() for p in folder.path.rglob("*.html")] or [done.stdout]
    if not pages or "<script" not in pages[0]:
        raise harness.Failed(f"no page was exported: {done.stderr}")
    for page in pages:
        if "<script>alert(1)" in page or "<img src=x" in page:
            raise Harm("markup of a message stands in the exported page")
    folder.remove()


# ---------------------------------------------------------------- texts

HARMLESS_NOT = {"newline": "x\nFORGED LINE", "carriage return": "x\rFORGED LINE", "ESC": "\u001b[31mx",
                "OSC": "\u001b]0;x\u0007", "C1": "\u009b2Jx", "NUL": "\u0000x", "DEL": "\u007fx"}
BIDI = {"U+202E": "\u202ex", "U+2028": "\u2028x", "U+2029": "\u2029x", "U+2066": "\u2066x", "U+FEFF": "\ufeffx"}


def say_everywhere(network, text):
    """The text in every field of a message that is a text, and as the type."""
    other = network.identity(harness.free_ports(1))
    said = wire.gossip(other.name, 1, 5, text)
    fields = [("GOSSIP", said), ("GOSSIP", {**said, "msg_id": f"{text}:{other.name}:2"}), (text, {}),
              ("ERROR", {"code": text, "text": text}), ("UNLINK", {"reason": text}),
              ("LINK_REJECT", {"reason": text}), ("PING", {"sender": text, "timestamp": 1}),
              ("DEAD_NODE_REPORT", {"dead_peer_id": harness.name(network.peers[0]), "reporter_id": other.name,
                                    "peer_votes": 3, "report_string": text}),
              ("REGISTER_REQUEST", {"host": text, "port": 7}), ("SUSPECT_QUERY", {"sender": text, "suspect": text})]
    for port in (network.seeds[0], network.peers[0]):
        for way in ("nameless", "proven"):
            for kind, payload in fields:
                with wire.approach(way, port, other) as speaker:
                    speaker.send(kind, payload)
                    speaker.collect(0.01)


def texts_reach_files(texts, harmful):
    with Arena(peers=2, settings={"log.runs": "runs"}) as network:
        guest = LegacyPeer(harness.free_ports(1))
        try:
            harness.register(network.seeds[0], guest.port)
            for text in texts.values():
                say_everywhere(network, text)
                with wire.Speaker(network.peers[0]) as speaker:
                    speaker.send("GOSSIP", wire.gossip(harness.name(guest.port), len(text), 0, text))
                    speaker.read_by(guest.port)
            member = wire.Insider(network)
            with member, member.link(network.peers[0]) as link:
                for number, text in enumerate(texts.values(), 1):
                    link.send("GOSSIP", member.signed(wire.gossip(member.identity.name, number,
                                                                  member.identity.life, text)))
                link.read_by()
            network.gossip_works()
            shown = everything_written(network).decode(errors="replace") + json.dumps(network.do("logs all -n 500"))
            if found := harmful(shown):
                raise Harm(f"{found} stands raw in a log, a run or on the terminal")
        finally:
            guest.close()


@attack("H8", "newline, ESC, OSC, C1 and NUL in every text")
def control_characters():
    def harmful(shown):
        if found := outside_text(shown.encode()):
            return f"U+{ord(found[0]):04X}"
        return "a line of its own" if re.search(r"(?m)^FORGED LINE", shown) else None
    texts_reach_files(HARMLESS_NOT, harmful)


@attack("H8b", "U+202E, U+2028 and their like in every text")
def bidirectional():
    def harmful(shown):
        found = re.search("[\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]", shown)
        return f"U+{ord(found[0]):04X}" if found else None
    texts_reach_files(BIDI, harmful)
