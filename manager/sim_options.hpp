#pragma once
// The command line of gossipctl sim.

#include "manager/table.hpp"
#include "sim/experiment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct SimCommand {
    sim::ExperimentOptions experiment;
    std::string seed_text{"1"};  // run r of several has the seed mix(text, r)
    std::uint32_t runs{1};
    std::optional<bool> grown;  // none: by the number of peers
    std::optional<TableFormat> format;
    bool help{false};
};

// The error is what to print after E_USAGE.
[[nodiscard]] std::variant<SimCommand, std::string> parse_sim_options(const std::vector<std::string>& arguments);
[[nodiscard]] std::string sim_usage();

// A number is itself; any other text, such as a commit hash, is hashed.
[[nodiscard]] std::uint64_t sim_seed(const std::string& text, std::uint32_t run);

// Bytes that a run needs at its peak, from figures measured by tests/bench.
[[nodiscard]] std::uint64_t sim_memory(const sim::ExperimentOptions& options);

}  // namespace gossip
