"""gossipctl demo: six phases by the real machines, in the terminal and on the page."""
import json
import re
import subprocess
import unittest
from pathlib import Path

import chromium
import harness
from chromium import shot
from harness import SLOW, FolderTestCase, TestCase
from served import Served

PHASES = ["1. Seeds", "2. Registration and votes", "3. Overlay", "4. Gossip", "5. Failure detection",
          "6. Removal by quorum"]


def demo(*arguments, code=0, feed=""):
    done = subprocess.run([harness.BINARY, "demo", *arguments], input=feed, capture_output=True, text=True,
                          timeout=120 * SLOW)
    if done.returncode != code:
        raise harness.Failed(f"exit code {done.returncode}, wanted {code}: {done.stdout[-2000:]}{done.stderr}")
    return done.stdout if code == 0 else done.stderr


class InTerminal(TestCase):
    def test_six_phases_one_sentence_an_event(self):
        text = demo("--text")
        self.assertEqual(re.findall(r"^== (.*) ==$", text, re.M), PHASES)
        parts = re.split(r"^== .* ==$", text, flags=re.M)[1:]
        for part, wanted in zip(parts, (
                r"Seed 6000 starts: one of 3 seeds, of which 2 must agree", r"Seed 600\d votes yes on admitting 700\d",
                r"700\d has a link with 700\d", r"700\d drops \"hello from 7000\" from 700\d: it has it already",
                r"700\d hears from witness 700\d on 7007: connection refused; \d of \d confirm, \d needed",
                r"Seed 600\d: removing 7007 is approved with \d of 3 votes, 2 needed; epoch 3")):
            self.assertRegex(part, wanted)
        confirmed = re.findall(r"(\d) of (\d) confirm, (\d) needed", text)
        self.assertTrue(all(int(needed) == int(of) // 2 + 1 for _, of, needed in confirmed), confirmed)
        self.assertTrue(any(count >= needed for count, _, needed in confirmed), confirmed)
        for line in text.splitlines():
            self.assertRegex(line, r"^( +\d+\.\d{3} s  .+|== .* ==|[A-Z].*[.t]|)$")

    def test_the_same_seed_is_the_same_run_and_another_is_not(self):
        first = demo("--text", "--seed", "7")
        self.assertEqual(demo("--text", "--seed", "7"), first)
        self.assertNotEqual(demo("--text", "--seed", "8"), first)

    def test_every_size(self):
        for seeds, peers, loss in ((1, 1, 0), (1, 50, 0), (9, 1, 0), (9, 50, 0), (3, 2, 0), (4, 20, 20), (5, 3, 50)):
            text = demo("--text", "--seeds", str(seeds), "--peers", str(peers), "--loss", str(loss))
            self.assertEqual(re.findall(r"^== (.*) ==$", text, re.M), PHASES, (seeds, peers))
            self.assertIn(f"removes {7000 + peers - 1} from its list", text, (seeds, peers))

    def test_bad_input(self):
        for arguments, text in ((["--peers", "51"], r'--peers: "51" is not a number from 1 to 50'),
                                (["--seeds", "0"], r'--seeds: "0" is not a number from 1 to 9'),
                                (["--loss", "x"], r'--loss: "x" is not a number from 0 to 50'),
                                (["--peer", "3"], r"unknown option --peer; did you mean --peers\?"),
                                (["--listen", "10.0.0.1:80"], r"--listen: .* is not an address of this machine alone"),
                                (["more"], r'"more" is too much'), (["--seed"], "--seed needs a value")):
            self.assertRegex(demo(*arguments, code=2), r"^gossipctl: E_USAGE: " + text)


class OnThePage(FolderTestCase):
    def act(self, served, body, token=True):
        headers = {"Authorization": f"Bearer {served.token}"} if token else {}
        status, text = served.request("POST", "/api/act", body.encode(), headers)
        return status, json.loads(text)

    def test_acting_in_the_past_runs_again_from_there(self):
        with Served(self.folder.path, "demo") as served:
            before = served.source()["frames"]
            said = next(d["t"] for k, d in before if k == "command")
            self.assertEqual(self.act(served, f"at {said} kill 7003", token=False)[0], 403)
            status, after = self.act(served, f"at {said - 100} kill 7003")
            self.assertEqual(status, 200)
            self.assertEqual(after["plan"]["acts"], [{"t": said - 100, "command": "kill 7003"}])
            frames = after["frames"]
            cut = next(i for i, (k, d) in enumerate(frames) if k == "command")
            self.assertEqual(frames[cut][1]["text"], "kill 7003")
            self.assertEqual(frames[:cut], before[:cut])
            removed = {d["subject"] for k, d in frames if k == "notice" and d["kind"] == "member_removed"}
            self.assertEqual(removed, {harness.name(7003), harness.name(7007)})
            # What is there now is what was made last, for every viewer.
            self.assertEqual(served.source(), after)
            # Without the act it is what it was.
            self.assertEqual(self.act(served, "")[1]["frames"], before)

    def test_bad_acts_are_refused_and_change_nothing(self):
        with Served(self.folder.path, "demo") as served:
            before = served.source()
            for body, text in (("peers 51", "from 1 to 50"), ("at x kill 7003", "a time in microseconds"),
                               ("at 5 klil 7003", "did you mean kill"), ("nonsense", "is not seeds, peers")):
                status, answer = self.act(served, body)
                self.assertEqual(status, 400, body)
                self.assertIn(text, answer["error"])
            self.assertEqual(served.source(), before)
            status, answer = self.act(served, "at 200000 kill 7999")
            self.assertEqual(status, 200)
            self.assertTrue([d for k, d in answer["frames"] if k == "line" and "no such node: 7999" in d["text"]])


# How many questions and answers, and what one answer says; figures in it may change with the protocol.
LESSONS = {"flooding": (8, r"29 copies, 0 of them for nothing, against 1\d\d over the mesh"),
           "hub-attack": (4, r"(9\d\.\d|100\.0) % of the survivors, against [4-8]\d\.\d % without the ring"),
           "missed-pings": (4, r"Suspected after [345]\d\.\d s, removed after [45]\d\.\d s"),
           "split-vote": (5, r"2 of four seeds could not reach it, 2 could\."),
           "minority": (4, r"in epoch [12] still\. The other two are in epoch [3-9]")}


class Lessons(FolderTestCase):
    def test_each_asks_and_answers_with_what_it_measured(self):
        for name, (texts, answer) in LESSONS.items():
            text = demo("--lesson", name, "--text")
            asked = re.findall(r"^\? (.*\?)$", text, re.M)
            answers = re.findall(r"^= (.*)$", text, re.M)
            self.assertGreaterEqual(len(asked), 2, name)
            self.assertGreaterEqual(len(asked) + len(answers), texts, name)
            self.assertRegex("\n".join(answers), answer)
            self.assertNotRegex(text, "[{}]\\S", name)
            self.assertEqual(demo("--lesson", name, "--text"), text)

    def test_the_documents_own_example(self):
        text = (Path(__file__).parents[2] / "docs" / "LESSONS.md").read_text()
        example = re.findall(r"```\n(#: title.*?)```", text, re.S)
        self.assertEqual(len(example), 1)
        (Path(self.folder.path) / "mine.gsh").write_text(example[0])
        told = demo("--lesson", str(Path(self.folder.path) / "mine.gsh"), "--text")
        self.assertRegex(told, r"\n= After 100 ms \d+\.\d %, after 20 s 100\.0 %")

    def test_a_lesson_with_mistakes(self):
        path = Path(self.folder.path) / "bad.gsh"
        head = "#: title x\n"
        for text, code, wanted in (
                ("say 7000 hello\n", 2, r"bad\.gsh:1: a lesson has a title"),
                (head, 2, r"bad\.gsh:1: nothing happens in this lesson"),
                (head + "#: peer 3\nlist\n", 2, r"bad\.gsh:2: unknown setting \"peer\"; did you mean peers\?"),
                (head + "#: peers 1000\nlist\n", 2, r"bad\.gsh:2: peers: \"1000\" is not a number from 1 to 300"),
                (head + "list\n#: peers 3\n", 2, r"bad\.gsh:3: \"#: peers\" comes before what happens"),
                (head + "#> x\nklil 7003\n", 2, r"bad\.gsh:3.*did you mean kill"),
                (head + "#: set overlay.linsk=3\nlist\n", 1, r"overlay\.linsk"),
                (head + "kill 7999\n", 1, r"bad\.gsh:2: .*no such node: 7999"),
                (head + "#= {nonsense(last)}\n", 1, r"bad\.gsh:2: \"nonsense\(last\)\" is no measure"),
                (head + "expect registered == 3\n", 1, r"bad\.gsh:2: .*E_EXPECT")):
            path.write_text(text)
            self.assertRegex(demo("--lesson", str(path), "--text", code=code), wanted)
        self.assertRegex(demo("--lesson", "minorty", "--text", code=2), r'no lesson "minorty"; did you mean minority\?')


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class InBrowser(FolderTestCase):
    def test_through_all_phases_and_acting_in_the_past(self):
        with Served(self.folder.path, "demo") as served, chromium.Chromium() as browser:
            browser.open(served.url)
            browser.until("document.body.dataset.kind === 'demo' && gossipctl.model.position > 0")
            caption = "document.querySelector('#caption').textContent"
            browser.until(caption + ".startsWith('1. Seeds.')")
            seen = []
            while not browser.evaluate("gossipctl.clock.atEnd"):
                seen.append(browser.evaluate("(g => g.timeline.eventBefore(g.model.position).data.title)(gossipctl)"))
                browser.press("]")
            self.assertEqual([title for title in seen if title], PHASES)
            self.assertEqual(browser.evaluate("gossipctl.model.nodes.get('127.0.0.1:7007').state"), "killed")
            # Back before anybody spoke: kill another one there.
            browser.evaluate("(g => g.clock.enter(g.timeline.chapters.find(c => c.text === '4. Gossip')))(gossipctl)")
            before = browser.evaluate("gossipctl.model.time")
            browser.evaluate("gossipctl.select('127.0.0.1:7002')")
            browser.press("k")
            browser.until("gossipctl.model.nodes.get('127.0.0.1:7002').state === 'killed'")
            self.assertEqual(browser.evaluate("gossipctl.model.time"), before)
            browser.until(caption + " === '7002 was killed.'")
            browser.press("End")
            browser.until("gossipctl.model.lines.some(l => l.text.startsWith('7002 removed: dead'))")
            # Another network: the slider runs it again.
            browser.evaluate("(i => { i.value = 20; i.dispatchEvent(new Event('change')); })"
                             "(document.querySelector('#demo [name=peers]'))")
            browser.until("gossipctl.timeline.nodes.size === 23")
            self.assertEqual(browser.complaints(), [])

    def test_a_lesson_stops_at_its_questions(self):
        with Served(self.folder.path, "demo", "--lesson", "flooding") as served, chromium.Chromium() as browser:
            self.assertIsNone(served.token)
            browser.open(served.url)
            browser.until("document.body.dataset.kind === 'lesson' && gossipctl.model.position > 0")
            caption = "document.querySelector('#caption').textContent"
            browser.evaluate("(s => { s.value = '100×'; s.dispatchEvent(new Event('change')); })"
                             "(document.querySelector('#clock-pace'))")
            browser.press(" ")
            browser.until("gossipctl.clock.mode === 'paused' && " + caption + ".startsWith('Question: Thirty peers')")
            browser.press(" ")
            browser.until("gossipctl.clock.mode === 'paused' && " + caption + ".startsWith('Question: Does everybody')")
            browser.until("document.querySelector('#told').hidden")
            shot(browser, "lesson")
            # The other network, from its beginning.
            self.assertEqual(browser.evaluate("document.querySelectorAll('#parts button').length"), 2)
            browser.click("#parts button:nth-child(2)")
            browser.until("document.querySelector('#told').textContent.includes('announcements of them') ||" + caption +
                          ".includes('announcements of them')")
            browser.press("End")
            browser.until(caption + ".includes('part of the tree again')")
            self.assertEqual(browser.complaints(), [])


if __name__ == "__main__":
    harness.main()
