#pragma once
// A simulated network of SeedMachines and PeerMachines.

#include "protocol/config.hpp"
#include "protocol/peer/peer_machine.hpp"
#include "protocol/seed/seed_machine.hpp"
#include "sim/engine/sim_crypto.hpp"
#include "sim/engine/simulator.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace gossip::sim {

struct ClusterOptions {
    SimOptions sim;
    Config config;  // without seeds, that many are added:
    std::uint32_t seeds{3};
    std::int64_t wall_skew_ms{0};  // each node's wall clock is wrong by up to this much
};

class Cluster {
public:
    explicit Cluster(ClusterOptions options);
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    [[nodiscard]] Simulator& sim() { return sim_; }
    [[nodiscard]] const Simulator& sim() const { return sim_; }
    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] std::span<const NodeId> seeds() const { return config_.seeds; }
    [[nodiscard]] const NodeIds& peers() const { return peers_; }  // ever added, in that order
    [[nodiscard]] bool is_seed(NodeId id) const;
    // The index of a peer in peers(); peers().size() for other nodes.
    [[nodiscard]] std::size_t number_of(NodeId peer) const { return std::min(peers_.find(peer), peers_.size()); }
    [[nodiscard]] Seat seat_of(NodeId id) const;  // no_seat if it is not a seed
    [[nodiscard]] const Crypto& crypto() const { return crypto_; }

    // Cold start: seeds and peers start from nothing and peers register.
    void start_seeds();
    void start_peers(std::uint32_t count);
    NodeId add_peer();  // not started
    void add_peer(NodeId id);
    // Warm start, for networks too large to register (warm_start.cpp): seeds recover from a journal that lists all
    // peers, and peers begin as if they had registered and linked. The overlay is grown, or given by snapshots.
    void start_grown(std::uint32_t count, bool with_seeds = true);
    void start_from(const std::vector<PeerSnapshot>& snapshots);
    void start(NodeId id) { sim_.start(id); }
    void crash(NodeId id, CrashKind kind = CrashKind::process);
    void lose_disk(NodeId seed);  // the seed must be down; its next life finds no journal

    [[nodiscard]] const SeedMachine* seed(NodeId id) const;  // nullptr while down
    [[nodiscard]] const PeerMachine* peer(NodeId id) const;
    [[nodiscard]] std::vector<NodeId> live_seeds() const;
    [[nodiscard]] std::vector<NodeId> live_peers() const;
    [[nodiscard]] std::vector<NodeId> listed(NodeId seed) const;  // ascending; empty while down

    void publish(NodeId peer, std::string text) { sim_.feed(peer, Publish{std::move(text)}); }

    // ---- conditions to wait for
    // Every live seed lists exactly the live peers, at one epoch and digest.
    [[nodiscard]] bool seeds_agree() const;
    [[nodiscard]] bool lists_exactly(NodeId seed, std::vector<NodeId> expected) const;
    [[nodiscard]] bool listed_nowhere(NodeId peer) const;
    // Every live peer is active and at the seeds' epoch.
    [[nodiscard]] bool peers_caught_up() const;
    [[nodiscard]] bool converged() const { return seeds_agree() && peers_caught_up(); }
    bool run_until_converged(Duration limit);
    bool run_until(const std::function<bool()>& condition, Duration limit);

private:
    void add_seed(std::uint32_t seat);
    void start_seeds_with(const SnapshotBasis& any, const std::vector<Member>& members);
    void start_peers_from_snapshots();
    void connect_links(NodeId self);
    [[nodiscard]] NodeOptions node_options(NodeId id, Trust trust) const;

    ClusterOptions options_;
    Config config_;
    std::unique_ptr<SnapshotSource> snapshots_;  // of a warm start: peers ask it for further state
    SimKeyring crypto_;
    PeerContext context_{config_, crypto_};
    Simulator sim_;
    std::map<NodeId, Incarnation> last_lives_;
    std::set<NodeId> bootstrapped_;  // seeds that have, or had, a journal
    NodeIds peers_;
};

}  // namespace gossip::sim
