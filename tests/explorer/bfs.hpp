#pragma once
// Breadth-first search over every reachable world, so that the first violation found has a shortest trace. Worlds are
// compared exactly, as tuples of node indices.

#include "node_store.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace gossip::explorer {

// Worlds of n node indices each, numbered in the order of discovery. Lookup by open addressing over the numbers, which
// is compact enough for millions.
class WorldSet {
public:
    explicit WorldSet(std::size_t width) : width_(width), slots_(1 << 16, 0) {}

    [[nodiscard]] std::size_t size() const { return cells_.size() / width_; }
    [[nodiscard]] std::span<const NodeIndex> world(std::size_t i) const { return {&cells_[i * width_], width_}; }

    // False if the world is already known.
    bool insert(std::span<const NodeIndex> world) {
        if (size() * 10 >= slots_.size() * 6) grow();
        std::uint32_t& slot = find(world);
        if (slot != 0) return false;
        cells_.insert(cells_.end(), world.begin(), world.end());
        slot = static_cast<std::uint32_t>(size());
        return true;
    }

private:
    std::uint32_t& find(std::span<const NodeIndex> world) {
        std::uint64_t hash = 0;
        for (const NodeIndex index : world) hash = mix64(hash ^ index);
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
            std::uint32_t& slot = slots_[at];
            if (slot == 0) return slot;
            if (std::equal(world.begin(), world.end(), &cells_[(slot - 1) * width_])) return slot;
        }
    }

    void grow() {
        std::vector<std::uint32_t> old(slots_.size() * 2, 0);
        old.swap(slots_);
        for (const std::uint32_t number : old) {
            if (number != 0) find(world(number - 1)) = number;
        }
    }

    std::size_t width_;
    std::vector<NodeIndex> cells_;
    std::vector<std::uint32_t> slots_;  // number + 1; 0 = free
};

template <class System>
class BreadthFirst {
public:
    explicit BreadthFirst(System& system) : system_(system), store_(system), worlds_(system.size()) {}

    // Runs until all worlds are seen, a violation is found, `limit` worlds are known or `out_of_time` holds.
    SearchResult run(std::uint64_t limit, const std::function<bool()>& out_of_time) {
        std::vector<NodeIndex> first;
        for (std::size_t seat = 0; seat < system_.size(); ++seat) first.push_back(store_.start(seat));
        worlds_.insert(first);
        steps_.push_back({0, 0, 0});
        for (std::size_t i = 0; i < worlds_.size() && !violation_; ++i) {
            if (worlds_.size() >= limit || (i % 1024 == 0 && out_of_time())) return result(i, false);
            expand(i);
        }
        return result(worlds_.size() - 1, !violation_);
    }

private:
    struct Step {
        std::uint32_t parent;
        std::uint32_t action;
        std::uint32_t depth;
    };

    void expand(std::size_t i) {
        const auto known = worlds_.world(i);
        current_.assign(known.begin(), known.end());
        for (std::size_t seat = 0; seat < current_.size() && !violation_; ++seat) {
            for (const auto& [event, next] : store_.own_moves(current_[seat])) reach(i, seat, event, next);
            for (std::size_t from = 0; from < current_.size(); ++from) {
                for (const MessageId id : store_.sent_to(current_[from], seat)) {
                    reach(i, seat, {EventKind::deliver, id}, store_.deliver(current_[seat], id));
                }
            }
        }
    }

    void reach(std::size_t parent, std::size_t seat, LocalEvent event, NodeIndex next) {
        if (next == current_[seat] || next == forbidden_node || violation_) return;
        const NodeIndex before = std::exchange(current_[seat], next);
        if (view(), system_.admissible(view_) && worlds_.insert(current_)) {
            const Action action{static_cast<std::uint8_t>(seat), event};
            steps_.push_back({static_cast<std::uint32_t>(parent), action.packed(), steps_[parent].depth + 1});
            if (auto what = system_.violation(view_, seat)) {
                violation_ = Violation{std::move(*what), trace(steps_.size() - 1)};
            }
        }
        current_[seat] = before;
    }

    void view() {
        view_.clear();
        for (const NodeIndex index : current_) view_.push_back(&store_.node(index));
    }

    std::vector<Action> trace(std::size_t world) const {
        std::vector<Action> actions;
        for (; world != 0; world = steps_[world].parent) actions.push_back(Action::unpacked(steps_[world].action));
        std::reverse(actions.begin(), actions.end());
        return actions;
    }

    SearchResult result(std::size_t last, bool exhausted) const {
        const std::size_t depth = violation_ ? violation_->trace.size() : steps_[last].depth;
        return {violation_, exhausted, worlds_.size(), store_.size(), 0, depth};
    }

    System& system_;
    NodeStore<System> store_;
    WorldSet worlds_;
    std::vector<Step> steps_;
    std::vector<NodeIndex> current_;
    std::vector<const typename System::Node*> view_;
    std::optional<Violation> violation_;
};

}  // namespace gossip::explorer
