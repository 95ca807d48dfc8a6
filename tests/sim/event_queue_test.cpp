// The timing wheel against a reference model: an ordered multimap, which keeps equal keys in order of insertion.

#include "sim/engine/event_queue.hpp"

#include "protocol/rng.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

using namespace gossip;
using namespace gossip::sim;

namespace {

// All fields of an entry.
auto words(const Entry& e) {
    return std::tuple(e.kind, e.reason, e.timer_kind, e.trust, e.node, e.other, e.life, e.aux);
}

// A number with a random number of bits, so that it fits into the packed form or not.
std::uint64_t some_bits(Rng& rng, std::uint64_t width) { return rng.next() >> (64 - 1 - rng.below(width)); }

Entry some_entry(Rng& rng, std::uint64_t number) {
    const auto node = static_cast<NodeIndex>(some_bits(rng, 32));
    const auto life = static_cast<std::uint32_t>(some_bits(rng, 16));
    switch (rng.below(4)) {
        case 0: {
            Entry e{.kind = EntryKind::message, .trust = static_cast<Trust>(rng.below(3)), .node = node};
            e.other = static_cast<NodeIndex>(some_bits(rng, 32));
            e.connection = rng.below(2) == 0 ? 0 : static_cast<ConnectionId>(some_bits(rng, 32));
            e.message = number << rng.below(48);
            return e;
        }
        case 1: {
            const auto kind =
                static_cast<TimerKind>(rng.below(static_cast<std::uint64_t>(TimerKind::leave_deadline) + 1));
            const std::uint64_t key = rng.below(4) == 0 ? number : 0;
            return Entry::timer(node, life, {kind, static_cast<std::uint32_t>(some_bits(rng, 32)), key});
        }
        case 2: {
            Entry e{.kind = EntryKind::end_closed, .reason = LossReason::timed_out, .node = node, .connection = life};
            e.aux = number;
            return e;
        }
        default: {
            Entry e{.kind = EntryKind::action};
            e.aux = number;
            return e;
        }
    }
}

class Twins {
public:
    void push(std::int64_t at) {
        const Entry e = some_entry(rng_, ++pushed_);
        queue_.push(Time(Duration(at)), e);
        naive_.emplace(at, e);
    }
    bool pop_agrees() {
        const auto first = *naive_.begin();
        naive_.erase(naive_.begin());
        const EventQueue::Due due = queue_.pop();
        now_ = first.first;
        return due.time == Time(Duration(first.first)) && words(due.entry) == words(first.second);
    }
    // All entries, in any order.
    [[nodiscard]] bool each_agrees() const {
        std::multiset<std::uint64_t> ours;
        std::multiset<std::uint64_t> theirs;
        queue_.each([&ours](const Entry& e) { ours.insert(e.aux); });
        for (const auto& [at, e] : naive_) theirs.insert(e.aux);
        return ours == theirs;
    }
    [[nodiscard]] bool peek_agrees() const {
        if (queue_.size() != naive_.size() || queue_.empty() != naive_.empty()) return false;
        return naive_.empty() || queue_.next_time() == Time(Duration(naive_.begin()->first));
    }
    [[nodiscard]] bool empty() const { return naive_.empty(); }
    [[nodiscard]] std::int64_t now() const { return now_; }
    void pass(std::int64_t span) { now_ = naive_.empty() ? now_ + span : std::min(now_ + span, naive_.begin()->first); }

private:
    EventQueue queue_;
    std::multimap<std::int64_t, Entry> naive_;
    Rng rng_{1};
    std::uint64_t pushed_{0};
    std::int64_t now_{0};
};

// From zero, over the wheel's slots, windows and spans, to far beyond them.
std::int64_t some_delay(Rng& rng) {
    constexpr std::array<std::int64_t, 7> reach{
        1, 1 << 10, 1 << 20, 1 << 26, std::int64_t{1} << 33, std::int64_t{1} << 36, std::int64_t{1} << 42};
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(reach[rng.below(reach.size())])));
}

}  // namespace

TEST_CASE("the wheel gives what an ordered multimap gives, whatever is pushed and looked at in between") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Rng rng(seed);
        Twins twins;
        bool agree = true;
        const std::uint64_t eagerness = 30 + rng.below(50);  // how many of a hundred steps push
        for (int step = 0; step < 3000 && agree; ++step) {
            if (rng.below(100) < eagerness || twins.empty()) {
                twins.push(twins.now() + some_delay(rng));
            } else {
                agree = twins.pop_agrees();
            }
            if (rng.below(4) == 0) agree = agree && twins.peek_agrees();
            if (rng.below(50) == 0) twins.pass(some_delay(rng));
            if (step % 1000 == 0) agree = agree && twins.each_agrees();
        }
        while (agree && !twins.empty()) agree = twins.pop_agrees();
        CHECK_MESSAGE(agree, "seed ", seed);
        CHECK(twins.peek_agrees());
    }
}

TEST_CASE("a burst among a few slots that were taken together keeps the order of time and insertion") {
    Rng rng(6);
    Twins twins;
    for (int i = 0; i < 40; ++i) twins.push(5'000'000 + 10'000 * i);
    bool agree = twins.pop_agrees();
    for (int i = 0; i < 20'000 && agree; ++i) {
        twins.push(twins.now() + static_cast<std::int64_t>(rng.below(300'000)));
        if (rng.below(8) == 0) agree = twins.pop_agrees();
        if (rng.below(64) == 0) agree = agree && twins.peek_agrees();
    }
    while (agree && !twins.empty()) agree = twins.pop_agrees();
    CHECK(agree);
}

TEST_CASE("a stream in which the front never runs empty keeps the order of time and insertion") {
    Rng rng(7);
    Twins twins;
    bool agree = true;
    for (int i = 0; i < 60; ++i) twins.push(5'000'000 + 100 * i);
    for (int i = 0; i < 20'000 && agree; ++i) {
        twins.push(twins.now() + 1000 * static_cast<std::int64_t>(rng.below(400)));
        agree = twins.pop_agrees();
        if (rng.below(64) == 0) agree = agree && twins.peek_agrees();
    }
    while (agree && !twins.empty()) agree = twins.pop_agrees();
    CHECK(agree);
}

TEST_CASE("a crowd in one slot of the wheel keeps the order of time and insertion") {
    Rng rng(5);
    Twins twins;
    for (int i = 0; i < 20'000; ++i) twins.push(5'000'000 + static_cast<std::int64_t>(rng.below(3000)));
    bool agree = true;
    while (agree && !twins.empty()) agree = twins.pop_agrees();
    CHECK(agree);
}
