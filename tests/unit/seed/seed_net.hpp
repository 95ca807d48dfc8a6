#pragma once
// A network of SeedMachines small enough for unit tests: virtual time, one latency, disks that
// forget what was not synced. Peers are only addresses whose mail is kept.

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gossip::seedtest {

// Keyed hashing in the place of signatures: whoever knows a public key can check, nobody forges by accident.
class FakeCrypto final : public OneKeyCrypto {
public:
    explicit FakeCrypto(std::uint64_t identity) {
        for (std::size_t i = 0; i < 8; ++i) key_.bytes[i] = static_cast<std::uint8_t>(identity >> (8 * i));
        key_.bytes[31] = 1;
    }
    [[nodiscard]] Digest digest(std::string_view bytes) const override {
        Digest d;
        for (std::uint64_t lane = 0; lane < 4; ++lane) {
            std::uint64_t h = mix64(lane + bytes.size());
            for (const char c : bytes) h = mix64(h ^ static_cast<std::uint8_t>(c));
            for (std::size_t i = 0; i < 8; ++i) d.bytes[lane * 8 + i] = static_cast<std::uint8_t>(h >> (8 * i));
        }
        return d;
    }
    [[nodiscard]] Signature sign(std::string_view bytes) const override { return signature(key_, bytes); }
    [[nodiscard]] bool verify(const PublicKey& key, std::string_view bytes, const Signature& s) const override {
        return signature(key, bytes).bytes == s.bytes;
    }
    [[nodiscard]] PublicKey public_key() const override { return key_; }

private:
    [[nodiscard]] Signature signature(const PublicKey& key, std::string_view bytes) const {
        Bytes keyed(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
        keyed.append(bytes);
        const Digest d = digest(keyed);
        Signature s;
        std::copy(d.bytes.begin(), d.bytes.end(), s.bytes.begin());
        return s;
    }
    PublicKey key_{};
};

inline NodeId seed_id(std::size_t seat) { return node_id({0x7f000001, static_cast<std::uint16_t>(6000 + seat)}); }
inline NodeId peer_id(std::size_t k) { return node_id({0x7f000001, static_cast<std::uint16_t>(7000 + k)}); }
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

struct Letter {
    NodeId from{};
    NodeId to{};
    Message message;
};

class SeedNet {
public:
    Duration latency = std::chrono::milliseconds(1);
    Duration sync_time = std::chrono::milliseconds(5);
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
        node.machine = std::make_unique<SeedMachine>(config, *node.crypto, options, rng_.fork(), node.disk);
        node.epochs_started = node.machine->status().epoch;
        step(seat, Started{1'700'000'000'000 + ms(now_)});
    }
    // What was not synced is lost; messages under way to it, too.
    void crash(std::size_t seat) {
        Node& node = nodes_[seat];
        node.machine.reset();
        node.unsynced.clear();
        node.held.clear();
        node.persisted = 0;
        ++node.boot;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (i != seat && running(i)) post(Duration::zero(), i, LinkLost{seed_id(seat), LossReason::closed});
        }
    }
    void lose_disk(std::size_t seat) { nodes_[seat].disk.clear(); }
    void restart(std::size_t seat) {
        crash(seat);
        start(seat);
    }
    [[nodiscard]] bool running(std::size_t seat) const { return nodes_[seat].machine != nullptr; }
    [[nodiscard]] SeedMachine& seed(std::size_t seat) { return *nodes_[seat].machine; }
    [[nodiscard]] std::vector<Record>& disk(std::size_t seat) { return nodes_[seat].disk; }
    [[nodiscard]] const FakeCrypto& crypto(std::size_t seat) const { return *nodes_[seat].crypto; }

    void cut(NodeId a, NodeId b) { cut_.insert({std::min(a, b), std::max(a, b)}); }
    void heal() { cut_.clear(); }
    // Returning true swallows the letter.
    std::function<bool(const Letter&)> filter;
    // Answers for peers: called for every letter to a node that is no seed.
    std::function<void(SeedNet&, const Letter&)> peer;

    void send(NodeId from, std::size_t seat, Message message, Trust trust = Trust::claimed) {
        post(latency, seat, Received{from, trust, std::move(message)});
    }
    void inject(std::size_t seat, Event event) { post(Duration::zero(), seat, std::move(event)); }

    // Runs until `done` or the time is up; true when done.
    bool run(
        Duration limit, const std::function<bool()>& done = [] { return false; }) {
        const Time end = now_ + limit;
        while (!done()) {
            if (queue_.empty() || queue_.begin()->first.first > end) {
                now_ = end;
                return done();
            }
            auto item = queue_.extract(queue_.begin());
            now_ = item.key().first;
            item.mapped()();
        }
        return true;
    }
    bool run_until(const std::function<bool()>& done) { return run(std::chrono::seconds(30), done); }

    [[nodiscard]] Time now() const { return now_; }
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
    std::map<std::size_t, int> syncs;
    bool fatal = false;
    std::map<Epoch, Digest> chain;  // S1: one digest an epoch, over all seeds and lives

private:
    struct Node {
        std::unique_ptr<FakeCrypto> crypto;
        std::unique_ptr<SeedMachine> machine;
        std::vector<Record> disk;
        std::vector<Append> unsynced;
        std::vector<Send> held;
        AppendSeq persisted{0};
        std::uint64_t boot{0};
        bool syncing{false};
        Epoch epochs_started{0};
    };

    static std::int64_t ms(Time t) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
    }
    [[nodiscard]] SeedStatus first() const {
        for (const Node& n : nodes_) {
            if (n.machine) return n.machine->status();
        }
        return {};
    }
    void at(Time due, std::function<void()> action) { queue_.emplace(std::pair{due, ++order_}, std::move(action)); }
    void post(Duration delay, std::size_t seat, Event event) {
        const std::uint64_t boot = nodes_[seat].boot;
        at(now_ + delay, [this, seat, boot, event = std::move(event)] {
            if (nodes_[seat].boot == boot && running(seat)) step(seat, event);
        });
    }
    void step(std::size_t seat, const Event& event) {
        Node& node = nodes_[seat];
        Effects out;
        node.machine->step(now_, event, out);
        fatal = fatal || out.fatal;
        for (Notice& n : out.notices) {
            if (n.kind == NoticeKind::epoch_applied) {
                const auto [it, fresh] = chain.try_emplace(n.epoch, n.digest);
                if (!fresh && it->second != n.digest) fatal = true;
            }
            notices.emplace_back(seat, std::move(n));
        }
        for (const SetTimer& timer : out.timers) post(timer.due - now_, seat, TimerFired{timer.tag});
        for (Append& a : out.appends) node.unsynced.push_back(std::move(a));
        for (Send& s : out.sends) node.held.push_back(std::move(s));
        release(seat);
        begin_sync(seat);
    }
    void begin_sync(std::size_t seat) {
        Node& node = nodes_[seat];
        if (node.syncing || node.unsynced.empty()) return;
        node.syncing = true;
        ++syncs[seat];
        const AppendSeq upto = node.unsynced.back().seq;
        at(now_ + sync_time, [this, seat, upto, boot = node.boot] {
            Node& n = nodes_[seat];
            n.syncing = false;
            if (n.boot != boot) return begin_sync(seat);
            while (!n.unsynced.empty() && n.unsynced.front().seq <= upto) {
                if (n.unsynced.front().compact) n.disk.clear();
                n.disk.push_back({n.unsynced.front().type, n.unsynced.front().body});
                n.unsynced.erase(n.unsynced.begin());
            }
            n.persisted = upto;
            release(seat);
            step(seat, Persisted{upto});
        });
    }
    // In order for each receiver: a send that waits holds up what follows it.
    void release(std::size_t seat) {
        Node& node = nodes_[seat];
        std::set<NodeId> blocked;
        std::vector<Send> kept;
        for (Send& s : node.held) {
            if (s.after > node.persisted || blocked.contains(s.to)) {
                blocked.insert(s.to);
                kept.push_back(std::move(s));
            } else {
                deliver({seed_id(seat), s.to, std::move(s.message)});
            }
        }
        node.held = std::move(kept);
    }
    void deliver(Letter letter) {
        letters.push_back(letter);
        if (filter && filter(letter)) return;
        if (cut_.contains({std::min(letter.from, letter.to), std::max(letter.from, letter.to)})) return;
        const auto it = std::find(config.seeds.begin(), config.seeds.end(), letter.to);
        if (it == config.seeds.end()) {
            if (peer) at(now_ + latency, [this, letter] { peer(*this, letter); });
            return;
        }
        const auto seat = static_cast<std::size_t>(it - config.seeds.begin());
        post(latency, seat, Received{letter.from, Trust::seed, letter.message});
    }

    std::vector<Node> nodes_;
    std::map<std::pair<Time, std::uint64_t>, std::function<void()>> queue_;
    std::uint64_t order_{0};
    std::uint64_t lives_{0};
    std::set<std::pair<NodeId, NodeId>> cut_;
    Time now_{};
    Rng rng_;
};

}  // namespace gossip::seedtest
