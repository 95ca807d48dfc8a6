"""The page's modules against their JSDoc types. Skipped where there is no TypeScript (Debian's node-typescript)."""
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import harness
from harness import SLOW, FolderTestCase

WEB = Path(__file__).parents[2] / "manager" / "web"
TAG = re.compile(r"(?<=\S) +(@(?:param|returns|type|typedef|template)\b)")


def in_lines(source):
    """TypeScript reads a tag only where a line begins."""
    return re.sub(r"/\*\*.*?\*/", lambda comment: TAG.sub(r"\n * \1", comment[0]), source, flags=re.S)


@unittest.skipUnless(shutil.which("tsc"), "there is no tsc (apt-get install node-typescript)")
class Types(FolderTestCase):
    def check(self, extra=""):
        folder = Path(self.folder.path)
        names = []
        (folder / "stage").mkdir(exist_ok=True)
        for module in sorted(WEB.rglob("*.js")):
            self.assertTrue(module.read_text().startswith("// @ts-check\n"), module.name)
            text = module.read_text() + (extra if module.name == "model.js" else "")
            names.append(str(module.relative_to(WEB)))
            (folder / names[-1]).write_text(in_lines(text))
        self.assertGreater(len(names), 15)
        done = subprocess.run(["tsc", "--noEmit", "--allowJs", "--checkJs", "--strict", "--noImplicitAny", "false",
                               "--target", "es2022", "--module", "es2022", "--moduleResolution", "node",
                               "--lib", "es2022,dom,dom.iterable", *names],
                              capture_output=True, text=True, cwd=folder, timeout=120 * SLOW)
        return done.stdout

    def test_modules_keep_to_their_types(self):
        self.assertEqual(self.check(), "")

    def test_a_wrong_type_is_found(self):
        wrong = "/** A name. @param {Node} node @returns {string} */\nfunction wrong(node) { return node.links; }\n"
        self.assertIn("is not assignable to type 'string'", self.check(wrong))
        missing = "/** @param {Map<string, string>} m */\nfunction missing(m) { return m.get('a').length; }\n"
        self.assertIn("Object is possibly 'undefined'", self.check(missing))


if __name__ == "__main__":
    harness.main()
