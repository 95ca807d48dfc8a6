#pragma once
// A lock that ends with its process, and that tells others who holds it.

#include "node/base/descriptor.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace gossip {

class FileLock {
public:
    static constexpr std::string_view in_folder = ".gossipctl-lock";  // the lock on a folder as a whole

    struct Taken {
        std::string by;  // "process 4711, started in /home/a"
    };
    // Makes the file when it is missing; it stays, because a lock file that is removed can be locked twice.
    // A text says why there is no such file.
    [[nodiscard]] static std::variant<FileLock, Taken, std::string> take(const std::string& path);
    // Waits until it is free; for moments. Not held when there is no such file.
    [[nodiscard]] static FileLock await(const std::string& path);
    // Who holds it; empty: nobody does.
    [[nodiscard]] static std::string holder(const std::string& path);

    FileLock() = default;
    explicit operator bool() const { return static_cast<bool>(file_); }

private:
    explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor file_;
};

}  // namespace gossip
