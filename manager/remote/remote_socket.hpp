#pragma once
// Where running networks are found by a second terminal, and the frames the two speak: a line
// "KIND LENGTH" and LENGTH bytes. Every network has one socket, named by its first seed's port.

#include "manager/shell/run_request.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file_lock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

struct RemoteFrame {
    std::string kind;
    std::string payload;
};

// To the network: run, complete. From it: out, err, note, prompt, words, done (payload: the exit code),
// closing (the network is about to end).
[[nodiscard]] std::string encode_frame(std::string_view kind, std::string_view payload);

// Cuts frames out of a stream of bytes.
class FrameReader {
public:
    static constexpr std::size_t limit = 64 * 1024 * 1024;
    void feed(std::string_view bytes) { buffer_ += bytes; }
    // False: the stream is broken.
    [[nodiscard]] bool next(std::optional<RemoteFrame>& frame);

private:
    std::string buffer_;
};

// "FORMAT COLOR INTERACTIVE WIDTH\n" and the commands.
[[nodiscard]] std::string encode_run(const RunRequest& request);
[[nodiscard]] std::optional<RunRequest> decode_run(std::string_view payload);

// $GOSSIPCTL_RUNTIME_DIR, $XDG_RUNTIME_DIR/gossipctl, or a folder of the user's own among the temporary files.
// Made if need be.
struct RuntimeFolder {
    std::string path;
    std::string problem;  // why it cannot be used; empty when it can
};
[[nodiscard]] RuntimeFolder runtime_folder();

struct RunningNetwork {
    std::uint16_t name{0};  // its first seed's port
    std::string path;
};
// Those that answer; sockets whose manager is gone are removed.
[[nodiscard]] std::vector<RunningNetwork> running_networks(const std::string& folder);
[[nodiscard]] std::string socket_path(const std::string& folder, std::uint16_t name);

// A network's end: a lock beside the socket says whose it is, and ends with its process.
struct ListeningSocket {
    FileLock lock;
    FileDescriptor fd;
};
// Listens there; the socket of a network that has ended is replaced. The error is one line.
[[nodiscard]] std::variant<ListeningSocket, std::string> listen_at(const std::string& path);
// Not valid when nobody answers.
[[nodiscard]] FileDescriptor connect_to(const std::string& path);

}  // namespace gossip
