#pragma once
// The command line of gossipctl sim.

#include "manager/base/options.hpp"
#include "sim/study/experiment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct SimCommand {
    std::vector<std::string> arguments;  // as given
    sim::ExperimentOptions experiment;
    std::string seed_text{"1"};
    std::uint32_t runs{1};
    std::optional<bool> grown;  // none: by the number of peers
    std::string results;        // a folder for them; empty: none
    std::optional<bool> check;  // none: where it costs little
    std::optional<TableFormat> format;
    bool help{false};

    // Drawn networks under drawn faults, and their failures as files.
    std::optional<std::uint32_t> swarm;
    std::optional<std::string> replay;
    std::optional<std::string> shrink;
    std::string repro_path{"repro.json"};
    Duration budget = std::chrono::seconds(60);

    // With a script: the options of gossipctl run, the script included.
    std::optional<Options> script;
    bool rewrite{false};     // a transcript: accept what the commands print now
    std::string log_folder;  // where the nodes' logs stay; empty: nowhere
};

// A word or -e makes it a script's run, which takes the options of gossipctl run as well. The error is what to print
// after E_USAGE.
[[nodiscard]] std::variant<SimCommand, std::string> parse_sim_options(const std::vector<std::string>& arguments);
// The same in two steps. `base`: the values where no option sets one.
[[nodiscard]] std::variant<CommandLine, std::string> read_sim_line(const std::vector<std::string>& arguments);
[[nodiscard]] std::variant<SimCommand, std::string> sim_command_of(const CommandLine& line,
                                                                   const sim::ExperimentOptions& base);
[[nodiscard]] std::string sim_usage();

// Run 0 has the seed itself, so that it is repeated by that seed alone; run r has a hash of the two. A difference of
// two seeds is therefore never made up for by one of run numbers: neighbouring seeds share no run.
[[nodiscard]] std::uint64_t run_seed(std::uint64_t seed, std::uint32_t run);
// Of a seed as text: a number is itself; any other text, such as a commit hash, is hashed.
[[nodiscard]] std::uint64_t sim_seed(const std::string& text, std::uint32_t run);

// The command that repeats one run of several: the last --seed and --runs count.
[[nodiscard]] std::string replay_command(const SimCommand& command, std::uint64_t seed);

// Bytes that a run needs at its peak, from figures measured by tests/bench.
[[nodiscard]] std::uint64_t sim_memory(const sim::ExperimentOptions& options);

}  // namespace gossip
