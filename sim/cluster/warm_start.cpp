// Warm starts of a cluster: seeds and peers begin with the state that registration and link handshakes would have left
// (docs/decisions/004).

#include "protocol/assert.hpp"
#include "protocol/canonical.hpp"
#include "protocol/seed/list/records.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/grown_overlay.hpp"
#include "sim/cluster/hash_ring.hpp"

#include <algorithm>
#include <optional>

namespace gossip::sim {
namespace {

// The peers of a grown network. Everything follows from the overlay and the seed of the run. The overlay is freed once
// the peers have started; from then on the network knows their initial links.
class GrownSnapshots final : public SnapshotSource {
public:
    GrownSnapshots(const Cluster& cluster, std::uint32_t peers, Rng rng)
        : cluster_(cluster),
          peers_(peers),
          overlay_(std::in_place, names(), cluster.config().overlay, rng),
          samples_(peers / group_size + 1) {
        const auto started = static_cast<std::uint64_t>(cluster.sim().wall_at_zero());
        common_.incarnation = Incarnation{std::max<std::uint64_t>(started, 1)};
        common_.epoch = 1;
        common_.digest.mutable_value() = cluster.crypto().digest("a network that stands");
        common_.record_version = 1;
        for (const NodeId seed : cluster.seeds()) {
            common_.seed_keys.mutable_value().push_back(cluster.crypto().public_key(seed));
        }
        common_.details.add(
            {.incarnation = common_.incarnation, .sent_version = common_.record_version, .in_snapshot = true});
    }

    [[nodiscard]] const SnapshotBasis& common() const { return common_; }
    void free_overlay() { overlay_.reset(); }

    [[nodiscard]] SnapshotBasis basis(NodeId peer) const override {
        GOSSIP_ASSERT(overlay_.has_value());
        SnapshotBasis b = common_;
        const std::size_t number = cluster_.number_of(peer);
        b.links.reserve(overlay_->degree(number));
        for (const auto& end : overlay_->of(number)) {
            const LinkKind kind = end.ring ? LinkKind::ring : LinkKind::preferential;
            Link link{.id = cluster_.peers()[end.other], .kind = kind};
            link.set_degree(overlay_->degree(end.other));
            b.links.push_back(link);
        }
        return b;
    }
    // All peers of a group know the same candidates, as peers do that join together; a peer among them omits itself.
    [[nodiscard]] ViewSample sample(NodeId peer) const override {
        const std::size_t number = cluster_.number_of(peer);
        auto& shared = samples_[number / group_size];
        if (shared->empty()) shared.mutable_value() = sample_for(number / group_size);
        ViewSample s{.members = peers_, .successors = successors_of(number), .candidates = shared};
        const auto self = [peer](const Candidate& c) { return c.id == peer; };
        if (std::any_of(shared->begin(), shared->end(), self)) std::erase_if(s.candidates.mutable_value(), self);
        return s;
    }
    [[nodiscard]] Epoch epoch(NodeId /*peer*/) const override { return common_.epoch; }
    [[nodiscard]] std::vector<Seat> seats(NodeId peer) const override {
        Rng rng = cluster_.sim().draws().stream(Purpose::grown, 1, cluster_.number_of(peer));
        std::vector<Seat> seats;
        for (std::size_t i = 0; i < cluster_.seeds().size(); ++i) seats.push_back(static_cast<Seat>(i));
        rng.shuffle(std::span<Seat>(seats));
        seats.resize(majority(seats.size()));
        std::sort(seats.begin(), seats.end());
        return seats;
    }
    [[nodiscard]] RecordPtr record(NodeId peer) const override {
        GOSSIP_ASSERT(!overlay_);
        const std::size_t number = cluster_.number_of(peer);
        auto record = std::make_shared<LinksRecord>();
        record->peer = peer;
        record->incarnation = common_.incarnation;
        record->version = common_.record_version;
        record->links = cluster_.sim().initial_neighbours(peer);
        record->successors = successors_of(number);
        record->signature = cluster_.crypto().sign(peer, canonical_bytes(*record));
        return record;
    }

private:
    static constexpr std::size_t group_size = 16;

    [[nodiscard]] std::vector<NodeId> names() const {
        std::vector<NodeId> ids;
        ids.reserve(peers_);
        for (std::uint32_t i = 0; i < peers_; ++i) ids.push_back(cluster_.peers()[i]);
        return ids;
    }
    [[nodiscard]] std::vector<NodeId> successors_of(std::size_t number) const {
        if (!ring_) ring_.emplace(names());
        const auto next = ring_->successors(cluster_.peers(), static_cast<std::uint32_t>(number),
                                            cluster_.config().overlay.successors);
        std::vector<NodeId> ids;
        ids.reserve(next.size());
        for (const std::uint32_t s : next) ids.push_back(cluster_.peers()[s]);
        return ids;
    }
    [[nodiscard]] std::vector<Candidate> sample_for(std::size_t group) const {
        GOSSIP_ASSERT(!overlay_);
        Rng rng = cluster_.sim().draws().stream(Purpose::grown, 2, group);
        std::vector<std::size_t> drawn;
        for (std::uint32_t i = 0; i < candidates_remembered(cluster_.config().overlay); ++i) {
            drawn.push_back(static_cast<std::size_t>(rng.below(peers_)));
        }
        std::sort(drawn.begin(), drawn.end());
        drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
        std::vector<Candidate> sample;
        sample.reserve(drawn.size());
        for (const std::size_t i : drawn) {
            const NodeId id = cluster_.peers()[i];
            sample.push_back({id, cluster_.sim().count_initial_neighbours(id), 1});
        }
        return sample;
    }

    const Cluster& cluster_;
    std::uint32_t peers_;
    std::optional<GrownOverlay> overlay_;   // until the peers have started
    mutable std::optional<HashRing> ring_;  // computed on first use
    SnapshotBasis common_;
    mutable std::vector<CopyOnWrite<std::vector<Candidate>>> samples_;  // by group, computed on first use
};

// Peers with given snapshots, taken from a network that registered.
class GivenSnapshots final : public SnapshotSource {
public:
    GivenSnapshots(const Cluster& cluster, const std::vector<PeerSnapshot>& all) : cluster_(cluster), all_(all) {}

    [[nodiscard]] SnapshotBasis basis(NodeId peer) const override { return of(peer).basis; }
    [[nodiscard]] ViewSample sample(NodeId peer) const override { return of(peer).sample; }
    [[nodiscard]] Epoch epoch(NodeId peer) const override { return of(peer).basis.epoch; }
    [[nodiscard]] std::vector<Seat> seats(NodeId peer) const override { return of(peer).seats; }
    [[nodiscard]] RecordPtr record(NodeId peer) const override { return of(peer).record; }

private:
    [[nodiscard]] const PeerSnapshot& of(NodeId peer) const { return all_[cluster_.number_of(peer)]; }

    const Cluster& cluster_;
    std::vector<PeerSnapshot> all_;
};

}  // namespace

void Cluster::start_grown(std::uint32_t count, bool with_seeds) {
    sim_.reserve(config_.seeds.size() + count);
    while (peers_.size() < count) add_peer();
    auto grown = std::make_unique<GrownSnapshots>(*this, count, sim_.draws().stream(Purpose::grown));
    if (with_seeds) {
        const SnapshotBasis& common = grown->common();
        std::vector<Member> members;
        members.reserve(count);
        for (const NodeId id : peers_) {
            members.push_back({id, common.incarnation, 1, crypto_.public_key(id), common.epoch});
        }
        start_seeds_with(common, members);
    }
    GrownSnapshots& snapshots = *grown;
    snapshots_ = std::move(grown);
    start_peers_from_snapshots();
    snapshots.free_overlay();
}

void Cluster::start_from(const std::vector<PeerSnapshot>& snapshots) {
    while (peers_.size() < snapshots.size()) add_peer();
    std::vector<Member> members;
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
        members.push_back({peers_[i], snapshots[i].basis.incarnation, 1, crypto_.public_key(peers_[i]), 1});
    }
    start_seeds_with(snapshots.front().basis, members);
    snapshots_ = std::make_unique<GivenSnapshots>(*this, snapshots);
    start_peers_from_snapshots();
}

// Each recovers from a journal that was just compacted; all seats have voted before.
void Cluster::start_seeds_with(const SnapshotBasis& any, const std::vector<Member>& members) {
    SnapshotRecord record;
    record.header.fingerprint = membership_fingerprint(config_);
    for (Seat seat = 0; seat < config_.seeds.size(); ++seat) {
        const auto key = static_cast<std::uint64_t>(config_.seeds[seat]);
        record.lives.push_back({seat, sim_.draws().at(Purpose::seat_life, key, 1) | 1});
    }
    record.snapshot.epoch = any.epoch;
    record.snapshot.digest = *any.digest;
    record.snapshot.members = members;
    for (Seat seat = 0; seat < config_.seeds.size(); ++seat) {
        record.header.own = record.lives[seat];
        sim_.fill_disk(config_.seeds[seat], {{RecordType::snapshot, encode(record)}});
    }
    start_seeds();
}

void Cluster::start_peers_from_snapshots() {
    for (const NodeId self : peers_) {
        sim_.start_with(self, [this](Machine& machine, Time now, WallMs wall, Effects& out) {
            static_cast<PeerMachine&>(machine).start_from(now, wall, *snapshots_, out);
        });
        connect_links(self);
    }
}

void Cluster::connect_links(NodeId self) {
    const auto links = snapshots_->basis(self).links;
    sim_.reserve_ends(self, links.size());
    for (const Link& link : links) {
        if (link.id < self) sim_.connect(link.id, self);
    }
}

}  // namespace gossip::sim
