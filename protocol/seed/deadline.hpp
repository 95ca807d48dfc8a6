#pragma once
// A deadline that moves often, kept by at most one outstanding timer of the driver: it is armed
// again only when it fires too early or must fire sooner, so a busy machine leaves no heap of
// stale timers behind.

#include "protocol/machine.hpp"

#include <optional>

namespace gossip {

class Deadline {
public:
    explicit Deadline(TimerKind kind) : kind_(kind) {}

    void set(Time due, Effects& out) {
        due_ = due;
        if (armed_ && *armed_ <= due) return;
        arm(due, out);
    }
    void clear() { due_.reset(); }
    [[nodiscard]] bool is_set() const { return due_.has_value(); }

    // For a firing of this kind of timer. True once when the deadline has passed.
    [[nodiscard]] bool fired(const TimerTag& tag, Time now, Effects& out) {
        if (tag.generation != generation_) return false;
        armed_.reset();
        if (!due_) return false;
        if (now < *due_) {
            arm(*due_, out);
            return false;
        }
        due_.reset();
        return true;
    }

private:
    void arm(Time due, Effects& out) {
        armed_ = due;
        out.timer(due, {kind_, ++generation_, 0});
    }

    TimerKind kind_;
    std::optional<Time> due_;
    std::optional<Time> armed_;
    std::uint32_t generation_{0};
};

}  // namespace gossip
