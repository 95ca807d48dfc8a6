#pragma once
// A run's folder: runs/<time>-seed<S>-<id>/ with its manifest, configuration, script, events and logs; and the names
// by which users refer to a finished run.

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
    // The folder with its manifest and configuration; an error names the folder and why.
    [[nodiscard]] static std::variant<RunFolder, std::string> create(const RunPlan& plan);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

    // The log files of the nodes as they are now, by hard links, so that they outlive the next start's cleaning;
    // copies where links are impossible and `copies` allows.
    // `folder` of the run's logs; empty: themselves.
    void keep_logs(const std::string& log_dir, bool copies, const std::string& folder = {}) const;
    void write_script(std::string_view text) const;
    void append_script(std::string_view line) const;
    // Writes the manifest again, with how the run ended.
    void close(const RunOutcome& outcome) const;

private:
    RunFolder() = default;
    void drop_empty_error_files() const;
    [[nodiscard]] bool write_manifest(const std::optional<RunOutcome>& outcome) const;

    std::string path_;
    std::string id_;
    RunPlan plan_;
    std::string config_hash_;
    WallMs started_{0};
};

// A path, "latest", or the name (or a unique beginning of it) of a folder in `parent`. The error says what there is.
struct FoundRun {
    std::string path;
};
[[nodiscard]] std::variant<FoundRun, std::string> find_run(const std::string& name, const std::string& parent);

// Replaces the file atomically: readers see the old text or the new one.
[[nodiscard]] bool replace_file(const std::string& path, std::string_view text);

}  // namespace gossip
