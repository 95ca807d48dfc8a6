#include "node/base/file.hpp"

#include "node/base/descriptor.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr int write_new = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

// A file beside `path` that nobody else has: its name, and the open file.
FileDescriptor open_beside(const fs::path& path, std::string& name) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        const std::string unique = std::to_string(::getpid()) + "-" + std::to_string(attempt);
        name = (path.parent_path() / ("." + path.filename().string() + "." + unique)).string();
        FileDescriptor fd(::open(name.c_str(), write_new, 0666));
        if (fd || errno != EEXIST) return fd;
    }
    return {};
}

bool write_beside_and_rename(const fs::path& path, std::string_view text, mode_t mode) {
    std::string name;
    const FileDescriptor fresh = open_beside(path, name);
    if (!fresh) return false;
    const bool permitted = mode == 0 || ::fchmod(fresh.get(), mode) == 0;
    if (permitted && write_all(fresh.get(), text) && ::rename(name.c_str(), path.c_str()) == 0) return true;
    const int error = errno;
    ::unlink(name.c_str());
    errno = error;
    return false;
}

}  // namespace

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
        if (written >= 0 || errno == EINTR) continue;
        if (errno != EAGAIN) return false;
        pollfd room{fd, POLLOUT, 0};
        ::poll(&room, 1, -1);
    }
    return true;
}

bool read_all(int fd, Bytes& bytes) {
    std::array<char, 65536> chunk;
    for (;;) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got == 0) return true;
        if (got > 0) bytes.append(chunk.data(), static_cast<std::size_t>(got));
        if (got < 0 && errno != EINTR) return false;
    }
}

std::variant<FileText, std::string> read_file(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    FileText read;
    if (file && read_all(file.get(), read.text)) return read;
    return "cannot read " + path + ": " + error_text(errno);
}

bool sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const FileDescriptor fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && ::fsync(fd.get()) == 0;
}

std::string replace_file(const std::string& path, std::string_view text) {
    std::error_code error;
    const fs::path linked = fs::canonical(path, error);
    const fs::path place = error ? fs::path(path) : linked;
    struct stat status {};
    const bool exists = ::stat(place.c_str(), &status) == 0;
    bool good = false;
    if (exists && !S_ISREG(status.st_mode)) {
        const FileDescriptor there(::open(place.c_str(), O_WRONLY | O_CLOEXEC));
        good = there && write_all(there.get(), text);
    } else {
        good = write_beside_and_rename(place, text, exists ? status.st_mode & 07777 : 0);
    }
    return good ? std::string() : "cannot write " + path + ": " + error_text(errno);
}

std::uint64_t resident_bytes(std::int64_t pid) {
    std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/statm").c_str(), "re");
    if (file == nullptr) return 0;
    unsigned long long size = 0;
    unsigned long long resident = 0;
    const int read = std::fscanf(file, "%llu %llu", &size, &resident);
    std::fclose(file);
    return read == 2 ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace gossip
