#pragma once
// What is to happen, in the order (time, insertion): the whole source of determinism.

#include "protocol/machine.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace gossip::sim {

// Dense number of a node within one simulator.
using NodeIndex = std::uint32_t;
constexpr NodeIndex no_node = 0xffffffff;

// One TCP connection, never reused.
using ConnectionId = std::uint64_t;

enum class EntryKind : std::uint8_t {
    message,     // arrives at `node` from `other` over `connection`
    timer,       // `tag` of `node` is due
    dial,        // the SYN of `other` arrives at `node`
    end_closed,  // `node` notices that its end of `connection` with `other` is gone
    link_lost,   // as end_closed, but whatever connection there is
    stalled,     // `node` has waited for `other` to acknowledge since `aux`
    synced,      // `node`'s disk finished a sync
    event,       // an event fed from outside
    action,      // a step of the scenario itself; no node
};

struct Entry {
    EntryKind kind{};
    LossReason reason{};
    NodeIndex node{no_node};
    NodeIndex other{no_node};
    std::uint32_t life{0};  // of `node`: what was meant for an earlier life is dropped
    ConnectionId connection{0};
    std::uint64_t aux{0};
    TimerTag tag;
    Message message;
    std::optional<Event> event;
    std::function<void()> action;
};

class EventQueue {
public:
    struct Due {
        Time time{};
        Entry entry;
    };

    void push(Time time, Entry entry);
    // The earliest; of equals the one pushed first. Not when empty.
    [[nodiscard]] Due pop();
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }
    [[nodiscard]] Time next_time() const { return heap_.front().time; }

private:
    struct Key {
        Time time{};
        std::uint64_t sequence{0};
        std::uint32_t slot{0};
        friend bool operator<(const Key& a, const Key& b) {
            return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
        }
    };

    std::uint32_t store(Entry entry);
    void sift_up(std::size_t i);
    void sift_down(std::size_t i);

    std::vector<Key> heap_;  // 4-ary: half the depth of a binary heap, children share a cache line
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_;
    std::uint64_t pushed_{0};
};

}  // namespace gossip::sim
