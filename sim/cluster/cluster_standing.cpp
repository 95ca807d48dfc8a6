// Networks that stand from the start: see docs/decisions/004.

#include "protocol/assert.hpp"
#include "protocol/canonical.hpp"
#include "protocol/seed/records.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/grown_overlay.hpp"
#include "sim/cluster/hash_ring.hpp"

#include <algorithm>
#include <optional>

namespace gossip::sim {
namespace {

// Peers of a grown network: all of it follows from the overlay and the seed. Once the peers stand, their links are
// asked of the network, which knows from when there were connections.
class GrownStandings final : public SnapshotSource {
public:
    GrownStandings(const Cluster& cluster, std::uint32_t peers, Rng rng)
        : cluster_(cluster),
          peers_(peers),
          overlay_(std::in_place, names(), cluster.config().overlay, rng),
          samples_(peers / together + 1) {
        const auto started = static_cast<std::uint64_t>(cluster.sim().wall_at_zero());
        common_.incarnation = Incarnation{std::max<std::uint64_t>(started, 1)};
        common_.epoch = 1;
        common_.digest.own() = cluster.crypto().digest("a network that stands");
        common_.record_version = 1;
        for (const NodeId seed : cluster.seeds()) {
            common_.seed_keys.own().push_back(cluster.crypto().public_key(seed));
        }
        common_.details.add(
            {.incarnation = common_.incarnation, .sent_version = common_.record_version, .in_snapshot = true});
    }

    [[nodiscard]] const SnapshotBasis& common() const { return common_; }
    void peers_stand() { overlay_.reset(); }

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
    // Peers that joined together were told of the same others; who is one of them leaves itself out.
    [[nodiscard]] ViewSample sample(NodeId peer) const override {
        const std::size_t number = cluster_.number_of(peer);
        auto& shared = samples_[number / together];
        if (shared->empty()) shared.own() = sample_for(number / together);
        ViewSample s{.members = peers_, .successors = successors_of(number), .candidates = shared};
        const auto self = [peer](const Candidate& c) { return c.id == peer; };
        if (std::any_of(shared->begin(), shared->end(), self)) std::erase_if(s.candidates.own(), self);
        return s;
    }
    [[nodiscard]] Epoch epoch(NodeId /*peer*/) const override { return common_.epoch; }
    [[nodiscard]] std::vector<Seat> seats(NodeId peer) const override {
        Rng rng = cluster_.sim().draws().stream(Purpose::standing, 1, cluster_.number_of(peer));
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
        record->links = cluster_.sim().stood_with(peer);
        record->successors = successors_of(number);
        record->signature = cluster_.crypto().sign(peer, canonical_bytes(*record));
        return record;
    }

private:
    static constexpr std::size_t together = 16;

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
        Rng rng = cluster_.sim().draws().stream(Purpose::standing, 2, group);
        std::vector<std::size_t> drawn;
        for (std::uint32_t i = 0; i < cluster_.config().overlay.candidates; ++i) {
            drawn.push_back(static_cast<std::size_t>(rng.below(peers_)));
        }
        std::sort(drawn.begin(), drawn.end());
        drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
        std::vector<Candidate> sample;
        sample.reserve(drawn.size());
        for (const std::size_t i : drawn) {
            const NodeId id = cluster_.peers()[i];
            sample.push_back({id, cluster_.sim().count_stood_with(id), 1});
        }
        return sample;
    }

    const Cluster& cluster_;
    std::uint32_t peers_;
    std::optional<GrownOverlay> overlay_;   // until the peers stand
    mutable std::optional<HashRing> ring_;  // once it is asked for
    SnapshotBasis common_;
    mutable std::vector<CopyOnWrite<std::vector<Candidate>>> samples_;  // as asked for
};

// Peers of a network that registered and shook hands once.
class TakenStandings final : public SnapshotSource {
public:
    TakenStandings(const Cluster& cluster, const std::vector<PeerSnapshot>& all) : cluster_(cluster), all_(all) {}

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

void Cluster::stand_up(std::uint32_t count, bool with_seeds) {
    sim_.reserve(config_.seeds.size() + count);
    while (peers_.size() < count) add_peer();
    auto grown = std::make_unique<GrownStandings>(*this, count, sim_.draws().stream(Purpose::standing));
    if (with_seeds) {
        const SnapshotBasis& common = grown->common();
        std::vector<Member> members;
        members.reserve(count);
        for (const NodeId id : peers_) {
            members.push_back({id, common.incarnation, 1, crypto_.public_key(id), common.epoch});
        }
        stand_seeds(common, members);
    }
    GrownStandings& standings = *grown;
    standings_ = std::move(grown);
    stand_peers();
    standings.peers_stand();
}

void Cluster::stand_up(const std::vector<PeerSnapshot>& standings) {
    while (peers_.size() < standings.size()) add_peer();
    std::vector<Member> members;
    for (std::size_t i = 0; i < standings.size(); ++i) {
        members.push_back({peers_[i], standings[i].basis.incarnation, 1, crypto_.public_key(peers_[i]), 1});
    }
    stand_seeds(standings.front().basis, members);
    standings_ = std::make_unique<TakenStandings>(*this, standings);
    stand_peers();
}

// Each from a journal that was compacted just now; all of them have voted before.
void Cluster::stand_seeds(const SnapshotBasis& any, const std::vector<Member>& members) {
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

void Cluster::stand_peers() {
    for (const NodeId self : peers_) {
        sim_.start_standing(self, [this](Machine& machine, Time now, WallMs wall, Effects& out) {
            static_cast<PeerMachine&>(machine).start_from(now, wall, *standings_, out);
        });
        connect_links(self);
    }
}

void Cluster::connect_links(NodeId self) {
    const auto links = standings_->basis(self).links;
    sim_.reserve_ends(self, links.size());
    for (const Link& link : links) {
        if (link.id < self) sim_.connect(link.id, self);
    }
}

}  // namespace gossip::sim
