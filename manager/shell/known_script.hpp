#pragma once
// A script that is read and checked as a whole before its first command runs: run FILE and -e.

#include "manager/base/console.hpp"
#include "manager/base/event_loop.hpp"
#include "manager/base/options.hpp"
#include "manager/shell/command_table.hpp"

namespace gossip {

struct KnownScript {
    Script script;
    std::string name;
    std::string text;
};

// Reads and checks it; the failure is of usage.
[[nodiscard]] std::variant<KnownScript, Failure> read_known_script(const Options& options);

// Commands as they come: checked before the first of them runs, failures printed. No name: typed at a prompt.
Result run_text(Session& session, const std::string& text, int first_line, const std::string& name);

// Prints a failure that was not printed yet; returns the exit code.
int report(Console& console, const Failure& failure, const EventLoop* loop = nullptr);

}  // namespace gossip
