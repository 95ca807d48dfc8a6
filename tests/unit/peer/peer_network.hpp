#pragma once
// A small network in virtual time for the peer machine's tests: real peers, one scripted authority
// behind all seed endpoints, links with a fixed delay, kills, stalls and cuts. What the seeds decide
// is decided at once; their own protocol is tested elsewhere.

#include "tests/unit/fixture/fake_crypto.hpp"
#include "tests/unit/fixture/machine_network.hpp"

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/peer/peer_machine.hpp"
#include "protocol/ring.hpp"
#include "protocol/witnesses.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace gossip::test {

class Network final : public MachineNetwork {
public:
    struct Peer {
        std::unique_ptr<FakeCrypto> crypto;
        std::unique_ptr<PeerContext> context;
        std::unique_ptr<PeerMachine> machine;
        bool dead{false};
        bool finished{false};
        std::map<std::string, int> delivered;
        std::vector<Notice> notices;
    };

    explicit Network(unsigned seeds = 3, std::uint64_t seed = 1) : rng(seed) {
        for (unsigned i = 0; i < seeds; ++i) config.seeds.push_back(seed_id(i));
    }

    Config config;
    Rng rng;
    Duration delay = std::chrono::milliseconds(5);
    std::map<NodeId, Peer> peers;
    std::function<bool(NodeId from, NodeId to)> cut;              // true: nothing passes
    std::function<void(const Letter&)> watch;                     // every send of a peer
    std::function<bool(NodeId peer, NodeId seed)> seed_silent;    // the seed says nothing
    std::map<NodeId, std::pair<Incarnation, PublicKey>> members;  // the seeds' list
    std::map<NodeId, std::uint32_t> degrees;
    std::vector<Decision> history;
    std::vector<msg::DeadNodeReport> reports;
    std::map<NodeId, std::function<void(NodeId from, const Message&)>> foreigners;  // speak protocol 0
    bool judge_reports{true};                                                       // decide removals that are proven
    bool registering{true};

    Peer& add(unsigned index) {
        const NodeId id = peer_id(index);
        Peer& p = peers[id];
        p.crypto = std::make_unique<FakeCrypto>(static_cast<std::uint64_t>(id));
        const Incarnation last = p.machine ? p.machine->status().incarnation : Incarnation::none;
        p.context = std::make_unique<PeerContext>(config, *p.crypto);
        p.machine = std::make_unique<PeerMachine>(*p.context, PeerOptions{id, last}, rng.fork());
        p.dead = false;
        p.finished = false;
        start(id, *p.machine);
        return p;
    }
    PeerMachine& machine(unsigned index) { return *peers.at(peer_id(index)).machine; }
    Peer& peer(unsigned index) { return peers.at(peer_id(index)); }

    // The process is gone: its connections close at once, dials to it are refused.
    void kill(unsigned index);
    void stall(unsigned index, Duration how_long) { MachineNetwork::stall(peer_id(index), how_long); }
    // At once, without a way.
    void feed(NodeId id, const Event& event) { step(id, event); }

    // Protocol 0 opens a connection a message and names itself in the payload only.
    void foreign(NodeId from, NodeId to, Message message) {
        const NodeId connection = anonymous_id(++connections_);
        reply_to_[connection] = from;
        feed(to, Received{connection, Trust::anonymous, std::move(message)});
    }
    // As from a node that is not simulated here.
    void inject(NodeId from, Trust trust, NodeId to, Message message) {
        feed(to, Received{from, trust, std::move(message)});
    }

    [[nodiscard]] std::vector<NodeId> alive() const {
        std::vector<NodeId> ids;
        for (const auto& [id, p] : peers) {
            if (!p.dead && !p.finished) ids.push_back(id);
        }
        return ids;
    }
    // Every live peer reaches every other over links that both ends count.
    [[nodiscard]] bool connected() const;
    [[nodiscard]] bool mutual(NodeId a, NodeId b) const {
        const auto at = peers.find(b);
        if (at == peers.end() || at->second.dead) return false;
        const auto links = at->second.machine->status().links;
        return std::binary_search(links.begin(), links.end(), a);
    }
    [[nodiscard]] std::size_t edges() const {
        std::size_t ends = 0;
        for (const NodeId id : alive()) ends += peers.at(id).machine->status().links.size();
        return ends / 2;
    }
    [[nodiscard]] bool all_active() const {
        const auto ids = alive();
        return std::all_of(ids.begin(), ids.end(), [&](NodeId id) { return peers.at(id).machine->status().active; });
    }
    // How many live peers have delivered it.
    [[nodiscard]] std::size_t reach(const std::string& rumor) const {
        const auto ids = alive();
        return static_cast<std::size_t>(
            std::count_if(ids.begin(), ids.end(), [&](NodeId id) { return peers.at(id).delivered.contains(rumor); }));
    }
    [[nodiscard]] std::size_t count(unsigned index, NoticeKind kind) const {
        const auto& notices = peers.at(peer_id(index)).notices;
        return static_cast<std::size_t>(
            std::count_if(notices.begin(), notices.end(), [kind](const Notice& n) { return n.kind == kind; }));
    }
    [[nodiscard]] const Notice* last(unsigned index, NoticeKind kind) const {
        const auto& notices = peers.at(peer_id(index)).notices;
        const auto at =
            std::find_if(notices.rbegin(), notices.rend(), [kind](const Notice& n) { return n.kind == kind; });
        return at == notices.rend() ? nullptr : &*at;
    }
    // The id of the message it said.
    std::string say(unsigned index, const std::string& text) {
        feed(peer_id(index), Publish{text});
        const Notice* said = last(index, NoticeKind::said);
        return said == nullptr ? std::string{} : said->rumor->id;
    }

    // A decision of the seeds, told to the peers it names and to three others.
    void decide(Batch batch);
    [[nodiscard]] msg::Membership signed_decision(const Decision& d) const {
        return {d, 0, FakeCrypto(static_cast<std::uint64_t>(seed_id(0))).sign(canonical_bytes(d))};
    }

private:
    void observe(NodeId id, Effects& effects) override;
    void carry(Letter letter) override;
    void answer(NodeId seed, NodeId to, Message message);

    void apply(const Change& c, std::set<NodeId>& told);
    [[nodiscard]] std::vector<NodeId> ids() const;
    [[nodiscard]] std::vector<Candidate> sample(NodeId but);
    void on_seed(NodeId from, NodeId seed, const Message& message);
    void on_register(NodeId from, NodeId seed, const msg::RegisterRequest& m);
    void on_lease(NodeId from, NodeId seed, const msg::Lease& m);
    void on_get_delta(NodeId from, NodeId seed, const msg::GetDelta& m);
    void on_report(NodeId from, NodeId seed, const msg::DeadNodeReport& m);

    std::set<std::pair<NodeId, NodeId>> open_;  // connections, both directions
    std::uint64_t connections_{0};
    std::map<NodeId, NodeId> reply_to_;  // of a foreigner's connection
};

}  // namespace gossip::test
