#include "manager/base/event_loop.hpp"

#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <memory>

namespace gossip {

EventLoop::EventLoop() : work_(io_.get_executor()), signals_(io_, SIGINT, SIGTERM, SIGHUP) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that left is an error of write(), not our end
    signals_.add(SIGTSTP);
    await_signal();
}

void EventLoop::await_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) return;
        handle_signal(number);
        await_signal();
    });
}

void EventLoop::handle_signal(int number) {
    if (number == SIGINT) {
        interrupted_ = true;
    } else if (number != SIGTSTP) {
        termination_ = number;
    } else if (suspend_) {
        suspend_();
    } else {
        ::raise(SIGSTOP);
    }
}

void EventLoop::on_idle(const void* owner, std::function<void()> handler) {
    if (handler) {
        idle_[owner] = std::move(handler);
    } else {
        idle_.erase(owner);
    }
}

void EventLoop::idle() {
    if (idling_) return;
    idling_ = true;
    for (const auto& [owner, handler] : idle_) handler();
    idling_ = false;
}

std::optional<WaitEnd> EventLoop::poll() {
    io_.poll();
    if (heed_termination_ && termination_ != 0) return WaitEnd::terminated;
    if (take_interrupt()) return WaitEnd::interrupted;
    return std::nullopt;
}

WaitEnd EventLoop::run_until(const std::function<bool()>& done, std::optional<Duration> timeout) {
    const auto timed_out = std::make_shared<bool>(false);  // the timer's handler may run after this frame
    boost::asio::steady_timer timer(io_);
    if (timeout) {
        timer.expires_after(*timeout);
        timer.async_wait([timed_out](const boost::system::error_code& error) { *timed_out = !error; });
    }
    // What came already is heard first; and whoever waited finds what ended the wait as it was: nothing runs after
    // that.
    io_.poll();
    for (;;) {
        if (done()) return WaitEnd::done;
        if (heed_termination_ && termination_ != 0) return WaitEnd::terminated;
        if (take_interrupt()) return WaitEnd::interrupted;
        if (*timed_out) return WaitEnd::timed_out;
        io_.run_one();
        io_.poll();
        idle();
    }
}

}  // namespace gossip
