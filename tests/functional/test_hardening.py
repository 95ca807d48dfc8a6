"""What the executable has against memory errors, read from its ELF file; no core dumps where keys are."""
import re
import subprocess
import unittest
from pathlib import Path

import harness


def elf(option):
    return subprocess.run(["readelf", "-W", option, harness.BINARY], capture_output=True, text=True, check=True).stdout


IMPORTS = elf("--dyn-syms")
SANITIZED = "__asan" in IMPORTS or "__tsan" in IMPORTS


class Executable(harness.TestCase):
    def test_position_independent(self):
        self.assertRegex(elf("--file-header"), r"Type:\s+DYN \(Position-Independent Executable")

    def test_relocations_are_done_before_main_and_read_only_after(self):
        self.assertIn("BIND_NOW", elf("--dynamic"))
        self.assertIn("GNU_RELRO", elf("--segments"))

    def test_no_segment_is_writable_and_executable(self):
        segments = re.findall(r"^  (LOAD|GNU_STACK) .* (?P<flags>[R ][W ][E ]) 0x", elf("--segments"), re.M)
        self.assertTrue(any(kind == "GNU_STACK" for kind, flags in segments), segments)
        self.assertFalse([s for s in segments if "W" in s[1] and "E" in s[1]])

    def test_stack_protector(self):
        self.assertIn("__stack_chk_fail", IMPORTS)

    @unittest.skipIf(SANITIZED, "a sanitizer checks these by itself")
    def test_checked_copies_and_checked_indexes(self):
        self.assertRegex(IMPORTS, r"__(memcpy|memmove|read|recv|snprintf|fprintf)_chk")
        self.assertIn("__glibcxx_assert_fail", IMPORTS)

    def test_functions_are_marked_as_targets_of_indirect_jumps(self):
        value = re.search(r"([0-9a-f]{16})\s+\d+ FUNC .* main$", elf("--syms"), re.M)
        offset, address = next((int(o, 16), int(a, 16)) for o, a, size in
                               re.findall(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x\w+ 0x(\w+)", elf("--segments"))
                               if int(a, 16) <= int(value[1], 16) < int(a, 16) + int(size, 16))
        start = int(value[1], 16) - address + offset
        self.assertEqual(Path(harness.BINARY).read_bytes()[start:start + 4], bytes.fromhex("f30f1efa"))  # endbr64


class Processes(harness.TestCase):
    def test_no_process_with_a_key_leaves_a_core_dump(self):
        with harness.Network(3, 2, harness.QUIET) as network:
            network.start()
            for pid in [network.process.pid, *network.pids().values()]:
                limits = Path(f"/proc/{pid}/limits").read_text()
                self.assertRegex(limits, r"Max core file size\s+0\s+0\s")


if __name__ == "__main__":
    harness.main()
