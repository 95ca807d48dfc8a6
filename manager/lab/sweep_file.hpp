#pragma once
// A parameter sweep as its file describes it, and the runs that it consists of.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gossip {

using Setting = std::pair<std::string, std::string>;  // "peers", "64"

struct SweepPlan {
    std::string script;  // empty: gossipctl sim without one
    bool processes{false};
    std::vector<std::string> seeds;
    std::vector<std::string> metrics;                                          // shown; empty: a few usual ones
    std::vector<std::pair<std::string, std::vector<std::string>>> parameters;  // in the file's order
};

// "file:line:column: …" where it is wrong.
[[nodiscard]] std::variant<SweepPlan, std::string> read_sweep(const std::string& path);

// "16:1024|*2" -> 16 32 … 1024; "1:9|2" -> 1 3 … 9; "1:4" -> 1 2 3 4; anything else stands for itself.
using Values = std::vector<std::string>;
[[nodiscard]] std::variant<Values, std::string> expand_range(const std::string& text);

// Every combination of the parameters' values, the last one changing fastest.
[[nodiscard]] std::vector<std::vector<Setting>> combinations(const SweepPlan& plan);

}  // namespace gossip
