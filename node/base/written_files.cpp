#include "node/base/written_files.hpp"

#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view list_heading =
    "# What gossipctl wrote in this folder, and may replace or remove. It leaves everything else.\n";
constexpr std::array<std::string_view, 3> kind_names{"file ", "link ", "folder "};

fs::file_type type_at(const std::string& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type();
}

bool is_of(WrittenFiles::Kind kind, fs::file_type type) {
    constexpr std::array types{fs::file_type::regular, fs::file_type::symlink, fs::file_type::directory};
    return type == types[static_cast<std::size_t>(kind)];
}

std::string line_of(WrittenFiles::Kind kind, const std::string& name) {
    return std::string(kind_names[static_cast<std::size_t>(kind)]) + name + "\n";
}

// Somebody else may have written the list: nothing on it leads out of the folder.
bool stays_inside(const fs::path& name) {
    return !name.empty() && name.is_relative() &&
           std::ranges::none_of(name, [](const fs::path& part) { return part == ".."; });
}

bool leads_through_a_link(fs::path folder, const fs::path& name) {
    return std::ranges::any_of(name.parent_path(), [&folder](const fs::path& part) {
        folder /= part;
        return type_at(folder.string()) == fs::file_type::symlink;
    });
}

}  // namespace

WrittenFiles::WrittenFiles(std::string folder) : folder_(std::move(folder)) {
    std::ifstream list(path(std::string(list_name)));
    for (std::string line; std::getline(list, line);) {
        for (std::size_t kind = 0; kind < kind_names.size(); ++kind) {
            if (!line.starts_with(kind_names[kind])) continue;
            const std::string name = line.substr(kind_names[kind].size());
            if (stays_inside(name)) entries_[name] = static_cast<Kind>(kind);
        }
    }
}

bool WrittenFiles::wrote(const std::string& name) const {
    const auto entry = entries_.find(name);
    return entry != entries_.end() && is_of(entry->second, type_at(path(name))) && !leads_through_a_link(folder_, name);
}

std::string WrittenFiles::in_the_way(const std::string& name, std::string_view other) const {
    const fs::file_type type = type_at(path(name));
    if (type == fs::file_type::not_found || type == fs::file_type::none || wrote(name)) return {};
    return path(name) + " is in the way: gossipctl did not write it (" + std::string(list_name) +
           " lists what it wrote there); move it, or name another folder with " + std::string(other);
}

std::string WrittenFiles::in_the_way(const Names& names, std::string_view other) const {
    for (const std::string& name : names) {
        if (std::string problem = in_the_way(name, other); !problem.empty()) return problem;
    }
    return {};
}

std::string WrittenFiles::add(Kind kind, const Names& names) {
    std::string lines;
    for (const std::string& name : names) {
        const auto entry = entries_.find(name);
        if (entry != entries_.end() && entry->second == kind) continue;
        entries_[name] = kind;
        lines += line_of(kind, name);
    }
    if (lines.empty()) return {};
    const std::string list = path(std::string(list_name));
    std::error_code error;
    if (fs::file_size(list, error) == 0 || error) lines.insert(0, list_heading);
    const FileDescriptor file(::open(list.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (file && write_all(file.get(), lines)) return {};
    return "cannot write " + list + ": " + error_text(errno);
}

std::string WrittenFiles::write(const std::string& name, std::string_view text, std::string_view other) {
    if (std::string problem = in_the_way(name, other); !problem.empty()) return problem;
    if (std::string problem = add(Kind::file, {name}); !problem.empty()) return problem;
    return replace_file(path(name), text);
}

bool WrittenFiles::remove(const std::string& name) {
    if (!wrote(name)) return true;
    std::error_code error;
    fs::remove(path(name), error);
    return !error;
}

std::string WrittenFiles::forget_gone() {
    std::string lines(list_heading);
    std::erase_if(entries_, [this](const auto& entry) { return !wrote(entry.first); });
    for (const auto& [name, kind] : entries_) lines += line_of(kind, name);
    return replace_file(path(std::string(list_name)), lines);
}

// Backwards, so that what is in a folder goes before the folder.
bool WrittenFiles::remove_all() {
    bool all = true;
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) all = remove(entry->first) && all;
    if (!all) return false;
    entries_.clear();
    std::error_code error;
    fs::remove(path(std::string(list_name)), error);
    return !error;
}

}  // namespace gossip
