#pragma once
// A network of SeedMachines small enough for unit tests: virtual time, one latency, disks that
// forget what was not synced. Peers are only addresses whose mail is kept.

#include "tests/unit/fixture/fake_crypto.hpp"
#include "tests/unit/fixture/machine_network.hpp"

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/seed/seed_machine.hpp"
#include "protocol/trust/credential.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gossip::test {

inline Incarnation life(std::uint64_t k) { return Incarnation{k}; }

inline msg::RegisterRequest registration(std::size_t k, std::uint64_t incarnation) {
    const FakeCrypto crypto(7000 + k);
    msg::RegisterRequest m;
    m.peer = peer_id(k);
    m.incarnation = life(incarnation);
    m.key = crypto.public_key();
    m.signature = crypto.sign(canonical_bytes(Change{ChangeKind::add, m.peer, m.incarnation, m.protocol, m.key}));
    return m;
}

class SeedNet final : public MachineNetwork {
public:
    Duration latency = std::chrono::milliseconds(1);
    Config config;

    explicit SeedNet(std::size_t seeds, std::uint64_t seed = 1) : rng_(seed) {
        for (std::size_t i = 0; i < seeds; ++i) config.seeds.push_back(seed_id(i));
        nodes_.resize(seeds);
    }

    void start_all(bool bootstrap = true) {
        for (std::size_t i = 0; i < nodes_.size(); ++i) start(i, bootstrap);
    }
    void start(std::size_t seat, bool bootstrap = false) {
        Node& node = nodes_[seat];
        node.crypto = std::make_unique<FakeCrypto>(6000 + seat);
        const SeedOptions options{seed_id(seat), 1000 + seat + 10 * ++lives_, bootstrap};
        node.machine = std::make_unique<SeedMachine>(config, *node.crypto, options, rng_.fork(), disk(seat));
        MachineNetwork::start(seed_id(seat), *node.machine);
    }
    // What was not synced is lost; messages under way to it, too.
    void crash(std::size_t seat) {
        stop(seed_id(seat));
        nodes_[seat].machine.reset();
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (i != seat && running(i)) inject(i, LinkLost{seed_id(seat), LossReason::closed});
        }
    }
    void lose_disk(std::size_t seat) { disk(seat).clear(); }
    void restart(std::size_t seat) {
        crash(seat);
        start(seat);
    }
    [[nodiscard]] bool running(std::size_t seat) const { return nodes_[seat].machine != nullptr; }
    [[nodiscard]] SeedMachine& seed(std::size_t seat) { return *nodes_[seat].machine; }
    [[nodiscard]] std::vector<Record>& disk(std::size_t seat) { return MachineNetwork::disk(seed_id(seat)); }
    [[nodiscard]] const FakeCrypto& crypto(std::size_t seat) const { return *nodes_[seat].crypto; }

    void cut(NodeId a, NodeId b) { cut_.insert({std::min(a, b), std::max(a, b)}); }
    void heal() { cut_.clear(); }
    // Returning true swallows the letter.
    std::function<bool(const Letter&)> filter;
    // Whether a peer answers the seeds' question who listens at its address.
    std::function<bool(NodeId)> listens = [](NodeId) { return true; };
    // Answers for peers: called for every other letter to a node that is no seed.
    std::function<void(SeedNet&, const Letter&)> peer;

    void send(NodeId from, std::size_t seat, Message message, Trust trust = Trust::proven) {
        post(seed_id(seat), latency, Received{from, trust, std::move(message)});
    }
    void inject(std::size_t seat, Event event) { post(seed_id(seat), Duration::zero(), std::move(event)); }

    [[nodiscard]] bool agree(Epoch at_least) const {
        for (const Node& a : nodes_) {
            if (!a.machine) continue;
            const SeedStatus s = a.machine->status();
            if (s.epoch < at_least || s.epoch != first().epoch || s.digest != first().digest) return false;
        }
        return true;
    }
    [[nodiscard]] bool member(std::size_t seat, std::size_t k) const {
        const auto members = nodes_[seat].machine->members();
        return std::any_of(members.begin(), members.end(), [&](const Member& m) { return m.id == peer_id(k); });
    }
    template <class T>
    [[nodiscard]] std::vector<T> mail(NodeId to) const {
        std::vector<T> found;
        for (const Letter& letter : letters) {
            if (const T* m = std::get_if<T>(&letter.message); m && letter.to == to) found.push_back(*m);
        }
        return found;
    }
    [[nodiscard]] std::size_t count(NoticeKind kind, std::optional<std::size_t> seat = {}) const {
        return static_cast<std::size_t>(std::count_if(notices.begin(), notices.end(), [&](const auto& n) {
            return n.second.kind == kind && (!seat || n.first == *seat);
        }));
    }

    std::vector<Letter> letters;  // everything that left, in order
    std::vector<std::pair<std::size_t, Notice>> notices;
    bool fatal = false;
    std::map<Epoch, Digest> chain;  // S1: one digest an epoch, over all seeds and lives

private:
    struct Node {
        std::unique_ptr<FakeCrypto> crypto;
        std::unique_ptr<SeedMachine> machine;
    };

    [[nodiscard]] SeedStatus first() const {
        for (const Node& n : nodes_) {
            if (n.machine) return n.machine->status();
        }
        return {};
    }
    void observe(NodeId id, Effects& effects) override {
        fatal = fatal || effects.fatal;
        for (Notice& n : effects.notices) {
            if (n.kind == NoticeKind::epoch_applied) {
                const auto [it, fresh] = chain.try_emplace(n.epoch, n.digest);
                if (!fresh && it->second != n.digest) fatal = true;
            }
            notices.emplace_back(seat_of(id), std::move(n));
        }
    }
    void carry(Letter letter) override {
        letters.push_back(letter);
        if (filter && filter(letter)) return;
        if (cut_.contains({std::min(letter.from, letter.to), std::max(letter.from, letter.to)})) return;
        if (seat_of(letter.to) < nodes_.size()) {
            post(letter.to, latency, Received{letter.from, Trust::seed, letter.message});
        } else if (const auto* challenge = std::get_if<msg::Challenge>(&letter.message); challenge && listens) {
            answer(letter, *challenge);
        } else if (peer) {
            later(latency, [this, letter] { peer(*this, letter); });
        }
    }
    // As the peer of registration() would.
    void answer(const Letter& letter, const msg::Challenge& challenge) {
        if (!listens(letter.to)) return;
        const FakeCrypto crypto(endpoint(letter.to).port);
        const Bytes text = challenge_bytes(config, letter.from, letter.to, challenge.nonce);
        const msg::ChallengeAnswer said{letter.to, crypto.public_key(), crypto.sign(text)};
        post(letter.from, 2 * latency, Received{letter.to, Trust::address, said});
    }
    // The number of seeds when it is none.
    [[nodiscard]] std::size_t seat_of(NodeId id) const {
        return static_cast<std::size_t>(std::find(config.seeds.begin(), config.seeds.end(), id) - config.seeds.begin());
    }

    std::vector<Node> nodes_;
    std::uint64_t lives_{0};
    std::set<std::pair<NodeId, NodeId>> cut_;
    Rng rng_;
};

}  // namespace gossip::test
