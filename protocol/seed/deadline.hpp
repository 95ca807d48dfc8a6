#pragma once
// A deadline that moves often, kept by at most one outstanding timer of the driver: it is armed
// again only when it fires too early or must fire sooner, so a busy machine leaves no heap of
// stale timers behind.

#include "protocol/turn.hpp"

#include <optional>

namespace gossip {

class Deadline {
public:
    explicit Deadline(TimerKind kind) : kind_(kind) {}

    void set(Turn& t, Time due) {
        due_ = due;
        if (armed_ && *armed_ <= due) return;
        arm(t, due);
    }
    void clear() { due_.reset(); }
    [[nodiscard]] bool is_set() const { return due_.has_value(); }

    // For a firing of this kind of timer. True once when the deadline has passed.
    [[nodiscard]] bool fired(Turn& t, const TimerTag& tag) {
        if (tag.generation != generation_) return false;
        armed_.reset();
        if (!due_) return false;
        if (t.now < *due_) {
            arm(t, *due_);
            return false;
        }
        due_.reset();
        return true;
    }

private:
    void arm(Turn& t, Time due) {
        armed_ = due;
        t.timer(due, {kind_, ++generation_, 0});
    }

    TimerKind kind_;
    std::optional<Time> due_;
    std::optional<Time> armed_;
    std::uint32_t generation_{0};
};

}  // namespace gossip
