#include "node/base/file_lock.hpp"

#include "node/base/file.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace gossip {
namespace {

FileDescriptor open_lock(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

// On the open file, not on the process as the older kind: closing another descriptor of it does not release it.
bool lock_whole(int fd, int command) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(fd, command, &whole) == 0;
}

bool is_locked(int fd) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

std::string own_name() {
    std::error_code ignored;
    return "process " + std::to_string(::getpid()) + ", started in " + std::filesystem::current_path(ignored).string();
}

std::string name_in(int fd) {
    std::array<char, 4096> text;
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "another process";
}

}  // namespace

std::variant<FileLock, FileLock::Taken, std::string> FileLock::take(const std::string& path) {
    FileDescriptor file = open_lock(path);
    if (!file) return "cannot open " + path + ": " + error_text(errno);
    if (!lock_whole(file.get(), F_OFD_SETLK)) {
        if (errno != EAGAIN && errno != EACCES) return "cannot lock " + path + ": " + error_text(errno);
        return Taken{name_in(file.get())};
    }
    if (::ftruncate(file.get(), 0) != 0 || !write_all(file.get(), own_name())) {
        return "cannot write " + path + ": " + error_text(errno);
    }
    return FileLock(std::move(file));
}

FileLock FileLock::await(const std::string& path) {
    FileDescriptor file = open_lock(path);
    while (file && !lock_whole(file.get(), F_OFD_SETLKW)) {
        if (errno != EINTR) return {};
    }
    return FileLock(std::move(file));
}

std::string FileLock::holder(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file && is_locked(file.get()) ? name_in(file.get()) : std::string();
}

}  // namespace gossip
