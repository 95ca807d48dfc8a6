#pragma once
// The channel to a process that was started here, one line after the other, and the watch over the process: a
// node's control channel, or what leads to another machine's agent.

#include "manager/base/boost_process.hpp"
#include "manager/hosts/process.hpp"
#include "node/base/descriptor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gossip {

// Shared: its pending operations keep it alive.
class ControlLink : public std::enable_shared_from_this<ControlLink> {
public:
    struct Handlers {
        std::function<void(std::string_view)> line;  // without its newline
        std::function<void(ExitStatus)> exited;      // reaped, everything it wrote has been read; the last call
        std::function<void()> closed{};              // its end of the channel, though it may still run
    };

    ControlLink(boost::asio::io_context& io, FileDescriptor control, pid_t child, Handlers handlers);
    void start();
    void send(std::string_view lines);
    // While held, nothing is read, so that the other side waits; what it wrote before its end is read all the same.
    void hold(bool held);
    // Nothing happens when the process is gone.
    void signal(int number);
    // SIGSTOP; returns when the process stands still (a moment: it cannot be refused) or is gone.
    void stop();
    // No more to send: the other side reads the end of the channel.
    void close();

private:
    static constexpr std::size_t line_limit = 16 * 1024 * 1024;  // a status with a very long list

    void await_readable();
    void await_exit();
    void handle_exit();
    void await_writable();
    enum class Got : std::uint8_t { data, nothing_yet, end };
    Got read_some();
    void write_some();
    void take_lines(std::string_view bytes);

    boost::asio::posix::stream_descriptor control_;
    boost::process::v2::process process_;  // until it was reaped; killed with this object
    Handlers handlers_;
    std::string partial_;  // of the line being read
    std::string unsent_;
    bool writing_{false};
    bool reading_{false};
    bool held_{false};
};

}  // namespace gossip
