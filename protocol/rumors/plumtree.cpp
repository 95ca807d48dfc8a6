#include "protocol/rumors/plumtree.hpp"

#include <algorithm>

namespace gossip {

bool Plumtree::announce(const RumorKey& key) {
    announcements_.push_back(key);
    return announcements_.size() == 1;
}

std::vector<RumorKey> Plumtree::take_announcements() {
    const std::size_t count = std::min(announcements_.size(), announced_limit);
    const auto end = announcements_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<RumorKey> taken(announcements_.begin(), end);
    announcements_.erase(announcements_.begin(), end);
    return taken;
}

bool Plumtree::announced(const RumorKey& key, NodeId from, Time now) {
    if (wanted_.size() >= wanted_limit) return false;
    std::ptrdiff_t others = 0;
    for (const Wanted& w : wanted_) {
        if (w.key != key) continue;
        if (w.from == from) return false;  // asked twice in one request, it would send the message twice
        ++others;
    }
    wanted_.push_back({key, from, now + graft_after * (others + 1)});
    return wanted_.size() == 1;
}

void Plumtree::arrived(const RumorKey& key) {
    std::erase_if(wanted_, [&](const Wanted& w) { return w.key == key; });
}

void Plumtree::lost(NodeId neighbour) {
    std::erase_if(wanted_, [&](const Wanted& w) { return w.from == neighbour; });
}

std::vector<Plumtree::Request> Plumtree::overdue(Time now) {
    std::vector<Request> requests;
    for (const Wanted& w : wanted_) {
        if (w.at > now) continue;
        const auto to = [&](const Request& r) { return r.to == w.from && r.keys.size() < request_limit; };
        auto at = std::find_if(requests.begin(), requests.end(), to);
        if (at == requests.end()) at = requests.insert(requests.end(), {w.from, {}});
        at->keys.push_back(w.key);
    }
    std::erase_if(wanted_, [now](const Wanted& w) { return w.at <= now; });
    return requests;
}

std::optional<Time> Plumtree::next() const {
    const auto sooner = [](const Wanted& a, const Wanted& b) { return a.at < b.at; };
    const auto at = std::min_element(wanted_.begin(), wanted_.end(), sooner);
    return at == wanted_.end() ? std::nullopt : std::optional(at->at);
}

std::optional<RumorKey> Plumtree::sample(const RumorKey& fresh, Time now) {
    if (sample_ && now - sample_->second < sample_after) return std::nullopt;
    const auto due = std::exchange(sample_, std::pair(fresh, now));
    return due ? std::optional(due->first) : std::nullopt;
}

bool Plumtree::short_of_copies(bool fewer) {
    short_ = fewer ? short_ + 1 : 0;
    if (short_ < samples) return false;
    short_ = 0;
    return true;
}

void Plumtree::weigh(std::size_t bytes, Time now) {
    constexpr Duration window = std::chrono::seconds(1);
    if (const Duration passed = now - window_; passed >= window) {
        const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
        rate_ = weight_ * 1000 / static_cast<std::uint64_t>(milliseconds);
        window_ = now;
        weight_ = 0;
    }
    weight_ += bytes;
}

}  // namespace gossip
