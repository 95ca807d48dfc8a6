#pragma once
// Reading the nodes' log files: searching, and the last lines of several merged by time.

#include "protocol/types.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gossip {

// "seed-6000", "peer-7003": the names of a node's files.
[[nodiscard]] std::string file_stem(NodeId id, Role role);
// All that a node and its host may write beside each other: its log, what is rotated of it, its stderr.
[[nodiscard]] std::vector<std::string> node_files(const std::string& stem);

// Remembers how far a file has been searched, so a wait does not read it again with every event.
class LogSearcher {
public:
    [[nodiscard]] bool contains(const std::string& path, const std::string& text);

private:
    struct Progress {
        std::uint64_t offset{0};
        std::string partial;
        bool found{false};
    };
    std::map<std::pair<std::string, std::string>, Progress> progress_;
};

struct LogQuery {
    std::size_t lines{20};
    std::string grep;  // plain text, not a pattern
    int minimum{0};    // 0 debug, 1 info, 2 warning, 3 error
};

struct LogLine {
    std::string node;
    std::string text;
};

// The last lines that match, of all files together, oldest first. Files are named by node.
[[nodiscard]] std::vector<LogLine> last_lines(const std::vector<std::pair<std::string, std::string>>& files,
                                              const LogQuery& query);

// What is written to files from now on.
class LogFollower {
public:
    explicit LogFollower(const std::vector<std::pair<std::string, std::string>>& files);
    // Whole lines that match, since the last time; those of several files ordered by their time.
    [[nodiscard]] std::vector<LogLine> fresh(const LogQuery& query);

private:
    struct File {
        std::string node;
        std::string path;
        std::uint64_t offset{0};
    };
    std::vector<File> files_;
};

// "[2026-02-24 20:32:48] [SEED:6000] INFO - text" taken apart; of a line in another form all is text.
struct LogParts {
    std::string_view time;
    std::string_view level;
    std::string_view text;
};
[[nodiscard]] LogParts log_parts(std::string_view line);
// "[2026-02-24 20:32:48] [SEED:6000] INFO - …" -> 1; nothing when the line has no level.
[[nodiscard]] std::optional<int> line_level(std::string_view line);
// "debug", "info", "warning" (or "warn"), "error"
[[nodiscard]] std::optional<int> parse_level(std::string_view text);

}  // namespace gossip
