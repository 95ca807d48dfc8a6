#pragma once
// What is written to a log file from now on, across its rotation.

#include "manager/hosts/process.hpp"
#include "node/base/descriptor.hpp"

#include <string>
#include <string_view>

namespace gossip {

class LogTail {
public:
    explicit LogTail(std::string path) : path_(std::move(path)) {}

    // Whole lines written since the last time, about `most` bytes at the most; nothing while there is no file.
    [[nodiscard]] std::string fresh(std::size_t most);

private:
    [[nodiscard]] bool read_some(std::size_t most);
    [[nodiscard]] bool was_rotated() const;

    std::string path_;
    FileDescriptor file_;
    std::string partial_;  // of a line
};

// The last lines of a file, at most `most` bytes.
[[nodiscard]] std::string end_of_file(const std::string& path, std::size_t most);
// Line by line made harmless, see escape_text.
[[nodiscard]] std::string harmless_lines(std::string_view text);

}  // namespace gossip
