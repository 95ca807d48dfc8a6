// After the faults: the surviving state must lead to one list that contains all that was acknowledged.

#include "seed_system.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace gossip::explorer {
namespace {

constexpr std::size_t calm_steps = 5000;

std::vector<const SeedNode*> view_of(const std::vector<SeedNode>& nodes) {
    std::vector<const SeedNode*> view;
    for (const SeedNode& node : nodes) view.push_back(&node);
    return view;
}

}  // namespace

std::optional<std::string> SeedSystem::healed(std::vector<Node> nodes) {
    calm_ = true;
    Calm calm{std::move(nodes), {}};
    for (std::size_t seat = 0; seat < size(); ++seat) restart(seat, calm.nodes[seat], 0, nullptr);
    for (std::size_t round = 0; round < calm_steps; ++round) {
        const bool moved = calm_step(calm, round);
        for (std::size_t seat = 0; seat < size(); ++seat) {
            if (auto what = violation(view_of(calm.nodes), seat)) return "after healing: " + *what;
        }
        if (!moved && agreed(calm.nodes)) return kept(calm.nodes);
        if (!moved) exchange_syncs(calm);
    }
    return "after healing: no agreement";
}

// Messages of this step are in flight even if the node has sent equal ones before.
bool SeedSystem::calm_event(Calm& calm, std::size_t seat, LocalEvent event) {
    Node before = calm.nodes[seat];
    const std::vector<MessageId> said = std::exchange(before.sent, {});
    auto next = step(seat, before, event);
    if (!next) return false;
    calm.letters.insert(calm.letters.end(), next->sent.begin(), next->sent.end());
    for (const MessageId id : said) insert_sorted(next->sent, id);
    calm.nodes[seat] = std::move(*next);
    return true;
}

bool SeedSystem::calm_step(Calm& calm, std::size_t round) {
    for (std::size_t seat = 0; seat < size(); ++seat) {
        if (!calm.nodes[seat].unsynced.empty()) return calm_event(calm, seat, {EventKind::sync, 0});
    }
    if (!calm.letters.empty()) {
        const MessageId first = calm.letters.front();
        calm.letters.pop_front();
        return calm_event(calm, target(first), {EventKind::deliver, first});
    }
    for (std::size_t i = 0; i < size();
         ++i) {  // one timer at a time, each seat in turn, so that proposers do not compete
        const std::size_t seat = (i + round) % size();
        for (const ArmedTimer& timer : std::vector<ArmedTimer>(calm.nodes[seat].timers)) {
            if (calm_event(calm, seat, {EventKind::timer, static_cast<std::uint32_t>(timer.tag.kind)})) return true;
        }
    }
    return false;
}

void SeedSystem::exchange_syncs(Calm& calm) {
    for (std::size_t seat = 0; seat < size(); ++seat) {
        Node& node = calm.nodes[seat];
        auto machine = std::make_shared<SeedMachine>(*node.machine);
        const std::vector<MessageId> said = std::exchange(node.sent, {});
        Turn turn{static_cast<Seat>(seat), node, *machine, nullptr};
        for (std::size_t other = 0; other < size(); ++other) {
            if (other == seat) continue;
            const SeedStatus status = calm.nodes[other].machine->status();
            feed(turn, Received{id(other), Trust::seed, msg::Sync{status.epoch, status.digest, status.life, {}, {}}});
        }
        calm.letters.insert(calm.letters.end(), node.sent.begin(), node.sent.end());
        for (const MessageId id : said) insert_sorted(node.sent, id);
        node.machine = std::move(machine);
    }
}

bool SeedSystem::agreed(const std::vector<Node>& nodes) const {
    const SeedStatus first = nodes.front().machine->status();
    return std::all_of(nodes.begin(), nodes.end(), [&](const Node& node) {
        const SeedStatus own = node.machine->status();
        return own.epoch == first.epoch && own.digest == first.digest && own.pending == 0;
    });
}

// S2 at the end: every life whose registration was acknowledged is in the list, or a later life is, or it left.
SeedSystem::Found SeedSystem::kept(const std::vector<Node>& nodes) const {
    const std::vector<Member> members = nodes.front().machine->members();
    const auto in_list = [&](const LifeEvent& life) {
        return std::any_of(members.begin(), members.end(),
                           [&](const Member& m) { return m.id == life.peer && m.incarnation >= life.incarnation; });
    };
    const auto may_leave = [&](const LifeEvent& life) {
        return std::any_of(options_.requests.begin(), options_.requests.end(), [&](const ClientRequest& r) {
            return r.kind == ChangeKind::leave && node_id({0x7f000001, r.peer}) == life.peer;
        });
    };
    for (const Node& node : nodes) {
        for (const LifeEvent& life : node.observed.acknowledged) {
            if (!in_list(life) && !may_leave(life)) return "S2: an acknowledged life is not in the list after healing";
        }
    }
    return std::nullopt;
}

}  // namespace gossip::explorer
