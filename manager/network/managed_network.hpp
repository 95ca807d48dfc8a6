#pragma once
// The network behind the shell: started, disturbed, questioned and waited for in the same way whether its
// nodes are processes (supervisor) or machines over virtual time (sim_network).

#include "manager/base/event_loop.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/runs/run_log.hpp"
#include "manager/view/cluster_view.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct ManagedNode {
    NodeId id{};
    Role role{};
    std::int64_t pid{0};  // 0: no process
    bool ready{false};
    bool end_expected{false};  // somebody asked for it
    Time started{};
    std::optional<std::int64_t> struck_ns;  // when the manager sent the signal that killed or stopped it
    NodeStatus status;                      // the last one it sent
    std::string end_text;                   // "SIGKILL", "exit code 1"
    std::string error_path;                 // its stderr
    std::string host;                       // a name of [[host]]; empty: this machine
};

struct PeerRequest {
    std::size_t count{1};
    std::uint16_t port{0};  // the first one's; 0: the next free ones
    std::string host;       // as in ManagedNode
};

struct StartFailure {
    std::string text;
};

class ManagedNetwork {
public:
    struct Observers {
        std::function<void(const NodeEvent&)> event;
        std::function<void(const ManagedNode&)> died;      // nobody asked for it
        std::function<void(const std::string&)> remark;    // "port 7000 is taken; …"
        std::function<void()> changed;                     // something that no event tells: a state, a status
        std::function<void(const std::string&)> broken{};  // an invariant of the protocol: a simulation sees it
        std::function<void(const RunLine&)> record{};      // the same for the run's log; nodes' events excepted
    };
    // Makes the network that a session then owns.
    using Factory = std::function<std::unique_ptr<ManagedNetwork>(Observers)>;

    ManagedNetwork(NetworkPlan plan, Observers observers);
    virtual ~ManagedNetwork() = default;
    ManagedNetwork(const ManagedNetwork&) = delete;
    ManagedNetwork& operator=(const ManagedNetwork&) = delete;

    // The run's folder, where processes keep what is theirs; called before `start_network`.
    void set_home(const std::string& folder) { plan_.home = folder; }
    // Where the nodes' logs are; empty: in no files that last.
    [[nodiscard]] virtual std::string log_folder() const { return {}; }

    // Seeds and the first peers, all at once; returns when all are ready.
    virtual std::optional<StartFailure> start_network(WaitEnd& end) = 0;
    virtual std::variant<std::vector<NodeId>, StartFailure> add_peers(const PeerRequest& request, WaitEnd& end) = 0;
    // On this machine, without waiting until it is ready.
    virtual std::variant<NodeId, StartFailure> launch_peer() = 0;
    virtual std::optional<StartFailure> restart(const std::vector<NodeId>& ids, WaitEnd& end) = 0;

    virtual void kill(NodeId id) = 0;
    virtual void pause(NodeId id) = 0;
    virtual void resume(NodeId id) = 0;
    // Asks to leave. `ended` tells when it has.
    virtual void ask_to_stop(NodeId id) = 0;
    [[nodiscard]] bool ended(NodeId id) const { return !is_running(view_.find(id)->state); }
    // What must come right by itself now that the commands are over; a simulation looks. Empty, or what has not.
    [[nodiscard]] virtual std::string await_convergence(WaitEnd& end) {
        end = WaitEnd::done;
        return {};
    }
    // Peers, then seeds, each group at most `grace`, then by force. Calls `remark` for who was late.
    virtual void shutdown(Duration grace) = 0;

    // Tells a running node its part of the table; `reply` to the number says that it is in force.
    virtual std::optional<std::uint64_t> send_faults(NodeId id) = 0;
    // For the traces of the nodes it touches.
    void note_fault(const std::string& command, const NodeSet& touched);

    virtual std::uint64_t say(NodeId id, const std::string& text) = 0;
    [[nodiscard]] const NodeReply* reply(std::uint64_t seq) const;
    // Asks running nodes for their status and waits for the answers, a second at the most.
    virtual WaitEnd refresh(const std::vector<NodeId>& ids) = 0;

    // What these nodes have logged by now can be read at `log_path` afterwards.
    virtual WaitEnd refresh_logs(const std::vector<NodeId>& /*ids*/) { return WaitEnd::done; }
    [[nodiscard]] virtual std::string log_path(NodeId id) const = 0;
    // Of what it wrote to stderr; empty when it wrote nothing.
    [[nodiscard]] virtual std::string last_error_line(const ManagedNode& node) const = 0;

    // ---- time: the machine's, or a simulation's own
    [[nodiscard]] virtual Time now() const = 0;
    [[nodiscard]] virtual WallMs wall_now() const = 0;
    // Lets things happen until `done` says so; see EventLoop::run_until.
    virtual WaitEnd run_until(const std::function<bool()>& done, std::optional<Duration> timeout = std::nullopt) = 0;
    // Once; not at all when the network is gone by then.
    virtual void call_after(Duration delay, std::function<void()> action) = 0;

    [[nodiscard]] FaultTable& faults() { return view_.faults(); }
    [[nodiscard]] const FaultTable& faults() const { return view_.faults(); }
    [[nodiscard]] const ClusterView& view() const { return view_; }
    [[nodiscard]] const ManagedNode* find(NodeId id) const;
    [[nodiscard]] const std::map<NodeId, ManagedNode>& nodes() const { return nodes_; }
    [[nodiscard]] const NetworkPlan& plan() const { return plan_; }
    // Grows with everything that was heard: what a waiting condition looks at.
    [[nodiscard]] std::uint64_t version() const { return version_; }

protected:
    void node_started(NodeId id, Role role);
    void set_state(NodeId id, NodeState state);
    void record_status(const NodeStatus& status) const { record(RunStatus{stamp(), status}); }
    void keep_reply(NodeReply reply);

    NetworkPlan plan_;
    Observers observers_;
    ClusterView view_;
    std::map<NodeId, ManagedNode> nodes_;
    std::uint64_t next_seq_{1};
    std::uint64_t version_{0};

private:
    [[nodiscard]] RunStamp stamp() const { return {now().time_since_epoch().count(), wall_now()}; }
    void record(const RunLine& line) const;

    std::map<std::uint64_t, NodeReply> replies_;
};

}  // namespace gossip
