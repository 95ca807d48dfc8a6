#pragma once
// Random deaths and births in the background: a Poisson process of each, until told otherwise.

#include "manager/supervisor.hpp"
#include "protocol/rng.hpp"

#include <boost/asio/steady_timer.hpp>

namespace gossip {

class Churn {
public:
    Churn(EventLoop& loop, Supervisor& network, Rng& rng, std::function<void(const std::string&)> remark);

    // Deaths a minute, and as many births; replaces what ran before.
    void start(double per_minute, std::optional<Duration> length);
    void stop();
    [[nodiscard]] bool running() const { return per_minute_ > 0; }

private:
    void schedule();
    void happen();
    void kill_one();
    void bear_one();

    Supervisor& network_;
    Rng& rng_;
    std::function<void(const std::string&)> remark_;
    boost::asio::steady_timer timer_;
    double per_minute_{0};
    bool birth_next_{false};
    std::optional<std::chrono::steady_clock::time_point> ends_;
};

}  // namespace gossip
