#pragma once
// The few file operations that need the kernel's own calls: whole reads and writes, and the sync of a
// folder that makes a rename durable.

#include "protocol/types.hpp"

#include <string>
#include <string_view>

namespace gossip {

// "No space left on device" for ENOSPC.
[[nodiscard]] std::string error_text(int error_number);

// Writes all bytes, over signals and short writes. Waits for a slow reader even when `fd` is non-blocking. Returns
// false with errno set.
[[nodiscard]] bool write_all(int fd, std::string_view bytes);
[[nodiscard]] bool read_all(int fd, Bytes& bytes);
[[nodiscard]] bool sync_folder_of(const std::string& path);

// Resident memory of a process; 0 when there is no such process.
[[nodiscard]] std::uint64_t resident_bytes(std::int64_t pid);

}  // namespace gossip
