#include "protocol/peer/view.hpp"
#include "protocol/ring.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace gossip;

namespace {

constexpr NodeId self{1};

Change change(ChangeKind kind, std::uint64_t id, std::uint64_t life) {
    return {.kind = kind, .peer = NodeId{id}, .incarnation = Incarnation{life}};
}

msg::Membership decision(Epoch epoch) {
    msg::Membership m;
    m.decision.epoch = epoch;
    m.decision.digest.bytes[0] = static_cast<std::uint8_t>(epoch);
    return m;
}

}  // namespace

TEST_CASE("decisions are handed out in order, once, whatever order they come in") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Rng rng(seed);
        View view(self);
        std::vector<Epoch> order;
        for (Epoch e = 1; e <= 40; ++e) {
            order.push_back(e);
            order.push_back(e);
        }
        rng.shuffle(std::span<Epoch>(order));
        Epoch last = 0;
        std::set<Epoch> offered;
        for (const Epoch e : order) {
            const bool fresh = offered.insert(e).second;
            CHECK((view.offer(decision(e)) == View::Offer::fresh) == fresh);
            while (const auto next = view.next()) {
                CHECK(next->decision.epoch == ++last);
                CHECK(view.epoch() == last);
                CHECK(view.digest() == next->decision.digest);
            }
            CHECK(view.gap() == (*offered.rbegin() > last));
        }
        CHECK(last == 40);
    }
}

TEST_CASE("an epoch is never lowered, and what waits below a jump is dropped") {
    View view(self);
    CHECK(view.rise(10, {}, 5));
    CHECK_FALSE(view.rise(9, {}, 3));
    CHECK(view.epoch() == 10);
    CHECK(view.members() == 5);
    (void)view.offer(decision(12));
    (void)view.offer(decision(15));
    CHECK(view.rise(13, {}, 0));
    CHECK(view.members() == 5);
    CHECK(view.gap());
    CHECK_FALSE(view.next());
    CHECK(view.offer(decision(14)) == View::Offer::fresh);
    CHECK(view.next()->decision.epoch == 14);
    CHECK(view.next()->decision.epoch == 15);
}

TEST_CASE("what waits is bounded, and the missing one is always taken") {
    View view(self);
    for (Epoch e = 2; e < 2 + View::waiting_limit; ++e) CHECK(view.offer(decision(e)) == View::Offer::fresh);
    CHECK(view.offer(decision(500)) == View::Offer::overflow);
    CHECK(view.offer(decision(1)) == View::Offer::fresh);
    Epoch last = 0;
    while (const auto next = view.next()) last = next->decision.epoch;
    CHECK(last == 1 + View::waiting_limit);
}

TEST_CASE("successors and tombstones agree with a full list kept naively") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng(seed);
        OverlayConfig config;
        config.successors = 64;  // nothing is cut off, so the twin needs no history
        config.candidates = 8;
        View view(self);
        std::map<NodeId, Incarnation> members;
        std::map<NodeId, Incarnation> buried;
        std::uint64_t lives = 0;
        for (int i = 0; i < 200; ++i) {
            const std::uint64_t id = 2 + rng.below(12);
            const auto known = members.find(NodeId{id});
            if (known == members.end()) {
                view.apply(change(ChangeKind::add, id, ++lives), config, rng);
                members[NodeId{id}] = Incarnation{lives};
            } else {
                const auto life = static_cast<std::uint64_t>(known->second);
                view.apply(change(rng.chance(500'000) ? ChangeKind::remove : ChangeKind::leave, id, life), config, rng);
                buried[NodeId{id}] = known->second;
                members.erase(known);
            }
            std::vector<NodeId> ids;
            for (const auto& [m, unused] : members) ids.push_back(m);
            const auto successors = view.successors();
            REQUIRE(std::vector<NodeId>(successors.begin(), successors.end()) == ring_successors(self, ids, 64));
            REQUIRE(view.candidates().size() <= 8);
            REQUIRE(view.members() == members.size());
            for (const Candidate& c : view.candidates()) REQUIRE(members.contains(c.id));
            for (std::uint64_t n = 2; n < 14; ++n) {
                const NodeId node{n};
                REQUIRE(view.gone(node) == (buried.contains(node) && !members.contains(node)));
                for (std::uint64_t l = 1; l <= lives; l += 7) {
                    REQUIRE(view.removed(node, Incarnation{l}) ==
                            (buried.contains(node) && Incarnation{l} <= buried[node]));
                }
            }
        }
    }
}

TEST_CASE("a dead life is not believed, one that left is") {
    Rng rng(1);
    const OverlayConfig config;
    View view(self);
    view.apply(change(ChangeKind::leave, 2, 5), config, rng);
    view.apply(change(ChangeKind::remove, 3, 5), config, rng);
    CHECK_FALSE(view.dead(NodeId{2}, Incarnation{5}));
    CHECK_FALSE(view.dead(NodeId{2}, Incarnation::none));
    CHECK(view.dead(NodeId{3}, Incarnation{4}));
    CHECK(view.dead(NodeId{3}, Incarnation{5}));
    CHECK(view.dead(NodeId{3}, Incarnation::none));
    CHECK_FALSE(view.dead(NodeId{3}, Incarnation{6}));
    view.apply(change(ChangeKind::add, 3, 6), config, rng);
    CHECK(view.dead(NodeId{3}, Incarnation{5}));
    CHECK_FALSE(view.dead(NodeId{3}, Incarnation::none));
    CHECK_FALSE(view.dead(NodeId{9}, Incarnation{1}));
}

TEST_CASE("a sample never brings back the removed, ourselves, or what is no endpoint") {
    Rng rng(1);
    const OverlayConfig config;
    View view(self);
    view.apply(change(ChangeKind::remove, 2, 5), config, rng);
    const std::vector<Candidate> sample{
        {NodeId{2}, 1, 1}, {self, 1, 1}, {anonymous_id(3), 1, 1}, {NodeId::none, 1, 1}, {NodeId{4}, 7, 0}};
    const std::vector<NodeId> successors{NodeId{2}, self, anonymous_id(3), NodeId{4}};
    view.learn(successors, sample, config, rng);
    REQUIRE(view.candidates().size() == 1);
    CHECK(view.candidate(NodeId{4})->degree == 7);
    CHECK(view.candidate(NodeId{4})->protocol == 0);
    CHECK(view.candidate(NodeId{2}) == nullptr);
    CHECK(view.successors().size() == 1);
    view.forget(NodeId{4});
    CHECK(view.candidates().empty());
    CHECK(view.successors().empty());
}

TEST_CASE("after a jump over decisions the removed may be members again, their dead lives are not believed") {
    const OverlayConfig config;
    View view(self);
    Rng rng(1);
    const std::vector<Candidate> sample{{NodeId{7}, 3, 1}};
    const std::vector<NodeId> successors{NodeId{7}};
    view.apply(change(ChangeKind::add, 7, 100), config, rng);
    view.apply(change(ChangeKind::remove, 7, 100), config, rng);
    view.learn(successors, sample, config, rng);
    CHECK(view.candidate(NodeId{7}) == nullptr);
    CHECK(view.gone(NodeId{7}));
    REQUIRE(view.rise(20, Digest{}, 0));
    CHECK_FALSE(view.gone(NodeId{7}));
    view.learn(successors, sample, config, rng);
    CHECK(view.candidate(NodeId{7}) != nullptr);
    CHECK(view.successors().size() == 1);
    CHECK(view.removed(NodeId{7}, Incarnation{100}));
    CHECK(view.dead(NodeId{7}, Incarnation{100}));
    CHECK_FALSE(view.removed(NodeId{7}, Incarnation{101}));
}

TEST_CASE("tombstones and keys are bounded: the oldest go first") {
    Rng rng(1);
    const OverlayConfig config;
    View view(self);
    for (std::uint64_t id = 2; id < 2 + 2 * View::tombstone_limit; ++id) {
        Change add = change(ChangeKind::add, id, 1);
        add.key.bytes[0] = static_cast<std::uint8_t>(1 + id % 200);
        view.apply(add, config, rng);
        CHECK(view.key_of(NodeId{id}, Incarnation{1})->bytes[0] == add.key.bytes[0]);
        CHECK(view.key_of(NodeId{id}, Incarnation{2}) == nullptr);
        view.apply(change(ChangeKind::remove, id, 1), config, rng);
    }
    CHECK_FALSE(view.gone(NodeId{2}));
    CHECK(view.gone(NodeId{1 + 2 * View::tombstone_limit}));
    CHECK(view.key_of(NodeId{2}, Incarnation{1}) == nullptr);
}
