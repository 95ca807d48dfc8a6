"""The page over HTTP and server-sent events: what is served, to whom, and what happens to slow viewers."""
import http.client
import json
import re
import socket
import time
import unittest
from pathlib import Path

import harness
from harness import FAST, HOST, QUIET, SLOW, Network, TestCase, free_ports, until

MARKUP = "<img src=x onerror=alert(1)><script>alert('2')</script> & \"quoted\" \u2028 \U0001f600"


class Page:
    """A network with its page."""

    def __init__(self, peers=3, settings=None, arguments=(), port=None):
        self.asked = port or free_ports(1)
        merged = {**FAST, **QUIET, "web.enabled": True, "web.listen": f"{HOST}:{self.asked}", **(settings or {})}
        self.network = Network(3, peers, merged, ["--web", *arguments])

    def __enter__(self):
        self.network.__enter__()
        self.network.start()
        found = re.search(r"Page: http://127\.0\.0\.1:(\d+)/#token=([0-9a-f]{32})\n", self.network.error_text())
        assert found, self.network.error_text()
        self.port, self.token = int(found[1]), found[2]
        return self

    def __exit__(self, *error):
        return self.network.__exit__(*error)

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20 * SLOW)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = response.status, dict(response.getheaders()), response.read().decode()
        connection.close()
        return answer

    def run(self, command):
        status, _, text = self.request("POST", "/api/cmd", command.encode(), {"Authorization": f"Bearer {self.token}"})
        assert status == 200, (status, text)
        return json.loads(text)

    def state(self):
        return json.loads(self.request("GET", "/api/state")[2])


class Viewer:
    """Server-sent events, one at a time."""

    def __init__(self, page, last_event_id=None):
        self.connection = http.client.HTTPConnection(HOST, page.port, timeout=20 * SLOW)
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.connection.request("GET", "/api/events", headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.status
        assert self.response.getheader("Content-Type") == "text/event-stream"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()

    def next(self):
        """(id, kind, data)"""
        fields = {}
        while True:
            line = self.response.readline()
            if not line:
                raise harness.Failed("the stream ended")
            line = line.decode().rstrip("\n")
            if line == "" and "data" in fields:
                return fields["id"], fields["event"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value

    def until(self, kind, wanted=lambda data: True):
        """The first such event, and all that were read on the way, itself included."""
        seen = []
        deadline = time.monotonic() + 40 * SLOW  # heartbeats keep the socket's own from coming
        while True:
            if time.monotonic() > deadline:
                raise harness.Failed(f"no such {kind} among {seen[-30:]}")
            seen.append(self.next())
            if seen[-1][1] == kind and wanted(seen[-1][2]):
                return seen[-1][2], seen


def number(event_id):
    return int(event_id.split(".")[1])


class Served(TestCase):
    def test_the_page_and_its_files_come_with_a_policy(self):
        with Page() as page:
            status, headers, text = page.request("GET", "/")
            self.assertEqual(status, 200)
            self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertTrue(headers["Content-Type"].startswith("text/html"))
            self.assertNotIn(page.token, text)
            files = re.findall(r'(?:src|href)="([^"]+)"', text)
            self.assertIn("d3.js", files)
            for name in files:
                status, headers, content = page.request("GET", "/" + name)
                self.assertEqual(status, 200, name)
                self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
                self.assertGreater(len(content), 100, name)
                # Modules are fetched by name as well.
                for imported in re.findall(r'from "\./([^"]+)"', content) if name.endswith(".js") else []:
                    self.assertEqual(page.request("GET", "/" + imported)[0], 200, imported)
                if name != "licences.txt" and not name.endswith((".svg", "d3.js")):
                    self.assertNotRegex(content.replace("http://www.w3.org/2000/svg", ""), r"https?://")

    def test_state_is_what_the_shell_says(self):
        with Page() as page:
            def the_same():  # the overlay may still be at work between the two
                listed = {row["id"]: (row["role"], row["state"], row["degree"], row["epoch"], row["listed"])
                          for row in page.network.rows("list")}
                shown = {n["id"]: (n["role"], n["state"], n.get("degree"), n["epoch"],
                                   {True: "yes", False: "no", None: ""}[n.get("listed")])
                         for n in page.state()["nodes"]}
                return shown == listed
            until(the_same, 10, "/state equal to list")
            state = page.state()
            for node in state["nodes"]:
                self.assertEqual(len(node.get("links", [])), node.get("degree", 0))
            self.assertEqual(state["cluster"]["members"], 3)
            self.assertTrue(state["cluster"]["quorum"])
            self.assertEqual(state["cluster"]["epoch"], page.network.rows("seeds")[0]["epoch"])

    def test_a_peer_has_the_epoch_it_registered_with(self):
        with Page(settings={"liveness.interval": "30s"}) as page:
            def registers(data):
                if data.get("registered"):
                    shown.setdefault(data["id"], data["epoch"])
                return len(shown) == 3
            shown = {}
            with Viewer(page, page.state()["event"].split(".")[0] + ".0") as viewer:  # from the start
                viewer.until("node", registers)
                self.assertNotIn(0, shown.values())
                # Who is asked and cannot answer is listed with what it has said.
                last = list(shown)[-1]
                port = last.split(":")[1]
                page.network.do(f"pause {port}")
                listed = {row["id"]: row["epoch"] for row in page.network.rows("list peers")}
                self.assertGreaterEqual(listed[last], shown[last])
                # A new life is of a later list than its former one.
                page.network.do(f"restart {port}")
                viewer.until("notice", lambda data: (data["kind"], data["node"]) == ("registration_complete", last))
                again = {node["id"]: node["epoch"] for node in page.state()["nodes"]}
                self.assertGreater(again[last], listed[last])

    def test_metrics(self):
        with Page() as page:
            page.network.do(f"wait connected {20 * SLOW}s")
            page.network.do(f"wait degree.min >= 2 {20 * SLOW}s")  # everybody with everybody
            status, headers, text = page.request("GET", "/metrics")
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            values = {}
            for line in text.splitlines():
                if line.startswith("#"):
                    self.assertRegex(line, r"^# (HELP \w+ \S.*|TYPE \w+ (gauge|counter))$")
                    continue
                found = re.fullmatch(r'(gossipctl_\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})?) (\d+)', line)
                self.assertTrue(found, line)
                self.assertNotIn(found[1], values)
                values[found[1]] = int(found[2])
            self.assertEqual(values['gossipctl_nodes{role="peer",state="alive"}'], 3)
            self.assertEqual(values['gossipctl_nodes{role="seed",state="alive"}'], 3)
            figures = [values["gossipctl_" + name] for name in ("members", "quorum", "links")]
            self.assertEqual(figures, [3, 1, 3])
            self.assertEqual(values["gossipctl_epoch"], page.state()["cluster"]["epoch"])
            page.run("list")  # asks every node for its counters
            text = page.request("GET", "/metrics")[2]
            self.assertRegex(text, r'gossipctl_messages_sent_total\{node="127\.0\.0\.1:\d+"\} [1-9]')

    def test_unknown_path_and_method(self):
        with Page(1) as page:
            self.assertEqual(page.request("GET", "/../etc/passwd")[0], 404)
            self.assertEqual(page.request("GET", "/nothing")[0], 404)
            self.assertEqual(page.request("DELETE", "/api/state")[0], 405)
            self.assertEqual(page.request("GET", "/api/cmd")[0], 405)

    def test_garbage_is_answered_and_harmless(self):
        with Page(1) as page:
            long_header = b"GET / HTTP/1.1\r\nA: " + b"x" * 40000 + b"\r\n\r\n"
            long_body = b"POST /command HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n"
            for sent, answer in ((b"hello\r\n\r\n", b"400"), (long_header, b"431"), (long_body, b"413")):
                with socket.create_connection((HOST, page.port), 10 * SLOW) as client:
                    client.sendall(sent)
                    self.assertIn(answer, client.recv(4096).split(b"\r\n")[0])
            page.network.do("expect agree")

    def test_another_port_when_it_is_taken(self):
        port = free_ports(2)
        with socket.create_server((HOST, port)):
            with Page(1, port=port) as page:
                self.assertNotEqual(page.port, port)
                self.assertEqual(page.request("GET", "/")[0], 200)

    def test_a_script_serves_no_page_unless_asked(self):
        settings = {"web.enabled": True, "web.listen": f"{HOST}:{free_ports(1)}"}
        code, _, errors, _ = harness.run_script("echo done\n", 1, 1, settings)
        self.assertEqual((code, errors), (0, ""))

    def test_only_this_machine(self):
        code, _, errors, _ = harness.run_script("echo done\n", 1, 1, {"web.listen": "0.0.0.0:8080"}, ["--web"])
        self.assertEqual(code, 2)
        self.assertRegex(errors, r"^gossipctl: E_CONFIG: web\.listen: 0\.0\.0\.0:8080 ")


class Guarded(TestCase):
    def test_other_hosts_and_origins_are_refused(self):
        with Page(1) as page:
            for host in ("evil.example", f"evil.example:{page.port}", "127.0.0.1.evil.example", "10.0.0.1", "",
                         "localhost:x"):
                for path in ("/", "/api/state", "/api/events"):
                    self.assertEqual(page.request("GET", path, headers={"Host": host})[0], 403, (host, path))
            for host in (f"localhost:{page.port}", f"127.0.0.1:{page.port}", "localhost:9999", "127.0.0.1"):
                self.assertEqual(page.request("GET", "/api/state", headers={"Host": host})[0], 200, host)
            own = f"127.0.0.1:{page.port}"
            token = {"Authorization": f"Bearer {page.token}", "Host": own}
            for origin in ("http://evil.example", "null", f"http://127.0.0.1:{page.port + 1}", f"https://{own}"):
                refused = page.request("GET", "/api/state", headers={"Host": own, "Origin": origin})[0]
                self.assertEqual(refused, 403, origin)
                refused = page.request("POST", "/api/cmd", b"list", {**token, "Origin": origin})[0]
                self.assertEqual(refused, 403, origin)
            self.assertEqual(page.request("POST", "/api/cmd", b"list", {**token, "Origin": f"http://{own}"})[0], 200)

    def test_two_hosts_are_refused(self):
        with Page(1) as page:
            for first, second in (("localhost", "evil.example"), ("evil.example", "localhost"), ("localhost",) * 2):
                with socket.create_connection((HOST, page.port), 10 * SLOW) as client:
                    client.sendall(f"GET / HTTP/1.1\r\nHost: {first}\r\nHost: {second}\r\n\r\n".encode())
                    self.assertIn(b"403", client.recv(4096).split(b"\r\n")[0], (first, second))

    def test_a_command_needs_the_token(self):
        with Page(1) as page:
            victim = page.network.peers[0]
            for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": page.token},
                            {"Authorization": "Bearer " + "0" * 32}):
                status, _, text = page.request("POST", "/api/cmd", f"kill {victim}".encode(), headers)
                self.assertEqual(status, 403, headers)
                self.assertIn("token", json.loads(text)["error"])
            page.network.do(f"expect alive({victim})")


class Commands(TestCase):
    def test_one_parser_and_the_results_of_the_shell(self):
        with Page() as page:
            answer = page.run("seeds")
            self.assertTrue(answer["ok"])
            self.assertIn("EPOCH", answer["output"])
            for text, code, word in (("kill 1", 1, "E_COMMAND: no such node: 1"), ("repeat 2 {", 2, "E_USAGE"),
                                     ("klil 7000", 2, "did you mean kill?"), ("expect registered == 99", 3, "E_EXPECT"),
                                     ("wait registered 99 100ms", 4, "E_WAIT")):
                answer = page.run(text)
                self.assertEqual((answer["ok"], answer["code"]), (False, code), text)
                self.assertIn(word, answer["errors"])

    def test_a_command_that_waits_holds_up_nobody(self):
        with Page() as page:
            slow = http.client.HTTPConnection(HOST, page.port, timeout=60)
            slow.request("POST", "/api/cmd", b"wait registered == 4 60s", {"Authorization": f"Bearer {page.token}"})
            page.network.do("expect registered == 3")
            self.assertTrue(page.run("echo meanwhile")["ok"])
            self.assertTrue(page.run("add 1")["ok"])
            self.assertTrue(json.loads(slow.getresponse().read())["ok"])
            slow.close()

    def test_waiting_costs_no_processor_time(self):
        # With messages: what is heard meanwhile must not start anything.
        with Page(2, {"gossip.max_messages": 1000}) as page:
            def used():
                stat = Path(f"/proc/{page.network.process.pid}/stat").read_text()
                return sum(int(field) for field in stat.rsplit(")", 1)[1].split()[11:13])
            before = used()
            self.assertTrue(page.run("sleep 2s")["ok"])
            # In hundredths of a second; a loop that turns without end would have used about 200.
            self.assertLess(used() - before, 60)

    def test_kill_shows_as_a_removal(self):
        with Page() as page, Viewer(page) as viewer:
            victim = page.network.peers[2]
            viewer.until("state")
            self.assertTrue(page.run(f"kill {victim}")["ok"])
            viewer.until("node", lambda n: n["id"] == harness.name(victim) and n["state"] == "killed")
            _, seen = viewer.until("node", lambda n: n["id"] == harness.name(victim) and not n["listed"])
            removals = [data for _, kind, data in seen if kind == "notice" and data["kind"] == "member_removed"]
            self.assertEqual({notice["subject"] for notice in removals}, {harness.name(victim)})
            lines = [data["text"] for _, kind, data in seen if kind == "line"]
            self.assertTrue([x for x in lines if re.fullmatch(rf"{victim} removed: dead \(epoch \d+\)", x)], lines)

    def test_pause_and_resume_are_told_at_once(self):
        with Page(3, {"liveness.interval": "30s"}) as page, Viewer(page) as viewer:
            peer = page.network.peers[0]
            viewer.until("state")
            for verb, state in (("pause", "paused"), ("resume", "alive")):
                self.assertTrue(page.run(f"{verb} {peer}")["ok"])
                viewer.until("node", lambda n: n["id"] == harness.name(peer) and n["state"] == state)

    def test_markup_stays_text(self):
        with Page() as page, Viewer(page) as viewer:
            viewer.until("state")
            self.assertTrue(page.run(f"say {page.network.peers[0]} {MARKUP}")["ok"])
            wave, _ = viewer.until("wave", lambda w: "text" in w)
            self.assertEqual(wave["text"], MARKUP)
            page.network.do("wait reached last == all")
            line = [line["text"] for line in page.state()["lines"] if line["mark"] == ">"]
            self.assertEqual(len(line), 1)
            self.assertIn("<script>alert('2')</script>", line[0])


class Streamed(TestCase):
    def test_resumed_without_gap_or_repetition(self):
        with Page() as page:
            with Viewer(page) as first:
                start, kind, _ = first.next()
                self.assertEqual(kind, "state")
                page.run("echo")
                page.run(f"say {page.network.peers[0]} one")
                _, seen = first.until("line", lambda line: "one" in line["text"])
            last = seen[-1][0]
            # Nobody watches.
            page.run(f"say {page.network.peers[1]} two")
            page.network.do("wait reached last == all")
            with Viewer(page, last) as second:
                _, resumed = second.until("line", lambda line: "says \"two\"" in line["text"])
            numbers = [number(event[0]) for event in seen + resumed]
            self.assertEqual(numbers, list(range(number(start) + 1, number(start) + 1 + len(numbers))))
            self.assertNotIn("state", [event[1] for event in resumed])
            # From the start again: the same events, word for word.
            with Viewer(page, start) as third:
                self.assertEqual([third.next() for _ in numbers], seen + resumed)

    def test_an_id_of_another_run_gets_everything(self):
        with Page(1) as page:
            for unknown in ("0000000000000000.5", "nonsense", page.state()["event"].split(".")[0] + ".999999999"):
                with Viewer(page, unknown) as viewer:
                    self.assertEqual(viewer.next()[1], "state", unknown)

    def test_state_and_later_events_make_the_present(self):
        with Page() as page:
            before = page.state()
            page.run(f"kill {page.network.peers[0]}")
            page.network.do(f"wait removed {page.network.peers[0]} {20 * SLOW}s")
            page.run("add 1")
            page.network.do("wait registered == 3")
            page.network.do("wait connected")
            after = page.state()
            nodes = {node["id"]: node for node in before["nodes"]}
            cluster = before["cluster"]
            with Viewer(page, before["event"]) as viewer:
                while True:
                    event_id, kind, data = viewer.next()
                    data.pop("t", None)
                    if kind == "node":
                        nodes[data["id"]] = data
                    elif kind == "cluster":
                        cluster = data
                    if event_id == after["event"]:
                        break
            self.assertEqual(nodes, {node["id"]: node for node in after["nodes"]})
            self.assertEqual(cluster, after["cluster"])

    def test_a_viewer_that_never_reads_is_cut_and_the_network_goes_on(self):
        # Enough to fill what the kernel keeps for it, and an end, however slow the machine.
        settings = {"gossip.interval": "50ms", "gossip.max_messages": 400}
        with Page(6, settings) as page:
            stuck = socket.socket()
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connect((HOST, page.port))
            stuck.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with Viewer(page) as reader:
                reader.until("state")
                until(lambda: not connected_to(stuck, page.network.process.pid), 40, "the end of the stuck viewer")
                # The one that reads was not held up, even where all peers have said what they had to say.
                page.network.say(page.network.peers[0], "read on")
                reader.until("wave")
            stuck.close()
            page.network.do("expect connected")
            page.network.do("expect suspects == 0")
            message = page.network.say(page.network.peers[0], "still here")
            page.network.do(f"wait reached {message} == all {10 * SLOW}s")
            self.assertEqual(page.request("GET", "/")[0], 200)

    def test_beyond_the_limit_the_oldest_connection_gives_way(self):
        with Page(1) as page:
            idle = [socket.create_connection((HOST, page.port), 5) for _ in range(64)]
            with Viewer(page) as viewer:
                viewer.until("state")
                self.assertEqual(page.request("GET", "/")[0], 200)
                until(lambda: not connected_to(idle[0], page.network.process.pid), 10, "the end of the oldest")
                self.assertTrue(connected_to(idle[-1], page.network.process.pid))
            for client in idle:
                client.close()


def connected_to(client, pid):
    """Does the process still hold its end of this connection?"""
    ours = client.getsockname()[1]
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].split(":")[1], 16) == ours and fields[3] == "01":
            return True
    return False


if __name__ == "__main__":
    harness.main()
