"""A run's folder: what happened is in it, whatever ended the network."""
import csv
import json
import os
import shutil
import signal
import subprocess

import unittest
import xml.etree.ElementTree

import chromium
import harness
from chromium import shot
from harness import FAST, QUIET, SLOW, Network, TestCase


def events(folder):
    text = (folder / "events.jsonl").read_text()
    return [json.loads(line) for line in text.split("\n")[:-1]]


class Recorded:
    """A simulated run with a message, a kill and a removal; the same one every time."""

    def __init__(self, seed=1, text="hello <b>run</b>", peers=8):
        self.folder = harness.Folder()
        script = (f"wait registered == {peers}; wait connected; say 7000 {text}; wait reached last == all; kill 7003; "
                  "wait removed 7003 60s; say 7001 after; wait reached last == all; partition 7004 | 7005; heal")
        self.gossipctl("sim", "--peers", str(peers), "--seed", str(seed), "--set", "gossip.max_messages=0", "--out",
                       "run", "-e", script)

    def gossipctl(self, *arguments, code=0):
        done = subprocess.run([harness.BINARY, *arguments], cwd=self.folder.path, capture_output=True, text=True)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.remove()


class Looking(TestCase):
    def test_stats_say_what_the_script_made_happen(self):
        with Recorded() as r:
            figures = {row["figure"]: row for row in json.loads(r.gossipctl("stats", "run", "-o", "json"))}
            self.assertEqual(figures["messages"]["mean"], 2)
            self.assertEqual(figures["deliveries"]["mean"], 7 + 6)
            self.assertEqual((figures["coverage"]["n"], figures["coverage"]["p50"]), (2, 1))
            self.assertEqual(figures["removed_after_ms"]["n"], 1)
            self.assertEqual((figures["removed_alive"]["mean"], figures["dead_not_removed"]["mean"]), (0, 0))

    def test_compare(self):
        with Recorded() as r, Recorded(peers=16) as other:
            path = str(other.folder.path / "run")
            rows = {row["figure"]: row for row in json.loads(r.gossipctl("compare", "run", path, "-o", "json"))}
            self.assertEqual((rows["messages"]["change_percent"], rows["messages"]["verdict"]), (0, "not tested"))
            self.assertEqual((rows["deliveries"]["first"], rows["deliveries"]["second"]), (13, 29))
            self.assertEqual((rows["latency_ms"]["unit"], rows["latency_ms"]["first_n"]), ("message", 2))
            same = json.loads(r.gossipctl("compare", "run", "run", "-o", "json"))
            self.assertEqual({row["verdict"] for row in same}, {"not tested"})

    def test_exports_are_what_their_readers_take(self):
        with Recorded() as r:
            r.gossipctl("export", "csv", "run", "--to", "tables")
            tables = {path.name: path.read_bytes().decode() for path in (r.folder.path / "tables").glob("*.csv")}
            self.assertEqual(set(tables), {f"{n}.csv" for n in "messages receipts decisions detections nodes".split()})
            receipts = list(csv.DictReader(tables["receipts.csv"].splitlines()))
            self.assertEqual(len(receipts), 13)
            self.assertEqual({row["how"] for row in receipts}, {"push"})
            latency = json.loads((r.folder.path / "tables" / "summary.json").read_text())["latency_ms"]
            self.assertEqual((latency["unit"], latency["n"], latency["values"]), ("message", 2, 13))
            graph = xml.etree.ElementTree.fromstring(r.gossipctl("export", "graphml", "run", "--to", "-"))
            self.assertEqual(len(graph.findall(".//{*}node")), 8)
            self.assertGreater(len(graph.findall(".//{*}edge")), 7)
            self.assertRegex(r.gossipctl("export", "dot", "run", "--to", "-"), r'"127.0.0.1:7000" -- "127.0.0.1:\d+"')
            trace = json.loads(r.gossipctl("export", "perfetto", "run", "--to", "-"))["traceEvents"]
            self.assertEqual(len([e for e in trace if e["ph"] == "s"]), 13)

    def test_plots(self):
        with Recorded() as r:
            names = {f"{name}.{ending}" for name in ("coverage", "latency", "degree", "detection")
                     for ending in ("gp", "svg")}
            missing = subprocess.run([harness.BINARY, "plot", "run"], cwd=r.folder.path, capture_output=True, text=True,
                                     env={**os.environ, "PATH": "/nonexistent"})
            self.assertEqual(missing.returncode, 1)
            self.assertIn("apt-get install gnuplot-nox", missing.stderr)
            if not shutil.which("gnuplot"):
                self.skipTest("there is no gnuplot")
            r.gossipctl("plot", "run")
            self.assertEqual({path.name for path in (r.folder.path / "run" / "plots").glob("[!.]*")}, names)
            picture = xml.etree.ElementTree.parse(r.folder.path / "run" / "plots" / "coverage.svg").getroot()
            self.assertIn("Coverage of 2 messages", "".join(picture.itertext()))

    def test_bad_words(self):
        with Recorded() as r:
            self.assertIn("no run nonsense", r.gossipctl("stats", "nonsense", code=1))
            self.assertIn("is not html, perfetto", r.gossipctl("export", "pdf", "run", code=2))
            self.assertIn("two runs are needed", r.gossipctl("compare", "run", code=2))
            self.assertIn("unknown option --nonsense", r.gossipctl("stats", "--nonsense", code=2))
            refused = r.gossipctl("export", "dot", "run", "--to", "/proc/none/x", code=1)
            self.assertIn("cannot write /proc/none", refused)
            (r.folder.path / "run" / "events.jsonl").write_text("garbage\n")
            self.assertIn("is not the event log of a run", r.gossipctl("stats", "run", code=1))

    @unittest.skipUnless(chromium.find(), "there is no Chromium")
    def test_the_page_works_without_a_network(self):
        with Recorded() as r, chromium.Chromium() as browser:
            r.gossipctl("export", "html", "run", "--to", "alone.html")
            browser.open(f"file://{r.folder.path.resolve()}/alone.html#t=0")
            browser.until("window.gossipctl && gossipctl.model.position > 0 && gossipctl.model.time === 0")
            def state(port):
                return browser.evaluate(f"gossipctl.model.nodes.get('127.0.0.1:{port}')?.state ?? 'unknown'")
            browser.press("End")
            self.assertEqual((state(7003), state(7001)), ("killed", "alive"))
            self.assertEqual(browser.evaluate("gossipctl.view.spread().receipts"), 13)
            browser.until("document.querySelector('#numbers').textContent.includes('members7')")
            self.assertIn("7003 removed: dead", browser.evaluate("document.querySelector('#log').textContent"))
            # Text of the network is text.
            browser.press("6")
            browser.until("document.querySelector('#panel').textContent.includes('hello <b>run</b>')")
            self.assertEqual(browser.evaluate("document.querySelectorAll('main b').length"), 0)
            shot(browser, "exported")
            # Back before the kill and on again, to the same end.
            end = browser.evaluate("JSON.stringify([...gossipctl.model.nodes.values()])")
            browser.evaluate("(g => g.clock.enter(g.timeline.chapters.find(c => c.text === '7003 killed')))(gossipctl)")
            self.assertEqual(state(7003), "killed")
            browser.press(",")
            self.assertEqual(state(7003), "alive")
            browser.press("End")
            self.assertEqual(browser.evaluate("JSON.stringify([...gossipctl.model.nodes.values()])"), end)
            # A moment of it has an address; nothing can be done to what is over.
            browser.evaluate("location.hash = 't=0.01'; 0")
            browser.until("gossipctl.model.time - gossipctl.timeline.start <= 10000")
            self.assertTrue(browser.evaluate("document.querySelector('#shell').hidden"))
            browser.press("End")
            browser.until("document.querySelectorAll('g.node').length === 11")
            self.assertEqual((browser.hosts(), browser.complaints()), ({""}, []))  # "": of file:///…


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

    def test_the_shell_knows_its_run(self):
        with Network(3, 3, {**FAST, **QUIET}) as n:
            n.start()
            n.say(n.peers[0], "hello")
            n.do(f"wait reached last == all {10 * SLOW}s")
            n.do("add 1")
            n.do(f"wait registered == 4 {10 * SLOW}s")
            figures = {row["figure"]: row for row in n.rows("stats")}
            self.assertEqual((figures["deliveries"]["mean"], figures["bytes_sent_per_peer"]["n"]), (2, 4))
            self.assertEqual(len(n.do("export csv tables")), 6)
            places = {row["what"]: row["where"] for row in n.rows("open")}
            self.assertEqual((n.folder.path / places["run"]).resolve(), (n.folder.path / "runs" / "latest").resolve())

    def test_no_folder_is_no_failure(self):
        with Network(1, 2, {**QUIET, "log.runs": "/proc/none/runs"}) as n:
            n.start()
            n.finish()
            self.assertIn("this run is not recorded: cannot make the run folder", n.error_text())


if __name__ == "__main__":
    harness.main()
