#pragma once
// Random deaths and births in the background: a Poisson process of each, until told otherwise.

#include "manager/network/managed_network.hpp"
#include "protocol/rng.hpp"

namespace gossip {

class Churn {
public:
    Churn(ManagedNetwork& network, Rng& rng, std::function<void(const std::string&)> remark);

    // Deaths a minute, and as many births; replaces what ran before.
    void start(double per_minute, std::optional<Duration> length);
    void stop();
    [[nodiscard]] bool running() const { return per_minute_ > 0; }

private:
    void schedule();
    void happen();
    void kill_one();
    void bear_one();

    ManagedNetwork& network_;
    Rng& rng_;
    std::function<void(const std::string&)> remark_;
    std::uint64_t round_{0};  // of start and stop: what was scheduled before does nothing
    double per_minute_{0};
    bool birth_next_{false};
    std::optional<Time> ends_;
};

}  // namespace gossip
