"""Figures: all are defined in docs/FIGURES.md, and a run's are what Python makes of its event log."""
import csv
import io
import json
import math
import re
import shutil
import statistics
import subprocess
from collections import Counter
from fractions import Fraction

import harness
from harness import ROOT, TestCase

SCRIPT = """
wait registered == 12
wait connected
sleep 3s
repeat 6 {
  say @random hello, "all"
  sleep 1s
}
kill 7003
wait removed 7003 60s
pause 7004
sleep 90s
resume 7004
sleep 20s
say @random late
sleep 15s
"""


def gossipctl(*arguments, folder=None, code=0):
    done = subprocess.run([harness.BINARY, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout if code == 0 else done.stderr


def tsv_heads(text):
    return text.splitlines()[0].split("\t")


def nearest_rank(values, q):
    return sorted(values)[max(1, math.ceil(Fraction(str(q)) * len(values))) - 1]


def mean_of_means(groups):
    return statistics.fmean(statistics.fmean(group) for group in groups if group)


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Log:
    """What events.jsonl says, by rules written down in docs/FIGURES.md and not by gossipctl's code."""

    def __init__(self, path):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.end = next(line["t"] for line in lines if line["event"] == "closing")
        lines = [line for line in lines if line["event"] in ("notice", "state") and line["t"] <= self.end]
        self.notices = [line for line in lines if line["event"] == "notice"]
        self.states = [line for line in lines if line["event"] == "state"]
        self.born = {n["rumor"]["id"]: n for n in self.of("said", "generated")}

    def of(self, *kinds):
        return [n for n in self.notices if n["kind"] in kinds]

    def receipts(self, message):
        return [n for n in self.of("delivered") if n["rumor"]["id"] == message]

    def lives(self):
        """node -> [(from, to)]: from an admission to an end or a removal; a pause that is over ends nothing."""
        ends = {}
        for state in self.states:
            if state["state"] in ("killed", "died", "left", "paused"):
                ends.setdefault(state["node"], []).append([state["t"], state["state"] == "paused"])
            if state["state"] == "alive" and ends.get(state["node"], [[0, False]])[-1][1]:
                ends[state["node"]].pop()
        for n in self.of("member_removed"):
            ends.setdefault(n["subject"], []).append([n["t"], False])
        lives = {}
        for n in self.of("registration_complete"):
            after = [t for t, _ in ends.get(n["node"], []) if t >= n["t"]]
            lives.setdefault(n["node"], []).append((n["t"], min(after, default=math.inf)))
        return lives

    def coverage(self, message):
        born = self.born[message]
        until = min(born["t"] + 10_000_000_000, self.end)
        targets = [node for node, lives in self.lives().items()
                   if any(begin <= born["t"] and end >= until for begin, end in lives)]
        have = {n["node"] for n in self.receipts(message)} | {born["node"]}
        return sum(node in have for node in targets) / len(targets)

    def latencies(self, message):
        return [(n["t"] - self.born[message]["t"]) / 1e6 for n in self.receipts(message)]

    def since(self, kind, node, cause):
        times = [n["t"] for n in self.of(kind) if n["subject"] == node and n["t"] >= cause]
        return (min(times) - cause) / 1e6 if times else None

    def cause(self, node, state):
        return next(s["cause"] for s in self.states if s["node"] == node and s["state"] == state)


class Figures(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.Folder()
        (cls.folder.path / "one.gsh").write_text(SCRIPT)
        gossipctl("sim", "one.gsh", "--peers", "12", "--seed", "5", "--out", "run", "--set", "gossip.max_messages=2",
                  folder=cls.folder.path)
        cls.run_folder = cls.folder.path / "run"
        cls.stats = {row["figure"]: row for row in json.loads(gossipctl("stats", str(cls.run_folder), "-o", "json"))}
        gossipctl("export", "csv", str(cls.run_folder))

    @classmethod
    def tearDownClass(cls):
        cls.folder.remove()

    def close(self, figure, expected, column="mean"):
        self.assertAlmostEqual(float(self.summary()[figure][column]), expected, delta=1e-6 * max(1, abs(expected)),
                               msg=f"{figure} {column}")

    def summary(self):
        return json.loads((self.run_folder / "summary.json").read_text())

    def test_a_run_computed_again(self):
        log = Log(self.run_folder / "events.jsonl")
        messages = list(log.born)
        self.assertGreater(len(messages), 7)
        self.assertEqual(self.summary()["messages"], len(messages))
        manifest = json.loads((self.run_folder / "manifest.json").read_text())
        for name in ("version", "commit", "compiler", "seed", "trace_hash"):
            self.assertEqual(manifest[name], self.summary()[name])
        self.assertEqual(self.summary()["deliveries"], len(log.of("delivered")))
        self.close("coverage", statistics.fmean(log.coverage(m) for m in messages))
        latencies = [log.latencies(m) for m in messages]
        pooled = [value for group in latencies for value in group]
        means = [statistics.fmean(group) for group in latencies if group]
        self.close("latency_ms", statistics.fmean(means))
        self.close("latency_ms", statistics.stdev(means), "sd")
        for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1)):
            self.close("latency_ms", nearest_rank(pooled, q), name)
        latency = self.summary()["latency_ms"]
        self.assertEqual((latency["unit"], latency["n"], latency["values"]), ("message", len(means), len(pooled)))
        low, high = latency["ci95"]
        self.assertAlmostEqual(low + high, 2 * latency["mean"], places=5)
        standard = latency["sd"] / math.sqrt(latency["n"])
        self.assertTrue(1.96 * standard < (high - low) / 2 < 12.8 * standard)
        self.close("hops", mean_of_means([[n["hop"] for n in log.receipts(m)] for m in messages]))
        sends = [sum(n["count"] for n in log.of("forwarded") if n["rumor"]["id"] == m) for m in messages]
        self.close("sends_per_message", statistics.fmean(value for value in sends if value))
        self.assertEqual(self.summary()["repairs"], sum(n.get("yes", False) for n in log.of("delivered")))

    def test_detection_computed_again(self):
        log = Log(self.run_folder / "events.jsonl")
        killed, paused = "127.0.0.1:7003", "127.0.0.1:7004"
        cause = log.cause(killed, "killed")
        self.close("suspected_after_ms", log.since("suspected", killed, cause))
        self.close("removed_after_ms", log.since("member_removed", killed, cause))
        stopped = log.cause(paused, "paused")
        self.close("paused_suspected_after_ms", log.since("suspected", paused, stopped))
        self.close("paused_removed_after_ms", log.since("member_removed", paused, stopped))
        counts = {name: self.summary()[name] for name in ("removed_dead", "dead_not_removed", "removed_paused",
                                                          "paused_not_removed", "removed_alive")}
        self.assertEqual(counts, {"removed_dead": 1, "dead_not_removed": 0, "removed_paused": 1,
                                  "paused_not_removed": 0, "removed_alive": 0})
        self.assertIsNone(self.summary()["removed_after_ms"]["sd"])
        self.assertIsNone(self.summary()["removed_after_ms"]["ci95"])
        self.assertIsNone(self.summary()["bytes_sent_per_peer"]["mean"])  # no bytes in virtual time

    def test_several_runs_computed_again(self):
        gossipctl("sim", "--peers", "30", "--runs", "5", "--faults", "drop=1%,crash=10%", "--out", "sims",
                  folder=self.folder.path)
        results = self.folder.path / "sims"
        rows = rows_of(results / "runs.csv")
        summary = json.loads((results / "summary.json").read_text())
        self.assertEqual(len({row["trace_hash"] for row in rows}), 5)
        self.assertEqual(summary["trace_hashes"], [row["trace_hash"] for row in rows])
        for name, figure in summary["figures"].items():
            values = [float(row[name]) for row in rows if row[name] != ""]
            self.assertEqual((figure["unit"], figure["n"]), ("run", len(values)))
            if not values:
                self.assertEqual((figure["mean"], figure["sd"], figure["ci95"], figure["min"]), (None,) * 4)
                continue
            self.assertAlmostEqual(figure["mean"], statistics.fmean(values), delta=1e-7 * max(1, abs(figure["mean"])))
            if len(values) == 5:
                sd = statistics.stdev(values)
                self.assertAlmostEqual(figure["sd"], sd, delta=1e-6 * max(1, sd))
                # t(0.975, 4), from any table
                self.assertAlmostEqual(figure["ci95"][1] - figure["mean"], 2.7764451 * sd / math.sqrt(5),
                                       delta=1e-6 * max(1, abs(figure["mean"])))
        for line in (results / "runs.jsonl").read_text().splitlines():
            run = json.loads(line)
            self.assertTrue(run["version"] and run["commit"] and run["compiler"] and run["trace_hash"])

    def hashes(self, *arguments):
        out = gossipctl("sim", "--peers", "20", "--messages", "1", "--duration", "1s", "-o", "tsv", *arguments)
        return [row["trace_hash"] for row in csv.DictReader(io.StringIO(out), delimiter="\t")]

    def test_neighbouring_seeds_share_no_run(self):
        hashes = []
        for seed in ("1", "2"):
            hashes += self.hashes("--runs", "20", "--seed", seed)
        self.assertEqual((len(hashes), len(set(hashes))), (40, 40))
        self.assertEqual(self.hashes("--seed", "2"), [hashes[20]])

    def counts(self, *arguments):
        gossipctl("topology", "--peers", "200", "--overlay", "pa", "--csv", "d.csv", "--replicates", "0", *arguments,
                  folder=self.folder.path)
        rows = rows_of(self.folder.path / "d.csv")
        return Counter({row["degree"]: int(row["peers"]) for row in rows if row["links"] == "all"})

    def test_topologies_of_neighbouring_seeds_share_no_graph(self):
        second = self.counts("--seed", "1", "--runs", "2") - self.counts("--seed", "1")
        self.assertEqual(second.total(), 200)
        self.assertNotEqual(second, self.counts("--seed", "2"))

    def test_every_csv_is_one_to_any_reader(self):
        study = ('seeds = [1, 2]\nmetrics = ["coverage_min"]\n[parameters]\npeers = 8\n'
                 'faults = ["drop=1%,crash=10%", "drop=2%"]\n')
        (self.folder.path / "study.toml").write_text(study)
        rows = json.loads(gossipctl("sweep", "study.toml", "-o", "json", folder=self.folder.path))
        self.assertEqual([row["faults"] for row in rows], ["drop=1%,crash=10%", "drop=2%"])
        gossipctl("topology", "--peers", "50", "--overlay", "pa", "--csv", "degrees.csv", folder=self.folder.path)
        files = [self.folder.path / "study-results" / "results.csv", self.folder.path / "degrees.csv",
                 *self.run_folder.glob("*.csv")]
        self.assertEqual(len(files), 7)
        for file in files:
            with self.subTest(file.name):
                with file.open(newline="", encoding="utf-8") as stream:
                    head, *body = csv.reader(stream, strict=True)
                self.assertEqual(len(set(head)), len(head))
                self.assertTrue(body)
                self.assertEqual({len(row) for row in body}, {len(head)})
                self.read_by_others(file, len(body), len(head))
        results = rows_of(files[0])
        self.assertEqual([row["faults"] for row in results], ["drop=1%,crash=10%"] * 2 + ["drop=2%"] * 2)
        self.assertEqual({row["detection_p50_s"] for row in results if row["removed_dead"] == "0"} - {""}, set())
        messages = rows_of(self.run_folder / "messages.csv")
        self.assertIn('hello, "all"', {row["text"] for row in messages})
        started = [row["started_ms"] for row in rows_of(self.run_folder / "nodes.csv")]
        self.assertEqual({float(value) for value in started}, {0.0})  # events at time 0 have a time

    def read_by_others(self, file, rows, columns):
        if shutil.which("Rscript"):
            out = subprocess.run(["Rscript", "-e", f'cat(dim(read.csv("{file}", check.names = FALSE)))'], check=True,
                                 capture_output=True, text=True).stdout
            self.assertEqual(out.split(), [str(rows), str(columns)])
        try:
            import pandas
        except ImportError:
            return
        self.assertEqual(pandas.read_csv(file).shape, (rows, columns))

    def test_every_figure_is_defined(self):
        defined = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / "FIGURES.md").read_text()))
        share = r"connected_without_(hubs_)?\d+%"
        printed = set(self.stats)
        sim = tsv_heads(gossipctl("sim", "--peers", "8", "--duration", "1s", "-o", "tsv"))
        topology = tsv_heads(gossipctl("topology", "--peers", "50", "--overlay", "pa", "-o", "tsv"))
        predict = [row["figure"] for row in json.loads(gossipctl("predict", "--peers", "3000", "-o", "json"))]
        predict += [row["figure"] for row in json.loads(gossipctl("predict", "--peers", "3000", "--overlay", "pa", "-o",
                                                                  "json"))]
        shape = json.loads(gossipctl("sim", "-e", "wait registered == 60; wait connected; topology", "--peers", "60",
                                     "-o", "json"))
        metrics = re.findall(r'"(gossipctl_\w+)"', (ROOT / "manager" / "page" / "web_metrics.cpp").read_text())
        self.assertGreater(len(metrics), 8)
        printed |= {*sim, *topology, *predict, *metrics, *(row["figure"] for row in shape)}
        printed -= {"seed", "outcome", "overlay"}
        printed = {re.sub(r"^gamma_total_", "gamma_", name) for name in printed}
        printed = {re.sub(r"^peers_with_\d+_links$", "peers_with_K_links", name) for name in printed}
        lacking = {name for name in printed - defined if not re.fullmatch(share, name)}
        self.assertEqual(lacking, set())
        # And nothing is defined that is not printed, among the figures of sim, stats and topology.
        sections = (ROOT / "docs" / "FIGURES.md").read_text().split("\n## ")
        for title, names in (("gossipctl sim", sim), ("gossipctl stats", self.stats), ("gossipctl topology", topology)):
            section = next(text for text in sections if text.startswith(title))
            rows = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
            named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
            self.assertEqual({name for name in named if not re.fullmatch(share, name)} - set(names), set(), title)

    def test_sets_of_runs_are_compared_by_the_run(self):
        (self.folder.path / "quick.gsh").write_text(
            "wait registered == 6\nwait connected\nrepeat 4 {\n  say @random x\n  sleep 500ms\n}\n")
        for name, seed in (("a", "1"), ("b", "2")):
            gossipctl("sim", "quick.gsh", "--peers", "6", "--runs", "4", "--seed", seed, "--out", name,
                      folder=self.folder.path)
        rows = json.loads(gossipctl("compare", "a", "b", "-o", "json", folder=self.folder.path))
        latency = next(row for row in rows if row["figure"] == "latency_ms")
        self.assertEqual((latency["unit"], latency["first_n"], latency["second_n"]), ("run", 4, 4))
        self.assertEqual([row["figure"] for row in rows if row["verdict"] == "differs"], [])

    def test_a_sweep_refuses_results_of_another_executable(self):
        (self.folder.path / "mixed.toml").write_text("seeds = [1, 2]\n[parameters]\npeers = [4, 5]\n")
        gossipctl("sweep", "mixed.toml", folder=self.folder.path)
        results = self.folder.path / "mixed-results"
        one = min(results.glob("*.tsv"))
        head, values = one.read_text().splitlines()
        cells = values.split("\t")
        cells[head.split("\t").index("commit")] = "0123abc"
        one.write_text(head + "\n" + "\t".join(cells) + "\n")
        errors = gossipctl("sweep", "mixed.toml", folder=self.folder.path, code=2)
        self.assertIn("results of several executables: ", errors)
        self.assertIn("commit 0123abc", errors)
        gossipctl("sweep", "mixed.toml", "--mix", folder=self.folder.path)
        rows = rows_of(results / "results.csv")
        self.assertEqual(sum(row["commit"] == "0123abc" for row in rows), 1)


if __name__ == "__main__":
    harness.main()
