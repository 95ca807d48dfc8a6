#pragma once
// The state of the network as the nodes' events describe it: the model behind list, trace, votes, wait and expect.
// Pure: events are passed in, and it asks nobody; a test feeds it notices by hand.

#include "manager/view/fault_table.hpp"
#include "node/control/control.hpp"
#include "protocol/names.hpp"

#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace gossip {

// `elsewhere`: a node that somebody else runs; the seeds' lists and the peers' links name it.
enum class NodeState : std::uint8_t { starting, alive, paused, leaving, left, killed, died, elsewhere };
[[nodiscard]] std::string_view state_name(NodeState state);
// The port alone for nodes at 127.0.0.1, else ip:port.
[[nodiscard]] std::string short_name(NodeId id);
// "7001, 7002, 7003 and 4 more"
[[nodiscard]] std::string short_names(const std::vector<NodeId>& ids, std::size_t most = 8);
// True when a process that this manager started exists.
[[nodiscard]] constexpr bool is_running(NodeState state) { return state <= NodeState::leaving; }

struct NodeView {
    NodeId id{};
    Role role{};
    NodeState state{NodeState::elsewhere};
    std::string host;  // a name of [[host]]; empty: this machine, or unknown

    // seed
    bool list_known{false};
    Epoch epoch{0};  // of the list that the seed or peer knows
    Digest digest;
    std::set<NodeId> members;
    std::set<NodeId> unreachable;  // other seeds
    bool voting{false};

    // peer
    bool registered{false};
    Incarnation incarnation{};
    std::set<NodeId> links;
    std::set<NodeId> ring_links;  // of those, the ones to neighbours on the hash ring
    std::set<NodeId> suspects;
};

struct Receipt {
    NodeId node{};
    NodeId from{};
    std::uint32_t hop{0};
    std::int64_t latency_ms{0};
    std::int64_t mono_ns{0};
    bool repair{false};
};

struct RumorView {
    RumorPtr rumor;
    std::int64_t mono_ns{0};             // when the origin said so
    std::map<NodeId, Receipt> receipts;  // the origin has one too, hop 0
    std::map<NodeId, std::uint32_t> duplicates;
    bool said{false};  // by the command say; peers generate the others
};

struct CastVote {
    bool yes{false};
    std::string reason;
    std::int64_t mono_ns{0};
};

enum class ProposalOutcome : std::uint8_t { open, approved, rejected, unknown };

struct ProposalView {
    std::uint32_t id{0};
    NodeId subject{};
    bool add{false};
    NodeId proposer{};
    NodeId reporter{};
    std::int64_t mono_ns{0};
    std::int64_t decided_ns{0};
    WallMs wall{0};
    std::uint32_t need{0};
    Epoch epoch{0};
    std::map<NodeId, CastVote> votes;  // by seed; the proposer and the voter both report a vote
    ProposalOutcome outcome{};
    std::string reason;
    [[nodiscard]] std::size_t count(bool yes) const;
};

// The list that a quorum of live seeds agrees on; the best-supported one when none does.
struct Agreement {
    std::size_t supporters{0};
    std::size_t need{0};
    Epoch epoch{0};
    Digest digest;
    const NodeView* holder{nullptr};  // a seed that holds it; valid until the view changes
    [[nodiscard]] const std::set<NodeId>& members() const;
    [[nodiscard]] bool quorum() const { return supporters >= need && need > 0; }
};

// An act of the user that no node reports: a fault on links.
struct ManagerNote {
    std::int64_t mono_ns{0};
    WallMs wall{0};
    std::string text;
    std::set<NodeId> nodes;
};

struct Moment {
    std::int64_t mono_ns{0};  // 0: never
    WallMs wall{0};
};

// Proof that a node was alive: its own event, or a message that another node received from it.
struct SignOfLife {
    Moment at;
    NodeId by{};
};

// How a node's process ended or was paused, and its last sign of life. No notice reports these.
struct Ending {
    Moment at;  // when its process ended or stopped
    NodeState state{};
    SignOfLife last_sign;   // the last one before it was first suspected
    bool suspected{false};  // and not admitted again since
};

class ClusterView {
public:
    static constexpr std::size_t note_limit = 2000;
    static constexpr std::size_t refusal_limit = 2000;
    static constexpr std::size_t rumor_limit = 4096;
    static constexpr std::size_t said_limit = 256;         // said messages, kept in addition and however old
    static constexpr std::size_t receipt_limit = 200'000;  // of all rumors together
    static constexpr std::size_t proposal_limit = 8192;
    static constexpr std::size_t life_limit = 2000;  // events kept about one node

    void configure(std::size_t seed_count) { seed_count_ = seed_count; }
    [[nodiscard]] std::size_t seed_count() const { return seed_count_; }

    // The names of [[host]].
    void set_hosts(std::vector<std::string> hosts) { hosts_ = std::move(hosts); }
    [[nodiscard]] const std::vector<std::string>& hosts() const { return hosts_; }

    void node_started(NodeId id, Role role, const std::string& host = {});
    void node_state(NodeId id, NodeState state, Moment at = {});
    void apply(const NodeEvent& event);
    void apply(const NodeStatus& status);
    void note(ManagerNote note);
    [[nodiscard]] FaultTable& faults() { return faults_; }
    [[nodiscard]] const FaultTable& faults() const { return faults_; }

    [[nodiscard]] const std::map<NodeId, NodeView>& nodes() const { return nodes_; }
    [[nodiscard]] const NodeView* find(NodeId id) const;
    [[nodiscard]] Agreement agreement() const;
    // Live peers on the agreed list: the conditions of wait and expect are about these.
    [[nodiscard]] std::set<NodeId> live_registered() const;
    [[nodiscard]] bool was_listed(NodeId id) const { return listed_.contains(id); }
    // Links between peers of `among` that both ends hold.
    [[nodiscard]] std::map<NodeId, std::set<NodeId>> two_sided_links(const std::set<NodeId>& among) const;

    // Oldest first. Said messages are kept longer than generated ones, because users ask for them.
    [[nodiscard]] const std::list<RumorView>& rumors() const { return rumors_; }
    // "last", an id, or "7000:3" for the newest message of that port with that number.
    [[nodiscard]] const RumorView* find_rumor(std::string_view name) const;

    [[nodiscard]] const std::deque<ProposalView>& proposals() const { return proposals_; }
    [[nodiscard]] const ProposalView* latest_proposal(NodeId subject, bool add) const;

    [[nodiscard]] const std::deque<ManagerNote>& notes() const { return notes_; }
    [[nodiscard]] std::uint64_t notes_taken() const { return notes_taken_; }  // with those that were dropped since
    // What was dropped, refused or rejected, oldest first.
    [[nodiscard]] const std::deque<NodeEvent>& refusals() const { return refusals_; }
    // The events about this node, from any node, oldest first.
    [[nodiscard]] const std::deque<NodeEvent>* life(NodeId id) const;
    // Null when the node never ended and was never suspected.
    [[nodiscard]] const Ending* ending(NodeId id) const;

private:
    using Rumors = std::list<RumorView>;

    NodeView& node(NodeId id);
    void apply_seed(const NodeEvent& event, NodeView& seed);
    void apply_peer(const NodeEvent& event, NodeView& peer);
    void apply_gossip(const NodeEvent& event);
    void apply_proposal(const NodeEvent& event);
    void remember_life(const NodeEvent& event);
    void remember_sign(const NodeEvent& event);
    [[nodiscard]] bool removed(NodeId id, Incarnation life) const;
    void set_members(NodeView& seed, Epoch epoch, const Digest& digest, std::set<NodeId> members);
    RumorView& rumor(const NodeEvent& event);
    void forget_old_rumors();
    void forget_a_rumor();
    Rumors::iterator forget(Rumors::iterator rumor);
    ProposalView& proposal(const NodeEvent& event);

    std::size_t seed_count_{0};
    std::map<NodeId, NodeView> nodes_;
    std::set<NodeId> listed_;                // every node that was on a seed's list at some time
    std::map<NodeId, Incarnation> removed_;  // the last removed life of each node
    Rumors rumors_;
    std::unordered_map<std::string, Rumors::iterator> rumor_index_;  // by id; looked up, never walked
    Rumors::iterator next_to_forget_{rumors_.end()};                 // those before it were said; kept_ counts them
    std::size_t kept_{0};
    std::size_t receipts_{0};
    std::string last_;
    std::deque<ProposalView> proposals_;
    std::deque<ManagerNote> notes_;
    std::uint64_t notes_taken_{0};
    std::deque<NodeEvent> refusals_;
    std::vector<std::string> hosts_;
    FaultTable faults_;
    std::map<NodeId, std::deque<NodeEvent>> lives_;
    std::unordered_map<NodeId, SignOfLife> signs_;  // looked up, never walked
    std::map<NodeId, Ending> endings_;
};

}  // namespace gossip
