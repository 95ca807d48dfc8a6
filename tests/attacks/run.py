#!/usr/bin/env python3
"""run.py BINARY [NAME...]: every attack that was tried on a network, tried again.

Each is made by a process of its own, on a network of its own, from outside and over sockets. Prints a table of what
holds, and ends with 1 when anything does not. Without names all attacks are made.
"""
import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
FAMILIES = ("registration", "identity", "seats", "messages", "limits", "disk", "manager")
LIMIT = 600  # seconds for one attack


def load():
    """The attacks of all families, by name."""
    sys.path[:0] = [str(HERE), str(HERE.parent / "functional")]
    for family in FAMILIES:
        __import__(f"attack_{family}")
    import arena
    return arena.ATTACKS


# ---------------------------------------------------------------- one attack, in its own process

def run_one(name):
    attack = load()[name]
    import arena
    import harness
    start = time.monotonic()
    try:
        attack["run"]()
        outcome, text = "holds", "holds"
    except arena.Harm as harm:
        outcome, text = "harm", str(harm)
    except arena.Untried as why:
        outcome, text = "untried", f"not tried: {why}"
    except harness.Failed as failed:
        # The manager ends when a node does that nobody killed: no attack may achieve that.
        died = "E_NODE_DIED" in str(failed)
        outcome, text = ("harm", f"a node ended: {failed}") if died else ("broken", f"broken: {failed}")
    except Exception as error:
        outcome, text = "broken", f"broken: {type(error).__name__}: {error}"
        traceback.print_exc()
    text = " ".join(text.split())[:160]  # one line of the table
    print(json.dumps({"outcome": outcome, "verdict": text, "seconds": round(time.monotonic() - start, 1)}))


def run_apart(binary, name):
    """The attack in a process group of its own, which is ended when it takes too long."""
    command = [sys.executable, str(HERE / "run.py"), binary, "--one", name]
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    try:
        out, errors = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"outcome": "broken", "verdict": f"broken: not over after {LIMIT} s", "seconds": LIMIT}
    try:
        return json.loads(out.splitlines()[-1])
    except (IndexError, ValueError):
        last = errors.strip().splitlines()[-1:] or ["no output"]
        return {"outcome": "broken", "verdict": f"broken: {last[0]}", "seconds": round(time.monotonic() - start, 1)}


# ---------------------------------------------------------------- the table

def chosen(attacks, arguments):
    if arguments.holding:
        lines = (HERE / "holding.txt").read_text().splitlines()
        arguments.names += [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    if unknown := [name for name in arguments.names if name not in attacks]:
        sys.exit(f"no attack {', '.join(unknown)}; there are: {' '.join(attacks)}")
    names = arguments.names or [n for n, a in attacks.items() if not (arguments.short and a["long"])]
    return sorted(names, key=order)


def order(name):
    digits = "".join(c for c in name if c.isdigit())
    return name[0], int(digits), name


def verdicts(binary, names, attacks, jobs):
    """(name, verdict) as they come: those that share the machine first, then one after the other those that do not."""
    together = [name for name in names if not attacks[name]["alone"]]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(run_apart, binary, name): name for name in together}
        for done in concurrent.futures.as_completed(running):
            yield running[done], done.result()
    for name in names:
        if attacks[name]["alone"]:
            yield name, run_apart(binary, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="the gossipctl that is attacked")
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks to make, as A1 A3")
    parser.add_argument("--list", action="store_true", help="name all attacks and make none")
    parser.add_argument("--json", action="store_true", help="print an array of objects in place of the table")
    parser.add_argument("--short", action="store_true", help="leave out those that take minutes")
    parser.add_argument("--holding", action="store_true", help="make those that holding.txt names")
    parser.add_argument("--jobs", type=int, default=3, help="attacks at the same time (default 3)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args()
    os.environ["GOSSIPCTL_BINARY"] = binary = os.path.abspath(arguments.binary)
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary} cannot be executed; build it with ./dev build")
    if arguments.one:
        return run_one(arguments.one)
    attacks = load()
    if arguments.list:
        return print("\n".join(f"{name:5} {attacks[name]['title']}" for name in sorted(attacks, key=order)))
    names = chosen(attacks, arguments)
    results = {}
    for name, verdict in verdicts(binary, names, attacks, arguments.jobs):
        results[name] = verdict
        if not arguments.json:
            print(f"{name:5} {verdict['seconds']:6.1f} s  {verdict['verdict']}", file=sys.stderr, flush=True)
    rows = [{"name": name, "attack": attacks[name]["title"], **results[name]} for name in names]
    if arguments.json:
        print(json.dumps(rows, indent=1))
    else:
        print_table(rows)
    sys.exit(any(row["outcome"] != "holds" for row in rows))


def print_table(rows):
    width = max(len(row["attack"]) for row in rows)
    for row in rows:
        print(f"{row['name']:5} {row['attack']:{width}}  {row['seconds']:6.1f} s  {row['verdict']}")
    holding = sum(row["outcome"] == "holds" for row in rows)
    print(f"{holding} of {len(rows)} hold")


if __name__ == "__main__":
    main()
