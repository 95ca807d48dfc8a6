#pragma once
// Starting node processes with Boost.Process; `ControlLink` watches them.
// docs/decisions/002-spawning.md says what of it the library does, and what it is told to do.

#include "node/base/descriptor.hpp"
#include "protocol/types.hpp"

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gossip {

// Where a node finds what it inherits; everything else is closed in it.
constexpr int node_listen_fd = 3;
constexpr int node_control_fd = 4;

struct SpawnRequest {
    std::vector<std::string> arguments;  // after the program's own name
    int listen_fd{-1};                   // becomes node_listen_fd
    int control_fd{-1};                  // becomes node_control_fd
    std::string stderr_path;             // stdout and stderr are appended here
};

// Runs this very executable again, in a process group of its own; it is killed when the calling
// thread ends, so call from the main thread only. The error names the cause.
[[nodiscard]] std::variant<pid_t, std::string> spawn(const SpawnRequest& request);

// Runs another program, found on PATH, in the same manner; `channel_fd` becomes its stdin and stdout.
struct CommandRequest {
    std::vector<std::string> words;  // the program's name first
    int channel_fd{-1};
    std::string stderr_path;  // appended to
};
[[nodiscard]] std::variant<pid_t, std::string> spawn(const CommandRequest& request);

struct ExitStatus {
    bool signalled{false};
    int value{0};  // exit code, or the signal's number
};
[[nodiscard]] std::string describe(ExitStatus status);  // "exit code 3", "SIGSEGV"

// A pair of connected stream sockets: ours (non-blocking) and the node's.
[[nodiscard]] std::optional<std::pair<FileDescriptor, FileDescriptor>> control_pair();

// Listening sockets on the first `count` candidates that nobody else listens on. All of them or none: with a problem,
// or where `bound` stays short, nothing is kept.
struct Listening {
    std::vector<NodeId> bound;
    std::vector<NodeId> taken;  // passed over
    NodeId at{};                // where the problem is
    std::string problem;        // other than that it is taken
};
[[nodiscard]] Listening bind_first(const std::vector<NodeId>& candidates, std::size_t count,
                                   std::map<NodeId, FileDescriptor>& listeners);

}  // namespace gossip
