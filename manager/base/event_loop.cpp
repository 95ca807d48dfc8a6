#include "manager/base/event_loop.hpp"

#include "node/base/signals.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <memory>

namespace gossip {

struct EventLoop::Asio {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    boost::asio::signal_set signals{io};
};

EventLoop::EventLoop() : asio_(std::make_unique<Asio>()) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that left is an error of write(), not our end
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) {
        if (!is_ignored(signal)) asio_->signals.add(signal);
    }
    await_signal();
}

EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::io() { return asio_->io; }

void EventLoop::await_signal() {
    asio_->signals.async_wait([this](const boost::system::error_code& error, int number) {
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

// A handler may wait in a loop of its own: what comes meanwhile is for the others as well, at the loop's next turn.
void EventLoop::idle() {
    idle_again_ = idling_;
    if (idling_) return;
    idling_ = true;
    for (const auto& [owner, handler] : idle_) handler();
    idling_ = false;
    if (idle_again_) boost::asio::post(io(), [] {});
}

std::optional<WaitEnd> EventLoop::poll() {
    io().poll();
    if (heed_termination_ && termination_ != 0) return WaitEnd::terminated;
    if (take_interrupt()) return WaitEnd::interrupted;
    return std::nullopt;
}

WaitEnd EventLoop::run_until(const std::function<bool()>& done, std::optional<Duration> timeout) {
    const auto timed_out = std::make_shared<bool>(false);  // the timer's handler may run after this frame
    boost::asio::steady_timer timer(io());
    if (timeout) {
        timer.expires_after(*timeout);
        timer.async_wait([timed_out](const boost::system::error_code& error) { *timed_out = !error; });
    }
    // What came already is heard first; and whoever waited finds what ended the wait as it was: nothing runs after
    // that.
    io().poll();
    if (!done()) idle();
    for (;;) {
        if (done()) return WaitEnd::done;
        if (heed_termination_ && termination_ != 0) return WaitEnd::terminated;
        if (take_interrupt()) return WaitEnd::interrupted;
        if (*timed_out) return WaitEnd::timed_out;
        io().run_one();
        io().poll();
        idle();
    }
}

}  // namespace gossip
