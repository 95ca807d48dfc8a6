#include "manager/network/churn.hpp"

#include <algorithm>
#include <cmath>

namespace gossip {
namespace {

// Between two events of a Poisson process.
Duration interval(Rng& rng, double per_minute) {
    constexpr double scale = 1.0 / 9007199254740992.0;  // 2^-53
    const double uniform = (static_cast<double>(rng.next() >> 11) + 0.5) * scale;
    const double minutes = std::min(-std::log(uniform) / per_minute, 1e6);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::ratio<60>>(minutes));
}

}  // namespace

Churn::Churn(ManagedNetwork& network, Rng& rng, std::function<void(const std::string&)> remark)
    : network_(network), rng_(rng), remark_(std::move(remark)) {}

void Churn::start(double per_minute, std::optional<Duration> length) {
    per_minute_ = per_minute;
    ends_.reset();
    if (length) ends_ = network_.now() + *length;
    ++round_;
    schedule();
}

void Churn::stop() {
    per_minute_ = 0;
    ++round_;
}

// A death and a birth take turns, so that the network keeps its size.
void Churn::schedule() {
    network_.call_after(interval(rng_, 2 * per_minute_), [this, round = round_] {
        if (round != round_) return;
        if (ends_ && network_.now() >= *ends_) return stop();
        happen();
        if (running()) schedule();
    });
}

void Churn::happen() {
    if (std::exchange(birth_next_, !birth_next_))
        bear_one();
    else
        kill_one();
}

void Churn::kill_one() {
    std::vector<NodeId> alive;
    for (const auto& [id, node] : network_.view().nodes()) {
        if (node.role == Role::peer && node.state == NodeState::alive && network_.find(id) != nullptr) {
            alive.push_back(id);
        }
    }
    if (alive.empty()) return;
    const NodeId victim = rng_.pick(alive);
    network_.kill(victim);
    remark_("churn: killed " + short_name(victim));
}

void Churn::bear_one() {
    const auto born = network_.launch_peer();
    if (const auto* problem = std::get_if<StartFailure>(&born)) {
        remark_("churn ends: " + problem->text);
        return stop();
    }
    remark_("churn: started " + short_name(std::get<NodeId>(born)));
}

}  // namespace gossip
