"""The first thing a user does: three seeds, five peers, a message, a crash, a removal, three more peers."""
import os
import re
import subprocess

import harness

SCRIPT = """wait registered == 5 20s
wait agree 5s
expect connected
say {peer[0]} hello
wait reached last == all 10s
kill {peer[3]}
wait removed {peer[3]} 10s
add 3
wait registered == 7 10s
list
"""


class Showcase(harness.TestCase):
    def test_script_through_a_pipe(self):
        code, out, errors, _ = harness.run_script(SCRIPT, arguments=["-o", "tsv"])
        self.assertEqual(code, 0, errors)
        rows = [line.split("\t") for line in out.splitlines() if "\t" in line]
        header, nodes = rows[0], rows[1:]
        self.assertEqual(len(nodes), 3 + 8, out)
        listed = [n for n in nodes if n[header.index("role")] == "peer" and n[header.index("listed")] == "yes"]
        self.assertEqual(len(listed), 7, out)

    def test_the_readme_s_minute_is_a_real_one(self):
        """Its commands, on the shipped network in virtual time: what they print has the form that README shows."""
        text = (harness.ROOT / "README.md").read_text()
        session = text.split("## A minute with it")[1].split("```")[1]
        steps = re.findall(r"^gossip\[3s \dp\]> (.*)\n((?:(?!gossip\[).*\n)*)", session, re.M)
        commands = [command for command, _ in steps]
        self.assertEqual(commands[0], "list")
        shown = dict(steps)
        script = "wait registered == 5\nwait connected\n" + "\n".join(commands[:-1]) + "\nwait removed 7003 60s\n"
        script = script.replace("trace last", "wait reached last == all\ntrace last")  # people type slower
        shipped = ["--config", str(harness.ROOT / "config.toml")]
        done = subprocess.run([harness.BINARY, "sim", "-", *shipped, "-o", "table"], input=script,
                              capture_output=True, text=True, timeout=60 * harness.SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(), shown["list"].splitlines()[0].split())
        self.assertEqual([line.split()[:2] for line in lines[1:9]],
                         [line.split()[:2] for line in shown["list"].splitlines()[1:9]])
        form = lambda line: re.sub(r"\d+", "N", line)
        trace = shown["trace last"].splitlines()
        self.assertIn(form(trace[0]), [form(line) for line in lines])
        self.assertRegex(done.stdout, r"reached 5 of 5 live peers in [\d.]+ ms, \d hops?, \d+ duplicates?")
        self.assertRegex(trace[-1], r"reached 5 of 5 live peers in [\d.]+ ms, \d hops?, \d+ duplicates?")

    def test_shipped_configuration_is_right(self):
        done = subprocess.run([harness.BINARY, "check", str(harness.ROOT / "config.toml")], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)

    @harness.unittest.skipUnless(harness.PRESET == "release", "./dev run is about the release build")
    def test_dev_run_from_anywhere(self):
        folder = harness.Folder()
        base = harness.free_ports(60)
        config = folder.path / "config.toml"
        settings = {"ports.peers": f"{base + 3}-{base + 50}", "log.dir": str(folder.path / "logs"),
                    "web.enabled": False}
        config.write_text(harness.to_toml(settings, [base, base + 1, base + 2]))
        done = subprocess.run([str(harness.ROOT / "dev"), "run", "--config", str(config), "-e",
                               "wait registered == 5 20s; echo it runs"], cwd=folder.path, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, env={**os.environ, "GOSSIP_NO_INSTALL": "1"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("it runs", done.stdout)
        folder.remove()


if __name__ == "__main__":
    harness.main()
