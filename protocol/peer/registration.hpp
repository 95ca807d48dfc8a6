#pragma once
// Which seeds a peer asks to be registered, who answered, and when to ask again.
//
// floor(n/2)+1 random seeds: any two such choices share a seed, so what one peer's seeds know, one of
// another's does too. Unreachable ones are replaced by others; silent ones are asked again; the pace
// is a random exponential back-off, so that peers which lost their seeds together do not come back
// together (PROTOCOL.md section 2).

#include "protocol/quorum.hpp"
#include "protocol/rng.hpp"
#include "protocol/types.hpp"

#include <vector>

namespace gossip {

class Registration {
public:
    static constexpr Duration first_delay = std::chrono::milliseconds(200);
    static constexpr Duration last_delay = std::chrono::seconds(10);
    // A seed that was reached needs time to agree with the others before it is asked again.
    static constexpr Duration patience = std::chrono::seconds(1);

    explicit Registration(std::size_t seeds) : seats_(seeds) {}

    // A new choice; earlier answers no longer count.
    [[nodiscard]] std::vector<Seat> begin(Time now, Rng& rng);
    // The seeds to ask now: lost ones replaced, silent ones again.
    [[nodiscard]] std::vector<Seat> due(Time now, Rng& rng);
    // How long to wait before due() is worth calling again; grows.
    [[nodiscard]] Duration delay(Rng& rng);

    struct Ack {
        bool counts{false};  // its first
        bool first{false};   // of all: the peer is a member
    };
    [[nodiscard]] Ack on_ack(Seat seat);
    void on_nack(Seat seat) { set(seat, State::refused); }
    // True once: when a quorum acknowledged, or everybody asked has answered and somebody said yes.
    [[nodiscard]] bool finish();
    void on_pending(Seat seat, Time again);
    void on_lost(Seat seat);
    // As if these had acknowledged, and that was enough.
    void restore(const std::vector<Seat>& acked);

    [[nodiscard]] std::size_t need() const { return majority(seats_.size()); }
    [[nodiscard]] std::size_t acks() const { return count(State::acked); }
    [[nodiscard]] bool complete() const { return complete_; }
    [[nodiscard]] std::uint32_t attempts() const { return attempts_; }
    [[nodiscard]] std::vector<Seat> chosen() const;
    [[nodiscard]] std::vector<Seat> acked() const { return in_state(State::acked); }

private:
    enum class State : std::uint8_t { idle, asked, acked, refused, lost };
    struct Entry {
        State state{State::idle};
        Time again{};  // not asked before
    };
    void set(Seat seat, State state);
    void choose(std::size_t count, Time now, Rng& rng, std::vector<Seat>& result);
    [[nodiscard]] std::size_t count(State state) const;
    [[nodiscard]] std::vector<Seat> in_state(State state) const;

    std::vector<Entry> seats_;
    std::uint32_t attempts_{0};
    bool complete_{false};
};

// How long a peer that was removed while alive waits before it comes back: 1 s doubling to 60 s,
// from the start again after an hour without removal. Stops a flapping peer from filling the list.
class Damping {
public:
    [[nodiscard]] Duration next(Time now);

private:
    Duration delay_{};
    Time last_{};
};

}  // namespace gossip
