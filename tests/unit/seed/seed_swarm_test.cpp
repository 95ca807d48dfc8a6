// Small random runs with crashes, lost messages, duplicates and cuts. One digest an epoch (S1) is
// checked at every step by the network itself; at the end everything acknowledged must be there (S2).

#include "seed_net.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

using namespace gossip;
using namespace gossip::test;
using namespace std::chrono_literals;

namespace {

struct Swarm {
    SeedNet net;
    Rng rng;
    std::size_t seeds;
    std::size_t registered{0};
    std::uint32_t drop;
    std::uint32_t duplicate;
    bool disk_lost{false};

    Swarm(std::size_t n, std::uint64_t seed) : net(n, seed), rng(mix64(seed)), seeds(n) {
        drop = rng.chance(500'000) ? static_cast<std::uint32_t>(rng.below(300'000)) : 0;
        duplicate = rng.chance(500'000) ? static_cast<std::uint32_t>(rng.below(300'000)) : 0;
        net.config.seed.history = rng.chance(300'000) ? 3 : 4096;
        net.latency = std::chrono::microseconds(200 + rng.below(5000));
        net.sync_time = std::chrono::microseconds(100 + rng.below(20'000));
        net.filter = [this](const Letter& l) { return on_letter(l); };
        net.start_all();
    }
    bool on_letter(const Letter& l) {
        const auto& all = net.config.seeds;
        if (std::find(all.begin(), all.end(), l.to) == all.end()) return false;
        if (rng.chance(duplicate)) {
            const Letter copy = l;
            net.send(copy.from, endpoint(copy.to).port - 6000U, copy.message, Trust::seed);
        }
        return rng.chance(drop);
    }
    // One disk a run: with the loss of more than a minority nothing can be promised.
    void lose_a_disk(std::size_t seat) {
        if (std::exchange(disk_lost, true)) return;
        if (net.running(seat)) net.crash(seat);
        net.lose_disk(seat);
    }
    void disturb() {
        const std::size_t seat = rng.below(seeds);
        switch (rng.below(9)) {
            case 0:
            case 1:
                if (net.running(seat)) net.crash(seat);
                break;
            case 8:
                if (seeds > 2) lose_a_disk(seat);
                break;
            case 2:
            case 3:
                if (!net.running(seat)) net.start(seat);
                break;
            case 4:
                net.cut(seed_id(seat), seed_id(rng.below(seeds)));
                break;
            case 5:
                net.heal();
                break;
            default:
                if (net.running(seat)) net.send(peer_id(registered), seat, registration(registered, 100));
                ++registered;
        }
    }
    void heal() {
        drop = duplicate = 0;
        net.heal();
        for (std::size_t i = 0; i < seeds; ++i) {
            if (!net.running(i)) net.start(i);
        }
    }
};

}  // namespace

TEST_CASE("whatever crashes, drops, repeats and forgets, seeds agree and keep what they acknowledged") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        Swarm s(std::array<std::size_t, 5>{1, 2, 3, 4, 5}[seed % 5], seed);
        for (int i = 0; i < 60; ++i) {
            s.net.run(std::chrono::microseconds(s.rng.below(120'000)));
            s.disturb();
        }
        REQUIRE_FALSE(s.net.fatal);
        s.heal();
        s.net.run(1s);
        s.net.send(peer_id(900), 0, registration(900, 100));  // the healed network must decide again
        REQUIRE(s.net.run(60s, [&] { return !s.net.mail<msg::RegisterAck>(peer_id(900)).empty(); }));
        REQUIRE(s.net.run(60s, [&] { return s.net.agree(1) && s.net.seed(0).status().pending == 0; }));
        REQUIRE_FALSE(s.net.fatal);
        for (std::size_t k = 0; k < s.registered; ++k) {
            if (!s.net.mail<msg::RegisterAck>(peer_id(k)).empty()) CHECK(s.net.member(0, k));
        }
    }
}
