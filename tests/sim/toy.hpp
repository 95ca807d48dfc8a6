#pragma once
// Machines with a lambda as their step, to test the simulator.

#include "sim/engine/simulator.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gossip::sim {

inline NodeId toy_id(std::uint16_t port) { return node_id({0x7f000001, port}); }

// A message that carries one number.
inline Message number(std::uint64_t n) { return msg::GetDelta{n}; }
inline std::uint64_t number_in(const Event& e) { return std::get<msg::GetDelta>(*std::get<Received>(e).message).since; }

struct Seen {
    Time at{};
    Event event;
};

// The events of all lives of one toy.
using Diary = std::vector<Seen>;
using Reaction = std::function<void(Time, const Event&, Effects&)>;

class Toy final : public HintedMachine {
public:
    Toy(Diary& diary, Reaction react) : diary_(diary), react_(std::move(react)) {}
    void step(Time now, const Event& event, Effects& out) override {
        diary_.push_back({now, event});
        if (react_) react_(now, event, out);
    }

private:
    Diary& diary_;
    Reaction react_;
};

inline Factory toy(Diary& diary, Reaction react = nullptr) {
    return [&diary, react](const Birth&) { return std::make_unique<Toy>(diary, react); };
}

template <class E>
std::vector<E> all_of(const Diary& diary) {
    std::vector<E> found;
    for (const Seen& s : diary) {
        if (const E* e = std::get_if<E>(&s.event)) found.push_back(*e);
    }
    return found;
}

inline std::vector<std::uint64_t> numbers(const Diary& diary) {
    std::vector<std::uint64_t> found;
    for (const Seen& s : diary) {
        if (std::holds_alternative<Received>(s.event)) found.push_back(number_in(s.event));
    }
    return found;
}

}  // namespace gossip::sim
