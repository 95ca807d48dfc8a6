#include "manager/hosts/log_tail.hpp"

#include "node/base/escape.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace gossip {
namespace {

FileDescriptor open_to_read(const std::string& path) {
    return FileDescriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
}

}  // namespace

bool LogTail::read_some(std::size_t most) {
    std::string buffer(most, '\0');
    const ssize_t size = ::read(file_.get(), buffer.data(), buffer.size());
    if (size <= 0) return false;
    partial_.append(buffer, 0, static_cast<std::size_t>(size));
    return true;
}

bool LogTail::was_rotated() const {
    struct stat now {};
    struct stat ours {};
    if (::stat(path_.c_str(), &now) != 0 || ::fstat(file_.get(), &ours) != 0) return false;
    return now.st_ino != ours.st_ino || now.st_dev != ours.st_dev;
}

std::string LogTail::fresh(std::size_t most) {
    if (!file_) file_ = open_to_read(path_);
    if (!file_) return {};
    if (!read_some(most)) {
        if (!was_rotated()) return {};
        // Between the two looks it may have been written to once more.
        if (!read_some(most)) {
            file_ = open_to_read(path_);
            if (!file_ || !read_some(most)) return {};
        }
    }
    // A line without end is handed on in pieces.
    const std::size_t end = partial_.size() < most ? partial_.rfind('\n') + 1 : partial_.size();
    std::string lines = partial_.substr(0, end);
    partial_.erase(0, end);
    return lines;
}

std::string end_of_file(const std::string& path, std::size_t most) {
    const FileDescriptor file = open_to_read(path);
    if (!file) return {};
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(most));
    std::string text(most, '\0');
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), from);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return from == 0 ? text : text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
}

std::string harmless_lines(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += escape_text(text.substr(0, end));
        if (end == std::string_view::npos) break;
        out += '\n';
        text.remove_prefix(end + 1);
    }
    return out;
}

}  // namespace gossip
