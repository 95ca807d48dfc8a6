#include "protocol/rumors/own_rumors.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <utility>

namespace gossip {

void OwnRumors::begin_life() {
    next_generated_ = 1;
    next_typed_ = 1;
}

// Typed and generated messages count apart, so two ids of one number must differ in their stamp.
RumorPtr OwnRumors::create(bool typed, std::string text, NodeId self, Incarnation life, WallMs wall,
                           const Crypto& crypto) {
    auto rumor = make_rumor();
    last_stamp_ = std::max(wall, last_stamp_ + 1);
    rumor->number = typed ? next_typed_++ : next_generated_++;
    rumor->id = make_rumor_id(last_stamp_, self, rumor->number);
    rumor->key = rumor_key(crypto, rumor->id);
    rumor->origin = self;
    rumor->incarnation = life;
    rumor->typed = typed;
    rumor->text = std::move(text);
    rumor->born = last_stamp_;
    rumor->checked.mark();
    return rumor;
}

std::string_view OwnRumors::refuse(std::string_view text, Time now, const GossipConfig& config) {
    if (text.size() > config.payload_limit) return "longer than gossip payload limit";
    if (config.origin_rate == 0) return {};
    if (!bucket_started_) {
        bucket_started_ = true;
        tokens_ = config.origin_burst;
        refilled_ = now;
    }
    const Duration per_token = std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) / config.origin_rate;
    const auto earned = static_cast<std::uint64_t>((now - refilled_) / per_token);
    refilled_ += per_token * static_cast<std::int64_t>(earned);
    tokens_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(config.origin_burst, tokens_ + earned));
    if (tokens_ == 0) return "over gossip.rate";
    --tokens_;
    return {};
}

}  // namespace gossip
