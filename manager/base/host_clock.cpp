#include "manager/base/host_clock.hpp"

#include <algorithm>

namespace gossip {

void HostClock::add(std::int64_t sent, std::int64_t there, std::int64_t heard) {
    if (heard < sent) return;
    const std::int64_t half = (heard - sent) / 2;
    samples_.push_back({heard, sent + half - there, half});
    if (samples_.size() > kept) samples_.pop_front();
    const auto error_now = [heard](const Sample& s) {
        return s.error + (heard - s.heard) / 1'000'000 * drift_per_million;
    };
    const auto best = std::min_element(samples_.begin(), samples_.end(),
                                       [&](const Sample& a, const Sample& b) { return error_now(a) < error_now(b); });
    offset_ = best->offset;
    error_ = error_now(*best);
}

}  // namespace gossip
