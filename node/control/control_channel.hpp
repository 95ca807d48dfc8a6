#pragma once
// A node's end of the control channel: it reads and writes lines, and takes end-of-file to mean that the manager is
// gone. It never blocks: when the manager does not read, events are dropped, replies are not.

#include "node/control/control.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace gossip {

struct ControlHandlers {
    std::function<void(const ToNode& command)> command;
    std::function<void()> closed;  // the manager is gone
};

class ControlChannel : public std::enable_shared_from_this<ControlChannel> {
public:
    // Takes over the descriptor.
    ControlChannel(boost::asio::io_context& io, int fd, ControlHandlers handlers);
    void start();
    void close();

    // Always queues ready, status and replies. Drops an event while more than 4 MiB are queued.
    void send(const FromNode& line);
    [[nodiscard]] std::uint64_t dropped_events() const { return dropped_; }

private:
    void read();
    void on_read(const boost::system::error_code& error, std::size_t bytes);
    void write();

    boost::asio::posix::stream_descriptor stream_;
    ControlHandlers handlers_;
    std::string input_;
    std::string waiting_;
    std::string in_flight_;
    std::uint64_t dropped_{0};
    bool write_scheduled_{false};
    bool passing_over_{false};  // the rest of a line that is too long: it costs that line and no more
};

}  // namespace gossip
