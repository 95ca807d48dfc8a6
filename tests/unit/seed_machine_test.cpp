#include "seed_net.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace gossip::seedtest;
using namespace std::chrono_literals;

namespace {

void register_and_wait(SeedNet& net, std::size_t k, std::size_t seat, std::uint64_t incarnation = 100) {
    const std::size_t before = net.mail<msg::RegisterAck>(peer_id(k)).size();
    net.send(peer_id(k), seat, registration(k, incarnation));
    REQUIRE(net.run_until([&] { return net.mail<msg::RegisterAck>(peer_id(k)).size() > before; }));
}

}  // namespace

TEST_CASE("a registration is decided by a quorum and reaches every seed") {
    for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4}, std::size_t{9}}) {
        SeedNet net(n);
        net.start_all();
        net.run(100ms);
        register_and_wait(net, 0, 0);
        const auto ack = net.mail<msg::RegisterAck>(peer_id(0)).back();
        CHECK(ack.epoch == 1);
        CHECK(ack.incarnation == life(100));
        CHECK(ack.members == 1);
        CHECK(ack.seed_keys.size() == n);
        CHECK(ack.seed_keys.back() == net.crypto(n - 1).public_key());
        REQUIRE(net.run_until([&] { return net.agree(1); }));
        for (std::size_t i = 0; i < n; ++i) CHECK(net.member(i, 0));
        CHECK(net.count(NoticeKind::approved) == 1);
        CHECK(net.count(NoticeKind::proposal_opened) == 1);
        CHECK_FALSE(net.fatal);
    }
}
