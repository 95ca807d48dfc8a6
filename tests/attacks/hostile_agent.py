#!/usr/bin/env python3
"""hostile_agent.py GOSSIPCTL HOW: between a manager and an agent of another host; adds what that host may not say.

HOW is one of: escape, seed-lines, other-node, bytes, files.
"""
import json
import subprocess
import sys
import threading
from pathlib import Path

MARK = "SAID-BY-ANOTHER-HOST"


def additions(how, node, others):
    """Lines of a host whose own node is `node`."""
    if how == "escape":
        yield {"agent": "log", "id": node, "text": f"\u001b[31m{MARK}\u001b]0;title\u0007\u009b2J\u0000\n"}
    elif how == "seed-lines":
        text = f"[2026-01-01 00:00:00] [SEED:{others[0].split(':')[1]}] INFO - CONSENSUS OUTCOME {MARK}\n"
        for name in (node, others[0]):
            yield {"agent": "log", "id": name, "text": text}
    elif how == "bytes":
        for _ in range(600):
            yield {"agent": "log", "id": node, "text": (MARK + "x" * 100 + "\n") * 800}
    elif how == "files":
        for port in range(10000, 13000):
            yield {"agent": "log", "id": f"127.0.0.2:{port}", "text": MARK + "\n"}


def about_others(line, node, others):
    """A notice and a status of the host's node, told as those of nodes of the manager's host."""
    message = json.loads(line)
    if message.get("l", {}).get("event") not in ("notice", "status"):
        return
    for other in (*others, node):
        forged = json.loads(line.replace(node, other))
        if forged["l"]["event"] == "notice":
            rumor = {"id": f"1:{other}:1", "origin": other, "n": 1, "typed": True, "text": MARK}
            yield {"n": forged["n"], "l": {**forged["l"], "kind": "said", "rumor": rumor}}
            yield {"n": forged["n"], "l": {**forged["l"], "kind": "member_removed", "subject": others[-1], "epoch": 9}}
        else:
            yield forged


def main():
    binary, how = sys.argv[1:3]
    agent = subprocess.Popen([binary, "agent", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    state = {"others": []}
    done = set()

    def downwards():
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if message.get("op") == "setup":
                seeds = [line.split()[0] for line in message["seeds"].splitlines()]
                first = seeds[0].split(":")  # the manager's first peer has the port after its three seeds
                state["dir"] = message["dir"]
                state["others"] = [*seeds, f"{first[0]}:{int(first[1]) + 3}"]
            agent.stdin.write(line)
            agent.stdin.flush()
        agent.stdin.close()

    threading.Thread(target=downwards, daemon=True).start()
    for raw in agent.stdout:
        sys.stdout.buffer.write(raw)
        message = json.loads(raw)
        if message.get("l", {}).get("event") == "ready":
            state["node"] = message["l"]["id"]
        node = state.get("node")
        if node:
            lines = about_others(raw.decode(), node, state["others"]) if how == "other-node" else ()
            if how not in done:
                done.add(how)
                lines = [*lines, *additions(how, node, state["others"])]
                Path(state["dir"], "has-spoken").touch()
            for line in lines:
                sys.stdout.buffer.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        sys.stdout.buffer.flush()
    return agent.wait()


if __name__ == "__main__":
    sys.exit(main())
