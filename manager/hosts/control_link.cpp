#include "manager/hosts/control_link.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace gossip {
namespace {

ExitStatus exit_status(int waited) {
    if (WIFSIGNALED(waited)) return {true, WTERMSIG(waited)};
    return {false, WEXITSTATUS(waited)};
}

using Descriptor = boost::asio::posix::stream_descriptor;
using boost::system::error_code;

}  // namespace

ControlLink::ControlLink(boost::asio::io_context& io, FileDescriptor control, pid_t child, Handlers handlers)
    : control_(io, control.release()), process_(io.get_executor(), child), handlers_(std::move(handlers)) {}

void ControlLink::start() {
    await_readable();
    await_exit();
}

void ControlLink::await_readable() {
    if (reading_ || held_ || !control_.is_open()) return;
    reading_ = true;
    control_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
        self->reading_ = false;
        if (error || self->held_) return;
        if (self->read_some() != Got::end) return self->await_readable();
        if (self->handlers_.closed) self->handlers_.closed();
    });
}

void ControlLink::hold(bool held) {
    held_ = held;
    await_readable();
}

void ControlLink::close() {
    error_code ignored;
    control_.close(ignored);
}

void ControlLink::await_exit() {
    process_.async_wait([self = shared_from_this()](const error_code& error, int) {
        if (!error) self->handle_exit();
    });
}

void ControlLink::handle_exit() {
    const int status = process_.native_exit_code();
    process_.detach();  // reaped: its number may soon be another process'
    while (read_some() == Got::data) {
    }
    control_.close();
    handlers_.exited(exit_status(status));
}

void ControlLink::signal(int number) {
    if (process_.is_open()) ::kill(process_.id(), number);
}

void ControlLink::stop() {
    signal(SIGSTOP);
    siginfo_t info{};
    const auto child = static_cast<id_t>(process_.id());
    while (process_.is_open() && ::waitid(P_PID, child, &info, WSTOPPED | WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
}

ControlLink::Got ControlLink::read_some() {
    static std::array<char, 256 * 1024> buffer;  // one thread, used within this call only
    if (!control_.is_open()) return Got::end;
    const ssize_t size = ::read(control_.native_handle(), buffer.data(), buffer.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR ? Got::nothing_yet : Got::end;
    if (size == 0) return Got::end;
    take_lines({buffer.data(), static_cast<std::size_t>(size)});
    return partial_.size() <= line_limit ? Got::data : Got::end;
}

void ControlLink::take_lines(std::string_view bytes) {
    for (;;) {
        const std::size_t end = bytes.find('\n');
        if (end == std::string_view::npos) break;
        if (partial_.empty()) {
            handlers_.line(bytes.substr(0, end));
        } else {
            partial_.append(bytes.substr(0, end));
            handlers_.line(std::exchange(partial_, {}));
        }
        bytes.remove_prefix(end + 1);
    }
    partial_.append(bytes);
}

void ControlLink::send(std::string_view lines) {
    if (!control_.is_open()) return;
    unsent_ += lines;
    if (!writing_) await_writable();
}

void ControlLink::await_writable() {
    writing_ = true;
    control_.async_wait(Descriptor::wait_write, [self = shared_from_this()](const error_code& error) {
        self->writing_ = false;
        if (!error) self->write_some();
    });
}

void ControlLink::write_some() {
    const ssize_t size = ::write(control_.native_handle(), unsent_.data(), unsent_.size());
    if (size < 0 && errno != EAGAIN && errno != EINTR) return;
    if (size > 0) unsent_.erase(0, static_cast<std::size_t>(size));
    if (!unsent_.empty()) await_writable();
}

}  // namespace gossip
