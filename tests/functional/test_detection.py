"""Two-level removal of dead peers, and no removal of live ones."""
import time

import harness


class Detection(harness.TestCase):
    def test_killed_peer_is_removed_at_all_seeds_without_waiting_for_its_silence(self):
        """With the documents' default timers: a refused redial is evidence. Silence alone takes 39 s and more."""
        with harness.Network(3, 8, harness.QUIET) as network:
            network.start()
            victim = network.peers[3]
            start = time.monotonic()
            network.do(f"kill {victim}")
            network.do(f"wait removed {victim} 35s")
            took = time.monotonic() - start
            print(f"kill -> removed at all seeds: {took * 1000:.0f} ms")
            network.do(f"wait connected {10 * harness.SLOW}s")
            # Told by other nodes than the removal.
            network.do(f"wait votes(remove {victim}).yes >= quorum {10 * harness.SLOW}s")
            for seed in network.seeds:
                self.assertNotIn(harness.name(victim), harness.peer_list(seed))

    def test_hub_and_two_more_killed_overlay_mends(self):
        with harness.Network(3, 12, {**harness.FAST, **harness.QUIET}) as network:
            network.start()
            network.do("kill @hub")
            network.do("kill @random:2")
            network.do(f"wait registered == 9 {20 * harness.SLOW}s")
            network.do(f"wait connected {10 * harness.SLOW}s")
            alive = [row for row in network.rows("list peers") if row["state"] == "alive"]
            network.say(int(alive[0]["id"].split(":")[1]), "still here")
            network.do(f"wait reached last == all {10 * harness.SLOW}s")

    def test_peer_with_few_watchers_is_removed(self):
        with harness.Network(3, 2, {**harness.FAST, **harness.QUIET}) as network:
            network.start()
            network.do(f"kill {network.peers[1]}")
            network.do(f"wait removed {network.peers[1]} {20 * harness.SLOW}s")

    def test_short_pause_is_forgiven(self):
        with harness.Network(3, 6, {**harness.FAST, **harness.QUIET}) as network:
            network.start()
            victim = network.peers[2]
            for _ in range(3):
                network.do(f"pause {victim}")
                network.do("sleep 700ms")  # the fault: shorter than three cycles of 400 ms
                network.do(f"resume {victim}")
                network.do("sleep 500ms")
            network.do(f"expect not removed {victim}")
            network.do("expect connected")
            self.assertNotIn("CONFIRMED REMOVAL", network.log())

    def test_long_pause_is_removed_and_comes_back_as_a_new_life(self):
        with harness.Network(3, 6, {**harness.FAST, **harness.QUIET}) as network:
            network.start()
            victim = network.peers[2]
            life = {row["peer"]: int(row["incarnation"]) for row in network.rows("members")}[harness.name(victim)]
            network.do(f"pause {victim}")
            network.do(f"wait removed {victim} {20 * harness.SLOW}s")
            network.do(f"resume {victim}")
            network.do(f"wait registered == 6 {30 * harness.SLOW}s")
            again = {row["peer"]: int(row["incarnation"]) for row in network.rows("members")}[harness.name(victim)]
            self.assertGreater(again, life)
            network.do(f"wait connected {10 * harness.SLOW}s")
            network.say(victim, "back again")
            network.do(f"wait reached last == all {10 * harness.SLOW}s")

    def test_stopped_peer_leaves_at_its_own_word(self):
        with harness.Network(3, 5, harness.QUIET) as network:
            network.start()
            network.do(f"stop {network.peers[4]}")
            network.do(f"wait removed {network.peers[4]} {5 * harness.SLOW}s")
            self.assertNotIn("DEAD NODE REPORT", network.log())
            self.assertIn("left the Peer List at its own word", network.log())

    def test_restarted_peer_returns_with_a_greater_incarnation(self):
        with harness.Network(3, 5, harness.QUIET) as network:
            network.start()
            victim = network.peers[1]
            life = {row["peer"]: int(row["incarnation"]) for row in network.rows("members")}[harness.name(victim)]
            network.do(f"restart {victim}")

            def renewed():
                rows = {row["peer"]: int(row["incarnation"]) for row in network.rows("members")}
                return rows.get(harness.name(victim), 0) > life
            harness.until(renewed, 20, "a new incarnation in the list")
            network.do(f"wait agree {5 * harness.SLOW}s")


if __name__ == "__main__":
    harness.main()
