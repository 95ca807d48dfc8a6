#pragma once
// A run's folder: runs/<time>-seed<S>-<id>/ with its manifest, configuration, script, events and logs; and the names
// by which users refer to a finished run.

#include "node/base/file_lock.hpp"
#include "protocol/types.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

struct RunPlan {
    std::string parent;  // where runs are kept; empty: none is written
    std::string exact;   // --out: this folder instead of one in `parent`
    std::string toml;    // the configuration in force
    std::uint64_t seed{0};
    std::size_t seeds{0};
    std::size_t peers{0};
    std::string version;
};

struct RunOutcome {
    int exit_code{0};
    std::uint64_t events{0};
    std::uint64_t dropped{0};
    std::uint64_t bytes{0};
    std::string trace_hash{};
};

class RunFolder {
public:
    // The folder with its manifest and configuration, locked while this lives; an error names the folder and why.
    [[nodiscard]] static std::variant<RunFolder, std::string> create(const RunPlan& plan);
    // Why --out cannot name this folder; empty when it can.
    [[nodiscard]] static std::string problem_with(const std::string& exact);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

    void write_script(std::string_view text) const;
    void append_script(std::string_view line) const;
    // Writes the manifest again, with how the run ended.
    void close(const RunOutcome& outcome) const;

private:
    RunFolder() = default;
    [[nodiscard]] std::string write_manifest(const std::optional<RunOutcome>& outcome) const;

    std::string path_;
    std::string id_;
    RunPlan plan_;
    std::string config_hash_;
    FileLock lock_;
    WallMs started_{0};
};

// A path, "latest", or the name (or a unique beginning of it) of a folder in `parent`. The error says what there is.
struct FoundRun {
    std::string path;
};
[[nodiscard]] std::variant<FoundRun, std::string> find_run(const std::string& name, const std::string& parent);

}  // namespace gossip
