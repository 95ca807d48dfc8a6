#pragma once
// All distinct states of single nodes, with the outcome of each event. A system of three seeds has millions of worlds,
// but they combine some ten thousand states per seed: each step of a machine is computed once and then looked up.

#include "event.hpp"

#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gossip::explorer {

using NodeIndex = std::uint32_t;
constexpr NodeIndex unknown_node = 0xffffffff;
constexpr NodeIndex forbidden_node = 0xfffffffe;

// Two independent 64-bit hashes: among 10^7 states a collision has a chance below 10^-24.
struct Fingerprint {
    std::uint64_t a{0};
    std::uint64_t b{0};
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

[[nodiscard]] inline Fingerprint fingerprint_of(std::string_view bytes) {
    Fingerprint f{bytes.size(), ~bytes.size()};
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        std::uint64_t word = 0;
        for (std::size_t k = 0; k < 8 && i + k < bytes.size(); ++k) {
            word |= std::uint64_t{static_cast<std::uint8_t>(bytes[i + k])} << (8 * k);
        }
        f.a = mix64(f.a ^ word);
        f.b = mix64(f.b + word * 0x9e3779b97f4a7c15ULL);
    }
    return f;
}

template <class System>
class NodeStore {
public:
    using Node = typename System::Node;

    explicit NodeStore(System& system) : system_(system) {}

    [[nodiscard]] const Node& node(NodeIndex index) const { return entries_[index].node; }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    NodeIndex start(std::size_t seat) { return intern(seat, system_.start(seat)); }

    // Messages for `seat` that the node sent in this state or before.
    [[nodiscard]] const std::vector<MessageId>& sent_to(NodeIndex index, std::size_t seat) const {
        return entries_[index].sent_to[seat];
    }

    // The state after a delivery; the same index when it changes nothing.
    NodeIndex deliver(NodeIndex index, MessageId message) {
        std::vector<NodeIndex>& row = entries_[index].after;
        if (row.size() <= message) row.resize(message + 1, unknown_node);
        if (row[message] == unknown_node) row[message] = computed(index, {EventKind::deliver, message});
        return entries_[index].after[message];
    }

    // All other events that lead somewhere.
    const std::vector<std::pair<LocalEvent, NodeIndex>>& own_moves(NodeIndex index) {
        if (!entries_[index].own) {
            std::vector<LocalEvent> events;
            system_.own_events(entries_[index].node, events);
            std::vector<std::pair<LocalEvent, NodeIndex>> moves;
            for (const LocalEvent event : events) {
                const NodeIndex next = computed(index, event);
                if (next != forbidden_node && next != index) moves.push_back({event, next});
            }
            entries_[index].own =
                std::make_unique<const std::vector<std::pair<LocalEvent, NodeIndex>>>(std::move(moves));
        }
        return *entries_[index].own;
    }

private:
    struct Entry {
        Node node;
        std::uint8_t seat{0};
        std::vector<std::vector<MessageId>> sent_to;
        std::vector<NodeIndex> after;
        std::unique_ptr<const std::vector<std::pair<LocalEvent, NodeIndex>>> own;
    };
    struct Hash {
        std::size_t operator()(const Fingerprint& f) const { return static_cast<std::size_t>(f.a); }
    };

    NodeIndex computed(NodeIndex index, LocalEvent event) {
        const Entry& entry = entries_[index];
        auto next = system_.step(entry.seat, entry.node, event);
        return next ? intern(entry.seat, std::move(*next)) : forbidden_node;
    }

    NodeIndex intern(std::size_t seat, Node node) {
        const Bytes key = static_cast<char>(seat) + system_.key(node);
        const auto [it, fresh] = known_.try_emplace(fingerprint_of(key), static_cast<NodeIndex>(entries_.size()));
        if (!fresh) return it->second;
        std::vector<std::vector<MessageId>> sent_to(system_.size());
        for (const MessageId id : node.sent) sent_to[system_.target(id)].push_back(id);
        entries_.push_back({std::move(node), static_cast<std::uint8_t>(seat), std::move(sent_to), {}, nullptr});
        return it->second;
    }

    System& system_;
    std::deque<Entry> entries_;  // references stay valid while it grows
    std::unordered_map<Fingerprint, NodeIndex, Hash> known_;
};

}  // namespace gossip::explorer
