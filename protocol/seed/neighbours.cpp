#include "protocol/seed/neighbours.hpp"

#include "protocol/canonical.hpp"
#include "protocol/quorum.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr int silent_after_syncs = 3;

std::string_view loss_text(LossReason reason) {
    switch (reason) {
        case LossReason::closed:
            return "connection closed";
        case LossReason::refused:
            return "connection refused";
        case LossReason::timed_out:
            return "no answer";
        case LossReason::slow:
            return "too slow";
        case LossReason::offence:
            return "broke the wire format";
    }
    return "lost";
}

}  // namespace

Neighbours::Neighbours(const Config& config, NodeId self) {
    for (const NodeId seed : config.seeds) {
        if (seed != self) others_[seed] = {};
    }
}

void Neighbours::handle_started(SeedTurn& t) {
    started_ = t.now;
    t.notice({.kind = NoticeKind::seed_started,
              .count = static_cast<std::uint32_t>(t.seeds()),
              .need = static_cast<std::uint32_t>(majority(t.seeds())),
              .subject = t.self,
              .ids = t.other_seeds()});
}

void Neighbours::handle_heard(SeedTurn& t, Seat seat) {
    const NodeId seed = t.config.seeds[seat];
    Neighbour& other = others_.at(seed);
    other.heard = t.now;
    if (other.reach == Reach::answers) return;
    other.reach = Reach::answers;
    t.notice({.kind = NoticeKind::seed_reached, .other = seed});
    check_quorum(t);
    t.raise(fact::SeedReached{});
}

void Neighbours::handle_link_lost(SeedTurn& t, Seat seat, LossReason reason) {
    lose(t, t.config.seeds[seat], loss_text(reason));
}

void Neighbours::lose(SeedTurn& t, NodeId seed, std::string_view why) {
    Neighbour& other = others_.at(seed);
    if (other.reach == Reach::silent) return;
    other.reach = Reach::silent;
    t.notice({.kind = NoticeKind::seed_unreachable, .other = seed, .text = std::string(why)});
    check_quorum(t);
}

void Neighbours::arm_sync(SeedTurn& t) { sync_timer_.set(t, t.now + t.rng.around(t.config.seed.sync_interval, 50)); }

void Neighbours::mark_silent(SeedTurn& t) {
    const Duration longest = silent_after_syncs * t.config.seed.sync_interval;
    for (const auto& [id, other] : others_) {
        if (other.reach == Reach::answers && t.now - other.heard > longest) lose(t, id, "silent");
    }
    check_quorum(t);
}

void Neighbours::check_quorum(SeedTurn& t) {
    const std::size_t need = majority(t.seeds());
    const bool before = std::exchange(quorum_, answering() >= need);
    const bool patient = !before && t.now - started_ < t.config.seed.pending_after;
    if (quorum_ != said_no_quorum_ || (!quorum_ && patient)) return;
    said_no_quorum_ = !quorum_;
    if (quorum_) t.raise(fact::QuorumBack{});
    t.notice({.kind = quorum_ ? NoticeKind::quorum_back : NoticeKind::no_quorum,
              .count = static_cast<std::uint32_t>(answering()),
              .need = static_cast<std::uint32_t>(need)});
}

PublicKey Neighbours::key_of(NodeId seed) const {
    const auto it = others_.find(seed);
    return it == others_.end() ? PublicKey{} : it->second.key;
}

std::size_t Neighbours::answering() const {
    return 1 + static_cast<std::size_t>(std::count_if(others_.begin(), others_.end(), [](const auto& entry) {
               return entry.second.reach == Reach::answers;
           }));
}

void Neighbours::fingerprint(ByteWriter& out) const {
    out.u8(quorum_);
    for (const auto& [id, other] : others_) {
        out.u8(static_cast<std::uint8_t>(other.reach));
        out.raw(other.key.bytes);
    }
}

}  // namespace gossip
