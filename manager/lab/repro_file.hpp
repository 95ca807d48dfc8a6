#pragma once
// repro.json: a failing simulated run, complete as data instead of drawn from a seed. It can be shrunk, and it stays
// the same when the way runs are drawn changes.

#include "sim/swarm/fault_plan.hpp"

#include <string>
#include <variant>

namespace gossip {

struct Repro {
    sim::FaultPlan plan;
    bool canary{false};     // the checkers were shown a broken journal
    std::string invariant;  // the one that broke; empty: none, and the run must not break any
    std::string text;       // how it broke
};

[[nodiscard]] std::string to_json(const Repro& repro);
// The error names the key, or the place where the text is no JSON.
[[nodiscard]] std::variant<Repro, std::string> parse_repro(const std::string& text);

// "cannot read …"; the file's name is in front of each error.
[[nodiscard]] std::variant<Repro, std::string> read_repro(const std::string& path);
// Empty, or why not.
[[nodiscard]] std::string write_repro(const std::string& path, const Repro& repro);

}  // namespace gossip
