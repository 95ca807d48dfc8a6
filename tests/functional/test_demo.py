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
    def test_six_phases_as_a_story(self):
        text = demo("--text")
        self.assertEqual(re.findall(r"^== (.*) ==$", text, re.M), PHASES)
        parts = [" ".join(part.split()) for part in re.split(r"^== .* ==$", text, flags=re.M)[1:]]
        for part, wanted, measured in zip(parts, (
                r"Seeds 6000, 6001 and 6002 start\. .* needs 2 votes\.", r"Seeds 600\d and 600\d vote yes\.",
                r"7013: a member after \d+\.\d ms; on the ring beside", r"Hop 2, within \d+\.\d ms: 70\d\d",
                r"PING 3 of .* to 7012 gets no answer, [34]\d\.\d s after it fell silent\.",
                r"Seed 600\d: removing 7012 is approved with \d of 3 votes, 2 needed; epoch 15\."), (
                r"= 3 seeds run and vote\. The quorum is 2, so 1 of them may fail\.",
                r"= 3 members of 3 peers; a registration took at most \d+\.\d ms\.",
                r"= 14 peers, \d+ links\. 70\d\d has most, \d+; half of the peers have at most \d\.",
                r"= 3 messages, each known to 14 peers after at most \d hops; \d+ copies of each dropped\.",
                r"= 7012 is suspected [34]\d\.\d s after its end, after 3 PINGs without an answer; \d of \d witnesses",
                r"= 7012, paused, was removed after [45]\d\.\d s; 7013, killed, was removed after \d+\.\d ms\.")):
            self.assertRegex(part, wanted)
            self.assertRegex(part, measured)
        # It reads as a story: 80 columns, and nothing is said three times.
        lines = text.splitlines()
        self.assertLessEqual(max(map(len, lines)), 80)
        said = [line.split(" s  ")[-1] for line in lines if line.strip() and "■" not in line]
        self.assertEqual([line for line in set(said) if said.count(line) > 2], [])
        bars = [int(line.split()[-1]) for line in lines if "■" in line]
        self.assertEqual(bars, sorted(bars, reverse=True))
        self.assertEqual(len(bars), 14)

    def test_the_same_seed_is_the_same_run_and_another_is_not(self):
        first = demo("--text", "--seed", "7")
        self.assertEqual(demo("--text", "--seed", "7"), first)
        self.assertNotEqual(demo("--text", "--seed", "8"), first)

    def test_every_size(self):
        for seeds, peers, loss in ((1, 1, 0), (1, 50, 0), (10, 1, 0), (10, 50, 0), (3, 2, 0), (4, 20, 20), (5, 3, 50)):
            text = demo("--text", "--seeds", str(seeds), "--peers", str(peers), "--loss", str(loss))
            self.assertEqual(re.findall(r"^== (.*) ==$", text, re.M), PHASES, (seeds, peers))
            self.assertIn(f"{7000 + peers - 1} is no longer on the list", " ".join(text.split()), (seeds, peers))

    def test_bad_input(self):
        for arguments, text in ((["--peers", "51"], r'--peers: "51" is not a number from 1 to 50'),
                                (["--seeds", "0"], r'--seeds: "0" is not a number from 1 to 10'),
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
            self.assertEqual(removed, {harness.name(7003), harness.name(7012), harness.name(7013)})
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
           "minority": (4, r"in epoch 3 still\. The other two are in epoch [4-9]")}


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
            self.assertEqual(browser.evaluate("gossipctl.model.nodes.get('127.0.0.1:7013').state"), "killed")
            self.assertEqual(browser.evaluate("gossipctl.model.nodes.get('127.0.0.1:7012').state"), "paused")
            # A button for each phase, the present one lit.
            browser.click("#phases button:nth-child(3)")
            browser.until("document.querySelector('#phases [aria-current]').textContent === '③ Overlay'")
            browser.until(caption + ".startsWith('3. Overlay. The other peers join one by one.')")
            self.assertEqual(browser.evaluate("document.querySelectorAll('#phases button').length"), 6)
            findings = "gossipctl.timeline.frames.filter(f => f.kind === 'finding').map(f => f.data.number)"
            self.assertEqual(browser.evaluate(findings), [1, 2, 3, 4, 5, 6])
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
            self.every_message_is_seen(browser)
            # Another network: the slider runs it again.
            browser.evaluate("(i => { i.value = 20; i.dispatchEvent(new Event('change')); })"
                             "(document.querySelector('#demo [name=peers]'))")
            browser.until("gossipctl.timeline.nodes.size === 23")
            self.assertEqual(browser.complaints(), [])

    def every_message_is_seen(self, browser):
        """Stepped through, each class of message is on its way over the stage at some time."""
        browser.evaluate("""(() => {
            window.seen = new Set();
            new MutationObserver(changes => changes.forEach(c => c.addedNodes.forEach(n => seen.add(n.textContent))))
              .observe(document.querySelector('.marks-moving'), { childList: true });
            const clock = gossipctl.clock;
            clock.goTo(gossipctl.timeline.first);
            for (let i = 0; !clock.atEnd; ++i) {
              if (i % 50 === 0) gossipctl.graph.courier.clear();
              document.querySelector('#clock-step').click();
            }
        })()""")
        browser.until("gossipctl.clock.atEnd")
        seen = set(browser.evaluate("[...seen]"))
        self.assertLessEqual({"REGISTER", "PROPOSE", "VOTE yes", "COMMIT", "LIST", "PING", "ASK", "probe", "REPORT",
                              "no answer"}, seen)

    def test_presenting_and_keys(self):
        with Served(self.folder.path, "demo", "--peers", "5") as served, chromium.Chromium() as browser:
            browser.open(served.url)
            browser.until("window.gossipctl && gossipctl.model.position > 0")
            shown = "[...document.querySelectorAll('header, #side, #below, #caption, #graph')]" \
                    ".filter(e => e.getBoundingClientRect().height > 0).map(e => e.id)"
            self.assertEqual(browser.evaluate(shown), ["", "caption", "graph", "side", "below"])
            browser.press("f")
            browser.until(f"({shown}).join() === 'caption,graph'")
            size = browser.evaluate("parseFloat(getComputedStyle(document.querySelector('#caption')).fontSize)")
            self.assertTrue(24 <= size <= 32, size)
            shot(browser, "presenting")
            browser.press("?")
            browser.until("document.querySelector('#key-help').getBoundingClientRect().height > 0")
            shot(browser, "keys")
            for key in ("Escape", "Escape"):
                browser.press(key)
            browser.until("document.querySelector('#key-help').hidden")
            browser.until("!document.body.classList.contains('presenting')")
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
