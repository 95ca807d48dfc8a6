#include "protocol/rumors/repair.hpp"

#include <algorithm>

namespace gossip {

void Repair::choose(std::vector<RumorKey>& keys, Time now) {
    erase_if(pulled_, [now](const Pulled& p) { return p.until <= now; });
    std::erase_if(keys, [this, now](const RumorKey& key) {
        const auto asked = [&key](const Pulled& p) { return p.key == key; };
        if (pulled_.size() >= pull_limit || std::any_of(pulled_.begin(), pulled_.end(), asked)) return true;
        pulled_.push_back({key, now + pull_timeout});
        return false;
    });
}

void Repair::arrived(const RumorKey& key) {
    erase_if(pulled_, [&key](const Pulled& p) { return p.key == key; });
}

bool Repair::idle(Time now) const {
    return std::all_of(pulled_.begin(), pulled_.end(), [now](const Pulled& p) { return p.until <= now; });
}

}  // namespace gossip
