#include "node/transport/fault_gate.hpp"
#include "node/base/clock.hpp"
#include "node/transport/link_fault.hpp"

#include <doctest/doctest.h>

using namespace gossip;
using namespace std::chrono_literals;

namespace {

constexpr NodeId self = node_id({0x7f000001, 7000});
constexpr NodeId other = node_id({0x7f000001, 7001});
constexpr NodeId third = node_id({0x7f000001, 7002});
const SteadyTime start{1000s};

FaultGate gate_with(const LinkFault& fault, std::uint64_t seed = 1) {
    FaultGate gate;
    gate.set(seed, self, {{{other}, fault}});
    return gate;
}

FaultGate::Frame frame(int number) { return std::make_shared<const std::string>(std::to_string(number)); }

void push(FaultGate& gate, int count) {
    for (int i = 0; i < count; ++i) gate.push(other, frame(i), start);
}

std::string taken(FaultGate& gate, SteadyTime when) {
    std::string text;
    for (const auto& released : gate.take_due(when)) text += *released.frame + ' ';
    return text;
}

}  // namespace

TEST_CASE("a cut link holds everything and lets it go in order when it heals") {
    LinkFault fault;
    fault.cut = true;
    FaultGate gate = gate_with(fault);
    push(gate, 4);
    CHECK(taken(gate, start + 1h).empty());
    CHECK_FALSE(gate.next_due());
    CHECK(gate.stalled_since(other) == start);
    gate.set(1, self, {});
    CHECK_FALSE(gate.stalled_since(other));
    CHECK(taken(gate, start + 1s) == "0 1 2 3 ");
    CHECK_FALSE(gate.affects(other));
}

TEST_CASE("what was delayed is not overtaken when its link heals") {
    LinkFault fault;
    fault.delay = 100ms;
    FaultGate gate = gate_with(fault);
    push(gate, 2);
    gate.set(1, self, {});
    REQUIRE(gate.affects(other));
    gate.push(other, frame(9), start);
    CHECK(taken(gate, start + 99ms).empty());
    CHECK(taken(gate, start + 100ms) == "0 1 9 ");
    CHECK_FALSE(gate.affects(other));
}

TEST_CASE("delay with jitter keeps the order and the bounds") {
    LinkFault fault;
    fault.delay = 50ms;
    fault.jitter = 20ms;
    FaultGate gate = gate_with(fault);
    push(gate, 50);
    CHECK(taken(gate, start + 50ms - 1ns).empty());
    std::string in_order;
    for (int i = 0; i < 50; ++i) in_order += std::to_string(i) + ' ';
    CHECK(taken(gate, start + 70ms) == in_order);
}

TEST_CASE("bandwidth: bytes leave one after another") {
    LinkFault fault;
    fault.bytes_per_second = 1000;
    FaultGate gate = gate_with(fault);
    const auto kilobyte = std::make_shared<const std::string>(1000, 'x');
    gate.push(other, kilobyte, start);
    gate.push(other, kilobyte, start);
    CHECK(gate.take_due(start + 999ms).empty());
    CHECK(gate.take_due(start + 1s).size() == 1);
    CHECK(gate.take_due(start + 1999ms).empty());
    CHECK(gate.take_due(start + 2s).size() == 1);
    CHECK(gate.bytes_held(other) == 0);
}

TEST_CASE("loss, duplicates and reordering come as often as they were asked for") {
    LinkFault fault;
    fault.loss = 100'000;
    FaultGate lossy = gate_with(fault);
    push(lossy, 10'000);
    CHECK(lossy.messages_lost() > 850);
    CHECK(lossy.messages_lost() < 1150);
    CHECK(lossy.messages_held() == 10'000 - lossy.messages_lost());

    FaultGate repeating = gate_with({.duplicate = 100'000});
    push(repeating, 10'000);
    CHECK(repeating.messages_held() > 10'850);
    CHECK(repeating.messages_held() < 11'150);

    FaultGate shuffling = gate_with({.reorder = 500'000});
    push(shuffling, 8);
    CHECK(taken(shuffling, start + 1h) != "0 1 2 3 4 5 6 7 ");
}

TEST_CASE("the draws follow the seed and the link, nothing else") {
    const auto story = [](std::uint64_t seed, NodeId from, NodeId to) {
        FaultGate gate;
        gate.set(seed, from, {{{to, third}, {.loss = 300'000}}});
        std::string text;
        for (int i = 0; i < 64; ++i) {
            const auto before = gate.messages_lost();
            gate.push(to, frame(i), start);
            text += gate.messages_lost() > before ? 'x' : '.';
        }
        return text;
    };
    CHECK(story(1, self, other) == story(1, self, other));
    CHECK(story(1, self, other) != story(2, self, other));
    CHECK(story(1, self, other) != story(1, other, self));
}

TEST_CASE("faults in words") {
    CHECK(fault_text({}) == "none");
    LinkFault fault;
    fault.delay = 50ms;
    fault.loss = 125'000;
    CHECK(fault_text(fault) == "delay 50ms loss 12.5%");
}
