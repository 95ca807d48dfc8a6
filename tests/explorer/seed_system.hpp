#pragma once
// The seeds of one network as a system to explore: real machines and journal records, clients that request conflicting
// changes, and disks that lose unsynced records.
//
// Time: a timer that fires advances its node's clock by an hour, so that everything set before is due; between timers
// the clock does not advance. Which timer fires, and when, is a choice of the search, so durations do not matter.

#include "event.hpp"
#include "seed_messages.hpp"
#include "seed_node.hpp"

#include "protocol/config.hpp"
#include "sim/engine/sim_crypto.hpp"

#include <deque>
#include <map>
#include <set>

namespace gossip::explorer {

struct ClientRequest {
    Seat seat{0};
    ChangeKind kind{ChangeKind::add};
    std::uint16_t peer{7000};
    Incarnation incarnation{1};
};

enum class DiskMode : std::uint8_t {
    eager,  // every append is on disk when its step ends
    lazy,   // syncing is an action of its own; a crash keeps any prefix of what was not synced
};

struct SeedOptionsOfSearch {
    std::size_t seeds{3};
    std::uint32_t ballots{2};   // PROPOSEs a seat may send, over all its lives
    std::size_t proposers{2};   // seats that may, from 0
    Epoch epochs{2};            // nothing is proposed for later ones
    bool at_once{true};         // all clients ask before anything else happens
    std::uint32_t crashes{1};   // in all
    std::uint32_t unsynced{3};  // appends a node may leave unsynced (lazy)
    DiskMode disk{DiskMode::eager};
    Network network{Network::learns};
    std::vector<ClientRequest> requests;  // at most 8
    std::set<std::string> checks;         // names of invariants; empty = all
};

class SeedSystem {
public:
    using Node = SeedNode;

    explicit SeedSystem(SeedOptionsOfSearch options);

    [[nodiscard]] std::size_t size() const { return options_.seeds; }
    [[nodiscard]] Node start(std::size_t seat);
    [[nodiscard]] Bytes key(const Node& node) const { return node_bytes(node); }
    void own_events(const Node& node, std::vector<LocalEvent>& out) const;
    [[nodiscard]] std::optional<Node> step(std::size_t seat, const Node& before, LocalEvent event);
    [[nodiscard]] std::size_t target(MessageId id) const { return messages_[id].to; }
    [[nodiscard]] bool admissible(WorldView<SeedSystem> world) const;
    [[nodiscard]] std::optional<std::string> violation(WorldView<SeedSystem> world, std::size_t seat) const;
    [[nodiscard]] std::string describe(std::size_t seat, const Node& before, LocalEvent event);

    // Ends the faults: all seeds restart from their disks, no message is lost and the bounds do not apply. Returns a
    // violation on the way, an acknowledged change that was lost, or that the seeds do not agree.
    [[nodiscard]] std::optional<std::string> healed(std::vector<Node> nodes);
    // All kinds of notices that occurred: a search that never saw a RECOVERY proves nothing about it.
    [[nodiscard]] const std::set<NoticeKind>& seen() const { return seen_; }

private:
    struct Letter {
        Seat from{0};
        Seat to{0};
        Message message;
        MessageFacts facts;
    };
    // A step in progress: the copy of the machine that it changes, and its results.
    struct Turn {
        Seat seat;
        Node& node;
        SeedMachine& machine;
        std::string* words{nullptr};  // text for traces
    };

    [[nodiscard]] NodeId id(std::size_t seat) const { return config_.seeds[seat]; }
    std::optional<Node> stepped(std::size_t seat, const Node& before, LocalEvent event, std::string* words);
    void feed(Turn& turn, const Event& event);
    void drain(Turn& turn, Effects& effects);
    void sync(Turn& turn);
    void fire(Turn& turn, TimerKind kind);
    [[nodiscard]] bool within_bounds(std::size_t seat, const Node& node) const;
    void forget_the_irrelevant(std::size_t seat, Node& node) const;
    void ask(Turn& turn, std::uint32_t request);
    void restart(std::size_t seat, Node& node, std::size_t kept, std::string* words);
    void boot(std::size_t seat, Node& node, bool first, std::string* words);
    [[nodiscard]] Event request_event(const ClientRequest& request) const;
    void release(Turn& turn, const Send& send);
    void answer(Turn& turn, NodeId peer, const msg::Challenge& challenge);
    void post(Turn& turn, std::size_t to, const Message& message);
    void observe(Turn& turn, const Effects& effects);
    void observe_applied(Turn& turn, const Notice& notice);
    void observe_answer(Turn& turn, const Message& message);
    [[nodiscard]] std::string words_of(const LocalEvent& event, const Node& node) const;

    struct Calm {
        std::vector<Node> nodes;
        std::deque<MessageId> letters;  // messages in flight, in order
    };
    // The disk first, then a letter, else a timer. False at rest.
    bool calm_step(Calm& calm, std::size_t round);
    bool calm_event(Calm& calm, std::size_t seat, LocalEvent event);
    void exchange_syncs(Calm& calm);
    [[nodiscard]] bool agreed(const std::vector<Node>& nodes) const;

    using Found = std::optional<std::string>;
    [[nodiscard]] bool checked(const std::string& what) const;
    [[nodiscard]] Found agreement(WorldView<SeedSystem> world, std::size_t seat) const;
    [[nodiscard]] Found durability(WorldView<SeedSystem> world) const;
    [[nodiscard]] Found quorums(WorldView<SeedSystem> world, std::size_t seat) const;
    [[nodiscard]] Found once(WorldView<SeedSystem> world, std::size_t seat) const;
    [[nodiscard]] Found honesty(WorldView<SeedSystem> world) const;
    [[nodiscard]] Found one_batch(const Node& node) const;
    [[nodiscard]] Found kept(const std::vector<Node>& nodes) const;
    [[nodiscard]] std::size_t senders(WorldView<SeedSystem> world, std::size_t to, MessageFacts::Type type,
                                      EpochBallot what) const;

    SeedOptionsOfSearch options_;
    bool calm_{false};  // healing: no bounds, no losses
    Config config_;
    std::vector<sim::SimCrypto> crypto_;  // by seat
    std::set<NoticeKind> seen_;
    std::deque<Letter> messages_;
    std::map<Bytes, MessageId> known_;
};

}  // namespace gossip::explorer
