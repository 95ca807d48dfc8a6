// The invariants of PROTOCOL.md section 7, checked in every world from messages sent, records written and notices,
// never from the state of the machines under test.

#include "protocol/log_text.hpp"
#include "seed_system.hpp"

#include "protocol/names.hpp"
#include "protocol/quorum.hpp"

#include <algorithm>
#include <map>

namespace gossip::explorer {
namespace {

std::string name_of(const LifeEvent& e) {
    return std::to_string(endpoint(e.peer).port) + "@" + std::to_string(static_cast<std::uint64_t>(e.incarnation));
}

std::string at(EpochBallot slot) {
    return "epoch " + std::to_string(slot.epoch) + " ballot " + std::to_string(slot.ballot.round) + "." +
           std::to_string(slot.ballot.seat);
}

bool same_life(const LifeEvent& a, const LifeEvent& b) { return a.peer == b.peer && a.incarnation == b.incarnation; }

}  // namespace

// ---------------------------------------------------------------- watching one node

void SeedSystem::observe(Turn& turn, const Effects& effects) {
    Observed& seen = turn.node.observed;
    if (effects.fatal) seen.broken = "S1: two digests of one epoch met (the seed stopped)";
    for (const Append& append : effects.appends) {
        const char* const types[]{"?", "header", "ceiling", "accepted", "decided", "snapshot", "seat life"};
        if (turn.words)
            *turn.words += std::string("     writes ") + types[static_cast<std::size_t>(append.type)] + "\n";
    }
    for (const Send& send : effects.sends) {
        const MessageFacts facts = facts_of(send.message);
        if (facts.type == MessageFacts::Type::propose) insert_sorted(seen.proposed, {facts.epoch, facts.ballot});
    }
    for (const Notice& notice : effects.notices) {
        seen_.insert(notice.kind);
        const LifeEvent life{notice.subject, notice.incarnation, notice.epoch};
        if (notice.kind == NoticeKind::epoch_applied) observe_applied(turn, notice);
        if (notice.kind == NoticeKind::member_added) insert_sorted(seen.added, life);
        if (notice.kind == NoticeKind::rejected) insert_sorted(seen.rejected, life);
        if (const std::string line = log_text(notice); turn.words && !line.empty())
            *turn.words += "     " + line + "\n";
    }
}

void SeedSystem::observe_applied(Turn& turn, const Notice& notice) {
    Observed& seen = turn.node.observed;
    const EpochDigest applied{notice.epoch, notice.digest};
    for (const EpochDigest& earlier : seen.applied) {
        if (earlier.epoch == applied.epoch && earlier.digest != applied.digest) {
            seen.broken = "S1: one seat applied two batches as epoch " + std::to_string(applied.epoch);
        }
    }
    insert_sorted(seen.applied, applied);
}

void SeedSystem::observe_answer(Turn& turn, const Message& message) {
    if (turn.words) *turn.words += "     -> client: " + text_of(message) + "\n";
    const auto* ack = std::get_if<msg::RegisterAck>(&message);
    if (ack == nullptr) return;
    const LifeEvent told{ack->peer, ack->incarnation, ack->epoch};
    Observed& seen = turn.node.observed;
    insert_sorted(seen.acknowledged, told);
    const bool listed = std::any_of(seen.added.begin(), seen.added.end(), [&](const LifeEvent& added) {
        return same_life(added, told) && added.epoch <= told.epoch;
    });
    if (!listed) seen.broken = "S2: a life was acknowledged that no epoch had added";
}

// ---------------------------------------------------------------- judging a world

bool SeedSystem::checked(const std::string& what) const {
    return options_.checks.empty() || options_.checks.contains(what.substr(0, what.find(':')));
}

std::optional<std::string> SeedSystem::violation(WorldView<SeedSystem> world, std::size_t seat) const {
    const Node& node = *world[seat];
    std::vector<Found> found{agreement(world, seat), quorums(world, seat), durability(world),
                             once(world, seat),      honesty(world),       one_batch(node)};
    if (!node.observed.broken.empty()) found.push_back(node.observed.broken);
    for (Found& what : found) {
        if (what && checked(*what)) return std::move(what);
    }
    return std::nullopt;
}

// S1: two seats never apply different batches as the same epoch.
SeedSystem::Found SeedSystem::agreement(WorldView<SeedSystem> world, std::size_t seat) const {
    for (const EpochDigest& ours : world[seat]->observed.applied) {
        for (std::size_t other = 0; other < world.size(); ++other) {
            for (const EpochDigest& theirs : world[other]->observed.applied) {
                if (ours.epoch != theirs.epoch || ours.digest == theirs.digest) continue;
                return "S1: S" + std::to_string(seat) + " and S" + std::to_string(other) +
                       " applied different batches as epoch " + std::to_string(ours.epoch);
            }
        }
    }
    return std::nullopt;
}

// S2: what a seat applied or acknowledged is on a majority of the disks, so every later quorum of recovered seats
// contains one that knows it.
SeedSystem::Found SeedSystem::durability(WorldView<SeedSystem> world) const {
    std::vector<EpochDigest> applied;
    for (const Node* node : world) {
        for (const EpochDigest& e : node->observed.applied) insert_sorted(applied, e);
    }
    for (const EpochDigest& e : applied) {
        const auto holds = [&](const Node* n) { return n->durable.epoch >= e.epoch || n->pending == e; };
        const auto disks = static_cast<std::size_t>(std::count_if(world.begin(), world.end(), holds));
        if (disks < majority(size())) {
            return "S2: epoch " + std::to_string(e.epoch) + " was applied but only " + std::to_string(disks) +
                   " disks hold it";
        }
    }
    return std::nullopt;
}

std::size_t SeedSystem::senders(WorldView<SeedSystem> world, std::size_t to, MessageFacts::Type type,
                                EpochBallot what) const {
    std::size_t count = 0;
    for (const Node* node : world) {
        count += std::any_of(node->sent.begin(), node->sent.end(), [&](MessageId id) {
            const Letter& letter = messages_[id];
            return letter.to == to && letter.facts.type == type && letter.facts.epoch == what.epoch &&
                   letter.facts.ballot == what.ballot;
        });
    }
    return count;
}

// S4, S10: every COMMIT has votes, and every decision has acks, of a majority of distinct seats, including the
// proposer's own disk.
SeedSystem::Found SeedSystem::quorums(WorldView<SeedSystem> world, std::size_t seat) const {
    const Observed& seen = world[seat]->observed;
    for (const EpochBallot slot : seen.committed) {
        const std::size_t votes = senders(world, seat, MessageFacts::Type::vote, slot) + 1;
        if (votes < majority(size())) {
            return "S10: COMMIT of " + at(slot) + " with votes of only " + std::to_string(votes) + " distinct seats";
        }
    }
    for (const EpochBallot slot : seen.decided) {
        const bool own = std::binary_search(seen.accepted.begin(), seen.accepted.end(), slot);
        const std::size_t acks = senders(world, seat, MessageFacts::Type::ack, slot) + (own ? 1 : 0);
        if (acks < majority(size())) {
            return "S4: " + at(slot) + " was decided with acks of only " + std::to_string(acks) + " distinct seats";
        }
    }
    return std::nullopt;
}

// S8: a life is added by one epoch only.
SeedSystem::Found SeedSystem::once(WorldView<SeedSystem> world, std::size_t seat) const {
    for (const LifeEvent& ours : world[seat]->observed.added) {
        for (const Node* node : world) {
            for (const LifeEvent& theirs : node->observed.added) {
                if (same_life(ours, theirs) && ours.epoch != theirs.epoch)
                    return "S8: " + name_of(ours) + " was added twice";
            }
        }
    }
    return std::nullopt;
}

// S9: what a seat reported as REJECTED in the attempt at an epoch is not added by that epoch.
SeedSystem::Found SeedSystem::honesty(WorldView<SeedSystem> world) const {
    for (const Node* said : world) {
        for (const LifeEvent& rejected : said->observed.rejected) {
            for (const Node* node : world) {
                for (const LifeEvent& added : node->observed.added) {
                    if (same_life(rejected, added)) return "S9: " + name_of(added) + " was called REJECTED, then added";
                }
            }
        }
    }
    return std::nullopt;
}

// P2: one seat proposes at most one batch under one ballot.
SeedSystem::Found SeedSystem::one_batch(const Node& node) const {
    std::map<EpochBallot, const msg::Commit*> first;
    for (const MessageId id : node.sent) {
        const auto* commit = std::get_if<msg::Commit>(&messages_[id].message);
        if (commit == nullptr) continue;
        const EpochBallot slot{commit->epoch, commit->ballot};
        const auto [it, fresh] = first.try_emplace(slot, commit);
        if (!fresh && it->second->batch != commit->batch) return "P2: two batches under " + at(slot);
    }
    return std::nullopt;
}

}  // namespace gossip::explorer
