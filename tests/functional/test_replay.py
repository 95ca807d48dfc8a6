"""gossipctl replay: the page of a run that is over, and its time line, with and without a browser."""
import json
import re
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

import chromium
import harness
from chromium import shot
from harness import SLOW, FolderTestCase
from served import Served, recorded

WEB = Path(__file__).parents[2] / "manager" / "web"


class Replay(FolderTestCase):
    def test_the_whole_run_is_there_and_nothing_can_be_done_to_it(self):
        recorded(self.folder.path)
        with Served(self.folder.path, "replay", "run") as replay:
            self.assertIsNone(replay.token)
            source = replay.source()
            self.assertEqual(source["kind"], "recording")
            frames = source["frames"]
            says = [data["say"] for kind, data in frames if kind in ("notice", "wave", "change")]
            for wanted in (r"7000 says \"hello <b>world</b>\"", r"Seed 600\d: admitting 7000 is approved with",
                           r"700\d drops .* from 700\d: it has it already", r"7003 was killed",
                           r"700\d suspects 7003: connection refused", r"Seed 600\d removes 7003 from its list"):
                self.assertTrue([s for s in says if re.search(wanted, s)], wanted)
            self.assertEqual([d["text"] for k, d in frames if k == "fault"], ["partition 7001,7002", "heal"])
            cut = {d["id"] for k, d in frames if k == "node" and "cut" in d.get("faults", "")}
            self.assertIn(harness.name(7001), cut)
            # It ends as it ended.
            nodes = {d["id"]: d for k, d in frames if k == "node"}
            self.assertEqual(nodes[harness.name(7003)]["state"], "killed")
            self.assertEqual([d for k, d in frames if k == "cluster"][-1]["members"], 7)
            self.assertNotIn("faults", nodes[harness.name(7001)])
            for host in ("evil.example", "10.0.0.1"):
                self.assertEqual(replay.request("GET", "/api/source", headers={"Host": host})[0], 403)
            self.assertEqual(replay.request("POST", "/api/cmd", b"list")[0], 405)
            self.assertEqual(replay.request("POST", "/api/act", b"")[0], 405)
            self.assertEqual(replay.request("GET", "/timeline.js")[0], 200)
            replay.process.send_signal(signal.SIGINT)
            self.assertEqual(replay.process.wait(30 * SLOW), 0)

    def test_bad_input(self):
        for arguments, code, text in (
                (["nothing"], 1, r"E_COMMAND: no run nothing \(a folder with events\.jsonl"),
                (["--listen", "0.0.0.0:80"], 2, r"E_USAGE: --listen: \"0\.0\.0\.0:80\" is not an address of this"),
                (["--lisen", "x"], 2, r"E_USAGE: unknown option --lisen; did you mean --listen\?"),
                (["a", "b"], 2, r"E_USAGE: \"b\" is too much"), (["--listen"], 2, r"E_USAGE: --listen needs a value")):
            done = subprocess.run([harness.BINARY, "replay", *arguments], capture_output=True, text=True,
                                  cwd=self.folder.path, timeout=30 * SLOW)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertRegex(done.stderr, r"^gossipctl: " + text)
        folder = Path(self.folder.path) / "other"
        folder.mkdir()
        (folder / "events.jsonl").write_text("not a log\n")
        done = subprocess.run([harness.BINARY, "replay", "other"], capture_output=True, text=True, cwd=self.folder.path,
                              timeout=30 * SLOW)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"is not the event log of a run")

    def test_a_run_that_was_cut_off(self):
        log = recorded(self.folder.path) / "events.jsonl"
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(lines[:100]) + lines[100][:20])
        with Served(self.folder.path, "replay", "run") as replay:
            self.assertGreater(len(replay.source()["frames"]), 50)
            replay.process.send_signal(signal.SIGINT)
            self.assertIn("has not ended in order", replay.process.communicate(timeout=30 * SLOW)[1])

    @unittest.skipUnless(shutil.which("node"), "there is no Node.js to run the page's model without a browser")
    def test_every_position_is_a_function_of_the_events_before_it(self):
        recorded(self.folder.path)
        with Served(self.folder.path, "replay", "run") as replay:
            (Path(self.folder.path) / "source.json").write_text(json.dumps(replay.source()))
        self.under_node("timeline_test.mjs")
        overlay = ["--peers", "1000", "--overlay", "zipf", "--replicates", "0", "-o", "json", "--csv", "degrees.csv"]
        done = subprocess.run([harness.BINARY, "topology", *overlay], capture_output=True, text=True, check=True,
                              cwd=self.folder.path, timeout=60 * SLOW)
        figures = json.loads(done.stdout)[0]
        rows = [row.split(",") for row in (Path(self.folder.path) / "degrees.csv").read_text().splitlines()]
        figures["degrees"] = [int(row[2]) for row in rows if row[1] == "all" for _ in range(int(row[3]))]
        (Path(self.folder.path) / "topology.json").write_text(json.dumps(figures))
        self.under_node("panels_test.mjs", "topology.json")

    def under_node(self, name, *arguments):
        test = harness.ROOT / "tests" / "page" / name
        done = subprocess.run(["node", str(test), str(WEB), "source.json", *arguments], capture_output=True, text=True,
                              cwd=self.folder.path, timeout=120 * SLOW)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("all well", done.stdout)


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class InBrowser(FolderTestCase):
    def test_step_back_seek_play(self):
        recorded(self.folder.path)
        with Served(self.folder.path, "replay", "run") as replay, chromium.Chromium() as browser:
            browser.open(replay.url)
            browser.until("document.querySelector('#connection').className === 'over'")
            caption = "document.querySelector('#caption').textContent"
            first = browser.evaluate("gossipctl.model.position")
            for key in (".", ".", ".", ","):
                browser.press(key)
            self.assertEqual(browser.evaluate("gossipctl.model.position"), browser.evaluate(
                f"(t => t.next(t.next({first})))(gossipctl.timeline)"))
            # To the kill: it is killed there, and was not before it.
            browser.evaluate("(g => g.clock.enter(g.timeline.chapters.find(c => c.text === '7003 killed')))(gossipctl)")
            state = "gossipctl.model.nodes.get('127.0.0.1:7003').state"
            self.assertEqual(browser.evaluate(state), "killed")
            browser.press(",")
            browser.until(f"{state} === 'alive'")
            browser.press(".")
            browser.until(f"{state} === 'killed' && {caption} === '7003 was killed.'")
            browser.press("End")
            browser.until("gossipctl.model.position === gossipctl.timeline.length")
            browser.until("document.querySelector('#log').textContent.includes('7003 removed: dead')")
            # At a hundred times its speed it plays to its end by itself.
            browser.evaluate("document.querySelector('#clock-start').click()")
            browser.evaluate("(s => { s.value = '100×'; s.dispatchEvent(new Event('change')); })"
                             "(document.querySelector('#clock-pace'))")
            browser.press(" ")
            browser.until("gossipctl.clock.mode === 'paused' && gossipctl.clock.atEnd", 60)
            browser.evaluate("(s => { s.value = 500; s.dispatchEvent(new Event('input')); })"
                             "(document.querySelector('#clock-slider'))")
            half = browser.evaluate("(t => [gossipctl.model.time, (t.start + t.end) / 2])(gossipctl.timeline)")
            self.assertLessEqual(half[0], half[1])
            self.every_panel(browser)
            self.assertEqual(browser.evaluate("document.querySelectorAll('main b').length"), 0)
            self.assertEqual(browser.complaints(), [])
            self.assertEqual(browser.hosts(), {f"127.0.0.1:{replay.port}"})

    def every_panel(self, browser):
        """By its key; what it says at the end of the run, of the page's model."""
        browser.press("End")
        browser.until("gossipctl.clock.atEnd")
        for key, name, wanted in (
                ("2", "seeds", ", 7 members"), ("3", "votes", "remove 7003"),
                ("4", "degrees", "No law is fitted: a tail needs 50 peers"), ("5", "spread", "8 of 8"),
                ("6", "messages", "All 8 peers that were members when it was said have it"),
                ("7", "detection", "7003: killed"), ("8", "faults", "partition 7001,7002")):
            browser.press(key)
            browser.until("document.querySelector('#panel').textContent.includes(" + json.dumps(wanted) + ")")
            self.assertEqual(browser.evaluate("document.activeElement.id"), "tab-" + name)
            self.assertEqual(browser.evaluate("document.querySelectorAll('#tabs [aria-selected=true]').length"), 1)
            shot(browser, "panel-" + name)
        # Before the message was said nobody has it, and no vote is known before it was cast.
        browser.press("5")
        browser.evaluate("document.querySelector('#clock-start').click()")
        browser.until("document.querySelector('#panel').textContent.includes('Nobody has said anything')")
        browser.press("1")
        browser.until("!document.querySelector('#nodes').hidden && document.querySelector('#panel').hidden")


if __name__ == "__main__":
    harness.main()
