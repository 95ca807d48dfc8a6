"""The page's stage: its geometry as a browser draws it, and what is said on it."""
import shutil
import subprocess
import unittest
from pathlib import Path

import chromium
import harness
from chromium import shot
from harness import SLOW, FolderTestCase
from served import Served

WEB = Path(__file__).parents[2] / "manager" / "web"
WIDTHS = ((390, 844), (1280, 800), (1920, 1080))
SETTLED = "[...gossipctl.graph.places.values()].every(p => p.x === p.toX && p.y === p.toY)"
# The part of the stage that the peers' marks span, and which texts lie on each other or on another node's mark.
GEOMETRY = """(() => {
  const stage = document.querySelector('#graph').getBoundingClientRect();
  const boxes = selector => [...document.querySelectorAll(selector)].map(e => ({ e, b: e.getBoundingClientRect() }))
    .filter(({ b }) => b.width > 0);
  const marks = boxes('#graph g.node.peer:not(.gone) > path');
  const sides = marks.map(m => m.b);
  const span = (Math.max(...sides.map(b => b.right)) - Math.min(...sides.map(b => b.left))) *
    (Math.max(...sides.map(b => b.bottom)) - Math.min(...sides.map(b => b.top)));
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
  const texts = boxes('#graph text').filter(t => t.e.textContent !== '');
  const overlaps = [];
  texts.forEach((t, i) => {
    for (const o of texts.slice(i + 1)) if (meet(t.b, o.b)) overlaps.push(t.e.textContent + '/' + o.e.textContent);
    for (const m of boxes('#graph g.node > path')) {
      if (m.e.parentNode !== t.e.parentNode && meet(t.b, m.b)) overlaps.push(t.e.textContent + ' on a node');
    }
    if (t.b.left < stage.left - 1 || t.b.right > stage.right + 1 || t.b.bottom > stage.bottom + 1) {
      overlaps.push(t.e.textContent + ' outside');
    }
  });
  return { share: span / (stage.width * stage.height), overlaps, nodes: marks.length,
    pageScrolls: document.documentElement.scrollWidth > innerWidth };
})()"""


class WithoutBrowser(FolderTestCase):
    @unittest.skipUnless(shutil.which("node"), "there is no Node.js to run the page's modules without a browser")
    def test_places_marks_sides_and_waves(self):
        test = harness.ROOT / "tests" / "page" / "stage_test.mjs"
        done = subprocess.run(["node", str(test), str(WEB)], capture_output=True, text=True, cwd=self.folder.path,
                              timeout=120 * SLOW)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("all well", done.stdout)


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class InBrowser(FolderTestCase):
    def resize(self, browser, width, height):
        browser.call("Emulation.setDeviceMetricsOverride",
                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        browser.until(f"innerWidth === {width} && gossipctl.graph.width * gossipctl.graph.scale === "
                      "document.querySelector('#graph').getBoundingClientRect().width")

    def check(self, browser, peers, name):
        browser.until(SETTLED)
        found = browser.evaluate(GEOMETRY)
        shot(browser, f"stage-{name}")
        self.assertEqual(found["nodes"], peers, name)
        self.assertGreaterEqual(found["share"], 0.6, name)
        self.assertEqual(found["overlaps"], [], name)
        self.assertFalse(found["pageScrolls"], f"{name}: wider than the screen")

    def test_the_graph_fills_its_area_and_no_label_lies_on_another(self):
        for peers in (5, 12, 20, 50):
            with Served(self.folder.path, "demo", "--peers", str(peers)) as served, chromium.Chromium() as browser:
                browser.open(served.url)
                browser.until("window.gossipctl && gossipctl.model.position > 0")
                for width, height in WIDTHS:
                    self.resize(browser, width, height)
                    browser.evaluate("(g => g.clock.enter(g.timeline.chapters.find(c => c.text === '4. Gossip')))"
                                     "(gossipctl)")
                    browser.evaluate("document.querySelector('#clock-step').click()")
                    browser.until(f"gossipctl.graph.marks[0].length === {peers + 3}")
                    self.check(browser, peers, f"{peers}-peers-{width}")
                self.same_again(browser, served)
                self.assertEqual(browser.complaints(), [])

    def same_again(self, browser, served):
        """The same network is drawn the same when the page is opened anew."""
        places = "[...gossipctl.graph.places.values()].map(p => [p.id, Math.round(p.toX), Math.round(p.toY)])"
        browser.press("End")
        browser.until("gossipctl.clock.atEnd && " + SETTLED)
        before = browser.evaluate(places)
        browser.open("about:blank")
        browser.open(served.url)
        browser.until("window.gossipctl && gossipctl.model.position > 0")
        browser.press("End")
        browser.until(f"gossipctl.clock.atEnd && gossipctl.graph.places.size === {len(before)} && " + SETTLED)
        self.assertEqual(sorted(browser.evaluate(places)), sorted(before))


if __name__ == "__main__":
    harness.main()
