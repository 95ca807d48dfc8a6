#include "node/transport/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace gossip {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// What one connection may read in one turn of the loop, so that none starves the others.
constexpr std::size_t turn_bytes = 256 * 1024;

// Shared by all connections of a loop's thread: what does not end a line is copied out, so that a
// silent connection holds no buffer.
std::array<char, turn_bytes>& scratch() {
    thread_local std::array<char, turn_bytes> buffer;
    return buffer;
}

bool connected_to_itself(const tcp::socket& socket) {
    boost::system::error_code ignored;
    return socket.local_endpoint(ignored) == socket.remote_endpoint(ignored);
}

// A host that vanishes without a word is noticed within a minute: well above every detection window,
// because a process that was merely stopped, and reads nothing, is not for the transport to judge.
void set_options(tcp::socket& socket) {
    const int fd = socket.native_handle();
    const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 60'000);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);  // Asio's accept does not ask for it
}

std::string remote_name(const tcp::socket& socket) {
    boost::system::error_code error;
    const tcp::endpoint remote = socket.remote_endpoint(error);
    return error ? "unknown" : remote.address().to_string() + ":" + std::to_string(remote.port());
}

bool must_wait(const boost::system::error_code& error) {
    return error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted;
}

}  // namespace

Connection::Connection(tcp::socket socket, Limits limits, Handlers handlers)
    : socket_(std::move(socket)), limits_(limits), handlers_(std::move(handlers)) {}

void Connection::dial(Endpoint to) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    boost::system::error_code error;
    if (fd >= 0) socket_.assign(tcp::v4(), fd, error);
    if (fd < 0 || error) return close(CloseCause::timed_out);
    const tcp::endpoint target(asio::ip::address_v4(to.ip), to.port);
    socket_.async_connect(
        target, [self = shared_from_this()](const boost::system::error_code& failed) { self->on_dialled(failed); });
}

void Connection::on_dialled(const boost::system::error_code& error) {
    if (closed_) return;
    // A dial to a free port of the ephemeral range can meet itself; nobody listens there.
    if (error == asio::error::connection_refused || (!error && connected_to_itself(socket_))) {
        return close(CloseCause::refused);
    }
    if (error) return close(CloseCause::timed_out);
    if (!finishing_) deadline_ = no_deadline;
    start_reading();
    handlers_.connected(*this);
    flush();
}

void Connection::start_reading() {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    set_options(socket_);
    remote_ = remote_name(socket_);
    connected_ = true;
    wait_for_input();
}

void Connection::set_limits(std::size_t line_bytes, std::size_t queue_bytes) {
    limits_.line = line_bytes;
    limits_.queue_bytes = queue_bytes;
}

// ---------------------------------------------------------------- reading

void Connection::wait_for_input() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
        if (self->closed_) return;
        if (error) return self->break_off(error);
        self->read_available();
    });
}

void Connection::read_available() {
    boost::system::error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(scratch()), error);
    if (must_wait(error)) return wait_for_input();
    if (error == asio::error::eof) return on_end_of_file();
    if (error) return break_off(error);
    bytes_received_ += size;
    if (take_lines({scratch().data(), size})) wait_for_input();
}

void Connection::on_end_of_file() {
    they_ended_ = true;
    if (finishing_) {
        if (we_ended_) close(CloseCause::local);
    } else if (keep_when_half_closed_) {
        handlers_.half_closed(*this);
    } else {
        close(CloseCause::ended);
    }
}

// The other side broke the connection; when we were about to end it anyhow that is no news.
void Connection::break_off(const boost::system::error_code& error) {
    const bool silent = error == asio::error::timed_out || error == asio::error::host_unreachable;
    if (finishing_) return close(CloseCause::local);
    close(silent ? CloseCause::timed_out : CloseCause::ended);
}

bool Connection::take_lines(std::string_view bytes) {
    const auto self = shared_from_this();  // a handler may drop the last owner
    while (!bytes.empty() && wants_lines()) {
        const std::size_t end = bytes.find('\n');
        const std::size_t size = end == std::string_view::npos ? bytes.size() : end;
        if (partial_.size() + size > limits_.line) {
            partial_ = {};
            line_deadline_ = no_deadline;
            handlers_.line_too_long(*this);
            break;
        }
        if (end == std::string_view::npos) return begin_line(bytes);
        line_deadline_ = no_deadline;
        if (partial_.empty()) {
            handlers_.line(*this, bytes.substr(0, size));
        } else {
            const std::string whole = std::exchange(partial_, {}).append(bytes.substr(0, size));
            handlers_.line(*this, whole);
        }
        bytes.remove_prefix(end + 1);
    }
    return !closed_;
}

// The deadline is that of the first byte: trickling does not extend it.
bool Connection::begin_line(std::string_view bytes) {
    if (partial_.empty()) {
        line_deadline_ = steady_now() + limits_.line_deadline;
        handlers_.line_begun(*this);
    }
    partial_.append(bytes);
    return true;
}

// ---------------------------------------------------------------- writing

void Connection::write(Frame frame) {
    if (is_closing()) return;
    queued_bytes_ += frame->size();
    queue_.push_back(std::move(frame));
    if (queued_bytes_ > limits_.queue_bytes) return close(CloseCause::overflow);
    schedule_flush();
}

void Connection::write_first(Frame frame) {
    if (closed_) return;
    queued_bytes_ += frame->size();
    queue_.insert(queue_.begin(), std::move(frame));
    schedule_flush();
}

void Connection::uncork() {
    corked_ = false;
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
    if (closed_ || !connected_ || corked_ || !in_flight_.empty()) return;
    if (queue_.empty()) return say_end_of_file();
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
    if (error) return break_off(error);
    bytes_sent_ += bytes;
    queued_bytes_ -= bytes;
    in_flight_.clear();
    flush();
}

// Everything queued is written. An asker that had closed its side has its answer now.
void Connection::say_end_of_file() {
    if (they_ended_) return close(finishing_ ? CloseCause::local : CloseCause::ended);
    if (!finishing_ || we_ended_) return;
    we_ended_ = true;
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Connection::finish(bool deliver) {
    if (is_closing()) return;
    if (!connected_ && queue_.empty()) return close(CloseCause::local);
    finishing_ = true;
    deliver_ = deliver;
    if (!deliver) partial_ = {};
    line_deadline_ = no_deadline;
    corked_ = false;
    schedule_flush();
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
