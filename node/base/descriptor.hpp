#pragma once
// Owns a file descriptor: a file, a socket, a process.

#include <utility>

namespace gossip {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~FileDescriptor() { reset(); }

    // Closes what it owned.
    void reset(int fd = -1);
    int release() { return std::exchange(fd_, -1); }
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_{-1};
};

}  // namespace gossip
