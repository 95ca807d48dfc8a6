#include "node/config/seed_list_file.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/key_text.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace gossip {
namespace {

// The fields of a line: "ip:port", "ip,port" or "ip , port", and perhaps a key.
struct Fields {
    std::string place;  // ip:port
    std::string key;
};

Fields fields_of(std::string_view line) {
    Fields fields;
    if (const std::size_t at = line.find("ed25519:"); at != std::string_view::npos) {
        fields.key = trim(line.substr(at));
        line = trim(line.substr(0, at));
        if (line.ends_with(',')) line = trim(line.substr(0, line.size() - 1));
    }
    const std::size_t comma = line.find(',');
    fields.place = comma == std::string_view::npos
                       ? std::string(line)
                       : std::string(trim(line.substr(0, comma))) + ":" + std::string(trim(line.substr(comma + 1)));
    return fields;
}

// Why the line is refused; empty when it was taken or skipped.
std::string take_line(std::string_view line, SeedList& list) {
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) return {};
    const auto [place, key] = fields_of(line);
    if (place == "ip:port" && list.seeds.empty()) return {};
    const auto read = read_endpoint(place);
    if (const auto* error = std::get_if<std::string>(&read)) return *error;
    const NodeId seed = std::get<NodeId>(read);
    if (std::find(list.seeds.begin(), list.seeds.end(), seed) != list.seeds.end()) return place + " is listed twice";
    const auto parsed = key.empty() ? PublicKey{} : parse_key_text(key);
    if (!parsed) return "'" + key + "' is no key; it is written ed25519: and 64 hexadecimal digits";
    list.seeds.push_back(seed);
    list.keys.push_back(*parsed);
    return {};
}

}  // namespace

std::variant<SeedList, std::string> parse_seed_list(const std::string& name, std::string_view text) {
    SeedList list;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string error = take_line(text.substr(0, end), list);
        if (!error.empty()) return name + ":" + std::to_string(number) + ": " + error;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (list.seeds.empty()) return name + ": holds no seed; one ip:port or ip,port a line is needed";
    return list;
}

std::variant<SeedList, std::string> read_seed_list(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Bytes text;
    if (!file || !read_all(file.get(), text)) return path + ": cannot read it: " + error_text(errno);
    return parse_seed_list(path, text);
}

std::string seed_list_text(const SeedList& list) {
    std::string text;
    for (std::size_t seat = 0; seat < list.seeds.size(); ++seat) {
        text += node_name(list.seeds[seat]);
        if (seat < list.keys.size() && list.keys[seat] != PublicKey{}) text += " " + key_text(list.keys[seat]);
        text += "\n";
    }
    return text;
}

}  // namespace gossip
