#pragma once
// The parts of a seed without the machine: a test hands one of them an event and looks at what it sent,
// said, wrote and raised. Seat 0 of `seeds`.

#include "protocol/quorum.hpp"
#include "protocol/seed/address_checks.hpp"
#include "protocol/seed/consensus.hpp"
#include "protocol/seed/member_desk.hpp"
#include "protocol/seed/neighbours.hpp"
#include "protocol/seed/removals.hpp"
#include "protocol/seed/replica.hpp"
#include "protocol/seed/requests.hpp"
#include "protocol/seed/seats.hpp"
#include "protocol/seed/seed_turn.hpp"
#include "seed_net.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace gossip::test {

struct SeedParts {
    static constexpr SeatLife own_life = 100;

    explicit SeedParts(std::size_t seeds) : config(with_seeds(seeds)) {
        seats.recover(own_life, true, {});
        seats.handle_started(t, false);
        neighbours.handle_started(t);
        consensus.handle_started(t);
        clear();
    }
    SeedParts(const SeedParts&) = delete;
    SeedParts& operator=(const SeedParts&) = delete;

    // The list gets the changes, and the directory with it.
    Batch decide(Batch batch) {
        const Batch effective = replica.apply(t, {replica.ledger().next(crypto, std::move(batch)), {}});
        desk.handle_decided(t, effective);
        clear();
        return effective;
    }
    // Members peer_id(k) with the key that signs as FakeCrypto(7000 + k).
    void admit(std::size_t k, ProtocolVersion protocol = 1) {
        const PublicKey key = protocol > 0 ? FakeCrypto(7000 + k).public_key() : PublicKey{};
        decide({Change{ChangeKind::add, peer_id(k), life(1), protocol, key}});
    }
    // The node of this registration answers at its address, as FakeCrypto(its port); what waited for that goes on.
    void answer_address(const Change& add) {
        const Effects before = out;
        const std::vector<SeedFact> facts = std::exchange(t.facts, {});
        (void)addresses.begin(t, add);
        for (const msg::Challenge& challenge : sent<msg::Challenge>(add.peer)) {
            answer_challenge(add.peer, challenge, endpoint(add.peer).port);
        }
        out = before;
        t.facts = facts;
        requests.handle_address_checked(t, add.peer);
    }
    // What listens at `peer` has the key of FakeCrypto(key).
    void answer_challenge(NodeId peer, const msg::Challenge& challenge, std::uint64_t key) {
        const Bytes text = challenge_bytes(config, t.self, peer, challenge.nonce);
        addresses.on_answer(t, {peer, FakeCrypto(key).public_key(), FakeCrypto(key).sign(text)});
    }
    void persist() { journal.handle_persisted(journal.appended()); }
    void clear() {
        out.clear();
        t.facts.clear();
    }

    template <class T>
    [[nodiscard]] std::vector<T> sent(NodeId to) const {
        std::vector<T> found;
        for (const Send& s : out.sends) {
            if (const T* m = s.message.get_if<T>(); m != nullptr && s.to == to) found.push_back(*m);
        }
        return found;
    }
    template <class F>
    [[nodiscard]] std::vector<F> raised() const {
        std::vector<F> found;
        for (const SeedFact& fact : t.facts) {
            if (const F* f = std::get_if<F>(&fact)) found.push_back(*f);
        }
        return found;
    }
    [[nodiscard]] std::size_t said(NoticeKind kind) const {
        return static_cast<std::size_t>(
            std::count_if(out.notices.begin(), out.notices.end(), [&](const Notice& n) { return n.kind == kind; }));
    }
    // The last timer of this kind that was set.
    [[nodiscard]] SetTimer timer(TimerKind kind) const {
        const auto it = std::find_if(out.timers.rbegin(), out.timers.rend(),
                                     [&](const SetTimer& timer) { return timer.tag.kind == kind; });
        return it == out.timers.rend() ? SetTimer{} : *it;
    }

    Config config;
    FakeCrypto crypto{6000};
    Rng rng{1};
    Effects out;
    JournalState journal;
    Replica replica{config.seed.history};
    Seats seats{config.seeds.size(), 0};
    Neighbours neighbours{config, seed_id(0)};
    Consensus consensus;
    AddressChecks addresses;
    Requests requests;
    MemberDesk desk;
    Removals removals;
    SeedTurn t{{Time{} + std::chrono::hours(1), seed_id(0), config, crypto, rng, out},
               0,
               1'700'000'000'000,
               journal,
               replica.ledger(),
               seats,
               neighbours,
               desk.directory(),
               addresses,
               requests,
               removals};

private:
    static Config with_seeds(std::size_t count) {
        Config config;
        for (std::size_t i = 0; i < count; ++i) config.seeds.push_back(seed_id(i));
        return config;
    }
};

}  // namespace gossip::test
