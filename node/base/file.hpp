#pragma once
// The few file operations that need the kernel's own calls: whole reads and writes, replacing a file at once, and the
// sync of a folder that makes a rename durable.

#include "protocol/types.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace gossip {

// "No space left on device" for ENOSPC.
[[nodiscard]] std::string error_text(int error_number);

// Writes all bytes, over signals and short writes. Waits for a slow reader even when `fd` is non-blocking. Returns
// false with errno set.
[[nodiscard]] bool write_all(int fd, std::string_view bytes);
[[nodiscard]] bool read_all(int fd, Bytes& bytes);

struct FileText {
    std::string text;
};
// The error: "cannot read PATH: Is a directory".
[[nodiscard]] std::variant<FileText, std::string> read_file(const std::string& path);

[[nodiscard]] bool sync_folder_of(const std::string& path);

// Replaces the file atomically: readers see the old text or the new one. Links are followed, and what is no file (a
// device, a pipe) is written to. Empty, or "cannot write PATH: why".
[[nodiscard]] std::string replace_file(const std::string& path, std::string_view text);

// Resident memory of a process; 0 when there is no such process.
[[nodiscard]] std::uint64_t resident_bytes(std::int64_t pid);

}  // namespace gossip
