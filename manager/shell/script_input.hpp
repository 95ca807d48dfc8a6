#pragma once
// Commands from a pipe or a file on stdin, a line at a time (several when a block is open), without
// blocking the event loop.

#include "manager/shell/parser.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gossip {

class ScriptInput {
public:
    // Does not close `fd`.
    ScriptInput(boost::asio::io_context& io, int fd);

    [[nodiscard]] bool ready();
    // Hands out the complete block; nothing at the end of input.
    std::optional<ParsedText> take();
    // Why the input ended before its end; empty when it did not.
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    void await_input();
    void read_some();
    // Moves whole lines into the block until it is complete.
    bool fill();

    int fd_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> descriptor_;  // none for a plain file
    std::string unread_;
    ParsedText block_;
    int block_line_{1};
    int next_line_{1};
    bool complete_{false};
    bool ended_{false};
    std::string problem_;
};

}  // namespace gossip
