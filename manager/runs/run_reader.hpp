#pragma once
// Reads a run's events.jsonl, of a run that is over or still going on.

#include "manager/runs/run_log.hpp"

#include <functional>
#include <string>

namespace gossip {

struct RunReading {
    std::uint64_t lines{0};
    std::uint64_t unreadable{0};   // damaged, or written by a later version
    bool torn{false};              // the last line is incomplete: the manager died, or is writing it
    int schema{0};                 // 0: the file does not begin as a run's does
    std::optional<int> exit_code;  // none: it did not end in order, or has not ended yet
    std::string trace_hash;        // of a simulated run that ended in order
};

// Lines in the file's order; the error names the file and why.
[[nodiscard]] std::variant<RunReading, std::string> read_run(const std::string& folder,
                                                             const std::function<void(const RunLine&)>& take);

}  // namespace gossip
