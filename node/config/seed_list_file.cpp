#include "node/config/seed_list_file.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace gossip {
namespace {

// "ip,port" and "ip , port" as "ip:port".
std::string with_colon(std::string_view line) {
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos) return std::string(line);
    return std::string(trim(line.substr(0, comma))) + ":" + std::string(trim(line.substr(comma + 1)));
}

// Why the line is refused; empty when it was taken or skipped.
std::string take_line(std::string_view line, std::vector<NodeId>& seeds) {
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) return {};
    const std::string text = with_colon(line);
    if (text == "ip:port" && seeds.empty()) return {};
    const auto read = read_endpoint(text);
    if (const auto* error = std::get_if<std::string>(&read)) return *error;
    const NodeId seed = std::get<NodeId>(read);
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) return text + " is listed twice";
    seeds.push_back(seed);
    return {};
}

}  // namespace

std::variant<std::vector<NodeId>, std::string> parse_seed_list(const std::string& name, std::string_view text) {
    std::vector<NodeId> seeds;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string error = take_line(text.substr(0, end), seeds);
        if (!error.empty()) return name + ":" + std::to_string(number) + ": " + error;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (seeds.empty()) return name + ": holds no seed; one ip:port or ip,port a line is needed";
    return seeds;
}

std::variant<std::vector<NodeId>, std::string> read_seed_list(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Bytes text;
    if (!file || !read_all(file.get(), text)) return path + ": cannot read it: " + error_text(errno);
    return parse_seed_list(path, text);
}

}  // namespace gossip
