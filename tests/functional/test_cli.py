"""Exit codes and one-line errors of scripts, and what piped output looks like."""
import json
import os
import socket
import subprocess

import harness


class Cli(harness.TestCase):
    def script(self, text, code, word=None, peers=2, arguments=()):
        got, out, errors, _ = harness.run_script(text, 1, peers, {**harness.FAST, **harness.QUIET}, arguments)
        self.assertEqual(got, code, errors)
        if word:
            self.assertIn(f"gossipctl: {word}", errors)
        return out, errors

    def test_without_a_quorum_peers_give_up_leaving_and_nobody_is_killed(self):
        script = "wait registered == 2 20s\nwait agree 20s\nkill {seed[1]}\nkill {seed[2]}\n"
        code, _, errors, _ = harness.run_script(script, 3, 2, {**harness.FAST, **harness.QUIET})
        self.assertEqual(code, 0, errors)
        self.assertNotIn("had not ended", errors)

    def test_success(self):
        out, _ = self.script("wait registered == 2\necho fine\n", 0)
        self.assertEqual(out, "fine\n")

    def test_failed_command(self):
        _, errors = self.script("kill 1\necho not reached\n", 1, "E_COMMAND")
        self.assertIn(":1", errors)

    def test_usage(self):
        self.script("frobnicate\n", 2, "E_USAGE")
        self.script("kill\n", 2, "E_USAGE")

    def test_expect(self):
        self.script("wait registered == 2\nexpect registered == 3\n", 3, "E_EXPECT")

    def test_wait_ran_out(self):
        _, errors = self.script("wait registered == 9 500ms\n", 4, "E_WAIT")
        self.assertIn("of 9", errors)

    def test_node_died(self):
        with harness.Network(1, 2, {**harness.FAST, **harness.QUIET}) as network:
            network.start()
            os.kill(network.pids()[network.peers[0]], 9)
            out, _ = network.process.communicate("wait registered == 9 20s\n", timeout=60)
            self.assertEqual(network.process.returncode, 6, network.error_text())
            self.assertIn("E_NODE_DIED", network.error_text())

    def test_ignored_failure_and_keep_going(self):
        out, _ = self.script("-kill 1\necho on\n", 0)
        self.assertEqual(out, "on\n")
        out, _ = self.script("kill 1\necho on\n", 1, "E_COMMAND", arguments=["--keep-going"])
        self.assertEqual(out, "on\n")

    def test_lists_as_json_and_tsv(self):
        with harness.Network(3, 2, harness.QUIET) as network:
            network.start()
            self.assertEqual(len(network.rows("list")), 5)
            self.assertEqual(len({row["epoch"] for row in network.rows("seeds")}), 1)
            self.assertEqual(len(network.rows("members")), 2)
            votes = network.rows("votes")
            self.assertTrue(all(row["kind"] == "add" for row in votes))
            message = network.say(network.peers[0], "look")
            network.do(f"wait reached last == all {5 * harness.SLOW}s")
            trace = network.rows("trace last")
            self.assertEqual({row["node"] for row in trace}, {harness.name(p) for p in network.peers})
            self.assertIn(message, "".join(network.do(f"logs {network.peers[0]} --grep Said")))
            said = json.loads(network.do(f"logs {network.peers[0]} --grep Said -o json")[-1])
            self.assertEqual((said["node"], said["level"]), (str(network.peers[0]), "INFO"))
            self.assertRegex(said["time"], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
            self.assertTrue(said["text"].startswith("Said "), said)
            life = network.rows(f"trace {network.peers[1]}")
            self.assertGreater(len(life), 2)

    def test_a_file_is_checked_whole_before_anything_starts(self):
        folder = harness.Folder()
        script = folder.path / "x.gsh"
        script.write_text("echo one\nlits\n")
        done = subprocess.run([harness.BINARY, "run", str(script)], capture_output=True, text=True, cwd=folder.path,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertIn("x.gsh:2", done.stderr)
        self.assertIn("list", done.stderr)
        folder.remove()

    def test_help_and_version(self):
        for arguments in [["--help"], ["--version"], ["node", "--help"], ["check", "--help"]]:
            done = subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0)
            self.assertTrue(done.stdout)

    def tool(self, *arguments, code=0, **variables):
        folder = harness.Folder()
        named = {f"GOSSIPCTL_{name}": value for name, value in variables.items()}
        done = subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True, cwd=folder.path,
                              stdin=subprocess.DEVNULL, env={**os.environ, **named}, timeout=60 * harness.SLOW)
        folder.remove()
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_what_is_built_and_whether_it_can_run_here(self):
        self.assertIn("compiler:", self.tool("--build-info"))
        base = harness.free_ports(12)
        ports = ["--set", f"ports.peers={base}-{base + 9}", "--set", f"seed={harness.HOST}:{base + 10}"]
        rows = {row["check"]: row for row in json.loads(self.tool("doctor", "-o", "json", "--peers", "3", *ports))}
        self.assertEqual(rows["peer ports"]["verdict"], "ok", rows)
        self.assertEqual(rows["seed ports"]["verdict"], "ok", rows)
        folder = harness.Folder()
        done = subprocess.run([harness.BINARY, "doctor", "--peers", "11", *ports], cwd=folder.path,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        folder.remove()
        self.assertEqual(done.returncode, 1, "11 peers have no room on 10 ports")
        self.assertRegex(done.stdout, "peer ports +bad")

    def test_every_command_line_is_read_alike(self):
        names = "run check sim topology predict sweep advise demo replay ctl attach agent stats compare export plot"
        for command in ([], ["sim", "compare"], *([name] for name in names.split())):
            with self.subTest(command=command):
                told = self.tool(*command, "--zebra", code=2)
                self.assertIn("unknown option --zebra", told)
                self.assertIn("--help", told)
                self.assertIn("gossipctl", self.tool(*command, "--help"))
                self.assertIn("did you mean --help?", self.tool(*command, "--hepl", code=2))
        for command, option in (("sim", "--peers"), ("topology", "--seed"), ("demo", "--loss"), ("replay", "--listen"),
                                ("stats", "-o"), ("ctl", "--network"), ("sweep", "--jobs"), ("advise", "--stall")):
            self.assertRegex(self.tool(command, option, code=2), r"--\w+ needs a value: \S+")

    def test_every_subcommand_has_its_variables(self):
        def simulated(*more, **variables):
            out = self.tool("sim", "--messages", "1", "-o", "tsv", *more, **variables).splitlines()
            return dict(zip(out[0].split("\t"), out[1].split("\t")))
        self.assertEqual(simulated(PEERS="7", SEED="5")["seed"], "5")
        self.assertEqual(simulated(PEERS="7")["peers_up"], "7")
        self.assertEqual(simulated("--peers", "4", PEERS="7")["peers_up"], "4")
        rows = json.loads(self.tool("topology", PEERS="60", OVERLAY="random", REPLICATES="0", OUTPUT="json"))
        self.assertEqual([row["overlay"] for row in rows], ["random"], rows)
        self.assertIn("PEERS", self.tool("sim", "-e", "list", code=2, PEERS="seven"))
        self.assertIn("--peers", self.tool("sim", code=2, PEERS="seven"))
        # A number is that of --seed, addresses are those of [[seed]].
        self.assertIn("3 seeds", self.tool("check", SEED="5"))
        self.assertIn("1 seeds", self.tool("check", SEED="127.0.0.1:6100"))
        self.assertIn("127.0.0.1:6100", self.tool("sim", "-e", "seeds", SEED="127.0.0.1:6100"))

    def test_the_form_of_one_command(self):
        out = self.tool("sim", "-e", "seeds -o json; seeds; set output json; trace 7000 --output=tsv")
        self.assertTrue(out.startswith("[\n"), out)
        self.assertIn("]\nseed\tstate", out)
        self.assertIn("time\tsince_s", out)
        for wrong in ["list -o", "list -o xml", "echo ok; say"]:
            self.assertIn("E_USAGE", self.tool("sim", "-e", wrong, code=2))
        self.assertIn("--host needs the name of a [[host]]", self.tool("sim", "-e", "add --host", code=2))
        self.assertIn("none is configured", self.tool("sim", "-e", "add --host h1", code=1))

    def test_unknown_key_names_its_place(self):
        done = subprocess.run([harness.BINARY, "--set", "gosip.interval=5s", "-e", "list"], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertIn("E_CONFIG", done.stderr)
        self.assertIn("gossip.interval", done.stderr)

    def test_seed_ports_taken_are_passed_over(self):
        with socket.create_server((harness.HOST, harness.free_ports(50))) as taken:
            port = taken.getsockname()[1]
            settings = {**harness.QUIET, "ports.peers": f"{port}-{port + 40}"}
            network = harness.Network(1, 1, settings)
            network.do(f"wait registered == 1 {15 * harness.SLOW}s")
            rows = [row["id"] for row in network.rows("list peers")]
            self.assertEqual(rows, [harness.name(port + 1)])
            network.__exit__(None, None, None)


if __name__ == "__main__":
    harness.main()
