"""gossipctl touches what it wrote itself and nothing else; two networks in one folder do not touch each other."""
import json
import os
import subprocess
from pathlib import Path

import harness
from harness import FAST, QUIET, SLOW, FolderTestCase, Network

CONFIG = harness.to_toml({"network.initial_peers": 2, "gossip.max_messages": 0, "web.enabled": False}, [])


class Words(FolderTestCase):
    """Runs gossipctl in the test's folder."""

    def gossipctl(self, *arguments, code=0, stdin=""):
        done = subprocess.run([harness.BINARY, *arguments], cwd=self.path, input=stdin, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return done.stdout if code == 0 else done.stderr

    @property
    def path(self):
        return self.folder.path

    def write(self, name, text="mine"):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def network(self, *words, peers=2):
        base = harness.free_ports(3 + peers + 20)
        text = harness.to_toml({"network.initial_peers": peers, "gossip.max_messages": 0, "web.enabled": False,
                                "ports.peers": f"{base + 3}-{base + 22}"}, [base, base + 1, base + 2])
        self.write("net.toml", text)
        return ["--config", "net.toml", *words]


class Foreign(Words):
    def test_files_in_the_log_folder_are_left(self):
        kept = [self.write("out/state/deep/results.db"), self.write("out/peer-review.log"),
                self.write("out/seed-notes.err"), self.write("out/state/mine.txt")]
        for _ in range(2):
            self.gossipctl(*self.network("--set", "log.dir=out", "-e", "list"))
            self.assertEqual([file.read_text() for file in kept], ["mine"] * 4)
        self.assertTrue((self.path / "out" / "outputfile.txt").read_text())

    def test_a_file_in_the_way_is_an_error_for_start_and_check(self):
        for log_dir, name in ((".", "outputfile.txt"), ("logs", "logs/outputfile.txt")):
            foreign = self.write(name)
            words = self.network("--set", f"log.dir={log_dir}")
            start = self.gossipctl(*words, "-e", "list", code=5)
            self.assertIn(f"E_START: {log_dir}/outputfile.txt is in the way: gossipctl did not write it", start)
            self.assertIn("move it, or name another folder with log.dir", start)
            self.assertEqual(self.gossipctl("check", *words, code=5), start)
            self.assertEqual(foreign.read_text(), "mine")
            self.assertFalse((self.path / "runs").exists())
            foreign.unlink()

    def test_an_empty_log_folder_is_no_folder(self):
        words = self.network("--set", "log.dir=")
        start = self.gossipctl(*words, "-e", "list", code=2)
        self.assertIn("log.dir: must name a folder", start)
        self.assertEqual(self.gossipctl("check", *words, code=2), start)

    def test_a_log_folder_is_made_whoever_names_the_journals(self):
        words = self.network("--set", "log.dir=a/b/logs", "--set", f"seeds.state_dir={self.path}/c/state")
        self.gossipctl("check", *words)
        self.gossipctl(*words, "-e", "list")
        self.assertTrue(list((self.path / "c" / "state").glob("seed-*.journal")))
        self.assertTrue((self.path / "a" / "b" / "logs" / "outputfile.txt").read_text())

    def test_what_a_start_refuses_check_refuses(self):
        for setting, words in (("gossip.interval=1ns", "gossip.interval: 1ns is too short for processes"),
                               ("liveness.probe_timeout=900us", "liveness.probe_timeout: 900us is too short")):
            network = self.network("--set", setting)
            start = self.gossipctl(*network, "-e", "list", code=2)
            self.assertIn(words, start)
            self.assertEqual(self.gossipctl("check", *network, code=2), start)
        config = self.write("any.toml", '[[seed]]\nip = "0.0.0.0"\nport = 6000\n')
        start = self.gossipctl("--config", config.name, "-e", "list", code=2)
        self.assertIn("[[seed]]: 0.0.0.0:6000 must be the address by which the other nodes reach it", start)
        self.assertEqual(self.gossipctl("check", config.name, code=2), start)

    def test_a_folder_that_cannot_be_made(self):
        self.write("file")
        for words in (self.network("--set", "log.dir=file/logs"), self.network("--set", "seeds.state_dir=file"),
                      self.network("--out", "file")):
            start = self.gossipctl(*words, "-e", "list", code=5)
            self.assertRegex(start, r"file.* is (no folder|a file)")
            self.assertEqual(self.gossipctl("check", *words, code=5), start)

    def test_the_log_folder_shows_the_newest_network_and_no_older_one(self):
        self.gossipctl(*self.network("-e", "list", peers=4))
        before = {file.name for file in (self.path / "logs").glob("peer-*.log")}
        first = os.readlink(self.path / "runs" / "latest")
        self.gossipctl(*self.network("-e", "list", peers=1))
        after = {file.name for file in (self.path / "logs").glob("peer-*.log")}
        self.assertEqual((len(before), len(after), before & after), (4, 1, set()))
        for name in before:
            self.assertIn("Peer node initialized", (self.path / "runs" / first / "logs" / name).read_text())

    def test_the_files_of_a_run_that_is_not_recorded_go_with_the_next_start(self):
        self.gossipctl(*self.network("--set", "log.runs=", "-e", "list"))
        (home,) = (self.path / "logs").glob("run-*")
        self.assertTrue(list((home / "state").glob("*.journal")))
        kept = self.write(f"logs/{home.name}/state/notes.txt")
        self.gossipctl(*self.network("--set", "log.runs=", "-e", "list"))
        self.assertEqual([p.name for p in home.rglob("[!.]*") if p.is_file()], [kept.name])
        kept.unlink()
        kept.parent.rmdir()
        self.assertEqual(len(list((self.path / "logs").glob("run-*"))), 2)  # what is empty now is not ours to judge
        self.assertFalse((self.path / "runs").exists())

    def test_a_run_folder_is_not_made_over_files(self):
        foreign = [self.write("config.toml", CONFIG), self.write("script.gsh", "list\n")]
        words = self.network("--out", ".", "-e", "list")
        self.assertIn("./config.toml is in the way", self.gossipctl(*words, code=5))
        self.assertIn("./config.toml is in the way", self.gossipctl("sim", "--out", ".", "-e", "list", code=5))
        self.assertEqual([file.read_text() for file in foreign], [CONFIG, "list\n"])

    def test_a_folder_named_latest_is_left(self):
        mine = self.write("runs/latest/notes.txt")
        self.gossipctl(*self.network("-e", "list"))
        self.assertEqual(mine.read_text(), "mine")

    def test_a_node_does_not_write_into_an_earlier_run(self):
        self.gossipctl(*self.network("-e", "list"))
        (link,) = [p for p in (self.path / "logs").glob("seed-*.log")][:1]
        before = link.resolve().read_text()
        port = int(link.stem.split("-")[1])
        done = subprocess.run([harness.BINARY, "node", "--role", "seed", "--listen", f"127.0.0.1:{port}", "--config",
                               "net.toml", "--listen-fd", "99"], cwd=self.path, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        self.assertNotEqual(done.returncode, 0)
        run = self.path / "runs" / os.readlink(self.path / "runs" / "latest")
        self.assertEqual((run / "logs" / link.name).read_text(), before)
        self.assertFalse(link.is_symlink())


class Output(Words):
    """Files that commands write."""

    def setUp(self):
        super().setUp()
        script = "wait registered == 4; say 7000 hello; wait reached last == all; stats"
        self.gossipctl("sim", "--peers", "4", "--seed", "1", "--set", "gossip.max_messages=0", "--out", "run", "-e",
                       script)

    def refused(self, name, *words, code=1):
        foreign = self.write(name)
        self.assertIn(f"{name} is in the way", self.gossipctl(*words, code=code))
        self.assertEqual(foreign.read_text(), "mine")
        foreign.unlink()
        return self.gossipctl(*words)

    def test_tables_go_beside_files_and_not_over_them(self):
        self.refused("tables/nodes.csv", "export", "csv", "run", "--to", "tables")
        self.gossipctl("export", "csv", "run", "--to", "tables")
        self.refused("run/report.html", "export", "html", "run")

    def test_results_of_simulations(self):
        words = ["sim", "--peers", "4", "--runs", "2", "--duration", "10s", "--out", "."]
        self.refused("./summary.json", *words, code=2)
        self.gossipctl(*words)

    def test_plots(self):
        self.refused("plots/coverage.svg", "plot", "run", "--to", "plots")
        errors = self.write("degrees.err")
        words = ["topology", "--peers", "50", "--overlay", "pa", "--plot", "degrees.svg"]
        self.refused("./degrees.gp", *words)
        self.gossipctl(*words)
        self.assertEqual(errors.read_text(), "mine")

    def test_a_file_that_is_named_is_replaced_where_it_is(self):
        target = self.write("elsewhere/page.html")
        (self.path / "link.html").symlink_to("elsewhere/page.html")
        neighbour = self.write("link.html.new")
        self.gossipctl("export", "html", "run", "--to", "link.html")
        self.assertTrue((self.path / "link.html").is_symlink())
        self.assertIn("<html", target.read_text())
        self.assertEqual(neighbour.read_text(), "mine")
        os.mkfifo(self.path / "pipe")
        with subprocess.Popen(["cat", "pipe"], cwd=self.path, stdout=subprocess.PIPE, text=True) as reader:
            self.gossipctl("export", "dot", "run", "--to", "pipe")
            self.assertIn("graph", reader.stdout.read())
        self.assertTrue((self.path / "pipe").is_fifo())
        self.assertIn("cannot write run: Is a directory", self.gossipctl("export", "dot", "run", "--to", "run", code=1))

    def test_a_failing_run_is_not_written_over_a_file(self):
        foreign = self.write("repro.json")
        done = subprocess.run([harness.BINARY, "sim", "--check", "canary", "--swarm", "1", "--seed", "1", "--repro",
                               "repro.json"], cwd=self.path, capture_output=True, text=True)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("repro.json is in the way", done.stderr)
        self.assertEqual(foreign.read_text(), "mine")

    def test_a_sweep_keeps_to_its_own(self):
        self.write("study.toml", 'seeds = ["1:2"]\nmetrics = ["latency_p50_ms"]\n[parameters]\npeers = [4]\n'
                                 'duration = ["5s"]\n')
        name = "study-results/peers=4,duration=5s,seed=1.tsv.part"
        self.refused(name, "sweep", "study.toml", code=2)
        self.gossipctl("sweep", "study.toml")


class SideBySide(harness.TestCase):
    SETTINGS = {**FAST, **QUIET}

    def check_apart(self, one, other):
        """Kill, restart and add at the first; the other hears of nothing."""
        base = {harness.name(port) for port in one.peers}
        one.do(f"restart {one.peers[0]}")
        one.do(f"kill {one.peers[1]}")
        one.do(f"wait removed {one.peers[1]} {20 * SLOW}s")
        added = one.do("add 1")[0]
        one.do(f"wait registered == {len(one.peers)} {20 * SLOW}s")
        one.do(f"wait agree {10 * SLOW}s")
        wanted = base - {harness.name(one.peers[1])} | {added}
        for seed in [int(r["id"].split(":")[1]) for r in one.rows("list seeds")]:
            self.assertEqual(harness.peer_list(seed), wanted)
        for seed in [int(r["id"].split(":")[1]) for r in other.rows("list seeds")]:
            self.assertEqual(harness.peer_list(seed) & wanted, set())
            self.assertEqual(len(harness.peer_list(seed)), len(other.peers))
        return added

    def check_folders(self, one, other, added):
        logs = one.folder.path / "logs"
        folders = [Path(row["where"]) for n in (one, other) for row in n.rows("open") if row["what"] == "logs"]
        self.assertNotEqual(*folders)
        shown = {path.name for path in logs.glob("*.log")}
        self.assertEqual(shown, {path.name for path in (one.folder.path / folders[1]).glob("*.log")})
        port = added.split(":")[1]
        self.assertIn("Peer node fully active", (one.folder.path / folders[0] / f"peer-{port}.log").read_text())
        self.assertNotIn(f"peer-{port}.log", shown)
        self.assertIn("Peer node initialized", "".join(one.do(f"logs {one.peers[0]} -n 100")))

    def test_two_networks_in_one_folder(self):
        for settings in ({}, {"log.runs": ""}):
            with Network(3, 4, {**self.SETTINGS, **settings}) as one:
                one.start()
                with Network(3, 4, {**self.SETTINGS, **settings}, folder=one.folder) as other:
                    other.start()
                    added = self.check_apart(one, other)
                    self.check_folders(one, other, added)
                    one.do("kill seeds")
                    one.do("restart seeds")
                    one.do(f"wait registered == 4 {20 * SLOW}s")
                    others = {harness.name(port) for port in other.peers}
                    self.assertEqual(harness.peer_list(one.seeds[0]) & others, set())

    def test_the_same_configuration_twice(self):
        """The second finds the ports taken and goes on beside the first."""
        with Network(3, 3, self.SETTINGS) as one:
            one.start()
            second = subprocess.Popen([harness.BINARY, "--config", str(one.config), "-o", "json"],
                                      cwd=one.folder.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
            out, errors = second.communicate(f"wait registered == 3 {20 * SLOW}s\nwait agree 10s\nlist\n")
            self.assertEqual(second.returncode, 0, errors)
            self.assertIn("is taken; this seed listens on", errors)
            ports = {int(row["id"].split(":")[1]) for row in json.loads(out)}
            self.assertEqual(ports & set(one.seeds + one.peers), set())
            self.assertEqual(harness.peer_list(one.seeds[0]), {harness.name(port) for port in one.peers})

    def test_journals_of_one_network_are_not_lent_to_another(self):
        with Network(1, 1, {**QUIET, "seeds.state_dir": "journals"}) as one:
            one.do("list")
            words = ["--config", str(one.config), "--port-offset", "100", "--seeds", "1"]
            for command in ([*words, "-e", "list"], ["check", *words]):
                done = subprocess.run([harness.BINARY, *command], cwd=one.folder.path, capture_output=True, text=True)
                self.assertEqual(done.returncode, 5, done.stderr)
                self.assertIn(f"in use by the network of process {one.process.pid}, started in {one.folder.path}",
                              done.stderr)
                self.assertIn("give each network a folder of its own", done.stderr)


if __name__ == "__main__":
    harness.main()
