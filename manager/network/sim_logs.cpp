#include "manager/network/sim_logs.hpp"

#include "manager/base/local_time.hpp"
#include "manager/base/log_files.hpp"
#include "manager/network/managed_network.hpp"
#include "node/log.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t held_back = 64 * 1024;  // of a node, before it goes to its file

std::string file_name(Role role, NodeId node) { return file_stem(node, role) + ".log"; }

}  // namespace

SimLogs::SimLogs(std::string folder, LogLevel least)
    : folder_(std::move(folder)), least_(least), temporary_(folder_.empty()) {}

SimLogs::~SimLogs() {
    if (temporary_) {
        std::error_code ignored;
        if (!folder_.empty()) fs::remove_all(folder_, ignored);
        return;
    }
    for (auto& [name, lines] : unwritten_) write(name, lines);
}

void SimLogs::make_temporary() {
    std::string name = (fs::temp_directory_path() / "gossipctl-sim-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary folder " + name + ": " + std::strerror(errno));
    }
    folder_ = name;
}

void SimLogs::notice(WallMs wall, Role role, NodeId node, const Notice& notice) {
    append(wall, role, node, notice_lines(role, node, least_, notice));
}

void SimLogs::info(WallMs wall, Role role, NodeId node, const std::string& text) {
    if (LogLevel::info < least_) return;
    append(wall, role, node, log_line(role, node, LogLevel::info, text));
}

void SimLogs::append(WallMs wall, Role role, NodeId node, const std::string& lines) {
    if (lines.empty()) return;
    const std::string name = file_name(role, node);
    std::string& unwritten = unwritten_[name];
    const std::string time = local_time(wall, "[%Y-%m-%d %H:%M:%S] ");
    for (std::string_view rest = lines; !rest.empty();) {
        const std::size_t end = rest.find('\n') + 1;
        unwritten.append(time).append(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    if (unwritten.size() > held_back) write(name, unwritten);
}

void SimLogs::write(const std::string& name, std::string& lines) {
    if (folder_.empty()) make_temporary();
    std::ofstream(folder_ + "/" + name, std::ios::app) << std::exchange(lines, {});
}

std::string SimLogs::file(Role role, NodeId node) {
    const std::string name = file_name(role, node);
    write(name, unwritten_[name]);
    return folder_ + "/" + name;
}

}  // namespace gossip
