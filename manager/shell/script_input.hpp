#pragma once
// Commands from a pipe or a file on stdin, a line at a time (several when a block is open), without
// blocking the event loop.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gossip {

class ScriptInput {
public:
    struct Block {
        std::string text;
        int line{1};
    };

    // Does not close `fd`.
    ScriptInput(boost::asio::io_context& io, int fd);

    [[nodiscard]] bool ready();
    // Hands out the complete block; nothing at the end of input.
    std::optional<Block> take();

private:
    void await_input();
    void read_some();
    // Moves whole lines into the block until it is complete.
    bool fill();

    int fd_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> descriptor_;  // none for a plain file
    std::string unread_;
    Block block_;
    int next_line_{1};
    bool complete_{false};
    bool ended_{false};
};

}  // namespace gossip
