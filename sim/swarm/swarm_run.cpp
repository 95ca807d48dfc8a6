#include "sim/swarm/swarm_run.hpp"

#include "sim/checks/watch.hpp"
#include "sim/swarm/fault_injector.hpp"
#include "sim/swarm/hostile.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {

constexpr Duration check_interval = std::chrono::milliseconds(200);

class Narrator final : public Observer {
public:
    Narrator(Cluster& cluster, const SwarmOptions& options) : options_(options) { cluster.sim().observe(this); }
    void on_step(Time now, NodeId node, const Event&, const Effects& effects) override {
        if (!options_.narrate) return;
        for (const Notice& n : effects.notices) options_.narrate(now, node, n);
    }
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override {
        if (options_.narrate_wire) options_.narrate_wire(now, from, to, message);
    }

private:
    const SwarmOptions& options_;
};

RemovalRules rules_of(const RunShape& shape) {
    const FaultClasses& c = shape.classes;
    RemovalRules rules;
    rules.probes_reliable = !c.any(FaultClass::drop, FaultClass::tail, FaultClass::reset);
    rules.accuracy_expected =
        !c.any(FaultClass::drop, FaultClass::tail, FaultClass::reset, FaultClass::partition, FaultClass::one_way,
               FaultClass::swizzle, FaultClass::pause_long, FaultClass::dead_seeds, FaultClass::crash_peers,
               FaultClass::mass_crash, FaultClass::cut_step);
    return rules;
}

ClusterOptions cluster_options(const RunShape& shape) {
    ClusterOptions o;
    o.sim.seed = shape.seed;
    o.sim.network = shape.network;
    o.config = shape.config;
    o.seeds = shape.seeds;
    o.wall_skew_ms = shape.wall_skew_ms;
    return o;
}

class SwarmRun {
public:
    SwarmRun(const FaultPlan& plan, const SwarmOptions& options)
        : plan_(plan),
          options_(options),
          cluster_(cluster_options(plan.shape)),
          injector_(cluster_, plan),
          narrator_(cluster_, options_),
          watch_(cluster_, rules_of(plan.shape), options.canary),
          coverage_(cluster_) {
        cluster_.sim().observe(&coverage_);
    }

    SwarmResult run() {
        injector_.schedule();
        if (plan_.shape.classes.has(FaultClass::hostile)) add_hostile();
        cluster_.start_seeds();
        advance(plan_.shape.fault_phase);
        injector_.heal();
        healed_ = cluster_.sim().now();
        if (!watch_.alarm().raised()) converge(options_.heal_limit);
        if (!watch_.alarm().raised()) converge_after_messages();
        if (!watch_.alarm().raised()) stay_quiet();
        return result();
    }

private:
    void add_hostile() {
        const NodeId self = node_id({0x7f000001, 9999});
        hostile_crypto_ = std::make_unique<SimCrypto>(plan_.shape.seed ^ 0xbad);
        const std::vector<NodeId> seeds(cluster_.seeds().begin(), cluster_.seeds().end());
        const std::vector<NodeId> peers(cluster_.peers().begin(), cluster_.peers().end());
        cluster_.sim().add(self, [=, this](const Birth& b) {
            return std::make_unique<Hostile>(b.id, seeds, peers, *hostile_crypto_, b.rng);
        });
        cluster_.sim().start(self);
        cluster_.sim().at(Time{} + plan_.shape.fault_phase, [this, self] { cluster_.sim().crash(self); });
    }

    // Stops at the first violation.
    void advance(Duration span) {
        const Time end = cluster_.sim().now() + span;
        while (!watch_.alarm().raised() && cluster_.sim().now() < end) cluster_.sim().run_for(check_interval);
    }

    void converge(Duration limit) { watch_.converge(injector_.core(), limit); }

    void converge_after_messages() {
        converged_ = cluster_.sim().now();
        const auto peers = cluster_.live_peers();
        for (std::size_t i = 0; i < std::min<std::size_t>(3, peers.size()); ++i) {
            cluster_.publish(peers[i], "after healing " + std::to_string(i));
        }
        advance(check_interval);
        converge(options_.heal_limit);
    }

    // The longest time from an accusation to its decision.
    [[nodiscard]] Duration accusation_time() const {
        const Config& c = plan_.shape.config;
        return c.liveness.interval * c.liveness.misses + c.liveness.probe_timeout * c.liveness.probes +
               c.liveness.refute + c.seed.probe_timeout + c.seed.vote_timeout;
    }

    // D2, O2: without faults nobody is removed and links stay two-sided. Accusations from the fault phase may still be
    // decided before that.
    void stay_quiet() {
        advance(healed_ + accusation_time() - cluster_.sim().now());
        const std::size_t before = watch_.live_removals();
        advance(options_.quiet_phase);
        if (watch_.live_removals() != before) {
            watch_.alarm().raise("D2", cluster_.sim().now(), {}, "removes a live peer of a network at rest");
        }
        // Messages may be in flight, and a peer that left while its registration was pending is a member until its
        // lease ends.
        converge(options_.heal_limit);
    }

    SwarmResult result() {
        SwarmResult r;
        r.violation = watch_.violation();
        r.trace_hash = cluster_.sim().trace_hash();
        r.events = cluster_.sim().events();
        r.converged_after = converged_ - healed_;
        coverage_.hit(Mark::torn_tail, cluster_.sim().torn_tails());
        coverage_.hit(Mark::ended_by_disk, cluster_.sim().ended_by_disk());
        r.coverage = coverage_.counts();
        return r;
    }

    const FaultPlan& plan_;
    const SwarmOptions& options_;
    Cluster cluster_;
    FaultInjector injector_;
    Narrator narrator_;
    Watch watch_;
    Coverage coverage_;
    std::unique_ptr<SimCrypto> hostile_crypto_;
    Time healed_{};
    Time converged_{};
};

std::string describe(const RunShape& s) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(s.fault_phase).count();
    return std::to_string(s.seeds) + " seeds, " + std::to_string(s.peers) + " peers, " + std::to_string(seconds) +
           " s of: " + to_string(s.classes);
}

}  // namespace

SwarmResult run_swarm(const FaultPlan& plan, const SwarmOptions& options) {
    SwarmResult r = SwarmRun(plan, options).run();
    r.shape = describe(plan.shape);
    return r;
}

}  // namespace gossip::sim
