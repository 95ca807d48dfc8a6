#include "node/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace gossip {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// What one connection may read in one turn of the loop, so that none starves the others.
constexpr std::size_t turn_bytes = 256 * 1024;

// Shared by all connections: the loop has one thread, and what does not fit a line is copied out.
std::array<char, turn_bytes>& scratch() {
    static std::array<char, turn_bytes> buffer;
    return buffer;
}

bool connected_to_itself(const tcp::socket& socket) {
    boost::system::error_code ignored;
    return socket.local_endpoint(ignored) == socket.remote_endpoint(ignored);
}

}  // namespace

Connection::Connection(tcp::socket socket, Limits limits, Handlers handlers)
    : socket_(std::move(socket)), limits_(limits), handlers_(std::move(handlers)) {}

void Connection::dial(Endpoint to) {
    const tcp::endpoint target(asio::ip::address_v4(to.ip), to.port);
    socket_.async_connect(target, [self = shared_from_this()](const boost::system::error_code& error) {
        self->on_dialled(error);
    });
}

void Connection::on_dialled(const boost::system::error_code& error) {
    if (closed_) return;
    // A dial to a free port of the ephemeral range can meet itself; nobody listens there.
    if (error == asio::error::connection_refused || (!error && connected_to_itself(socket_))) {
        return close(CloseCause::refused);
    }
    if (error) return close(CloseCause::timed_out);
    deadline_ = no_deadline;
    start_reading();
    handlers_.connected(*this);
    flush();
}

void Connection::start_reading() {
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    connected_ = true;
    wait_for_input();
}

void Connection::wait_for_input() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
        if (error || self->closed_) return self->close(CloseCause::ended);
        self->read_available();
    });
}

void Connection::read_available() {
    boost::system::error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(scratch()), error);
    if (error == asio::error::would_block || error == asio::error::try_again) return wait_for_input();
    if (error) return close(CloseCause::ended);
    bytes_received_ += size;
    if (take_lines({scratch().data(), size})) wait_for_input();
}

bool Connection::take_lines(std::string_view bytes) {
    const auto self = shared_from_this();  // a handler may drop the last owner
    while (!bytes.empty() && !is_closing()) {
        const std::size_t end = bytes.find('\n');
        const std::size_t size = end == std::string_view::npos ? bytes.size() : end;
        if (partial_.size() + size > limits_.line) {
            close(CloseCause::line_too_long);
            return false;
        }
        if (end == std::string_view::npos) {
            if (partial_.empty()) {
                line_deadline_ = std::chrono::steady_clock::now() + limits_.line_deadline;
                handlers_.line_begun(*this);
            }
            partial_.append(bytes);
            return true;
        }
        line_deadline_ = no_deadline;
        if (partial_.empty()) {
            handlers_.line(*this, bytes.substr(0, size));
        } else {
            const std::string whole = std::exchange(partial_, {}).append(bytes.substr(0, size));
            handlers_.line(*this, whole);
        }
        bytes.remove_prefix(end + 1);
    }
    return !is_closing();
}

void Connection::write(Frame frame) {
    if (is_closing()) return;
    queued_bytes_ += frame->size();
    queue_.push_back(std::move(frame));
    if (queued_bytes_ > limits_.queue_bytes) return close(CloseCause::overflow);
    schedule_flush();
}

void Connection::write_first(Frame frame) {
    if (is_closing()) return;
    queued_bytes_ += frame->size();
    queue_.insert(queue_.begin(), std::move(frame));
    schedule_flush();
}

void Connection::schedule_flush() {
    if (flush_scheduled_ || !connected_ || !in_flight_.empty()) return;
    flush_scheduled_ = true;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        self->flush_scheduled_ = false;
        self->flush();
    });
}

void Connection::flush() {
    if (closed_ || !connected_ || !in_flight_.empty()) return;
    if (queue_.empty()) {
        if (close_when_flushed_) close(CloseCause::local);
        return;
    }
    in_flight_.swap(queue_);
    std::vector<asio::const_buffer> buffers;
    buffers.reserve(in_flight_.size());
    for (const Frame& frame : in_flight_) buffers.emplace_back(asio::buffer(*frame));
    asio::async_write(socket_, buffers,
                      [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
                          self->on_written(error, bytes);
                      });
}

void Connection::on_written(const boost::system::error_code& error, std::size_t bytes) {
    if (closed_) return;
    if (error) return close(CloseCause::ended);
    bytes_sent_ += bytes;
    queued_bytes_ -= bytes;
    in_flight_.clear();
    flush();
}

void Connection::close_after_flush() {
    if (is_closing()) return;
    if (!connected_) return close(CloseCause::local);
    close_when_flushed_ = true;
    if (in_flight_.empty()) flush();
}

void Connection::close(CloseCause cause) {
    if (closed_) return;
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    // Reported from the loop, so that nobody is called back from within its own call.
    asio::post(socket_.get_executor(), [self = shared_from_this(), cause] { self->handlers_.closed(*self, cause); });
}

}  // namespace gossip
