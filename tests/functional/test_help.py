"""Every verb's help has examples, and each of them runs; completion knows the running network."""
import os
import re
import subprocess
import tempfile

import harness
from harness import FAST, QUIET, SLOW, Network, TestCase

HOME = tempfile.TemporaryDirectory(prefix="gossip-run-")
os.environ["GOSSIPCTL_RUNTIME_DIR"] = HOME.name

READY = "wait registered == {n} 30s\nwait agree\nwait connected\n"
# What has to be true before an example makes sense.
BEFORE = {
    "resume": "pause 7003\n",
    "trace": "say 7000 before\nwait reached last == all\n",
    "wait": "kill 7004\nadd\nsay 7000 before\n",
    "votes": "",
    "partition": "",
}
PEERS = {"wait": 10, "expect": 12}


def gossipctl(*arguments):
    done = subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True, timeout=30 * SLOW)
    return done.returncode, done.stdout


def verbs():
    return gossipctl("completion", "words", "ctl ", "")[1].split()


def examples(verb):
    text = gossipctl("help", verb)[1]
    return [line.strip() for line in text.split("\n\n")[0].splitlines()]


class Help(TestCase):
    def test_every_example_runs(self):
        self.assertGreater(len(verbs()), 25)
        for verb in verbs():
            with self.subTest(verb):
                lines = examples(verb)
                self.assertTrue(any(line.startswith(verb) for line in lines), lines)
                peers = PEERS.get(verb, 6)
                network = Network(3, peers, {**FAST, **QUIET}, ["--seed", "5"], room=120)
                (network.folder.path / "experiment.gsh").write_text("echo from the file\n")
                script = READY.format(n=peers) + BEFORE.get(verb, "") + "\n".join(lines) + "\n"
                script = re.sub(r"\b7(\d{3})\b", lambda m: str(network.peers[0] + int(m.group(1))), script)
                script = re.sub(r"\b600(\d)\b", lambda m: str(network.seeds[int(m.group(1))]), script)
                network.process.communicate(script, timeout=120 * SLOW)
                self.assertEqual(network.process.returncode, 0, (script, network.error_text()))
                network.errors.close()
                network.folder.remove()

    def test_help_of_an_unknown_topic(self):
        code, out = gossipctl("help", "nonsense")
        self.assertEqual(code, 0)
        self.assertIn("Commands:", out)


class Completion(TestCase):
    def words(self, before, word=""):
        code, out = gossipctl("completion", "words", before, word)
        self.assertEqual(code, 0)
        return out.split()

    def test_command_line(self):
        self.assertIn("attach", self.words(""))
        self.assertEqual(self.words("", "--port"), ["--port-offset"])
        self.assertIn("partition", self.words("ctl ", "p"))
        self.assertEqual(self.words("ctl kill ", ""), [])
        self.assertEqual(gossipctl("completion", "tcsh")[0], 2)

    def test_live_node_ids_in_bash(self):
        with Network(1, 3, QUIET) as n:
            n.start()
            self.assertEqual(self.words("ctl kill ", str(n.peers[1])), [str(n.peers[1])])
            script = gossipctl("completion", "bash")[1] + f"""
COMP_LINE='gossipctl ctl kill {str(n.peers[0])[:2]}'; COMP_POINT=${{#COMP_LINE}}; COMP_CWORD=3
_gossipctl; echo "${{COMPREPLY[@]}}"
COMP_LINE='gossipctl ctl kill @h'; COMP_POINT=${{#COMP_LINE}}; _gossipctl; echo "${{COMPREPLY[@]}}"
"""
            path = f"{os.path.dirname(harness.BINARY)}:{os.environ['PATH']}"
            done = subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                                  env={**os.environ, "PATH": path})
            self.assertEqual(set(done.stdout.splitlines()[0].split()),
                             {str(p) for p in n.seeds + n.peers}, done.stderr)
            self.assertEqual(done.stdout.splitlines()[1], "hub")


if __name__ == "__main__":
    harness.main()
