#include "node/control/control_channel.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace gossip {
namespace {

namespace asio = boost::asio;

constexpr std::size_t event_backlog_limit = 4 * 1024 * 1024;
constexpr std::size_t command_limit = 1024 * 1024;  // faults on the links to tens of thousands of nodes

}  // namespace

ControlChannel::ControlChannel(asio::io_context& io, int fd, ControlHandlers handlers)
    : stream_(io, fd), handlers_(std::move(handlers)) {}

void ControlChannel::start() { read(); }

void ControlChannel::close() {
    boost::system::error_code ignored;
    stream_.close(ignored);
}

void ControlChannel::read() {
    asio::async_read_until(stream_, asio::dynamic_buffer(input_, command_limit), '\n',
                           [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                               self->on_read(error, bytes);
                           });
}

void ControlChannel::on_read(const boost::system::error_code& error, std::size_t bytes) {
    if (error == asio::error::operation_aborted) return;
    if (error == asio::error::not_found) {
        input_.clear();
        passing_over_ = true;
        return read();
    }
    if (error) return handlers_.closed();
    const std::string line = input_.substr(0, bytes - 1);
    input_.erase(0, bytes);
    const auto command = std::exchange(passing_over_, false) ? std::nullopt : decode_to_node(line);
    if (command) handlers_.command(*command);
    if (stream_.is_open()) read();
}

void ControlChannel::send(const FromNode& line) {
    if (!stream_.is_open()) return;
    if (std::holds_alternative<NodeEvent>(line) && waiting_.size() > event_backlog_limit) {
        ++dropped_;
        return;
    }
    waiting_ += encode(line);
    if (write_scheduled_ || !in_flight_.empty()) return;
    write_scheduled_ = true;
    // Written at the end of this turn of the loop: all lines of a turn go out in one write.
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
        self->write_scheduled_ = false;
        self->write();
    });
}

void ControlChannel::write() {
    if (waiting_.empty() || !in_flight_.empty() || !stream_.is_open()) return;
    in_flight_.swap(waiting_);
    asio::async_write(stream_, asio::buffer(in_flight_),
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                          self->in_flight_.clear();
                          if (!error) self->write();
                      });
}

}  // namespace gossip
