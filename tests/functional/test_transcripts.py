"""The sessions of tests/transcripts print what stands beside their commands; how a session becomes one.

After a change that is meant: build/release/gossipctl sim tests/transcripts/NAME.transcript --rewrite
"""
import re
import shutil
import subprocess
from pathlib import Path

import harness
from test_sim_script import simulate

FOLDER = Path(__file__).resolve().parents[1] / "transcripts"


def play(path, *arguments):
    return subprocess.run([harness.BINARY, "sim", str(path), *arguments], capture_output=True, text=True,
                          timeout=120 * harness.SLOW)


class Transcripts(harness.FolderTestCase):
    def test_all_of_them(self):
        files = sorted(FOLDER.glob("*.transcript"))
        self.assertGreater(len(files), 2)
        for file in files:
            with self.subTest(file.name):
                done = play(file)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_difference_is_shown_and_accepted(self):
        file = self.folder.path / "mistakes.transcript"
        shutil.copy(FOLDER / file.name, file)
        good = file.read_text()
        file.write_text(good.replace("did you mean kill", "did you mean list"))
        done = play(file)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn('-E_USAGE: unknown command "kil"; did you mean list?\n'
                      '+E_USAGE: unknown command "kil"; did you mean kill?\n', done.stdout)
        self.assertIn(f"E_EXPECT {file}:3: 1 outputs of ", done.stderr)
        done = play(file, "--rewrite")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(file.read_text(), good)

    def test_bad_files(self):
        for text, words in [("list\n", "bad.transcript:1:1: a comment or a command"),
                            ("# nothing\n", "no command"),
                            ("#! --peers many\n> list\n", '--peers: "many" is not N')]:
            file = self.folder.path / "bad.transcript"
            file.write_text(text)
            done = play(file)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(words, done.stderr)
        self.assertIn("only a transcript", simulate("list\n", "--rewrite", code=2, folder=self.folder.path)[1])


class Saved(harness.FolderTestCase):
    def test_a_session_with_processes_plays_again_in_simulation(self):
        network = harness.Network(3, 5, harness.QUIET, ["--seed", "11"])
        first, victim = network.peers[0], network.peers[3]
        with network:
            network.start()
            network.do("sleep 300ms")
            network.do(f"say {first} hello")
            network.do(f"kill {victim}")
            network.do(f"wait removed {victim} 30s")
            network.do("repeat 2 { add; sleep 10ms }")
            network.do("-kill 1")
            network.do("wait registered == 6 30s")
            words = network.do("save kept.gsh")
            script = (network.folder.path / "kept.gsh").read_text()
            self.assertRegex(script, rf"(?s)sleep 300ms\n.*say {first} hello\n.*kill {victim}\n.*"
                             r"repeat 2 \{\nadd\nsleep 10ms\n\}\n.*-kill 1\n")
            replay = words[-1].split()
            self.assertEqual(replay[:2] + replay[3:], ["gossipctl", "sim", "--config", "kept.toml", "--seed", "11"])
            done = subprocess.run([harness.BINARY, *replay[1:]], cwd=network.folder.path, capture_output=True,
                                  text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"{harness.HOST}:{network.peers[-1] + 1}", done.stdout, "the peers that were added")

    def test_pauses_failures_and_what_is_not_overwritten(self):
        folder = self.folder.path
        (folder / "mine.gsh").write_text("list\n")
        script = "sleep 2s\n-expect removed 7000\nset keep-going on\nwait registered == 9 1s\nsource mine.gsh\n"
        out, errors = simulate(script + "save kept.gsh\nsave kept.gsh\nsave other.toml\nsave mine.gsh\n", code=4,
                               folder=folder)
        self.assertIn("5 commands saved", out)
        self.assertEqual((folder / "kept.gsh").read_text().splitlines()[2:],
                         ["sleep 2s", "-expect removed 7000", "set keep-going on", "-wait registered == 9 1s", "list"])
        self.assertIn("initial_peers = 5", (folder / "other.toml").read_text())
        self.assertIn("mine.gsh exists and is no saved session", errors)
        self.assertEqual((folder / "mine.gsh").read_text(), "list\n")
        again, _ = simulate((folder / "kept.gsh").read_text(), "--config", "kept.toml", folder=folder)
        self.assertEqual(re.findall(r"^127.*", again, re.M), re.findall(r"^127.*", out, re.M))


if __name__ == "__main__":
    harness.main()
