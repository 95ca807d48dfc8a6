#pragma once
// One TCP connection: whole lines in, whole lines out. It knows nothing of what the lines mean.
// Its pending operations keep it alive; close() ends them.

#include "node/base/clock.hpp"
#include "protocol/types.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

constexpr SteadyTime no_deadline = SteadyTime::max();

// An encoded line with its newline, shared by all connections it goes to.
using Frame = std::shared_ptr<const std::string>;

enum class CloseCause : std::uint8_t {
    ended,      // by the other side, or the network broke it
    refused,    // nobody listens there
    timed_out,  // no answer to a dial, or none to what was written
    overflow,   // the other side reads too slowly
    local,      // by ourselves
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    struct Limits {
        std::size_t line{0};         // bytes of one line
        std::size_t queue_bytes{0};  // waiting to be written
        Duration line_deadline{};    // a line, from its first byte
    };
    struct Handlers {
        std::function<void(Connection&)> connected;
        std::function<void(Connection&, std::string_view line)> line;
        std::function<void(Connection&)> line_begun;                // a deadline runs: the rest of a line is missing
        std::function<void(Connection&)> line_too_long;             // the rest of what comes is not worth reading
        std::function<void(Connection&)> half_closed;               // see keep_when_half_closed
        std::function<void(Connection&, CloseCause cause)> closed;  // once, never from within another call
    };

    Connection(boost::asio::ip::tcp::socket socket, Limits limits, Handlers handlers);

    void dial(Endpoint to);
    void start_reading();
    // Queues a line and writes it at the end of this turn of the loop, together with what follows.
    void write(Frame frame);
    // Ahead of everything queued; for the line that opens a connection.
    void write_first(Frame frame);
    // Nothing is written until uncork.
    void cork() { corked_ = true; }
    void uncork();

    void close(CloseCause cause);
    // Writes what is queued, says end of file, waits for the other side's, then closes: closing at once
    // would make the kernel throw away what is on its way. Until then lines still count if `deliver`.
    void finish(bool deliver);

    void set_limits(std::size_t line_bytes, std::size_t queue_bytes);
    [[nodiscard]] std::size_t line_limit() const { return limits_.line; }
    // An asker may close its sending side and still wait for the answer.
    void keep_when_half_closed(bool keep) { keep_when_half_closed_ = keep; }
    void set_deadline(SteadyTime when) { deadline_ = when; }
    // When this connection has to be closed if nothing happens; the owner sweeps.
    [[nodiscard]] SteadyTime deadline() const { return deadline_ < line_deadline_ ? deadline_ : line_deadline_; }
    [[nodiscard]] bool mid_line() const { return line_deadline_ != no_deadline; }
    [[nodiscard]] bool is_closed() const { return closed_; }
    [[nodiscard]] bool is_closing() const { return closed_ || finishing_; }
    [[nodiscard]] bool is_connected() const { return connected_; }
    [[nodiscard]] const std::string& remote() const { return remote_; }
    [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }
    [[nodiscard]] std::uint64_t bytes_received() const { return bytes_received_; }

private:
    void on_dialled(const boost::system::error_code& error);
    void wait_for_input();
    void read_available();
    void on_end_of_file();
    // False when nothing more shall be read.
    bool take_lines(std::string_view bytes);
    bool begin_line(std::string_view bytes);
    [[nodiscard]] bool wants_lines() const { return !closed_ && (!finishing_ || deliver_); }
    void break_off(const boost::system::error_code& error);
    void schedule_flush();
    void flush();
    void say_end_of_file();
    void on_written(const boost::system::error_code& error, std::size_t bytes);

    boost::asio::ip::tcp::socket socket_;
    Limits limits_;
    Handlers handlers_;
    std::string remote_;
    std::string partial_;  // a line's beginning, without its newline
    std::vector<Frame> queue_;
    std::vector<Frame> in_flight_;
    std::size_t queued_bytes_{0};
    std::uint64_t bytes_sent_{0};
    std::uint64_t bytes_received_{0};
    SteadyTime deadline_{no_deadline};
    SteadyTime line_deadline_{no_deadline};
    bool connected_{false};
    bool corked_{false};
    bool flush_scheduled_{false};
    bool finishing_{false};
    bool deliver_{false};
    bool keep_when_half_closed_{false};
    bool we_ended_{false};    // our end of file is said
    bool they_ended_{false};  // theirs is read
    bool closed_{false};
};

}  // namespace gossip
