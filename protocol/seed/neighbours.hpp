#pragma once
// The other seeds as seen from here: who answers, whether that makes a quorum, and their keys.

#include "protocol/seed/deadline.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <string_view>

namespace gossip {

class ByteWriter;

class Neighbours {
public:
    enum class Reach : std::uint8_t { unknown, answers, silent };
    struct Neighbour {
        Reach reach{Reach::unknown};
        Time heard;
        PublicKey key{};
    };

    Neighbours(const Config& config, NodeId self);

    void handle_started(SeedTurn& t);
    // A proven message of that seed.
    void handle_heard(SeedTurn& t, Seat seat);
    void handle_link_lost(SeedTurn& t, Seat seat, LossReason reason);
    void learn_key(const SeedTurn& t, Seat seat, const PublicKey& key) { others_.at(t.config.seeds[seat]).key = key; }

    // A round of SYNC is due: it is also how each seed knows who answers.
    [[nodiscard]] bool sync_due(SeedTurn& t, const TimerTag& tag) { return sync_timer_.fired(t, tag); }
    void arm_sync(SeedTurn& t);
    // Who missed three rounds is silent.
    void mark_silent(SeedTurn& t);

    // Says when a quorum is lost or back. Soon after the start, while others may be starting, to have none is not said.
    void check_quorum(SeedTurn& t);
    [[nodiscard]] bool quorum() const { return quorum_; }
    // The key that a seed told; all zero when it told none, or is this seed.
    [[nodiscard]] PublicKey key_of(NodeId seed) const;
    [[nodiscard]] const std::map<NodeId, Neighbour>& all() const { return others_; }

    void fingerprint(ByteWriter& out) const;

private:
    void lose(SeedTurn& t, NodeId seed, std::string_view why);
    [[nodiscard]] std::size_t answering() const;

    std::map<NodeId, Neighbour> others_;
    bool quorum_{false};
    bool said_no_quorum_{false};
    Time started_;
    Deadline sync_timer_{TimerKind::sync};
};

}  // namespace gossip
