#pragma once
// The manager's one thread: events are handled while a command waits, and signals end the wait.
// Commands are plain functions; handlers never run commands, so nothing is re-entered.

#include "protocol/types.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace boost::asio {
class io_context;
}

namespace gossip {

enum class WaitEnd : std::uint8_t {
    done,
    timed_out,
    interrupted,  // Ctrl-C
    terminated,   // SIGTERM or SIGHUP: everything is to end
};

class EventLoop {
public:
    EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();
    [[nodiscard]] boost::asio::io_context& io();

    // Handles events until `done` says so; asked again after every batch of events. A Ctrl-C that came
    // is consumed by the wait that reports it; a termination stays in force.
    WaitEnd run_until(const std::function<bool()>& done, std::optional<Duration> timeout = std::nullopt);

    // Handles what is there without waiting; how a wait would end now that nothing is done yet.
    std::optional<WaitEnd> poll();

    // SIGTERM or SIGHUP once one arrived, else 0.
    [[nodiscard]] int termination() const { return termination_; }
    // True once for every Ctrl-C nobody has consumed.
    bool take_interrupt() { return std::exchange(interrupted_, false); }
    // During clean-up a second Ctrl-C means "at once", and a termination does not cut the clean-up short.
    void ignore_termination() { heed_termination_ = false; }
    // Called between batches of events, never from within itself: the place for what must not run in a handler.
    // One an owner; an empty one takes it back.
    void on_idle(const void* owner, std::function<void()> handler);
    // Called on Ctrl-Z in place of stopping; the default action is gone while this is set.
    void on_suspend(std::function<void()> handler) { suspend_ = std::move(handler); }

private:
    void await_signal();
    void handle_signal(int number);
    void idle();

    struct Asio;  // apart, because half of manager/ includes this header and little of it needs Asio's
    std::unique_ptr<Asio> asio_;
    std::function<void()> suspend_;
    std::map<const void*, std::function<void()>> idle_;
    bool idling_{false};
    bool idle_again_{false};
    bool interrupted_{false};
    bool heed_termination_{true};
    int termination_{0};
};

}  // namespace gossip
