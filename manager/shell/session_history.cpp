#include "manager/shell/session_history.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace gossip {
namespace {

// Commands that neither show nor change the network.
constexpr std::array<std::string_view, 5> of_the_shell{"help", "save", "source", "exit", "quit"};

constexpr Duration shortest_pause = std::chrono::milliseconds(10);

std::string milliseconds(Duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + "ms";
}

}  // namespace

SessionHistory::Slot SessionHistory::begin(const Command& command, Time now) {
    const bool inside = blocks_ > 0;
    if (command.has_body) ++blocks_;
    if (inside || std::ranges::find(of_the_shell, command.verb()) != of_the_shell.end()) return std::nullopt;
    typed_.push_back({to_text(command), now - idle_since_, command.ignore_failure});
    return typed_.size() - 1;
}

void SessionHistory::end(const Command& command, Slot slot, bool failed, Time now) {
    if (command.has_body) --blocks_;
    if (!slot) return;
    idle_since_ = now;
    Typed& typed = typed_[*slot];
    if (failed && !typed.failed) typed = {"-" + typed.text, typed.pause, true};
}

std::string SessionHistory::script() const {
    std::string text;
    for (const Typed& typed : typed_) {
        if (typed.pause >= shortest_pause) text += "sleep " + milliseconds(typed.pause) + "\n";
        text += typed.text + "\n";
    }
    return text;
}

}  // namespace gossip
