"""The first thing a user does: three seeds, five peers, a message, a crash, a removal, three more peers."""
import os
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
