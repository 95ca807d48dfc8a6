#!/usr/bin/env python3
"""A page that stays open: whether it is still right after an hour of gossip and churn, and what it has come to weigh.

  GOSSIPCTL_BINARY=build/release/gossipctl tests/bench/long_page.py [MINUTES]

Ends with 1 when the page's model is not the manager's state, or the page complained. Figures are printed.
"""
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "functional"))
import chromium  # noqa: E402
import harness  # noqa: E402
from test_page import Page  # noqa: E402

PEERS = 10
LOAD = {"gossip.interval": "2s", "gossip.max_messages": 1000000}  # five messages a second
ROUND = 60  # s between two deaths


def same(page, browser):
    shown = browser.evaluate("[...gossipctl.model.nodes.values()].map(({t, ...n}) => n)")
    return {n["id"]: n for n in shown} == {n["id"]: n for n in page.state()["nodes"]}


def megabytes(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def figures(page, browser, began):
    heap = browser.call("Runtime.getHeapUsage")["usedSize"] / 1e6
    manager = megabytes(page.network.process.pid)
    frames = browser.evaluate("gossipctl.timeline.frames.length")
    print(f"{(time.monotonic() - began) / 60:6.1f} min   page {heap:6.1f} MB   manager {manager:6.1f} MB   "
          f"{frames} frames kept", flush=True)


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with Page(PEERS, LOAD) as page, chromium.Chromium() as browser:
        browser.open(f"http://127.0.0.1:{page.port}/#token={page.token}")
        browser.until("document.querySelector('#connection').className === 'live'")
        began = time.monotonic()
        while (time.monotonic() - began) / 60 < minutes:
            figures(page, browser, began)
            victim = page.network.peers[int(time.monotonic()) % PEERS]
            page.run(f"kill {victim}")
            page.network.do(f"wait removed {victim} 60s")
            page.run(f"restart {victim}")
            page.network.do(f"wait registered == {PEERS} 60s")
            time.sleep(ROUND)
        page.network.do("wait agree 60s")
        page.run(f"say {page.network.peers[0]} still here")
        browser.until("gossipctl.model.lines.some(l => l.text.includes('still here'))")
        harness.until(lambda: same(page, browser), 30, "the page's model equal to /api/state")
        figures(page, browser, began)
        assert browser.complaints() == [], browser.complaints()
        print("the page is what the manager says")


if __name__ == "__main__":
    main()
