#pragma once
// One step of a part of a peer, without the others: what it sends and sets is in `out`, what it tells the others is in
// `facts`, in the order raised.

#include "tests/unit/peer/peer_network.hpp"

#include "protocol/peer/peer_turn.hpp"

#include <vector>

namespace gossip::test {

class PartTurn final : public FactRouter {
public:
    explicit PartTurn(std::uint32_t seeds = 3) {
        for (unsigned seat = 0; seat < seeds; ++seat) config.seeds.push_back(seed_id(seat));
        view.mutable_state().incarnation = Incarnation{5};
    }

    // A step begins: what the last one left is gone.
    PeerTurn begin(Time now = Time{}) {
        out.clear();
        facts.clear();
        return {{now, view.self(), config, crypto, rng, out}, context, phase, view, links, timers, *this};
    }
    void route(PeerTurn& /*t*/, const Fact& fact) override { facts.push_back(fact); }

    template <class F>
    [[nodiscard]] std::vector<F> raised() const {
        std::vector<F> found;
        for (const Fact& fact : facts) {
            if (const auto* f = std::get_if<F>(&fact)) found.push_back(*f);
        }
        return found;
    }
    template <class M>
    [[nodiscard]] std::vector<NodeId> sent() const {
        std::vector<NodeId> to;
        for (const Send& send : out.sends) {
            if (send.message.get_if<M>() != nullptr) to.push_back(send.to);
        }
        return to;
    }
    [[nodiscard]] bool noticed(NoticeKind kind) const {
        return std::ranges::any_of(out.notices, [kind](const Notice& n) { return n.kind == kind; });
    }
    [[nodiscard]] static Sender peer(NodeId id) { return {id, id, Trust::proven}; }
    [[nodiscard]] static Sender seed(unsigned seat) { return {seed_id(seat), seed_id(seat), Trust::seed}; }

    Config config;
    FakeCrypto crypto{1};
    PeerContext context{config, crypto};
    PeerPhase phase{PeerPhase::active};
    View view{peer_id(0)};
    Links links;
    PeerTimers timers;
    Rng rng{1};
    Effects out;
    std::vector<Fact> facts;
};

}  // namespace gossip::test
