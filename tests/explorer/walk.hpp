#pragma once
// Random walks over the same steps, for systems that are too large to exhaust. A trace that was found is minimized:
// steps that are not needed for the same violation are removed.

#include "event.hpp"

#include "protocol/rng.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

namespace gossip::explorer {

template <class System>
class RandomWalk {
public:
    using Node = typename System::Node;

    RandomWalk(System& system, Rng rng) : system_(system), rng_(rng) { restart(); }

    // One walk of at most `length` steps.
    std::optional<Violation> run(std::size_t length) {
        for (; steps_ < length; ++steps_) {
            const std::optional<Action> action = pick();
            if (!action) return std::nullopt;
            if (!take(*action)) continue;
            if (auto what = system_.violation(view(), action->seat)) return Violation{std::move(*what), trace_};
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t steps() const { return steps_; }
    [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
    [[nodiscard]] const std::vector<Action>& trace() const { return trace_; }

    // Minimizes by removing single steps while the violation stays the same.
    Violation shortened(Violation violation) {
        for (bool shorter = true; shorter;) {
            shorter = false;
            for (std::size_t i = violation.trace.size(); i-- > 0;) {
                std::vector<Action> fewer(violation.trace);
                fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
                if (auto found = replayed(fewer)) {
                    violation = std::move(*found);
                    shorter = true;
                    i = std::min(i, violation.trace.size());
                }
            }
        }
        return violation;
    }

private:
    void restart() {
        nodes_.clear();
        trace_.clear();
        delivered_.clear();
        for (std::size_t seat = 0; seat < system_.size(); ++seat) nodes_.push_back(system_.start(seat));
    }

    std::vector<const Node*> view() const {
        std::vector<const Node*> all;
        for (const Node& node : nodes_) all.push_back(&node);
        return all;
    }

    // Draws a kind by weight, then one of its events: crashes are rare, and new messages are preferred.
    std::optional<Action> pick() {
        constexpr std::array<std::uint64_t, 5> weight{60, 12, 8, 25, 3};
        std::array<std::vector<Action>, 5> by_kind;
        collect(by_kind);
        std::uint64_t total = 0;
        for (std::size_t k = 0; k < weight.size(); ++k) total += by_kind[k].empty() ? 0 : weight[k];
        if (total == 0) return std::nullopt;
        std::uint64_t drawn = rng_.below(total);
        for (std::size_t k = 0; k < weight.size(); ++k) {
            if (by_kind[k].empty()) continue;
            if (drawn < weight[k]) return by_kind[k][rng_.below(by_kind[k].size())];
            drawn -= weight[k];
        }
        return std::nullopt;
    }

    void collect(std::array<std::vector<Action>, 5>& by_kind) {
        std::vector<LocalEvent> events;
        for (std::uint8_t seat = 0; seat < nodes_.size(); ++seat) {
            events.clear();
            system_.own_events(nodes_[seat], events);
            for (const LocalEvent event : events) {
                by_kind[static_cast<std::size_t>(event.kind)].push_back({seat, event});
            }
        }
        std::vector<Action> old;
        std::vector<Action>& fresh = by_kind[static_cast<std::size_t>(EventKind::deliver)];
        for (const Node& node : nodes_) {
            for (const MessageId id : node.sent) {
                const Action action{static_cast<std::uint8_t>(system_.target(id)), {EventKind::deliver, id}};
                (delivered_.contains(id) ? old : fresh).push_back(action);
            }
        }
        if (!old.empty() && (fresh.empty() || rng_.below(10) == 0)) fresh = std::move(old);
    }

    bool take(const Action& action) {
        auto next = system_.step(action.seat, nodes_[action.seat], action.event);
        if (action.event.kind == EventKind::deliver) delivered_.insert(action.event.arg);
        if (!next) return false;
        Node before = std::exchange(nodes_[action.seat], std::move(*next));
        if (system_.admissible(view())) {
            trace_.push_back(action);
            return true;
        }
        nodes_[action.seat] = std::move(before);
        return false;
    }

    bool possible(const Action& action) const {
        const auto sent = [&](const Node& node) {
            return std::binary_search(node.sent.begin(), node.sent.end(), action.event.arg);
        };
        if (action.event.kind == EventKind::deliver) return std::any_of(nodes_.begin(), nodes_.end(), sent);
        std::vector<LocalEvent> events;
        system_.own_events(nodes_[action.seat], events);
        return std::find(events.begin(), events.end(), action.event) != events.end();
    }

    // Replays a trace. Steps that became impossible are skipped; it ends at the first violation.
    std::optional<Violation> replayed(const std::vector<Action>& actions) {
        restart();
        for (const Action& action : actions) {
            if (!possible(action) || !take(action)) continue;
            if (auto what = system_.violation(view(), action.seat)) return Violation{std::move(*what), trace_};
        }
        return std::nullopt;
    }

    System& system_;
    Rng rng_;
    std::vector<Node> nodes_;
    std::vector<Action> trace_;
    std::set<MessageId> delivered_;
    std::size_t steps_{0};
};

}  // namespace gossip::explorer
