#include "protocol/peer/registration.hpp"

#include <algorithm>
#include <span>

namespace gossip {

std::size_t Registration::count(State state) const {
    const auto is = [state](const Entry& e) { return e.state == state; };
    return static_cast<std::size_t>(std::count_if(seats_.begin(), seats_.end(), is));
}

std::vector<Seat> Registration::in_state(State state) const {
    std::vector<Seat> result;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        if (seats_[i].state == state) result.push_back(static_cast<Seat>(i));
    }
    return result;
}

std::vector<Seat> Registration::chosen() const {
    std::vector<Seat> result;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        if (seats_[i].state != State::idle && seats_[i].state != State::lost) result.push_back(static_cast<Seat>(i));
    }
    return result;
}

// Idle seats first; those that were lost only when there is nobody else.
void Registration::choose(std::size_t wanted, Time now, Rng& rng, std::vector<Seat>& result) {
    for (const State from : {State::idle, State::lost}) {
        std::vector<Seat> pool = in_state(from);
        rng.shuffle(std::span<Seat>(pool));
        for (const Seat seat : pool) {
            if (wanted == 0) return;
            seats_[seat] = {State::asked, now + patience};
            result.push_back(seat);
            --wanted;
        }
    }
}

std::vector<Seat> Registration::begin(Time now, Rng& rng) {
    std::fill(seats_.begin(), seats_.end(), Entry{});
    attempts_ = 0;
    complete_ = false;
    std::vector<Seat> result;
    choose(need(), now, rng, result);
    return result;
}

std::vector<Seat> Registration::due(Time now, Rng& rng) {
    std::vector<Seat> result;
    if (complete_) return result;
    ++attempts_;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        Entry& entry = seats_[i];
        const bool unanswered = entry.state == State::asked || (entry.state == State::refused && acks() < need());
        if (!unanswered || entry.again > now) continue;
        entry = {State::asked, now + patience};
        result.push_back(static_cast<Seat>(i));
    }
    const std::size_t busy = count(State::asked) + count(State::acked) + count(State::refused);
    if (busy < need()) choose(need() - busy, now, rng, result);
    return result;
}

Duration Registration::delay(Rng& rng) {
    Duration full = first_delay;
    for (std::uint32_t i = 0; i < attempts_ && full < last_delay; ++i) full *= 2;
    full = std::min(full, last_delay);
    return full / 2 + Duration(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(full.count()))));
}

Registration::Ack Registration::on_ack(Seat seat) {
    Ack ack;
    if (seats_[seat].state == State::acked) return ack;
    ack.counts = true;
    ack.first = acks() == 0;
    seats_[seat].state = State::acked;
    return ack;
}

bool Registration::finish() {
    const bool answered = count(State::asked) == 0 && acks() > 0 && acks() + count(State::refused) >= need();
    if (complete_ || (acks() < need() && !answered)) return false;
    return complete_ = true;
}

void Registration::set(Seat seat, State state) {
    if (seats_[seat].state == State::asked) seats_[seat].state = state;
}

void Registration::on_pending(Seat seat, Time again) {
    if (seats_[seat].state == State::asked) seats_[seat].again = again;
}

void Registration::restore(const std::vector<Seat>& acked) {
    for (const Seat seat : acked) seats_[seat].state = State::acked;
    complete_ = true;
}

void Registration::on_lost(Seat seat) { set(seat, State::lost); }

Duration Damping::next(Time now) {
    using std::chrono::seconds;
    const bool calm = delay_ == Duration{} || now - last_ > std::chrono::hours(1);
    delay_ = calm ? Duration(seconds(1)) : std::min<Duration>(delay_ * 2, seconds(60));
    last_ = now;
    return delay_;
}

}  // namespace gossip
