"""gossipctl sim FILE.gsh: the script that gossipctl run takes, over virtual time."""
import os
import re
import subprocess

import harness
from test_help import BEFORE, PEERS, READY, examples, verbs

SHOWCASE = """wait registered == 5 60s
wait agree 30s
expect connected
say {peer[0]} hello
wait reached last == all 30s
echo killed {peer[3]}
kill {peer[3]}
wait removed {peer[3]} 60s
add 3
wait registered == 7 60s
wait connected 30s
pause {peer[1]}
resume {peer[1]}
partition {seed[2]}
faults
heal
-kill {peer[3]}
list
expect registered == 9
"""


def simulate(script, *arguments, code=0, folder=None, home=None):
    """(stdout, stderr) of a script in virtual time."""
    environment = {**os.environ, "HOME": str(home or folder or "/nonexistent")}
    done = subprocess.run([harness.BINARY, "sim", "-", *arguments], input=script, capture_output=True, text=True,
                          cwd=folder, env=environment, timeout=120 * harness.SLOW)
    if done.returncode != code:
        raise harness.Failed(f"exit code {done.returncode}, wanted {code}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def without_timing(text):
    """What two runs of one script have in common, whatever the time they took."""
    text = re.sub(r"\b\d{10}\.\d+(?=:127)", "TIME", text)
    lines = []
    keep = None
    for line in text.splitlines():
        cells = line.split("\t")
        if cells[0] == "id":
            keep = [cells.index(name) for name in ("id", "role", "state", "listed")]
        elif cells[0] == "from":
            keep = [cells.index(name) for name in ("from", "fault", "links", "to")]
        elif len(cells) == 1:
            keep = None
        lines.append("\t".join(cells[i] for i in keep) if keep else line)
    return lines


class SameScript(harness.TestCase):
    """A file, run by processes and simulated, says the same."""

    def test_showcase_in_both(self):
        folder = harness.Folder()
        base = harness.free_ports(30)
        script = folder.path / "showcase.gsh"
        script.write_text(SHOWCASE.format(seed=range(base, base + 3), peer=range(base + 3, base + 8)))
        config = folder.path / "config.toml"
        settings = {**harness.QUIET, "ports.peers": f"{base + 3}-{base + 29}", "log.dir": str(folder.path / "logs")}
        config.write_text(harness.to_toml(settings, range(base, base + 3)))
        command = ["--config", str(config), "-o", "tsv"]
        real, simulated = (subprocess.run([harness.BINARY, how, str(script), *command], capture_output=True, text=True,
                                          timeout=120 * harness.SLOW) for how in ("run", "sim"))
        self.assertEqual(real.returncode, 3, real.stderr)
        self.assertEqual(simulated.returncode, 3, simulated.stderr)
        self.assertEqual(without_timing(simulated.stdout), without_timing(real.stdout))
        self.assertIn("\tkilled\t", real.stdout)
        errors = [[line for line in run.stderr.splitlines() if "E_" in line] for run in (real, simulated)]
        self.assertEqual(errors[0], errors[1])
        self.assertEqual(len(errors[0]), 2, errors)
        folder.remove()


class Simulated(harness.FolderTestCase):
    def sim(self, script, *arguments, code=0):
        return simulate(script, "-o", "tsv", *arguments, code=code, folder=self.folder.path)

    def test_every_example_of_the_help_runs(self):
        (self.folder.path / "experiment.gsh").write_text("echo from the file\n")
        settings = [f"--set={key}={value}" for key, value in {**harness.FAST, **harness.QUIET}.items()]
        for verb in verbs():
            with self.subTest(verb):
                peers = PEERS.get(verb, 6)
                script = READY.format(n=peers) + BEFORE.get(verb, "") + "\n".join(examples(verb)) + "\n"
                self.sim(script, "--peers", str(peers), *settings)

    def test_a_seed_repeats_a_run(self):
        script = "wait registered == 5\nchurn 60/min\nsleep 30s\nkill @random\nlist\nvotes\n"
        first, second, other = (self.sim(script, "--seed", seed) for seed in ("c141c2f", "c141c2f", "c141c2e"))
        self.assertEqual(first[0], second[0])
        self.assertNotEqual(first[0], other[0])
        self.assertEqual(re.findall("trace.*", first[1]), re.findall("trace.*", second[1]))

    def test_who_is_registered_may_speak(self):
        # The seeds list a peer before it knows: that is no reason to refuse what it is told to say.
        out, _ = simulate("wait registered == 5\nsay peers hello\n", "--runs", "50")
        self.assertEqual(len(out.splitlines()), 250)

    def test_time_is_virtual(self):
        out, errors = self.sim("sleep 10h\nwatch 1h -n 3 echo tick\nlist peers\n")
        self.assertEqual(out.count("tick"), 3)
        self.assertIn("simulated 43200.000 s", errors)
        self.assertIn("43200.0", out.splitlines()[-1], "uptime")

    def test_failures_have_the_shells_words_and_codes(self):
        for script, code, words in [("wait registered == 9 7s\n", 4, "E_WAIT -:1: wait registered == 9 7s: 5 of 9"),
                                    ("sleep 1s\nexpect removed 7001\n", 3, "E_EXPECT -:2: expect removed 7001: "),
                                    ("kill 7077\n", 1, "E_COMMAND -:1: "),
                                    ("list\nkil 7000\n", 2, 'E_USAGE -:2:1: unknown command "kil"; did you mean kill?'),
                                    ("list; add -3\n", 2, 'E_USAGE -:1:11: add: "-3" is not a number of peers'),
                                    ("repeat 2 {\n", 2, "E_USAGE -:1:10: the block opened with { is not closed"),
                                    ("sleep -1s\n", 2, 'E_USAGE -:1:7: sleep: "-1s" is not a time'),
                                    ("loss 7000 140%\n", 2, 'E_USAGE -:1:11: loss: "140%" is not a share'),
                                    ("add --port 6000\n", 5, "E_START -:1: 6000 is running already")]:
            with self.subTest(script):
                self.assertIn(words, self.sim(script, code=code)[1])

    def test_several_runs_stop_at_the_first_that_fails(self):
        script = "wait registered == 5\nkill @random\nsleep 5s\nexpect alive(7001)\n"
        _, errors = self.sim(script, "--runs", "50", code=3)
        runs = re.findall(r"run (\d+)/50", errors)
        self.assertEqual([int(run) for run in runs], list(range(1, len(runs) + 1)))
        self.assertLess(len(runs), 50)
        seed = re.search(r"replay: gossipctl sim - .* --seed (\d+) --runs 1", errors).group(1)
        self.sim(script, "--seed", seed, code=3)

    def test_a_broken_invariant_ends_the_script(self):
        out, errors = self.sim("echo one\n-wait registered == 5\necho two\n", "--check", "canary", "-k", code=3)
        self.assertEqual(out, "one\n")
        self.assertRegex(errors, r"E_EXPECT -:2: invariant S\d+ at 0\.\d+ s \[127\.0\.0\.1:600\d\]: ")

    def test_links_are_impaired(self):
        up = "wait registered == 5\nwait connected\n"
        out, _ = self.sim(up + "delay peers 200ms\nsay 7000 x\nwait reached last == all\ntrace last\n")
        after = [float(line.split("\t")[3]) for line in out.splitlines()[2:] if line.startswith("127.0.0.1")]
        self.assertGreaterEqual(min(ms for ms in after if ms > 0), 200)
        out, _ = self.sim(up + "loss all 100%\nsay 7000 x\nsleep 5s\nexpect coverage(last) < 0.5\nfaults\n")
        lost = [int(line.split("\t")[4] or 0) for line in out.splitlines() if "loss 100%" in line]
        self.assertGreater(sum(lost), 3)
        out, _ = self.sim(up + "link all all rate 2KB/s\nsay 7000 x\nwait reached last == all 60s\ntrace last\n")
        slow = [float(line.split("\t")[3]) for line in out.splitlines()[2:] if line.startswith("127.0.0.1")]
        self.assertGreater(max(slow), 80, "300 bytes and more at 2 KB/s")
        self.sim(up + "link all all dup 100%\nsay 7000 x\nwait reached last == all 5s\n"
                 "link all all clear reorder 100%\nsay 7000 y\nwait reached last == all 5s\n")

    def test_partition_holds_and_heals(self):
        self.sim("wait registered == 6\nwait connected\npartition 7000-7002 | 7003-7005\nsay 7000 x\nsleep 5s\n"
                 "expect coverage(last) <= 0.5\nheal\nwait reached last == all 20s\n", "--peers", "6")

    def test_a_seed_is_killed_and_finds_its_journal(self):
        out, _ = self.sim("wait registered == 5\nkill 6001\nadd\nwait registered == 6\nrestart 6001\nwait agree\n"
                          "seeds\n")
        self.assertEqual(len({line.split("\t")[3] for line in out.splitlines()[-3:]}), 1, "one digest")

    def test_logs(self):
        out, _ = self.sim('wait registered == 5\nexpect log 7001 ~ "Registration complete"\nlogs 7001 -n 2\n',
                          "--logs", "kept")
        self.assertIn("[2023-11-15 00:00:00] [PEER:7001] INFO - ", out)
        self.assertEqual(len(list((self.folder.path / "kept").glob("*.log"))), 8)

    def test_bad_command_lines(self):
        for arguments, words in [(["--web"], "a simulated network has no page"),
                                 (["--messages", "3"], "--messages is for runs without a script"),
                                 (["--faults", "crash=10%"], "kill, pause and partition"),
                                 (["b.gsh"], "one script at a time"),
                                 (["--peers", "-3"], '"-3" is not N'),
                                 (["--latency", "constant:-1ms"], "is not constant:TIME"),
                                 (["--sed", "1"], "did you mean --se")]:
            with self.subTest(arguments):
                out, errors = self.sim("list\n", *arguments, code=2)
                self.assertEqual(out, "")
                self.assertIn("E_USAGE", errors)
                self.assertIn(words, errors)


if __name__ == "__main__":
    harness.main()
