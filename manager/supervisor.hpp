#pragma once
// Starts, signals, watches and ends the node processes, and keeps the ClusterView told.

#include "manager/cluster_view.hpp"
#include "manager/control_link.hpp"
#include "manager/event_loop.hpp"
#include "manager/network_plan.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace gossip {

struct ManagedNode {
    NodeId id{};
    Role role{};
    pid_t pid{0};
    std::shared_ptr<ControlLink> link;
    bool ready{false};
    bool end_expected{false};  // somebody asked for it
    Time started{};
    NodeStatus status;       // the last one it sent
    std::string end_text;    // "SIGKILL", "exit code 1"
    std::string error_path;  // its stderr
};

struct StartFailure {
    std::string text;
};

class Supervisor {
public:
    struct Observers {
        std::function<void(const NodeEvent&)> event;
        std::function<void(const ManagedNode&)> died;    // nobody asked for it
        std::function<void(const std::string&)> remark;  // "port 7000 is taken; …"
        std::function<void()> changed;                   // something that no event tells: a state, a status
    };

    Supervisor(EventLoop& loop, NetworkPlan plan, Observers observers);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Seeds and the first peers, all at once; returns when all are ready.
    std::optional<StartFailure> start_network(WaitEnd& end);
    // More nodes; `port` 0: the next free one.
    std::variant<std::vector<NodeId>, StartFailure> add_peers(std::size_t count, std::uint16_t port, WaitEnd& end);
    // Without waiting until it is ready.
    std::variant<NodeId, StartFailure> launch_peer();
    std::optional<StartFailure> restart(const std::vector<NodeId>& ids, WaitEnd& end);

    void kill(NodeId id);
    void pause(NodeId id);
    void resume(NodeId id);
    // Asks to leave. `ended` tells when it has.
    void ask_to_stop(NodeId id);
    [[nodiscard]] bool ended(NodeId id) const { return !is_running(view_.find(id)->state); }

    // Peers, then seeds, each group at most `grace`, then SIGKILL. Calls `remark` for who was late.
    void shutdown(Duration grace);

    [[nodiscard]] FaultTable& faults() { return view_.faults(); }
    [[nodiscard]] const FaultTable& faults() const { return view_.faults(); }
    // Tells a running node its part of the table; `reply` to the number says that it is in force.
    std::optional<std::uint64_t> send_faults(NodeId id);
    // For the traces of the nodes it touches.
    void note_fault(const std::string& command, const NodeSet& touched);

    std::uint64_t say(NodeId id, const std::string& text);
    [[nodiscard]] const NodeReply* reply(std::uint64_t seq) const;
    // Asks running nodes for their status and waits for the answers, a second at the most.
    WaitEnd refresh(const std::vector<NodeId>& ids);

    [[nodiscard]] ClusterView& view() { return view_; }
    [[nodiscard]] const ClusterView& view() const { return view_; }
    [[nodiscard]] const ManagedNode* find(NodeId id) const;
    [[nodiscard]] const std::map<NodeId, ManagedNode>& nodes() const { return nodes_; }
    [[nodiscard]] const NetworkPlan& plan() const { return plan_; }
    [[nodiscard]] std::string log_path(NodeId id) const;
    // Of what it wrote to stderr; empty when it wrote nothing.
    [[nodiscard]] std::string last_error_line(const ManagedNode& node) const;
    // Grows with everything that was heard: what a waiting condition looks at.
    [[nodiscard]] std::uint64_t version() const { return version_; }

private:
    struct Slot {
        NodeId id{};
        Fd listener;
    };
    using Slots = std::vector<Slot>;

    std::optional<StartFailure> prepare_folders();
    std::variant<Slots, StartFailure> bind_seeds();
    std::variant<Slot, StartFailure> bind_peer(std::uint16_t port);
    std::variant<Slots, StartFailure> bind_peers(std::size_t count, std::uint16_t port);
    std::variant<Slot, StartFailure> next_free_peer();
    std::optional<StartFailure> write_seed_file();
    std::optional<StartFailure> launch(Slot slot, Role role, const std::vector<std::string>& more);
    std::optional<StartFailure> launch_all(Slots& slots, Role role, const std::vector<std::string>& more,
                                           std::vector<NodeId>& ids);
    std::optional<StartFailure> await_ready(const std::vector<NodeId>& ids, WaitEnd& end);
    std::optional<StartFailure> relaunch(NodeId id);
    [[nodiscard]] std::vector<std::string> node_arguments(NodeId id, Role role) const;

    void handle_line(NodeId id, FromNode line);
    void handle_exit(NodeId id, ExitStatus status);
    void set_state(NodeId id, NodeState state);
    void stop_group(Role role, Duration grace);
    void kill_all(Role role);
    bool any_running(Role role) const;

    EventLoop& loop_;
    NetworkPlan plan_;
    Observers observers_;
    ClusterView view_;
    std::map<NodeId, ManagedNode> nodes_;
    std::map<std::uint64_t, NodeReply> replies_;
    std::uint64_t next_seq_{1};
    std::uint64_t version_{0};
    std::uint16_t next_port_{0};
    bool shutting_down_{false};
};

// "seed-6000", "peer-7003": the names of its files.
[[nodiscard]] std::string file_stem(NodeId id, Role role);

}  // namespace gossip
