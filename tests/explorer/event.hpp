#pragma once
// What can happen to one node, and the shape of a system that the searches explore.
//
// A world is n nodes and a network that is a *set* of messages and never shrinks: whatever was sent
// may arrive at any time, any number of times, or never, so reordering, duplication and loss need no
// actions of their own. As a node remembers all it sent, the network is part of the nodes and a
// world is nothing but a tuple of node states.
//
// A System gives:
//   Node                    one node with its disk: copyable, `std::vector<MessageId> sent` ascending
//   size()                  how many nodes
//   start(seat)             the first state of one
//   key(node)               its state as canonical bytes: equal keys behave equally
//   own_events(node, out)   what may happen to it besides deliveries
//   step(seat, node, event) the next state; nothing when the bounds of the exploration forbid it
//   target(message)         the seat a message goes to
//   admissible(world)       bounds that concern several nodes, such as crashes in all
//   violation(world, seat)  the violation after a step of `seat`; nothing if there is none
//   describe(seat, node, event)  the step as text

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gossip::explorer {

using MessageId = std::uint32_t;

enum class EventKind : std::uint8_t { deliver, request, timer, sync, crash };

struct LocalEvent {
    EventKind kind{};
    std::uint32_t arg{0};  // message id, request number, timer kind, appends kept by the crash
    friend bool operator==(LocalEvent, LocalEvent) = default;
};

// One step of a world, in 32 bits: a search remembers one per state.
struct Action {
    std::uint8_t seat{0};
    LocalEvent event;

    [[nodiscard]] std::uint32_t packed() const {
        return std::uint32_t{seat} << 28 | std::uint32_t{static_cast<std::uint8_t>(event.kind)} << 24 | event.arg;
    }
    [[nodiscard]] static Action unpacked(std::uint32_t v) {
        return {static_cast<std::uint8_t>(v >> 28), {static_cast<EventKind>(v >> 24 & 0xfU), v & 0xffffffU}};
    }
};

template <class System>
using WorldView = std::span<const typename System::Node* const>;

struct Violation {
    std::string what;
    std::vector<Action> trace;
};

struct SearchResult {
    std::optional<Violation> violation;
    bool exhausted{false};    // every reachable state was seen
    std::uint64_t states{0};  // breadth first: distinct worlds; walks: steps
    std::uint64_t node_states{0};
    std::uint64_t walks{0};
    std::size_t depth{0};
};

// The trace, one numbered step a paragraph, ending with what is wrong.
template <class System>
std::string print_trace(System& system, const Violation& violation) {
    std::vector<typename System::Node> nodes;
    for (std::size_t seat = 0; seat < system.size(); ++seat) nodes.push_back(system.start(seat));
    std::string text;
    for (std::size_t i = 0; i < violation.trace.size(); ++i) {
        const Action& action = violation.trace[i];
        auto& node = nodes[action.seat];
        text += std::to_string(i + 1) + ". " + system.describe(action.seat, node, action.event);
        if (auto next = system.step(action.seat, node, action.event)) node = std::move(*next);
    }
    return text + "=> " + violation.what + "\n";
}

}  // namespace gossip::explorer
