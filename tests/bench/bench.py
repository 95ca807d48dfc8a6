"""./dev bench: bring-up and removal on this machine, each beside a floor program, as a ratio.

Absolute figures drift with the machine; the ratio of paired runs does not. Medians of --runs pairs.

  bench.py GOSSIPCTL [--runs 5] [--peers 50,100,200]
"""
import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "functional"))
import harness  # noqa: E402


def bring_up(peers):
    """Seconds from the command to: all admitted by quorum with durable state, lists agree, overlay connected."""
    start = time.monotonic()
    with harness.Network(3, peers, harness.QUIET) as network:
        network.do(f"wait registered == {peers} 120s")
        network.do("wait agree 30s")
        network.do("wait connected 60s")
        return time.monotonic() - start


def floor(peers):
    folder = harness.Folder()
    program = Path(harness.BINARY).parent / "bench_floor"
    done = subprocess.run([str(program), str(peers), str(folder.path)], capture_output=True, text=True, check=True)
    folder.remove()
    return float(done.stdout)


def removals(peers, kills):
    """Seconds from kill -9 to removed at all seeds, one after another, default timers."""
    with harness.Network(3, peers, harness.QUIET) as network:
        network.start(60)
        times = []
        for victim in network.peers[:kills]:
            start = time.monotonic()
            network.do(f"kill {victim}")
            network.do(f"wait removed {victim} 60s")
            times.append(time.monotonic() - start)
        return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers", default="50,100,200")
    options = parser.parse_args()
    harness.BINARY = os.path.abspath(options.binary)

    print(f"{'':34}{'median':>10}{'worst':>10}{'floor':>10}{'ratio':>8}")
    for peers in map(int, options.peers.split(",")):
        ours, floors = [], []
        for _ in range(options.runs):
            floors.append(floor(peers))
            ours.append(bring_up(peers))
        median, low = statistics.median(ours), statistics.median(floors)
        print(f"bring-up of 3 seeds, {peers:4} peers    {median:9.2f}s{max(ours):9.2f}s{low:9.3f}s{median / low:8.1f}",
              flush=True)
    # The simulator: one message to everybody, deliveries a second of CPU, beside a bare loop over a timing wheel.
    subprocess.run([str(Path(harness.BINARY).parent / "bench_flood")], check=True)
    times = removals(50, 10)
    print(f"kill -9 -> removed, 50 peers      {statistics.median(times):9.3f}s{max(times):9.3f}s")


if __name__ == "__main__":
    main()
