#!/usr/bin/env python3
"""Writes the examples of docs/EXTENDING.md as the files that the guide says they are.

  take_examples.py ROOT FOLDER

A block of C++ belongs to the last file that is named in `backquotes` before it. A block that begins with #pragma once,
or belongs to a test, is the whole file; an #include goes behind the others of its folder, a row behind the last row.
"""
import re
import sys
from pathlib import Path

BUILT = re.compile(r"(protocol/\w+/\w+\.(?:hpp|cpp)|tests/unit/\w+_test\.cpp)$")


def blocks(guide):
    """(file, text) of each block of C++, in the order of the guide."""
    name = None
    code = None
    for line in guide.splitlines():
        if code is not None:
            if line == "```":
                yield name, "\n".join(code) + "\n"
                code = None
            else:
                code.append(line)
        elif line == "```cpp":
            code = []
        else:
            named = [n for n in re.findall(r"`([^`]+)`", line) if "/" in n and n.endswith((".cpp", ".hpp"))]
            name = named[-1] if named else name


def with_include(text, include):
    """Behind the last include of the same folder."""
    folder = include.rsplit("/", 1)[0]
    last = text.rindex(folder + "/")
    end = text.index("\n", last) + 1
    return text[:end] + include + text[end:]


def with_row(text, row):
    """Behind the last row of the table."""
    last = [m for m in re.finditer(r"(?m)^ +row<[\w:]+>\(\),.*\n", text)][-1]
    return text[:last.end()] + row + text[last.end():]


def files(root, guide):
    made = {}
    for name, code in blocks(guide):
        if not BUILT.match(name or ""):
            continue
        if code.startswith("#pragma once") or name.startswith("tests/"):
            made[name] = code
            continue
        text = made.get(name) or (root / name).read_text(encoding="utf-8")
        made[name] = with_include(text, code) if code.startswith("#include") else with_row(text, code)
    return made


def main():
    root, folder = Path(sys.argv[1]), Path(sys.argv[2])
    guide = (root / "docs" / "EXTENDING.md").read_text(encoding="utf-8")
    for name, text in files(root, guide).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
