#pragma once
// The manager's end of one node's control channel, and the watch over its process.

#include "manager/process.hpp"
#include "node/control.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace gossip {

// Shared: its pending operations keep it alive.
class ControlLink : public std::enable_shared_from_this<ControlLink> {
public:
    struct Handlers {
        std::function<void(FromNode)> line;
        std::function<void(ExitStatus)> exited;  // reaped, everything it wrote has been read; the last call
    };

    ControlLink(boost::asio::io_context& io, Fd control, Fd pidfd, Handlers handlers);
    void start();
    void send(const ToNode& command);
    // False when the process is gone.
    bool signal(int number) { return send_signal(exit_.native_handle(), number); }
    void stop(pid_t pid) { stop_process(exit_.native_handle(), pid); }

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
    void take_line(std::string_view line);

    boost::asio::posix::stream_descriptor control_;
    boost::asio::posix::stream_descriptor exit_;
    Handlers handlers_;
    std::string partial_;  // of the line being read
    std::string unsent_;
    bool writing_{false};
};

}  // namespace gossip
