"""The page with a recorded run of a thousand peers."""
import csv
import json
import subprocess
import unittest

import chromium
import harness
from chromium import shot
from harness import FolderTestCase
from served import Served, recorded

PEERS = 1000
RUN = """wait registered == all 120s
wait connected 60s
say 7000 hello
wait reached last == all 30s
sleep 1s
kill 7003
wait removed 7003 60s
sleep 1s
"""


def address(port):
    return f"127.0.0.1:{port}"


def hops_of(run):
    """Of the message, by peer: from the run's own tables."""
    subprocess.run([harness.BINARY, "export", "csv", run], check=True, capture_output=True)
    with open(run / "receipts.csv") as file:
        return {address(7000): 0} | {row["node"]: int(row["hop"]) for row in csv.DictReader(file)}


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class Large(FolderTestCase):
    def test_a_thousand_peers_are_rings_by_hop(self):
        run = recorded(self.folder.path, RUN, "--peers", str(PEERS), "--set", "gossip.max_messages=0")
        hops = hops_of(run)
        self.assertEqual(len(hops), PEERS)
        with Served(self.folder.path, "replay", "run") as served, chromium.Chromium() as browser:
            browser.open(served.url)
            browser.until("window.gossipctl && gossipctl.model.position > 0", 60)
            # By chapters: the registrations, and then the kill.
            browser.until("gossipctl.timeline.chapters[0].text.startsWith('7000-7999 registered (1000 peers)')")
            self.assertEqual(browser.evaluate("gossipctl.timeline.chapters[1].text"), "7003 killed")
            browser.press("]")
            browser.press("]")
            browser.until("document.querySelectorAll('g.node').length === 1003", 60)
            browser.until("document.querySelector('#graph').classList.contains('rings')")
            # An edge for each first receipt; each peer on the ring of its hops.
            browser.until(f"gossipctl.graph.scene?.message?.receipts.size === {PEERS - 1}")
            browser.until(f"document.querySelectorAll('g.links path.link').length === {PEERS - 1}")
            for peer in map(address, (7000, 7001, 7500, 7999)):
                distance = browser.evaluate(f"""(g => {{ const p = g.places.get('{peer}');
                    const {{ x, y, width, height }} = g.box;
                    const radius = height / 2 - 14;
                    const wide = Math.min(2.8, (width / 2 - 30) / radius);
                    return Math.hypot((p.toX - x - width / 2) / wide, p.toY - y - height / 2) / radius;
                    }})(gossipctl.graph)""")
                self.assertAlmostEqual(distance, hops[peer] / max(hops.values()), 3)
            shot(browser, "thousand")
            # It goes on being usable: every panel, a step back, one node selected, the end.
            for key, wanted in (("4", "Power law: exponent"), ("5", "1000 of 1000"), ("6", "All 1000 peers that were")):
                browser.press(key)
                browser.until("document.querySelector('#panel').textContent.includes(" + json.dumps(wanted) + ")")
                shot(browser, f"thousand-{key}")
            position = browser.evaluate("gossipctl.model.position")
            browser.press(",")
            self.assertIn(position - browser.evaluate("gossipctl.model.position"), range(1, 10))
            browser.press("1")
            browser.evaluate(f"gossipctl.select('{address(7999)}')")
            browser.until("document.querySelector('#node-title').textContent === 'Peer 7999: alive'")
            browser.press("End")
            browser.until("gossipctl.clock.atEnd && gossipctl.model.lines.some(l => l.text.startsWith('7003 removed'))")
            # A run as long as this one is not shown event by event unless somebody wants that.
            self.assertEqual(browser.evaluate("gossipctl.clock.pace.name"), "1× real time")
            self.assertEqual(browser.complaints(), [])


if __name__ == "__main__":
    harness.main()
