#pragma once
// A script that is read and checked as a whole before its first command runs: run FILE and -e.

#include "manager/base/failure.hpp"
#include "manager/shell/compiled_script.hpp"

#include <string>
#include <variant>

namespace gossip {

struct Options;

struct KnownScript {
    CompiledScript script;
    std::string name;
    std::string text;
};

// Reads and checks it; the failure is of usage.
[[nodiscard]] std::variant<KnownScript, Failure> read_known_script(const Options& options);

}  // namespace gossip
