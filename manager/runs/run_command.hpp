#pragma once
// Subcommands for a finished run: gossipctl export, stats, compare, plot, replay.

#include "manager/base/failure.hpp"
#include "manager/runs/run_export.hpp"

#include <string>
#include <vector>

namespace gossip {

[[nodiscard]] bool is_run_command(const std::string& name);
// gossipctl's arguments from the subcommand on; its exit code.
[[nodiscard]] int run_command(const std::vector<std::string>& arguments);

[[nodiscard]] const std::vector<std::string>& export_formats();
// Writes the export and prints where. `to` empty: into the run's folder; "-": to standard output.
struct Exported {
    std::vector<std::string> paths;
    std::string text;
};
[[nodiscard]] std::variant<Exported, Failure> export_run(const std::string& folder, const std::string& format,
                                                         const std::string& to);
// SVGs of a run into a folder; empty: its own.
[[nodiscard]] std::variant<Exported, Failure> plot_into(const std::string& folder, const std::string& to);
// What is wrong with its event log, for people; empty when nothing is.
[[nodiscard]] std::string reading_remark(const std::string& folder, const RunReading& reading);

}  // namespace gossip
