"""Nodes of other hosts, each behind an agent: here the host is another loopback address, so that it runs anywhere."""
import json
import os
import signal
import subprocess
import unittest
from pathlib import Path

import harness

HOST_IP = "127.0.0.2"
AGENT = [harness.BINARY, "agent", "--stdio"]
HELLO = subprocess.run(AGENT, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.strip()


def host(name="h1", command=None, **more):
    return {"name": name, "addr": HOST_IP, "command": AGENT if command is None else command, **more}


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def agents(manager):
    """The pids of a manager's agents."""
    return [pid for pid in children(manager) if b"agent" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]


class HostCase(harness.TestCase):
    def network(self, hosts, peers=2, settings=None, **more):
        settings = {**harness.FAST, **harness.QUIET, **(settings or {})}
        return harness.Network(3, peers, settings, hosts=hosts, **more)

    def registered(self, network, count):
        network.do(f"wait registered == {count} {20 * harness.SLOW}s")
        network.do(f"wait connected {20 * harness.SLOW}s")

    def there(self, network):
        """The nodes of h1: {"127.0.0.2:7002": row}."""
        return {row["id"]: row for row in network.rows("list host=h1")}


class Agent(HostCase):
    def test_every_verb_works_on_them(self):
        with self.network([host(peers=2)]) as network:
            self.registered(network, 4)
            third = network.do("add 1 --host h1")[0]
            self.assertTrue(third.startswith(HOST_IP), third)
            self.registered(network, 5)
            rows = self.there(network)
            self.assertEqual(len(rows), 3)
            for row in rows.values():
                self.assertEqual(row["state"], "alive")
                self.assertTrue(harness.alive(int(row["pid"])))
                self.assertGreater(int(row["rss"]), 1_000_000)
            message = network.do(f"say {third} from far away")[-1]
            network.do(f"wait reached last == all {20 * harness.SLOW}s")
            traced = network.rows(f"trace {message}")
            self.assertEqual(len(traced), 5)
            self.assertTrue(all(float(row["after_ms"]) < 60_000 for row in traced), traced)
            self.assertIn("PEER NODE INITIALIZED".lower(), " ".join(network.do(f"logs {third} -n 500")).lower())
            self.assertIn(f"Peer node initialized at {third}", network.log())  # outputfile.txt has all nodes
            self.kill_pause_restart(network, sorted(rows))
            self.partition(network)
            pids = list(network.pids().values()) + agents(network.process.pid)
            network.finish(0)
            harness.until_gone(pids)

    def kill_pause_restart(self, network, ids):
        network.do(f"kill {ids[0]}")
        network.do(f"wait removed {ids[0]} {30 * harness.SLOW}s")
        self.assertEqual(self.there(network)[ids[0]]["state"], "killed")
        network.do(f"pause {ids[1]}")
        pid = int(self.there(network)[ids[1]]["pid"])
        self.assertEqual(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0], "T")
        network.do(f"resume {ids[1]}")
        network.do(f"restart {ids[0]}")
        network.do(f"stop {ids[2]}")
        self.assertEqual(self.there(network)[ids[2]]["state"], "left")
        network.do(f"wait registered == 4 {30 * harness.SLOW}s")
        self.assertNotEqual(int(self.there(network)[ids[0]]["pid"]), 0)

    def partition(self, network):
        here = network.peers[0]
        network.do(f"wait connected {20 * harness.SLOW}s")
        network.do("partition host=127.0.0.1 | host=h1")
        network.say(here, "not for all")
        network.do(f"wait reached last == 2 {20 * harness.SLOW}s")
        self.assertEqual(network.do("echo still here"), ["still here"])
        network.do("heal")
        network.do(f"wait reached last == all {30 * harness.SLOW}s")

    def test_an_agent_that_is_killed_takes_its_nodes_along(self):
        with self.network([host(peers=2)], arguments=["--keep-going"]) as network:
            self.registered(network, 4)
            rows = self.there(network)
            pids = [int(row["pid"]) for row in rows.values()]
            os.kill(agents(network.process.pid)[0], signal.SIGKILL)
            harness.until_gone(pids)
            for node in rows:
                network.do(f"wait removed {node} {30 * harness.SLOW}s")
            self.assertEqual({row["state"] for row in self.there(network).values()}, {"died"})
            errors = network.error_text()
            self.assertIn("E_NODE_DIED", errors)
            self.assertIn("the agent of h1 ended: SIGKILL", errors)
            # It is started again when it is needed.
            network.do(f"restart {sorted(rows)[0]}")
            network.do(f"wait registered == 3 {30 * harness.SLOW}s")
            network.finish(6)

    def test_the_command_between_manager_and_agent_is_killed(self):
        """As when ssh is: the agent itself hears of it by the end of its stdin."""
        between = host(peers=2, command=f"{harness.BINARY} agent --stdio; true")
        with self.network([between], arguments=["--keep-going"]) as network:
            self.registered(network, 4)
            rows = self.there(network)
            shells = [pid for pid in children(network.process.pid)
                      if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/bin/sh")]
            pids = [int(row["pid"]) for row in rows.values()] + children(shells[0])
            os.kill(shells[0], signal.SIGKILL)
            harness.until_gone(pids)
            network.do(f"wait registered == 2 {30 * harness.SLOW}s")
            network.finish(6)

    def test_a_killed_manager_leaves_nothing_behind(self):
        network = self.network([host(peers=2)])
        self.registered(network, 4)
        pids = list(network.pids().values()) + [int(row["pid"]) for row in self.there(network).values()]
        network.do(f"pause {sorted(self.there(network))[0]}")
        pids += agents(network.process.pid)
        network.crash()
        harness.until_gone(pids)
        network.close()

    def test_the_end_of_stdin_ends_an_agents_nodes(self):
        """As when the connection breaks: nobody kills the agent."""
        folder = harness.Folder()
        port = harness.free_ports(1)
        node = f"{HOST_IP}:{port}"
        pipe = subprocess.PIPE
        agent = subprocess.Popen(AGENT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

        def ask(**request):
            agent.stdin.write(json.dumps(request) + "\n")
            agent.stdin.flush()
            return json.loads(agent.stdout.readline())

        self.assertEqual(json.loads(agent.stdout.readline())["agent"], "hello")
        ready = ask(op="setup", host="h1", dir=str(folder.path), config="[security]\n", seeds="127.0.0.1:6000\n")
        self.assertEqual(ready["dir"], str(folder.path))
        self.assertEqual(ask(op="listen", seq=1, count=1, candidates=[node])["bound"], [node])
        started = ask(op="start", n=1, id=node, last_life=0)
        self.assertEqual((started["n"], started["l"]["event"]), (1, "ready"))
        agent.stdin.close()
        self.assertEqual(agent.wait(30 * harness.SLOW), 0)
        harness.until_gone([started["l"]["pid"]])
        agent.stdout.close()
        agent.stderr.close()
        folder.remove()


ANOTHER_CLOCK = ["unshare", "--time", "--fork", "--kill-child", "--monotonic", "100000"]  # a day later, less or more


def has_time_namespaces():
    try:
        return subprocess.run([*ANOTHER_CLOCK, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@unittest.skipUnless(has_time_namespaces(), "needs root, Linux 5.6 and util-linux 2.38")
class Clocks(HostCase):
    def test_events_of_another_clock_stand_on_ours(self):
        with self.network([host(peers=2, command=[*ANOTHER_CLOCK, *AGENT])]) as network:
            self.registered(network, 4)
            for sender in [str(network.peers[0]), sorted(self.there(network))[0]]:
                message = network.do(f"say {sender} hello")[-1]
                network.do(f"wait reached last == all {20 * harness.SLOW}s")
                after = [float(row["after_ms"]) for row in network.rows(f"trace {message}")]
                self.assertEqual(len(after), 4)
                self.assertLess(max(abs(ms) for ms in after), 60_000, after)
            network.do("expect p95(latency) < 60s")
            seen = [json.loads(line) for line in self.events(network)]
            times = [event["t"] for event in seen if "t" in event]
            self.assertLess(max(times) - min(times), 3600e9, "one clock in the run's log")

    @staticmethod
    def events(network):
        return (network.folder.path / "runs" / "latest" / "events.jsonl").read_text().splitlines()


class Refused(harness.TestCase):
    def refusal(self, hosts, script, code, arguments=()):
        network = harness.Network(3, 1, harness.QUIET, arguments, hosts=hosts)
        _, _ = network.process.communicate(script, timeout=90 * harness.SLOW)
        network.errors.seek(0)
        errors = network.errors.read()
        network.errors.close()
        network.folder.remove()
        self.assertEqual(network.process.returncode, code, errors)
        return errors

    def test_unknown_host(self):
        errors = self.refusal([host()], "add --host h2\n", 1)
        self.assertIn('no host "h2" is configured; did you mean h1?', errors)
        self.assertIn("none is configured", self.refusal([], "add --host h1\n", 1))

    def test_an_agent_that_cannot_be_started_says_why(self):
        broken = host(command="echo warming up >&2; printf 'no route to host h1\\r\\n' >&2; exit 255")
        errors = self.refusal([broken], "add --host h1\n", 5)
        self.assertIn("host h1: its agent could not be started (exit code 255: no route to host h1)", errors)
        missing = host(command=["no-such-program"])
        self.assertIn("cannot run no-such-program", self.refusal([missing], "add --host h1\n", 5))
        self.assertIn("cannot run no-such-program", self.refusal([{**missing, "peers": 1}], "list\n", 5))

    def test_another_version_is_refused(self):
        old_hello = json.dumps({**json.loads(HELLO), "version": "0.0.9"})
        old = host(command=f"echo '{old_hello}'; cat >/dev/null")
        errors = self.refusal([old], "add --host h1\n", 5)
        self.assertIn("host h1: it has gossipctl 0.0.9", errors)
        self.assertIn("install the same version", errors)

    def test_nonsense_in_place_of_an_agent(self):
        chatty = host(command="echo Welcome to h1; echo This account is closed")
        errors = self.refusal([chatty], "add --host h1\n", 5)
        self.assertIn("This account is closed", errors)
        late = host(command=f"echo '{HELLO}'; echo what; cat >/dev/null")
        self.assertIn("cannot be understood: not a JSON object", self.refusal([late], "add --host h1\n", 5))

    def test_a_greeting_before_the_agent_is_passed_over(self):
        polite = host(command=f"echo Welcome to h1; exec {harness.BINARY} agent --stdio")
        self.refusal([polite], f"add --host h1\nwait registered == 2 {30 * harness.SLOW}s\n", 0)

    def test_seeds_that_another_machine_cannot_reach(self):
        folder = harness.Folder()
        config = folder.path / "c.toml"
        far = {"name": "h1", "addr": "10.0.0.11", "ssh": "me@h1"}
        unreachable = "c.toml:5:1: host h1 (10.0.0.11) cannot reach the seed 127.0.0.1:6000"
        for settings, seed_ip, wanted in [({}, "127.0.0.1", unreachable), ({}, "10.0.0.1", "no TLS"),
                                          ({"security.tls": "off"}, "10.0.0.1", "")]:
            with self.subTest(wanted):
                config.write_text(harness.to_toml(settings, [6000], [far], seed_ip))
                done = subprocess.run([harness.BINARY, "check", str(config)], capture_output=True, text=True)
                self.assertEqual(done.returncode, 2 if wanted else 0, done.stderr)
                self.assertIn(wanted, done.stderr)
        folder.remove()

    def test_check_and_doctor_look_at_hosts(self):
        folder = harness.Folder()
        config = folder.path / "c.toml"
        there = str(folder.path / "there")
        broken = host("h2", command=["false"])
        settings = {"log.dir": str(folder.path / "logs"), "log.runs": ""}
        config.write_text(harness.to_toml(settings, [6000], [host(peers=4, dir=there), broken]))

        def tool(name, code):
            done = subprocess.run([harness.BINARY, "--config", str(config), name], capture_output=True, text=True)
            self.assertEqual(done.returncode, code, done.stderr)
            return done.stdout
        self.assertIn("4 on h1 (127.0.0.2), 0 on h2 (127.0.0.2); logs in", tool("check", 0))
        doctor = tool("doctor", 1)
        self.assertIn(f"its agent answers; h1: logs in {folder.path}/logs/h1, there in {there}", doctor)
        self.assertIn("host h2: its agent could not be started (exit code 1)", doctor)
        folder.remove()

    def test_ssh_is_asked_for_the_agent(self):
        """A program of ssh's name does what ssh does: runs the last word in a shell, elsewhere."""
        folder = harness.Folder()
        fake = folder.path / "ssh"
        fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{folder.path}/words\n'
                        'for word; do :; done\nexec sh -c "$word"\n')
        fake.chmod(0o755)
        binary = folder.path / "a folder" / "it's gossipctl"
        binary.parent.mkdir()
        binary.symlink_to(harness.BINARY)
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{folder.path}:{path}"
        try:
            there = {"name": "h1", "addr": HOST_IP, "ssh": "me@h1", "binary": str(binary)}
            self.refusal([there], f"add --host h1\nwait registered == 2 {30 * harness.SLOW}s\n", 0)
        finally:
            os.environ["PATH"] = path
        words = (folder.path / "words").read_text().splitlines()
        self.assertIn("BatchMode=yes", words)
        self.assertEqual(words[-2], "me@h1")
        folder.remove()

    def test_two_agents_do_not_share_a_folder(self):
        folder = harness.Folder()
        setup = {"op": "setup", "host": "h1", "dir": str(folder.path), "config": "", "seeds": "127.0.0.1:6000\n"}
        line = json.dumps(setup) + "\n"
        pipe = subprocess.PIPE
        with subprocess.Popen(AGENT, stdin=pipe, stdout=pipe, text=True) as first:
            first.stdin.write(line)
            first.stdin.flush()
            said = [json.loads(first.stdout.readline())["agent"] for _ in range(2)]
            self.assertEqual(said, ["hello", "ready"])
            second = subprocess.run(AGENT, input=line, capture_output=True, text=True, timeout=60 * harness.SLOW)
            self.assertEqual(second.returncode, 2)
            self.assertIn(f"{folder.path} is in use by the agent of process", second.stderr)
        again = subprocess.run(AGENT, input=line, capture_output=True, text=True, timeout=60 * harness.SLOW)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn('"ready"', again.stdout)
        folder.remove()

    def test_bad_requests_end_the_agent(self):
        for request, wanted in [("nonsense", "line 1: not a JSON object"), ('{"op":"dance"}', 'unknown op "dance"'),
                                ('{"op":"start","n":1,"id":"10.0.0.1","last_life":0}', '"id" must be an address'),
                                ('{"op":"start","n":1,"id":"127.0.0.2:7000","last_life":0}', "start came before setup"),
                                ('{"op":"signal","n":1,"signal":"HUP"}', '"signal" must be KILL, TERM, STOP or CONT')]:
            with self.subTest(request):
                done = subprocess.run(AGENT, input=request + "\n", capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 2)
                self.assertIn(wanted, json.loads(done.stdout.splitlines()[-1])["text"])
                self.assertIn(wanted, done.stderr)
        done = subprocess.run(AGENT[:2], capture_output=True, text=True)
        self.assertIn("--stdio is missing", done.stderr)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    harness.main()
