#include "protocol/config.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <set>
#include <string>
#include <utility>

using namespace gossip;

namespace {

Config with_seeds(std::size_t n) {
    Config config;
    for (std::size_t i = 0; i < n; ++i) {
        config.seeds.push_back(node_id({0x7f000001, static_cast<std::uint16_t>(6000 + i)}));
    }
    return config;
}

struct BadValue {
    const char* key;
    std::function<void(Config&)> spoil;
};

// The problem that `spoil` causes in an otherwise good config; "" when it is still good.
std::string problem(const std::function<void(Config&)>& spoil) {
    Config config = with_seeds(3);
    spoil(config);
    return validate(config).value_or("");
}

}  // namespace

TEST_CASE("the defaults run, with 1 to 32 seeds") {
    CHECK(validate(with_seeds(0)).value_or("").starts_with("[[seed]]"));
    for (std::size_t n = 1; n <= 32; ++n) CHECK(validate(with_seeds(n)) == std::nullopt);
    CHECK(validate(with_seeds(33)).value_or("").starts_with("[[seed]]"));
}

TEST_CASE("a seed listed twice is refused, wherever the doubles stand") {
    for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            Config config = with_seeds(5);
            config.seeds[i] = config.seeds[j];
            CHECK(validate(config).value_or("").find("twice") != std::string::npos);
        }
    }
}

TEST_CASE("every bad value is refused with the name of its key, and nothing but that value is at fault") {
    using std::chrono::nanoseconds;
    const std::vector<BadValue> bad{
        {"gossip.interval", [](Config& c) { c.gossip.interval = Duration::zero(); }},
        {"gossip.interval", [](Config& c) { c.gossip.interval = nanoseconds(-1); }},
        {"gossip.repair_interval", [](Config& c) { c.gossip.repair_interval = Duration::zero(); }},
        {"liveness.interval", [](Config& c) { c.liveness.interval = Duration::zero(); }},
        {"liveness.probe_timeout", [](Config& c) { c.liveness.probe_timeout = Duration::zero(); }},
        {"liveness.refute", [](Config& c) { c.liveness.refute = nanoseconds(-1); }},
        {"seeds.sync_interval", [](Config& c) { c.seed.sync_interval = Duration::zero(); }},
        {"seeds.vote_timeout", [](Config& c) { c.seed.vote_timeout = Duration::zero(); }},
        {"seeds.probe_timeout", [](Config& c) { c.seed.probe_timeout = Duration::zero(); }},
        {"seeds.lease", [](Config& c) { c.seed.lease = Duration::zero(); }},
        {"liveness.misses", [](Config& c) { c.liveness.misses = 0; }},
        {"liveness.misses", [](Config& c) { c.liveness.misses = LivenessConfig::misses_limit + 1; }},
        {"liveness.probes", [](Config& c) { c.liveness.probes = 0; }},
        {"liveness.witnesses", [](Config& c) { c.liveness.witnesses_min = 0; }},
        {"liveness.witnesses", [](Config& c) { c.liveness.witnesses_min = c.liveness.witnesses_max + 1; }},
        {"overlay.links", [](Config& c) { c.overlay.links = 0; }},
        {"overlay.cap", [](Config& c) { c.overlay.cap = c.overlay.links - 1; }},
        {"overlay.cap", [](Config& c) { c.overlay.cap = OverlayConfig::cap_limit + 1; }},
        {"overlay.alpha", [](Config& c) { c.overlay.alpha = -0.001; }},
        {"overlay.alpha", [](Config& c) { c.overlay.alpha = 10.001; }},
        {"overlay.alpha", [](Config& c) { c.overlay.alpha = std::numeric_limits<double>::quiet_NaN(); }},
        {"overlay.replace", [](Config& c) { c.overlay.replace_per_million = 1'000'001; }},
        {"gossip.fanout", [](Config& c) { c.gossip.fanout = 0; }},
        {"gossip.burst", [](Config& c) { c.gossip.origin_burst = 0; }},
        {"seeds.batch_limit", [](Config& c) { c.seed.batch_limit = 0; }},
    };
    for (const BadValue& b : bad) {
        const std::string said = problem(b.spoil);
        CAPTURE(said);
        CHECK(said.starts_with(std::string(b.key) + ":"));
    }
}

TEST_CASE("values on the edge are accepted") {
    using std::chrono::nanoseconds;
    const std::vector<std::function<void(Config&)>> good{
        [](Config& c) { c.gossip.interval = nanoseconds(1); },
        [](Config& c) { c.gossip.first_after = Duration::zero(); },
        [](Config& c) { c.gossip.max_messages = 0; },
        [](Config& c) { c.liveness.refute = Duration::zero(); },
        [](Config& c) { c.liveness.misses = 1; },
        [](Config& c) { c.liveness.misses = LivenessConfig::misses_limit; },
        [](Config& c) { c.liveness.witnesses_min = c.liveness.witnesses_max; },
        [](Config& c) { c.liveness.witnesses_min = c.liveness.witnesses_max = 1; },
        [](Config& c) { c.overlay.cap = c.overlay.links; },
        [](Config& c) { c.overlay.cap = OverlayConfig::cap_limit; },
        [](Config& c) { c.overlay.alpha = 0.0; },
        [](Config& c) { c.overlay.alpha = 10.0; },
        [](Config& c) { c.overlay.replace_per_million = 0; },
        [](Config& c) { c.overlay.replace_per_million = 1'000'000; },
        [](Config& c) { c.seed.batch_limit = 1; },
    };
    for (const auto& edge : good) CHECK(problem(edge) == "");
}

TEST_CASE("the fingerprint is of the ordered seed list and of nothing else") {
    std::set<std::uint64_t> seen;
    for (std::size_t n = 1; n <= 9; ++n) CHECK(seen.insert(membership_fingerprint(with_seeds(n))).second);
    Config swapped = with_seeds(3);
    std::swap(swapped.seeds[0], swapped.seeds[2]);
    CHECK(seen.insert(membership_fingerprint(swapped)).second);
    Config moved = with_seeds(3);
    moved.seeds[1] = node_id({0x7f000002, 6001});
    CHECK(seen.insert(membership_fingerprint(moved)).second);

    Config tuned = with_seeds(3);
    tuned.gossip.max_messages = 99;
    tuned.liveness.misses = 9;
    tuned.overlay.links = 5;
    CHECK(membership_fingerprint(tuned) == membership_fingerprint(with_seeds(3)));
}
