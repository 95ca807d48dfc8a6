"""A run's folder: what happened is in it, whatever ended the network."""
import json
import signal
import subprocess

import harness
from harness import FAST, QUIET, SLOW, Network, TestCase


def events(folder):
    text = (folder / "events.jsonl").read_text()
    return [json.loads(line) for line in text.split("\n")[:-1]]


class Runs(TestCase):
    def test_a_run_is_in_its_folder(self):
        with Network(3, 4, {**FAST, **QUIET}, ["--seed", "7"]) as n:
            n.start()
            n.say(n.peers[0], "hello run")
            n.do(f"wait reached last == all {10 * SLOW}s")
            n.do(f"partition {n.peers[1]} | {n.peers[2]}")
            n.do("heal")
            n.do(f"kill {n.peers[3]}")
            n.do(f"wait removed {n.peers[3]} {20 * SLOW}s")
            n.finish()
            run = n.folder.path / "runs" / "latest"
            manifest = json.loads((run / "manifest.json").read_text())
            self.assertEqual([manifest[k] for k in ("exit_code", "seed", "seeds", "peers")], [0, "7", 3, 4])
            self.assertIn("-seed7-", manifest["id"])
            log = events(run)
            self.assertEqual(manifest["events"], len(log))
            self.assertEqual((log[0]["event"], log[0]["schema"], log[-1]["event"]), ("run", 1, "end"))
            said = [e for e in log if e.get("kind") == "said"]
            self.assertEqual([e["rumor"]["text"] for e in said], ["hello run"])
            got = [e for e in log if e.get("kind") == "delivered" and e["rumor"]["id"] == said[0]["rumor"]["id"]]
            self.assertEqual({e["node"] for e in got}, {harness.name(p) for p in n.peers[1:]})
            self.assertEqual([e["text"].split()[0] for e in log if e["event"] == "fault"], ["partition", "heal"])
            killed = [e for e in log if e["event"] == "state" and e["state"] == "killed"]
            self.assertEqual([e["node"] for e in killed], [harness.name(n.peers[3])])
            self.assertTrue(any(e.get("kind") == "member_removed" for e in log))
            # The logs are kept when the next network cleans log.dir.
            self.assertIn("CONFIRMED REMOVAL", (run / "logs" / "outputfile.txt").read_text())
            self.assertIn(f"kill {n.peers[3]}", (run / "script.gsh").read_text())
            check = subprocess.run([harness.BINARY, "check", str(run / "config.toml")], capture_output=True, text=True)
            self.assertEqual(check.returncode, 0, check.stderr)

    def test_a_killed_manager_leaves_what_happened(self):
        with Network(1, 3, QUIET) as n:
            n.start()
            n.say(n.peers[0], "before the end")
            n.do(f"wait reached last == all {10 * SLOW}s")
            n.process.send_signal(signal.SIGKILL)
            n.process.wait()
            run = n.folder.path / "runs" / "latest"
            self.assertIsNone(json.loads((run / "manifest.json").read_text())["exit_code"])
            self.assertEqual(len([e for e in events(run) if e.get("kind") == "delivered"]), 2)
            self.assertTrue((run / "logs" / f"peer-{n.peers[0]}.log").read_text())

    def test_out_names_the_folder(self):
        with Network(1, 2, QUIET, ["--out", "mine"]) as n:
            n.start()
            n.finish()
            self.assertEqual(events(n.folder.path / "mine")[-1]["event"], "end")
            again = subprocess.run([harness.BINARY, "--config", str(n.config), "--out", "mine", "-e", "list"],
                                   cwd=n.folder.path, capture_output=True, text=True)
            self.assertEqual(again.returncode, 5)
            self.assertIn("holds a run already", again.stderr)

    def test_a_simulated_run_is_recorded_as_well(self):
        folder = harness.Folder()
        script = ("wait registered == 6; wait connected; say 7000 hello; wait reached last == all; "
                  "kill 7003; wait removed 7003 60s")
        command = [harness.BINARY, "sim", "--peers", "6", "--runs", "2", "--out", "both", "-e", script]
        done = subprocess.run(command, cwd=folder.path, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for run in ("1", "2"):
            log = events(folder.path / "both" / run)
            self.assertEqual(log[-1]["exit_code"], 0)
            self.assertEqual(len([e for e in log if e.get("kind") == "delivered"]), 5)
        folder.remove()

    def test_no_folder_is_no_failure(self):
        with Network(1, 2, {**QUIET, "log.runs": "/proc/none/runs"}) as n:
            n.start()
            n.finish()
            self.assertIn("this run is not recorded: cannot make the run folder", n.error_text())


if __name__ == "__main__":
    harness.main()
