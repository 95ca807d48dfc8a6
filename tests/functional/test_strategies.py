"""Every overlay strategy, in virtual time and as processes; warnings, bad names, bad graphs."""
import json
import re
import subprocess
from pathlib import Path

import chromium
import harness
from harness import FolderTestCase, TestCase
from served import Served, recorded
from test_page import Page

# A ring with a chord: nobody would choose these links by chance.
EDGES = [(v, (v + 1) % 8) for v in range(8)] + [(0, 4)]


def gossipctl(*arguments, code=0, cwd=None):
    done = subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True, cwd=cwd,
                          stdin=subprocess.DEVNULL, timeout=120 * harness.SLOW)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def help_of(option):
    """What help says of each strategy or way to spread."""
    strategies, ways = gossipctl("sim", "--help").stdout.split("Overlay strategies:\n")[1].split("\nWays to spread:\n")
    return strategies if option == "--overlay" else ways


def listed_by(option):
    return re.findall(r"(?m)^  ([a-z0-9-]+)", help_of(option))


class Strategies(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.Folder()
        cls.graph = cls.folder.path / "ring.txt"
        cls.graph.write_text("# a ring of eight and a chord\n" + "".join(f"{a} {b}\n" for a, b in EDGES))
        listed = help_of("--overlay")
        cls.names = [name.replace("file:PATH", f"file:{cls.graph}") for name in re.findall(r"(?m)^  (\S+)", listed)]

    @classmethod
    def tearDownClass(cls):
        cls.folder.remove()

    def test_the_table_is_said_wherever_strategies_are(self):
        self.assertEqual([name.split(":")[0] for name in self.names],
                         ["pa-ring", "pa", "zipf", "random", "zipf-half", "zipf-log", "tophalf", "rank2", "file"])
        readme = (Path(__file__).parents[2] / "README.md").read_text()
        for option in ("--overlay", "--gossip"):
            line, = re.findall(rf"(?m)^\| .*`{option}`.*\| (.*) \|$", readme)
            self.assertEqual(re.findall("`([a-z0-9-]+)`", line), listed_by(option))
        manual = gossipctl("man").stdout.replace("\\-", "-")
        topology = gossipctl("topology", "--help").stdout
        for name in self.names:
            name = name.split(":")[0]
            self.assertIn(f".B {name}\n", manual)
            self.assertRegex(topology, rf"(?m)^  {name}\b")

    def test_in_virtual_time(self):
        for name in self.names:
            peers = [] if name.startswith("file:") else ["--peers", "20"]
            for bring_up in ("register", "grown"):
                with self.subTest(name, bring_up=bring_up):
                    done = gossipctl("sim", "--overlay", name, *peers, "--messages", "3", "--bring-up", bring_up,
                                     "-o", "json")
                    result = json.loads(done.stdout)
                    self.assertEqual((result["outcome"], result["coverage_min"]), ("complete", 1), result)
                    self.assertEqual(done.stderr, "")

    def test_as_processes(self):
        for name in self.names:
            with self.subTest(name), harness.Network(3, 8, harness.QUIET, ["--overlay", name]) as network:
                network.start()
                network.say(network.peers[0], "by " + name.split(":")[0])
                network.do(f"wait reached last == all {10 * harness.SLOW}s")
                if name.startswith("file:"):
                    expected = {port: sum(v in edge for edge in EDGES) for v, port in enumerate(network.peers)}
                    harness.until(lambda: network.degrees() == expected, what=f"the degrees {expected}")

    def test_a_script_runs_over_a_given_graph_in_virtual_time_too(self):
        done = gossipctl("sim", "--peers", "8", "--overlay", f"file:{self.graph}", "-o", "json",
                         "-e", "wait registered == 8; wait connected; sleep 10s; list peers")
        degrees = [int(row["degree"]) for row in json.loads(done.stdout)]
        self.assertEqual(degrees, [sum(v in edge for edge in EDGES) for v in range(8)])

    def test_ways_to_spread(self):
        modes = re.findall(r"(?m)^  ([a-z]+)(\[:N\])?", help_of("--gossip"))
        self.assertEqual([name for name, _ in modes], ["flood", "tree", "auto", "push"])
        for name, number in modes:
            words = ["--gossip", name + (":2" if number else ""), "--peers", "20", "--messages", "3", "-o", "json"]
            with self.subTest(name):
                result = json.loads(gossipctl("sim", *words).stdout)
                self.assertEqual((result["outcome"], result["coverage_min"]), ("complete", 1), result)
        for words, said in [(["shout"], "is not flood, tree, auto or push"), (["flood:2"], "flood takes none"),
                            (["push:0"], "is not a number from 1 to 64")]:
            self.assertIn(said, gossipctl("sim", "--gossip", *words, code=2).stderr)
        self.assertIn('gossip.mode: must be one of "flood", "tree", "auto", "push"',
                      gossipctl("check", "--set", "gossip.mode=shout", code=2).stderr)

    def test_push_between_processes(self):
        settings = {**harness.QUIET, "gossip.mode": "push", "gossip.fanout": 2, "gossip.repair_interval": "1s"}
        with harness.Network(3, 8, settings) as network:
            network.start()
            network.say(network.peers[0], "to two each")
            network.do(f"wait reached last == all {20 * harness.SLOW}s")

    def test_topology_grows_each(self):
        for name in self.names:
            with self.subTest(name):
                peers = [] if name.startswith("file:") else ["--peers", "64"]
                row, = json.loads(gossipctl("topology", "--overlay", name, *peers, "--replicates", "0",
                                            "-o", "json").stdout)
                self.assertEqual(row["components"], 1)
                if name.startswith("file:"):
                    self.assertEqual((row["links"], row["degree_max"]), (9, 3))

    def test_half_of_the_list_is_for_64_peers(self):
        for name in ("zipf-half", "tophalf"):
            warning = f"note: {name}: every joiner opens links to half of the peers, 32 each at 65"
            quiet = ["sim", "--overlay", name, "--messages", "1", "--duration", "1s", "--bring-up", "grown"]
            self.assertEqual(gossipctl(*quiet, "--peers", "64").stderr, "")
            self.assertIn(warning, gossipctl(*quiet, "--peers", "65").stderr)
            self.assertIn(warning, gossipctl("check", "--overlay", name, "--peers", "65").stdout)
            self.assertNotIn("note: zipf", gossipctl("check", "--overlay", name, "--peers", "64").stdout)
            grown = gossipctl("topology", "--overlay", name, "--peers", "65", "--replicates", "0")
            self.assertIn(warning, grown.stderr)
        script = gossipctl("sim", "--overlay", "zipf-half", "--peers", "65", "-e", "list seeds")
        self.assertIn("note: zipf-half: every joiner", script.stdout + script.stderr)

    def test_a_network_of_another_size_than_the_graph(self):
        graph = f"file:{self.graph}"
        self.assertIn("note: overlay.file has 8 vertices for 9 peers: the others link at random",
                      gossipctl("check", "--overlay", graph, "--peers", "9").stdout)
        said = "--overlay: overlay.file has 8 vertices, and there are 9 peers"
        for command in (["topology", "--peers", "9"], ["sim", "--peers", "9", "--bring-up", "grown"]):
            self.assertIn(said, gossipctl(*command, "--overlay", graph, code=2).stderr)

    def test_a_configuration_holds_its_graph(self):
        kept = gossipctl("check", "--overlay", f"file:{self.graph}", "--peers", "8").stdout
        self.assertIn('edges = "8: 0-1 0-4 0-7 1-2 2-3 3-4 4-5 5-6 6-7"', kept)
        (self.folder.path / "kept.toml").write_text(kept)
        self.assertEqual(gossipctl("check", "kept.toml", cwd=self.folder.path).stdout, kept)

    def test_what_is_wrong_is_said(self):
        place = self.folder.path
        (place / "bad.gml").write_text("graph [\n  node [ id 1 ]\n  edge [ source 1 target 2 ]\n]\n")
        listed = "is not pa-ring, pa, zipf, random, zipf-half, zipf-log, tophalf, rank2 or file:PATH"
        for arguments, said in [
                (["sim", "--overlay", "star"], listed),
                (["sim", "--overlay", "file"], listed),
                (["sim", "--overlay", "pa:x"], listed),
                (["sim", "--overlay", "file:none.txt"], "none.txt: cannot read it: No such file"),
                (["sim", "--overlay", "file:bad.gml"], "bad.gml:3: an edge names node \"2\", which is not in the file"),
                (["topology", "--overlay", "pa,file:bad.gml"], "bad.gml:3: an edge names node \"2\""),
                (["check", "--overlay", "star"], 'overlay.strategy: must be one of "pa-ring", "pa", "zipf"'),
                (["check", "--overlay", "file:bad.gml"], "overlay.file: bad.gml:3: an edge names node \"2\""),
                (["check", "--set", "overlay.strategy=file"], 'overlay.file: strategy "file" needs a graph'),
                (["check", "--overlay", f"file:{self.graph}", "--set", "overlay.cap=3", "--set", "overlay.links=4"],
                 "overlay.cap: must not be below"),
                (["check", "--overlay", f"file:{self.graph}", "--set", "ports.peers=65530-65535"],
                 "overlay.file: has 8 vertices, and each needs a port"),
        ]:
            with self.subTest(arguments):
                self.assertIn(said, gossipctl(*arguments, code=2, cwd=place).stderr)


class OnThePage(FolderTestCase):
    def used(self, strategies):
        """The network's own; every row says what it is."""
        self.assertEqual([row["name"] for row in strategies["spread"]], ["flood", "tree", "auto", "push"])
        for row in strategies["overlay"] + strategies["spread"]:
            self.assertTrue(row["rule"] and row["source"], row)
        return [[row["name"] for row in strategies[kind] if row["own"]] for kind in ("overlay", "spread")]

    def test_a_running_network(self):
        with Page(settings={"overlay.strategy": "random", "gossip.mode": "tree"}) as page:
            source = json.loads(page.request("GET", "/api/source")[2])
            self.assertEqual(self.used(source["strategies"]), [["random"], ["tree"]])

    def test_a_recorded_run(self):
        run = recorded(self.folder.path, "wait registered == 8 60s\n", "--overlay", "zipf-log", "--gossip", "push:2")
        with Served(self.folder.path, "replay", "run") as replay:
            self.assertEqual(self.used(replay.source()["strategies"]), [["zipf-log"], ["push"]])
            if chromium.find():
                self.shown(replay, "overlay zipf-log: min(5, floor(log2(n+1))+1) links, each by rank weight 1/k^alpha"
                                   "spread push: the first copy to fanout of the links, at random; repair does the "
                                   "rest")
        (run / "config.toml").unlink()
        with Served(self.folder.path, "replay", "run") as replay:
            self.assertNotIn("strategies", replay.source())
            if chromium.find():
                self.shown(replay, "")

    def shown(self, replay, text):
        with chromium.Chromium() as browser:
            browser.open(replay.url)
            browser.until("document.querySelector('#connection').className === 'over'")
            self.assertEqual(browser.evaluate("document.querySelector('#strategies').textContent"), text)
            self.assertEqual(browser.complaints(), [])

    def test_demo_and_lessons(self):
        with Served(self.folder.path, "demo") as demo:
            self.assertEqual(self.used(demo.source()["strategies"]), [["pa-ring"], ["flood"]])
        with Served(self.folder.path, "demo", "--lesson", "hub-attack") as lesson:
            parts = [self.used(part["strategies"]) for part in lesson.source()["parts"]]
            self.assertEqual(parts, [[["pa"], ["flood"]], [["pa-ring"], ["flood"]]])


if __name__ == "__main__":
    harness.main()
