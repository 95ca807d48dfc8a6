#include "manager/view/fault_table.hpp"
#include "node/transport/link_fault.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace std::chrono_literals;

namespace {

constexpr NodeId node(std::uint16_t port) { return node_id({0x7f000001, port}); }
const NodeId a = node(7000);
const NodeId b = node(7001);
const NodeId c = node(7002);

FaultChange cut() {
    FaultChange change;
    change.cut = true;
    return change;
}

}  // namespace

TEST_CASE("a cut is told to both ends") {
    FaultTable table;
    NodeSet touched;
    table.change({a}, {b, c}, cut(), touched);
    CHECK(touched == NodeSet{a, b, c});
    CHECK(table.rules_of(a) == std::vector<FaultRule>{{{b, c}, {.cut = true}}});
    CHECK(table.rules_of(b) == std::vector<FaultRule>{{{a}, {.deaf = true}}});
    CHECK(table.faults_of(a).words == "2 cut");
    CHECK(table.faults_of(b).words.empty());
}

TEST_CASE("an impaired link is its sender's business, and changes add up") {
    FaultTable table;
    NodeSet touched;
    FaultChange delay;
    delay.delay = 50ms;
    table.change({a}, {b}, delay, touched);
    CHECK(touched == NodeSet{a});
    FaultChange loss;
    loss.loss = 100'000;
    table.change({a}, {a, b}, loss, touched);
    REQUIRE(table.find(a, b) != nullptr);
    CHECK(*table.find(a, b) == LinkFault{.delay = 50ms, .loss = 100'000});
    CHECK(table.find(a, a) == nullptr);
    FaultChange clear;
    clear.clear = true;
    table.change({a}, {b}, clear, touched);
    CHECK(table.empty());
}

TEST_CASE("heal: some nodes, or all") {
    FaultTable table;
    NodeSet touched;
    table.change({a}, {b, c}, cut(), touched);
    table.change({b}, {c}, cut(), touched);
    touched.clear();
    table.heal({a}, touched);
    CHECK(touched == NodeSet{a, b, c});
    CHECK(table.links().size() == 1);
    touched.clear();
    table.heal({}, touched);
    CHECK(touched == NodeSet{b, c});
    CHECK(table.empty());
}
