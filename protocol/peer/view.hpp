#pragma once
// What a peer knows of the membership: the epoch and digest it has followed the list to, its ring
// successors, a sample of candidates, and which lives were removed. Never the whole list: a peer of
// a network of 100,000 needs no more than one of 100.
//
// Rules (PROTOCOL.md section 2): epochs are applied in order and never lowered; a decision that is
// ahead waits, bounded, until the gap is closed or jumped; a removal names a life, so a tombstone
// stops exactly that life and the ones before it.

#include "protocol/config.hpp"
#include "protocol/membership.hpp"
#include "protocol/memory/cold.hpp"
#include "protocol/memory/copy_on_write.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "protocol/messages.hpp"
#include "protocol/peer/membership_state.hpp"
#include "protocol/peer/peer_snapshot.hpp"
#include "protocol/rng.hpp"

#include <memory>
#include <optional>
#include <span>

namespace gossip {

class View {
public:
    static constexpr std::size_t waiting_limit = 64;  // decisions ahead of us
    static constexpr std::size_t tombstone_limit = 1024;
    static constexpr std::size_t key_limit = 64;  // keys of peers that joined lately

    explicit View(NodeId self) : self_(self) {}

    [[nodiscard]] NodeId self() const { return self_; }
    [[nodiscard]] const MembershipState& state() const { return *state_; }
    // For changing; a step that changed it ends with share_state().
    [[nodiscard]] MembershipState& mutable_state();
    void share_state(StateInterner& latest);

    [[nodiscard]] Incarnation incarnation() const { return state().incarnation; }
    [[nodiscard]] WallMs wall(Time now) const;
    [[nodiscard]] Epoch epoch() const { return state().epoch; }
    [[nodiscard]] const Digest& digest() const { return state().digest; }
    // Where the peer started from; of one that registers, it knows nothing.
    [[nodiscard]] const SnapshotSource& source() const { return *state().source; }

    // Whom it could link with. Before it is first looked at it takes no memory: it is what the source knows.
    [[nodiscard]] const ViewSample& sample() const;
    // How many members the list has, as far as we followed it.
    [[nodiscard]] std::uint32_t members() const { return sample().members; }
    // Members beside us.
    [[nodiscard]] std::size_t others() const { return members() > 0 ? members() - 1 : 0; }
    [[nodiscard]] std::span<const NodeId> successors() const { return sample().successors; }  // nearest first
    // Ascending by id.
    [[nodiscard]] std::span<const Candidate> candidates() const { return *sample().candidates; }
    [[nodiscard]] const Candidate* candidate(NodeId id) const;

    // Takes over a state a seed vouches for, unless it is older than ours.
    bool rise(Epoch epoch, const Digest& digest, std::uint32_t members);
    // Adds what a seed's sample names; when full, a random old candidate makes room.
    void learn(std::span<const NodeId> successors, std::span<const Candidate> candidates, const OverlayConfig& config,
               Rng& rng);
    void note_degree(NodeId id, std::uint32_t degree);
    // Not to be linked with again until it is heard of again: unreachable, or leaving.
    void forget(NodeId id);

    enum class Offer : std::uint8_t { fresh, known, overflow };
    // A verified decision: fresh ones are kept until next() hands them out in order.
    Offer offer(const msg::Membership& decision);
    // The decision that follows our epoch, if it is here; the epoch advances.
    [[nodiscard]] std::optional<msg::Membership> next();
    // Decisions wait for one that is missing.
    [[nodiscard]] bool gap() const { return !history_->waiting.empty(); }
    void apply(const Change& change, const OverlayConfig& config, Rng& rng);

    // That this life is over. A life without incarnation (protocol 0) is over while its endpoint is
    // not a member.
    [[nodiscard]] bool removed(NodeId id, Incarnation life) const;
    // That the endpoint was removed and has not come back: it leaves the denominators of consensus.
    [[nodiscard]] bool gone(NodeId id) const;
    // That this life was declared dead: what it said is not believed any more. One that left at its
    // own word stays worth hearing.
    [[nodiscard]] bool dead(NodeId id, Incarnation life) const;
    // The key of this life, if it joined lately; nullptr when we do not know.
    [[nodiscard]] const PublicKey* key_of(NodeId id, Incarnation life) const;

private:
    struct Tombstone {
        NodeId id{};
        Incarnation life{};
        Incarnation dead{};  // the last of them that did not leave at its own word
        bool back{false};    // a later life is a member, as far as we know
        std::uint32_t order{0};
    };
    struct Key {
        NodeId id{};
        Incarnation life{};
        PublicKey key{};
    };
    // What was decided since the peer registered: nothing for long in a calm network.
    struct History {
        SlimVector<Tombstone> tombstones;     // ascending by id
        SlimVector<Key> keys;                 // oldest first
        SlimVector<msg::Membership> waiting;  // ascending by epoch
        std::uint32_t burials{0};
    };
    [[nodiscard]] ViewSample& mutable_sample();
    void add_candidate(const Candidate& candidate, std::size_t limit, Rng& rng);
    void add_successor(NodeId id, std::size_t limit);
    void remember_key(const Change& change);
    void bury(const Change& change);
    void revive(NodeId id);
    [[nodiscard]] const Tombstone* tombstone(NodeId id) const;

    Cold<History> history_;
    mutable std::unique_ptr<ViewSample> sample_;  // a memo of the source's until it is changed
    CopyOnWrite<MembershipState> state_;
    NodeId self_ : 48;  // an endpoint
    bool state_changed_ : 1 {false};
};

}  // namespace gossip
