#include "manager/remote/remote_socket.hpp"

#include "node/base/value_text.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t frame_header_limit = 64;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string wanted_folder() {
    if (std::string own = variable("GOSSIPCTL_RUNTIME_DIR"); !own.empty()) return own;
    if (std::string run = variable("XDG_RUNTIME_DIR"); !run.empty()) return run + "/gossipctl";
    std::error_code error;
    const fs::path temporary = fs::temp_directory_path(error);
    return (temporary / ("gossipctl-" + std::to_string(::geteuid()))).string();
}

bool make_address(const std::string& path, sockaddr_un& address) {
    address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return true;
}

std::string lock_beside(const std::string& path) { return path + ".lock"; }

bool is_socket(const std::string& path) {
    std::error_code ignored;
    return fs::is_socket(fs::symlink_status(path, ignored));
}

// A socket whose network has ended. One without a lock beside it is not ours.
void remove_left(const std::string& path) {
    std::error_code ignored;
    if (!is_socket(path) || !fs::exists(lock_beside(path), ignored)) return;
    const auto lock = FileLock::take(lock_beside(path));
    if (std::holds_alternative<FileLock>(lock)) ::unlink(path.c_str());
}

// Who looks for networks holds the lock for a moment, when it removes what is left of one.
std::variant<FileLock, FileLock::Taken, std::string> take_patiently(const std::string& path) {
    constexpr int attempts = 5;
    auto lock = FileLock::take(path);
    for (int i = 1; i < attempts && std::holds_alternative<FileLock::Taken>(lock); ++i) {
        ::usleep(10'000);
        lock = FileLock::take(path);
    }
    return lock;
}

FileDescriptor unix_socket() { return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

}  // namespace

std::string encode_frame(std::string_view kind, std::string_view payload) {
    return std::string(kind) + " " + std::to_string(payload.size()) + "\n" + std::string(payload);
}

bool FrameReader::next(std::optional<RemoteFrame>& frame) {
    frame.reset();
    const std::size_t line = buffer_.find('\n');
    if (line == std::string::npos) return buffer_.size() <= frame_header_limit;
    const std::size_t space = buffer_.find(' ');
    if (line > frame_header_limit || space >= line) return false;
    const auto length = parse_count(std::string_view(buffer_).substr(space + 1, line - space - 1));
    if (!length || *length > limit) return false;
    const auto size = static_cast<std::size_t>(*length);
    if (buffer_.size() - line - 1 < size) return true;
    frame = RemoteFrame{buffer_.substr(0, space), buffer_.substr(line + 1, size)};
    buffer_.erase(0, line + 1 + size);
    return true;
}

std::string encode_run(const RunRequest& request) {
    return request.format + (request.colored ? " 1" : " 0") + (request.interactive ? " 1 " : " 0 ") +
           std::to_string(request.width) + "\n" + request.text;
}

std::optional<RunRequest> decode_run(std::string_view payload) {
    const std::size_t end = payload.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::istringstream head{std::string(payload.substr(0, end))};
    RunRequest request;
    if (!(head >> request.format >> request.colored >> request.interactive >> request.width)) return std::nullopt;
    request.text = payload.substr(end + 1);
    return request;
}

// Only its owner may enter: whoever can write to the socket commands the network.
RuntimeFolder runtime_folder() {
    RuntimeFolder folder{wanted_folder(), {}};
    std::error_code error;
    fs::create_directories(fs::path(folder.path).parent_path(), error);
    ::mkdir(folder.path.c_str(), 0700);
    struct stat status {};
    if (::lstat(folder.path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        folder.problem = "cannot make the folder " + folder.path + ": " + std::strerror(errno);
    } else if (status.st_uid != ::geteuid() || (status.st_mode & 0022) != 0) {
        folder.problem = folder.path + " belongs to somebody else or others may write there; set GOSSIPCTL_RUNTIME_DIR";
    }
    return folder;
}

std::string socket_path(const std::string& folder, std::uint16_t name) {
    return folder + "/" + std::to_string(name) + ".sock";
}

std::vector<RunningNetwork> running_networks(const std::string& folder) {
    std::vector<RunningNetwork> networks;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const auto name = parse_count(entry.path().stem().string());
        if (entry.path().extension() != ".sock" || !name || *name > 65535) continue;
        if (connect_to(entry.path().string())) {
            networks.push_back({static_cast<std::uint16_t>(*name), entry.path().string()});
        } else if (errno == ECONNREFUSED) {
            remove_left(entry.path().string());
        }
    }
    std::sort(networks.begin(), networks.end(),
              [](const RunningNetwork& a, const RunningNetwork& b) { return a.name < b.name; });
    return networks;
}

std::variant<ListeningSocket, std::string> listen_at(const std::string& path) {
    sockaddr_un address{};
    if (!make_address(path, address)) return path + ": the path is too long for a socket; set GOSSIPCTL_RUNTIME_DIR";
    std::error_code ignored;
    const bool left = fs::exists(lock_beside(path), ignored);  // by a network that has ended
    auto lock = take_patiently(lock_beside(path));
    if (const auto* taken = std::get_if<FileLock::Taken>(&lock))
        return path + " belongs to the network of " + taken->by;
    if (auto* problem = std::get_if<std::string>(&lock)) return std::move(*problem);
    if (left && is_socket(path)) ::unlink(path.c_str());
    ListeningSocket listening{std::get<FileLock>(std::move(lock)), unix_socket()};
    const int fd = listening.fd.get();
    const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (bound && ::chmod(path.c_str(), 0600) == 0 && ::listen(fd, 16) == 0) return listening;
    return path + ": " + std::strerror(errno) + "; remove it, or set GOSSIPCTL_RUNTIME_DIR";
}

FileDescriptor connect_to(const std::string& path) {
    sockaddr_un address{};
    FileDescriptor fd = unix_socket();
    if (!fd || !make_address(path, address)) return {};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    const int error = errno;
    fd.reset();
    errno = error;
    return {};
}

}  // namespace gossip
