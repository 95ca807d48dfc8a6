#pragma once
// What was typed and when, so that a session can be saved as a script and played again.

#include "manager/shell/parser.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gossip {

class SessionHistory {
public:
    using Slot = std::optional<std::size_t>;

    // Pauses count from here.
    void start(Time now) { idle_since_ = now; }
    // The commands of a block belong to it; those of a file that is sourced stand for themselves.
    Slot begin(const Command& command, Time now);
    void end(const Command& command, Slot slot, bool failed, Time now);

    // The commands with the pauses between them as sleeps. One that failed is marked to be allowed to.
    [[nodiscard]] std::string script() const;
    [[nodiscard]] std::size_t size() const { return typed_.size(); }

private:
    struct Typed {
        std::string text;
        Duration pause{};  // before it
        bool failed{false};
    };

    std::vector<Typed> typed_;
    Time idle_since_{};
    int blocks_{0};
};

}  // namespace gossip
