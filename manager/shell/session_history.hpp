#pragma once
// The typed commands and their times, so that a session can be saved as a script and run again.

#include "manager/shell/parser.hpp"

#include "protocol/types.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gossip {

class SessionHistory {
public:
    using Slot = std::optional<std::size_t>;

    // Pauses count from here.
    void start(Time now) { idle_since_ = now; }
    // A block counts as one command; the commands of a sourced file count one by one.
    Slot begin(const Command& command, Time now);
    void end(const Command& command, Slot slot, bool failed, Time now);

    // The commands with the pauses between them as sleeps. A failed one gets the mark that lets it fail.
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
