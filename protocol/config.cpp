#include "protocol/config.hpp"

#include "protocol/rng.hpp"

#include <set>

namespace gossip {
namespace {

using Problem = std::optional<std::string>;

Problem check_seeds(const Config& c) {
    if (c.seeds.empty()) return "[[seed]]: at least one seed is needed";
    if (c.seeds.size() > 32) return "[[seed]]: at most 32 seeds are supported";
    const std::set<NodeId> distinct(c.seeds.begin(), c.seeds.end());
    if (distinct.size() != c.seeds.size()) return "[[seed]]: the same ip and port is listed twice";
    return std::nullopt;
}

Problem check_times(const Config& c) {
    const auto positive = [](Duration d) { return d > Duration::zero(); };
    if (!positive(c.gossip.interval)) return "gossip.interval: must be longer than 0";
    if (!positive(c.gossip.repair_interval)) return "gossip.repair_interval: must be longer than 0";
    if (!positive(c.liveness.interval)) return "liveness.interval: must be longer than 0";
    if (!positive(c.liveness.probe_timeout)) return "liveness.probe_timeout: must be longer than 0";
    if (c.liveness.refute < Duration::zero()) return "liveness.refute: must not be negative";
    if (!positive(c.seed.sync_interval)) return "seeds.sync_interval: must be longer than 0";
    if (!positive(c.seed.vote_timeout)) return "seeds.vote_timeout: must be longer than 0";
    if (!positive(c.seed.probe_timeout)) return "seeds.probe_timeout: must be longer than 0";
    if (!positive(c.seed.lease)) return "seeds.lease: must be longer than 0";
    return std::nullopt;
}

Problem check_counts(const Config& c) {
    if (c.liveness.misses == 0 || c.liveness.misses > LivenessConfig::misses_limit) {
        return "liveness.misses: must be in 1.." + std::to_string(LivenessConfig::misses_limit);
    }
    if (c.liveness.probes == 0) return "liveness.probes: must be at least 1";
    if (c.liveness.witnesses_min == 0 || c.liveness.witnesses_min > c.liveness.witnesses_max) {
        return "liveness.witnesses: needs 1 <= low <= high, as in \"3-7\"";
    }
    if (c.overlay.links == 0) return "overlay.links: must be at least 1";
    if (c.overlay.cap < c.overlay.links) return "overlay.cap: must not be below overlay.links";
    if (c.overlay.cap > OverlayConfig::cap_limit) {
        return "overlay.cap: must be at most " + std::to_string(OverlayConfig::cap_limit);
    }
    if (!(c.overlay.alpha >= 0.0 && c.overlay.alpha <= 10.0)) return "overlay.alpha: must be in 0..10";
    if (c.overlay.replace_per_million > 1'000'000) return "overlay.replace: must be in 0..1";
    if (auto problem = c.overlay.strategy->problem(c.overlay)) return problem;
    if (c.gossip.copies == 0) return "gossip.copies: must be at least 1";
    if (c.gossip.fanout == 0) return "gossip.fanout: must be at least 1";
    if (c.gossip.origin_burst == 0) return "gossip.burst: must be at least 1";
    if (c.seed.batch_limit == 0) return "seeds.batch_limit: must be at least 1";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> validate(const Config& config) {
    if (auto problem = check_seeds(config)) return problem;
    if (auto problem = check_times(config)) return problem;
    return check_counts(config);
}

std::uint64_t membership_fingerprint(const Config& config) {
    std::uint64_t h = mix64(config.seeds.size());
    for (const NodeId seed : config.seeds) h = mix64(h ^ static_cast<std::uint64_t>(seed));
    return h;
}

}  // namespace gossip
