#pragma once
// repro.json: a failing simulated run as data, complete: it does not follow from a seed any more, so it can be cut
// down, and it stays the same when the drawing of runs changes.

#include "sim/swarm/fault_plan.hpp"

#include <string>
#include <variant>

namespace gossip {

struct Repro {
    sim::FaultPlan plan;
    bool canary{false};     // the checkers were shown a broken journal
    std::string invariant;  // that broke; empty: none, the run must stay good
    std::string text;       // and how
};

[[nodiscard]] std::string to_json(const Repro& repro);
// The error names the key, or the place where the text is no JSON.
[[nodiscard]] std::variant<Repro, std::string> parse_repro(const std::string& text);

// "cannot read …"; the file's name is in front of each error.
[[nodiscard]] std::variant<Repro, std::string> read_repro(const std::string& path);
// Empty, or why not.
[[nodiscard]] std::string write_repro(const std::string& path, const Repro& repro);

}  // namespace gossip
