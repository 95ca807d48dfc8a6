"""The page with a thousand peers."""
import json
import random
import re
import subprocess
import unittest
from pathlib import Path

import chromium
import harness
from chromium import shot
from harness import TestCase
from test_replay import recorded

PEERS = 1000


def address(port):
    return f"127.0.0.1:{port}"


def thousand(links_each=3):
    """Frames of a run of so many peers: an overlay that grows by preference, and a message that floods it."""
    draw = random.Random(1)
    links = {i: set() for i in range(PEERS)}
    ends = [0]
    for i in range(1, PEERS):
        for j in {draw.choice(ends) for _ in range(links_each)} - {i}:
            links[i].add(j)
            links[j].add(i)
            ends += [i, j]
    frames = [["cluster", {"t": 0, "seeds": 3, "need": 2, "supporters": 3, "quorum": True, "epoch": 1, "digest": "0a",
                           "members": PEERS}]]
    common = {"t": 0, "state": "alive", "epoch": 1, "digest": "0a"}
    frames += [["node", {**common, "id": address(6000 + i), "name": str(6000 + i), "role": "seed", "voting": True,
                         "members": PEERS}] for i in range(3)]
    frames += [["node", {**common, "id": address(7000 + i), "name": str(7000 + i), "role": "peer", "listed": True,
                         "registered": True, "degree": len(links[i]), "suspects": [],
                         "links": [address(7000 + j) for j in sorted(links[i])]}] for i in range(PEERS)]
    have, open_peers, t = {0: 0}, [0], 1000
    wave = {"message": "1:127.0.0.1:7000:1", "typed": True}
    frames.append(["wave", {**wave, "t": t, "node": address(7000), "text": "hello", "say": "7000 says hello"}])
    for i in open_peers:
        for j in sorted(links[i]):
            t += 10
            again = {"duplicate": True} if j in have else {}
            frames.append(["wave", {**wave, **again, "t": t, "node": address(7000 + j), "from": address(7000 + i),
                                    "hop": have[i] + 1, "say": "a copy"}])
            if j not in have:
                have[j] = have[i] + 1
                open_peers.append(j)
    return frames, have


@unittest.skipUnless(chromium.find(), "there is no Chromium")
class Large(TestCase):
    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)

    def exported(self, frames):
        """An exported run with other frames in it."""
        recorded(self.folder.path)
        page = Path(self.folder.path) / "page.html"
        subprocess.run([harness.BINARY, "export", "html", "run", "--to", "page.html"], cwd=self.folder.path, check=True,
                       capture_output=True)
        source = json.dumps({"kind": "recording", "title": "a thousand peers", "frames": frames})
        text = re.sub(r'(id="recording">).*?(</script>)', lambda m: m[1] + source + m[2], page.read_text(), count=1,
                      flags=re.S)
        page.write_text(text)
        return f"file://{page.resolve()}"

    def test_a_thousand_peers_are_rings_by_hop(self):
        frames, have = thousand()
        with chromium.Chromium() as browser:
            browser.open(self.exported(frames))
            browser.until("window.gossipctl && gossipctl.model.position > 0", 60)
            browser.press("End")
            browser.until("document.querySelectorAll('g.node').length === 1003")
            browser.until("document.querySelector('#graph').classList.contains('rings')")
            browser.until(f"gossipctl.graph.message?.receipts.size === {PEERS - 1}")
            # An edge for each first receipt; each peer on the ring of its hops.
            browser.until(f"document.querySelectorAll('line.link').length === {PEERS - 1}")
            for peer in (0, 1, 500, 999):
                distance = browser.evaluate(f"""(g => {{ const p = g.places.get('{address(7000 + peer)}');
                    const radius = Math.min(g.width, g.height - 96) / 2 - 26;
                    const wide = Math.min(2.8, (g.width / 2 - 30) / radius);
                    return Math.hypot((p.x - g.width / 2) / wide, p.y - (g.height + 96) / 2 + 6) / radius;
                    }})(gossipctl.graph)""")
                self.assertAlmostEqual(distance, have[peer] / max(have.values()), 3)
            shot(browser, "thousand")
            # It goes on being usable: every panel, a step back, one node selected.
            for key, wanted in (("4", "Power law: exponent"), ("5", "1000 of 1000"), ("6", "All 1000 peers that were")):
                browser.press(key)
                browser.until("document.querySelector('#panel').textContent.includes(" + json.dumps(wanted) + ")")
                shot(browser, f"thousand-{key}")
            position = browser.evaluate("gossipctl.model.position")
            browser.press(",")
            self.assertEqual(browser.evaluate("gossipctl.model.position"), position - 1)
            browser.press("1")
            browser.evaluate(f"gossipctl.select('{address(7999)}')")
            browser.until("document.querySelector('#node-title').textContent === 'Peer 7999: alive'")
            self.assertEqual((browser.hosts(), browser.complaints()), ({""}, []))


if __name__ == "__main__":
    harness.main()
