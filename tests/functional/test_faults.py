"""Faults between real processes: partitions, slow and lossy links, churn."""
import unittest

import harness
from harness import COST, FAST, QUIET, SLOW, Network, TestCase

# Slow enough that a partition of a few seconds removes nobody.
PATIENT = {"liveness.interval": "5s", **QUIET}


class Partition(TestCase):
    def test_a_message_waits_for_the_partition_to_heal_and_arrives_once(self):
        with Network(3, 6, PATIENT, ["--seed", "7"]) as n:
            n.start()
            left, right = n.peers[:1], n.peers[1:]
            n.do(f"partition {left[0]} | {right[0]}-{right[-1]}")
            message = n.say(left[0], "across")
            # A second message inside the other side is proof that time passed there and nothing crossed.
            n.say(right[0], "inside")
            n.do(f"wait reached last == {len(right)} {10 * SLOW}s")
            rows = n.rows(f"trace {message}")
            self.assertEqual({int(r["node"].split(":")[1]) for r in rows if not r["how"].startswith("missing")},
                             set(left))
            missing = [r["how"] for r in rows if r["how"].startswith("missing")]
            self.assertTrue(any("cut off from" in how for how in missing), rows)
            self.assertTrue(all("cut off from" in how or "no neighbour has it" in how for how in missing), rows)
            n.do("heal")
            n.do(f"wait reached {message} == all {20 * SLOW}s")
            rows = n.rows(f"trace {message}")
            self.assertEqual(len(rows), 6)
            self.assertEqual(len({r["node"] for r in rows}), 6)
            for port in n.peers:
                received = [line for line in n.log(f"peer-{port}.log").splitlines()
                            if "Gossip received" in line and "across" in line and "uplicate" not in line]
                self.assertEqual(len(received), 0 if port == left[0] else 1, (port, received))
            self.assertEqual(n.rows("faults"), [])

    def test_seen_in_list_faults_trace_and_log(self):
        with Network(3, 4, PATIENT) as n:
            n.start()
            a, b = n.peers[:2]
            n.do(f"link {a} -> {b} delay 20ms loss 50%")
            row = next(r for r in n.rows("list peers") if r["id"].endswith(str(a)))
            self.assertEqual(row["faults"], "1 impaired")
            self.assertEqual(n.rows("faults")[0]["fault"], "delay 20ms loss 50%")
            self.assertIn(f"FAULTS: delay 20ms loss 50% to {harness.name(b)}", n.log(f"peer-{a}.log"))
            self.assertTrue(any("delay 20ms" in r["event"] for r in n.rows(f"trace {a}")))
            n.do("heal")
            self.assertIn("FAULTS: none any more", n.log(f"peer-{a}.log"))

    def test_a_minority_of_seeds_cannot_decide_and_learns_when_it_heals(self):
        with Network(3, 4, {**FAST, **QUIET}) as n:
            n.start()
            alone = n.seeds[2]
            n.do(f"partition {alone}")
            n.do(f"kill {n.peers[3]}")
            n.do(f"wait log {n.seeds[0]} ~ \"CONFIRMED REMOVAL\" {30 * SLOW}s")
            n.do(f"wait log {n.seeds[1]} ~ \"CONFIRMED REMOVAL\" {30 * SLOW}s")
            seeds = {int(r["seed"].split(":")[1]): r for r in n.rows("seeds")}
            self.assertEqual(seeds[n.seeds[0]]["members"], 3)
            self.assertEqual(seeds[alone]["members"], 4)
            self.assertNotIn("CONFIRMED REMOVAL", n.log(f"seed-{alone}.log"))
            n.do("heal")
            n.do(f"wait removed {n.peers[3]} {30 * SLOW}s")
            n.do(f"wait agree {30 * SLOW}s")
            self.assertEqual({r["members"] for r in n.rows("seeds")}, {3})

    def test_seeds_apart_from_each_other_decide_nothing(self):
        with Network(3, 3, {**FAST, **QUIET}) as n:
            n.start()
            a, b, c = n.seeds
            n.do(f"partition {a} | {b} | {c}")
            n.do("add 1")
            # The peer asks a quorum, not every seed: whichever it asked says so.
            harness.until(lambda: any("NO QUORUM" in n.log(f"seed-{seed}.log") for seed in n.seeds), 60, "NO QUORUM")
            n.do("expect registered == 3")
            n.do("heal")
            n.do(f"wait registered == 4 {40 * SLOW}s")
            n.do(f"wait agree {10 * SLOW}s")

    def test_impaired_links_lose_no_message_for_good(self):
        settings = {**PATIENT, "gossip.repair_interval": "500ms"}
        with Network(3, 6, settings, ["--seed", "11"]) as n:
            n.start()
            n.do("link peers peers delay 5ms jitter 10ms loss 20% dup 20% reorder 20% rate 1MB/s")
            for i in range(5):
                n.say(n.peers[i], f"rough {i}")
                n.do(f"wait reached last == all {60 * SLOW}s")
            self.assertGreater(sum(r["lost"] or 0 for r in n.rows("faults")), 0)
            for row in n.rows("trace last"):
                self.assertIn(row["how"], ("origin", "push", "repair"))

    def test_bad_forms_change_nothing(self):
        for text, word in (("partition", "a side is missing"), ("partition 7000 7001", "separated by |"),
                           ("partition 7000 |", "a side is missing"), ("link 7000", "two nodes"),
                           ("link 7000 7001", "a fault is missing"), ("link 7000 7001 delya 5ms", "did you mean delay"),
                           ("link 7000 7001 loss 110%", "not a share"), ("link 7000 7001 delay 2h", "at most 1m"),
                           ("link 7000 7001 rate fast", "not a rate"), ("loss 7000", "a value"),
                           ("churn", "a rate is needed"), ("churn 2/year", "a rate is needed")):
            with self.subTest(text):
                code, _, errors, _ = harness.run_script(text + "\n", seeds=1, peers=1)
                self.assertEqual(code, 2, errors)
                self.assertIn(word, errors)

    def test_unknown_node_and_node_on_two_sides(self):
        for text, word in (("partition 9 | {peer[0]}", "no such node: 9"),
                           ("partition peers | {peer[0]}", "two sides")):
            code, _, errors, _ = harness.run_script(text + "\n", seeds=1, peers=2)
            self.assertEqual(code, 1, errors)
            self.assertIn(word, errors)


class Why(TestCase):
    def test_reachability_and_explain(self):
        with Network(3, 4, {**FAST, **QUIET, "liveness.refute": "20s"}) as n:
            n.start()
            self.assertEqual(n.rows("reachability"), [])
            alone = n.peers[0]
            n.do(f"partition {alone} | {n.peers[1]}-{n.peers[-1]}")
            n.do(f"wait suspects >= 1 {20 * SLOW}s")
            rows = n.rows("reachability")
            self.assertTrue(rows)
            for row in rows:
                self.assertIn(harness.name(alone), (row["from"], row["to"]))
                self.assertIn("cut", row["likely_cause"])
            n.do("heal")
            n.do(f"wait suspects == 0 {20 * SLOW}s")
            self.assertTrue(any("stays a member" in r["meaning"] for r in n.rows("explain")), n.rows("explain"))

    def test_a_wait_that_runs_out_names_the_missing_and_why(self):
        script = ("wait registered == 3 20s\nwait agree\nwait degree.min >= 2 20s\n"
                  "partition {peer[0]} | {peer[1]},{peer[2]}\nsay {peer[0]} lost\nwait reached last == all 300ms\n")
        code, _, errors, _ = harness.run_script(script, seeds=1, peers=3, settings=PATIENT)
        self.assertEqual(code, 4, errors)
        self.assertRegex(errors, r"E_WAIT stdin:6: wait reached last == all 300ms: 1 of all.* after 300ms; "
                                 r"missing \d+ \(cut off from \d+\), \d+ \(cut off from \d+\)")

    def test_publish_and_watch(self):
        with Network(1, 3, {**PATIENT, "gossip.interval": "1h"}) as n:
            n.start()
            self.assertEqual(n.do("publish peers --count 9 --rate 200/s --size 100"), ["published 9"])
            for port in n.peers:
                n.do(f"wait log {port} ~ \"load 9 \" {10 * SLOW}s")
            self.assertEqual(n.do("watch 10ms -n 3 echo again"), ["again"] * 3)
        for text, word in (("publish", "a node is missing"), ("publish peers --rate 5", "messages a second"),
                           ("publish peers --size 99999", "1 to 32768"), ("watch", "a command is missing"),
                           ("watch 1s watch list", "cannot watch itself"), ("watch 1s frob", "unknown command")):
            with self.subTest(text):
                code, _, errors, _ = harness.run_script(text + "\n", seeds=1, peers=1)
                self.assertEqual(code, 2, errors)
                self.assertIn(word, errors)


class Restarted(TestCase):
    def test_a_restarted_node_is_told_of_its_faults(self):
        with Network(3, 4, PATIENT) as n:
            n.start()
            n.do(f"partition {n.peers[0]} | {n.peers[1]}")
            n.do(f"restart {n.peers[0]}")
            n.do(f"wait log {n.peers[0]} ~ \"FAULTS: cut to {harness.name(n.peers[1])}\" {10 * SLOW}s")


class Churn(TestCase):
    def test_deaths_and_births_until_told_otherwise(self):
        with Network(3, 8, {**FAST, **QUIET}, ["--seed", "3"]) as n:
            n.start()
            n.do(f"churn {40 // COST}/min")
            n.do(f"wait not alive({n.peers[0]}-{n.peers[-1]}) {60 * SLOW}s")
            n.do("churn off")
            before = {r["id"] for r in n.rows("list peers") if r["state"] != "killed"}
            n.do(f"wait agree {30 * SLOW}s")
            self.assertEqual(before, {r["id"] for r in n.rows("list peers") if r["state"] != "killed"})


if __name__ == "__main__":
    harness.main()
