#include "manager/base/log_files.hpp"

#include "manager/base/terminal.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <fstream>
#include <utility>

namespace gossip {
namespace {

constexpr std::array<std::string_view, 4> levels{"DEBUG", "INFO", "WARNING", "ERROR"};

bool matches(const std::string& line, const LogQuery& query) {
    if (!query.grep.empty() && line.find(query.grep) == std::string::npos) return false;
    return query.minimum == 0 || line_level(line).value_or(1) >= query.minimum;
}

// The time in brackets sorts as text.
std::string_view stamp(const LogLine& line) { return std::string_view(line.text).substr(0, 24); }

}  // namespace

std::string file_stem(NodeId id, Role role) {
    return (role == Role::seed ? "seed-" : "peer-") + std::to_string(endpoint(id).port);
}

std::vector<std::string> node_files(const std::string& stem) {
    return {stem + ".log", stem + ".1.log", stem + ".2.log", stem + ".3.log", stem + ".err"};
}

bool LogSearcher::contains(const std::string& path, const std::string& text) {
    Progress& progress = progress_[{path, text}];
    if (progress.found) return true;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return false;
    const auto size = static_cast<std::uint64_t>(file.tellg());
    if (size < progress.offset) progress = {};  // rotated
    file.seekg(static_cast<std::streamoff>(progress.offset));
    std::string fresh(size - progress.offset, '\0');
    file.read(fresh.data(), static_cast<std::streamsize>(fresh.size()));
    fresh.resize(static_cast<std::size_t>(file.gcount()));
    progress.offset += fresh.size();
    const std::string window = progress.partial + fresh;
    progress.found = window.find(text) != std::string::npos;
    const std::size_t keep = std::min(window.size(), text.size());  // a match may straddle two reads
    progress.partial = window.substr(window.size() - keep);
    return progress.found;
}

std::vector<LogLine> last_lines(const std::vector<std::pair<std::string, std::string>>& files, const LogQuery& query) {
    std::vector<LogLine> merged;
    for (const auto& [node, path] : files) {
        std::deque<LogLine> last;
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            if (!matches(line, query)) continue;
            last.push_back({node, printable(line)});
            if (last.size() > query.lines) last.pop_front();
        }
        merged.insert(merged.end(), last.begin(), last.end());
    }
    std::stable_sort(merged.begin(), merged.end(),
                     [](const LogLine& a, const LogLine& b) { return stamp(a) < stamp(b); });
    if (merged.size() > query.lines)
        merged.erase(merged.begin(), merged.end() - static_cast<std::ptrdiff_t>(query.lines));
    return merged;
}

LogFollower::LogFollower(const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [node, path] : files) {
        std::ifstream file(path, std::ios::binary | std::ios::ate);
        files_.push_back({node, path, file ? static_cast<std::uint64_t>(file.tellg()) : 0});
    }
}

std::vector<LogLine> LogFollower::fresh(const LogQuery& query) {
    std::vector<LogLine> lines;
    for (File& followed : files_) {
        std::ifstream file(followed.path, std::ios::binary | std::ios::ate);
        if (!file) continue;
        if (static_cast<std::uint64_t>(file.tellg()) < followed.offset) followed.offset = 0;  // rotated
        file.seekg(static_cast<std::streamoff>(followed.offset));
        for (std::string line; std::getline(file, line) && !file.eof();) {
            followed.offset += line.size() + 1;
            if (matches(line, query)) lines.push_back({followed.node, printable(line)});
        }
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const LogLine& a, const LogLine& b) { return stamp(a) < stamp(b); });
    return lines;
}

LogParts log_parts(std::string_view line) {
    const auto level = line_level(line);
    const std::size_t end = line.find(']');
    if (!level || !line.starts_with('[') || end == std::string_view::npos) return {{}, {}, line};
    return {line.substr(1, end - 1), levels[static_cast<std::size_t>(*level)], line.substr(line.find(" - ") + 3)};
}

std::optional<int> line_level(std::string_view line) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view head = line.substr(0, dash);
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (head.ends_with(levels[i])) return static_cast<int>(i);
    }
    return std::nullopt;
}

std::optional<int> parse_level(std::string_view text) {
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (upper == "WARN") upper = "WARNING";
    const auto it = std::find(levels.begin(), levels.end(), upper);
    if (it == levels.end()) return std::nullopt;
    return static_cast<int>(it - levels.begin());
}

}  // namespace gossip
