// EIO and failing fsyncs: a seed that cannot write its journal stops, so it neither votes nor acknowledges.

#include "sim/checks/watch.hpp"
#include "sim/swarm/swarm_run.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

// Counts a seed's consensus messages on the wire.
class ConsensusMeter final : public Observer {
public:
    explicit ConsensusMeter(NodeId seed) : seed_(seed) {}
    void on_wire(Time, NodeId from, NodeId, const SharedMessage& m) override {
        if (from == seed_ && (m.get_if<msg::Vote>() != nullptr || m.get_if<msg::Ack>() != nullptr)) ++said;
    }
    std::size_t said{0};

private:
    NodeId seed_;
};

ClusterOptions quiet(std::uint64_t seed) {
    ClusterOptions o;
    o.sim.seed = seed;
    o.config.gossip.max_messages = 0;
    return o;
}

void check_seed_with(DiskFailure failure, std::uint64_t seed) {
    CAPTURE(seed);
    Cluster cluster(quiet(seed));
    Watch watch(cluster, {});
    const NodeId sick = cluster.seeds()[1];
    ConsensusMeter words(sick);
    cluster.sim().observe(&words);
    cluster.start_seeds();
    cluster.start_peers(3);
    REQUIRE(cluster.run_until_converged(20s));
    cluster.sim().fail_disk(sick, failure);
    cluster.start_peers(1);
    REQUIRE(cluster.run_until([&] { return !cluster.sim().is_up(sick); }, 20s));
    CHECK(cluster.sim().ended_by_disk() == 1);
    REQUIRE(cluster.run_until_converged(20s));  // the other two are a quorum

    // As long as the disk fails, each new life stops without sending a vote.
    const std::size_t before = words.said;
    cluster.start(sick);
    cluster.start_peers(1);
    REQUIRE(cluster.run_until([&] { return !cluster.sim().is_up(sick); }, 20s));
    CHECK(cluster.sim().ended_by_disk() == 2);
    CHECK(words.said == before);

    cluster.sim().fail_disk(sick, DiskFailure::none);
    cluster.start(sick);
    const std::vector<NodeId> seeds(cluster.seeds().begin(), cluster.seeds().end());
    watch.converge(seeds, Watch::heal_limit(cluster.config()));
    cluster.crash(cluster.seeds()[0]);  // now its vote is needed
    cluster.start_peers(1);
    REQUIRE(cluster.run_until_converged(60s));
    if (watch.violation()) FAIL(to_string(*watch.violation()));
}

}  // namespace

TEST_CASE("a seed whose disk gives EIO or fails an fsync stops voting, and is back when the disk is") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        check_seed_with(DiskFailure::write, seed);
        check_seed_with(DiskFailure::sync, seed);
    }
}

TEST_CASE("what a failed write left behind: nothing, or a prefix of it") {
    Disk disk;
    disk.append(std::vector<Append>{{1, RecordType{}, "a", false}, {2, RecordType{}, "b", false}});
    disk.begin_sync();
    disk.lose_unsynced();
    CHECK(disk.records().empty());
    CHECK_FALSE(disk.dirty());
    CHECK_FALSE(disk.sync_running());
}

TEST_CASE("disk errors are a class of drawn faults, and their runs hold every invariant") {
    std::uint64_t ended = 0;
    std::size_t runs = 0;
    for (std::uint64_t seed = 1; runs < 10; ++seed) {
        const FaultPlan plan = draw_plan(draw_shape(seed));
        if (!plan.shape.classes.has(FaultClass::disk_error)) continue;
        ++runs;
        const SwarmResult r = run_swarm(plan);
        if (r.violation) FAIL(to_string(*r.violation));
        ended += r.coverage[static_cast<std::size_t>(Mark::ended_by_disk)];
    }
    CHECK(ended > 0);
}
