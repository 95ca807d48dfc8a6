#!/usr/bin/env python3
"""What a page costs: gossip latency without a viewer and with five, and frames a second of fifty peers in Chromium.

  GOSSIPCTL_BINARY=build/release/gossipctl tests/bench/viewers.py

Prints figures and asserts nothing: they are the machine's as well.
"""
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "functional"))
import chromium  # noqa: E402
import harness  # noqa: E402
from harness import SLOW  # noqa: E402
from test_page import Page, Viewer  # noqa: E402

PEERS = int(os.environ.get("PEERS", 20))
LOAD = "publish peers --size 100 --rate 20/s --count 200"


def follow(page, over):
    """Reads as a browser does, until told to stop; how many events it saw."""
    seen = 0
    with Viewer(page) as viewer:
        while not over.is_set():
            viewer.next()
            seen += 1
    return seen


def latency(viewers):
    with Page(PEERS) as page:
        page.network.do(f"wait connected {60 * SLOW}s")
        over = threading.Event()
        threads = [threading.Thread(target=follow, args=(page, over), daemon=True) for _ in range(viewers)]
        for thread in threads:
            thread.start()
        page.network.do(LOAD)
        page.network.do(f"wait reached last == all {60 * SLOW}s")
        over.set()
        page.network.finish()
        done = subprocess.run([harness.BINARY, "stats", "-o", "json"], cwd=page.network.folder.path,
                              capture_output=True, text=True, check=True)
        return {row["figure"]: row for row in json.loads(done.stdout)}


def frames(peers):
    with Page(peers) as page, chromium.Chromium() as browser:
        browser.open(f"http://127.0.0.1:{page.port}/#token={page.token}")
        browser.until(f"document.querySelectorAll('g.node').length >= {peers}", 60)
        threading.Thread(target=page.run, args=("publish peers --rate 10/s --count 60",), daemon=True).start()
        return browser.evaluate("new Promise(done => { let n = 0; const start = performance.now();"
                                " const tick = now => { ++n; if (now - start < 5000) requestAnimationFrame(tick);"
                                " else done(n / 5); }; requestAnimationFrame(tick); })")


def main():
    print(f"gossip latency of {PEERS} peers, 200 messages at 20/s, in ms")
    for viewers in (0, 5):
        figures = latency(viewers)
        row = next(row for name, row in figures.items() if name.startswith("latency"))
        print(f"  {viewers} viewers   p50 {row['p50']}   p95 {row['p95']}   p99 {row['p99']}")
    if chromium.find():
        print(f"50 peers under load, live in headless Chromium: {frames(50):.0f} frames/s")


if __name__ == "__main__":
    main()
