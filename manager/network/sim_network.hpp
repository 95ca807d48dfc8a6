#pragma once
// The shell's network over virtual time: the same machines as in the processes, their driver the simulator.
// Waiting is simulating; between two waits no time passes. Everything follows from the plan's seed and the
// commands.

#include "manager/network/managed_network.hpp"
#include "manager/network/sim_logs.hpp"
#include "node/transport/link_fault.hpp"
#include "sim/checks/watch.hpp"

#include <deque>

namespace gossip {

struct SimNetworkOptions {
    sim::NetworkOptions network;
    std::string log_folder;  // empty: logs can be read by commands and are gone afterwards
    bool check{true};        // the protocol's invariants, at every step
    bool canary{false};      // see sim::Watch
    // Told a few hundred times a second while it simulates, and once with false when it stops to.
    std::function<void(const sim::Simulator&, bool simulating)> progress{};
};

class SimNetwork final : public ManagedNetwork, private sim::Observer {
public:
    // Virtual time begins at midnight, so that the clock in tables reads as the time since the start.
    static constexpr WallMs midnight = 1'700'006'400'000;  // 2023-11-15 00:00 UTC

    SimNetwork(EventLoop& loop, SimNetworkOptions options, NetworkPlan plan, Observers observers);

    std::optional<StartFailure> start_network(WaitEnd& end) override;
    std::variant<std::vector<NodeId>, StartFailure> add_peers(const PeerRequest& request, WaitEnd& end) override;
    std::variant<NodeId, StartFailure> launch_peer() override;
    std::optional<StartFailure> restart(const std::vector<NodeId>& ids, WaitEnd& end) override;
    void kill(NodeId id) override;
    void pause(NodeId id) override;
    void resume(NodeId id) override;
    void ask_to_stop(NodeId id) override;
    [[nodiscard]] std::string await_convergence(WaitEnd& end) override;
    void shutdown(Duration grace) override;
    std::optional<std::uint64_t> send_faults(NodeId id) override;
    std::uint64_t say(NodeId id, const std::string& text) override;
    WaitEnd refresh(const std::vector<NodeId>& ids) override;
    [[nodiscard]] std::string log_path(NodeId id) const override;
    [[nodiscard]] std::string last_error_line(const ManagedNode& node) const override;
    [[nodiscard]] Time now() const override { return cluster_.sim().now(); }
    [[nodiscard]] WallMs wall_now() const override;
    WaitEnd run_until(const std::function<bool()>& done, std::optional<Duration> timeout = std::nullopt) override;
    void call_after(Duration delay, std::function<void()> action) override;

    [[nodiscard]] const sim::Cluster& cluster() const { return cluster_; }

private:
    void on_stopped(Time now, NodeId node, sim::StopKind how) override;
    void on_step(Time now, NodeId node, const Event& event, const Effects& effects) override;
    void on_wire(Time now, NodeId from, NodeId to, const SharedMessage& message) override;

    std::variant<NodeId, StartFailure> choose_peer(std::uint16_t port);
    std::variant<NodeId, StartFailure> next_free_peer();
    void launch(NodeId id, Role role);
    void take_notice(Time now, NodeId id, const Notice& notice);
    void answer_say(NodeId id, const Effects& effects);
    void read_status(NodeId id);
    void apply_fault(NodeId from, NodeId to, const LinkFault& before, const LinkFault& after);
    void log_faults(NodeId id);
    void disturb(bool probes_too);
    [[nodiscard]] bool at_rest() const;
    WaitEnd simulate_until(const std::function<bool()>& done, std::optional<Duration> timeout);
    // Lets the next millisecond in which anything happens pass; false when that is after `end`, or a signal cut it
    // short.
    bool pass_some(Time end, std::optional<WaitEnd>& cut_short);

    EventLoop& loop_;
    sim::Cluster cluster_;
    std::optional<sim::Watch> watch_;
    sim::RemovalRules rules_;
    std::function<void(const sim::Simulator&, bool)> progress_;
    bool broken_{false};    // an invariant, and told
    mutable SimLogs logs_;  // a reader makes it write
    std::uint16_t next_port_{0};
    std::map<FaultTable::Link, LinkFault> applied_;           // faults in force in the simulated network
    std::map<NodeId, std::deque<std::uint64_t>> being_said_;  // numbers of what was said and not taken yet
};

}  // namespace gossip
