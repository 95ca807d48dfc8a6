// Networks that stand from the start: see docs/decisions/004.

#include "protocol/canonical.hpp"
#include "protocol/records.hpp"
#include "sim/cluster.hpp"
#include "sim/grown_overlay.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {

// What every peer of a grown network has in common, and the records they are given.
struct Grown {
    const Cluster& cluster;
    GrownOverlay overlay;
    PeerStanding common;
    std::vector<RecordPtr> records;
    std::vector<CopyOnWrite<std::vector<Candidate>>> samples;

    [[nodiscard]] RecordPtr record_of(std::size_t number) const {
        auto record = std::make_shared<LinksRecord>();
        record->peer = cluster.peers()[number];
        record->incarnation = common.incarnation;
        record->version = 1;
        record->links.reserve(overlay.degree(number));
        for (const auto& end : overlay.of(number)) record->links.push_back(cluster.peers()[end.other]);
        record->successors = successors_of(number);
        record->signature = cluster.crypto(record->peer).sign(canonical_bytes(*record));
        return record;
    }
    [[nodiscard]] std::vector<NodeId> successors_of(std::size_t number) const {
        std::vector<NodeId> ids;
        const auto next = overlay.successors(number, cluster.config().overlay.successors);
        ids.reserve(next.size());
        for (const std::uint32_t s : next) {
            ids.push_back(cluster.peers()[s]);
        }
        return ids;
    }
    [[nodiscard]] PeerStanding standing_of(std::size_t number) const {
        PeerStanding s = common;
        Rng rng = cluster.sim().draws().stream(Purpose::standing, 1, number);
        s.seats = quorum_of_seats(rng);
        s.successors = successors_of(number);
        s.candidates = samples[number / together];
        for (const auto& end : overlay.of(number)) {
            s.links.push_back({cluster.peers()[end.other], common.incarnation,
                               end.ring ? LinkKind::ring : LinkKind::preferential, overlay.degree(end.other),
                               records[end.other]});
        }
        s.record = records[number];
        return s;
    }
    [[nodiscard]] std::vector<Seat> quorum_of_seats(Rng& rng) const {
        std::vector<Seat> seats;
        for (std::size_t i = 0; i < cluster.seeds().size(); ++i) seats.push_back(static_cast<Seat>(i));
        rng.shuffle(std::span<Seat>(seats));
        seats.resize(majority(seats.size()));
        std::sort(seats.begin(), seats.end());
        return seats;
    }
    // Peers that joined together were told of the same others; who is one of them leaves itself out.
    static constexpr std::size_t together = 16;
    [[nodiscard]] std::vector<Candidate> sample_for(std::size_t group) const {
        Rng rng = cluster.sim().draws().stream(Purpose::standing, 2, group);
        const auto peers = cluster.peers();
        std::vector<std::size_t> drawn;
        for (std::uint32_t i = 0; i < cluster.config().overlay.candidates; ++i) {
            drawn.push_back(static_cast<std::size_t>(rng.below(peers.size())));
        }
        std::sort(drawn.begin(), drawn.end());
        drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
        std::vector<Candidate> sample;
        sample.reserve(drawn.size());
        for (const std::size_t i : drawn) sample.push_back({peers[i], overlay.degree(i), 1});
        return sample;
    }
};

}  // namespace

void Cluster::stand_up(std::uint32_t count, bool with_seeds) {
    while (peers_.size() < count) add_peer();
    const auto life = static_cast<std::uint64_t>(options_.sim.wall_at_zero);
    PeerStanding common{.incarnation = Incarnation{std::max<std::uint64_t>(life, 1)}, .epoch = 1, .members = count};
    common.digest = crypto(config_.seeds.front()).digest("a network that stands");
    for (const NodeId seed : config_.seeds) common.seed_keys.own().push_back(crypto(seed).public_key());
    Rng rng = sim_.draws().stream(Purpose::standing);
    Grown grown{*this, GrownOverlay(peers(), config_.overlay, rng), std::move(common), {}, {}};
    grown.records.reserve(count);
    for (std::size_t i = 0; i < count; ++i) grown.records.push_back(grown.record_of(i));
    for (std::size_t i = 0; i * Grown::together < count; ++i) grown.samples.emplace_back(grown.sample_for(i));
    if (with_seeds) {
        std::vector<Member> members;
        members.reserve(count);
        for (const NodeId id : peers_) {
            members.push_back({id, grown.common.incarnation, 1, crypto(id).public_key(), grown.common.epoch});
        }
        stand_seeds(grown.common, members);
    }
    stand_peers([&grown](std::size_t i) { return grown.standing_of(i); });
}

void Cluster::stand_up(const std::vector<PeerStanding>& standings) {
    while (peers_.size() < standings.size()) add_peer();
    std::vector<Member> members;
    for (std::size_t i = 0; i < standings.size(); ++i) {
        members.push_back({peers_[i], standings[i].incarnation, 1, crypto(peers_[i]).public_key(), 1});
    }
    stand_seeds(standings.front(), members);
    stand_peers([&standings](std::size_t i) { return standings[i]; });
}

// Each from a journal that was compacted just now; all of them have voted before.
void Cluster::stand_seeds(const PeerStanding& any, const std::vector<Member>& members) {
    SnapshotRecord record;
    record.header.fingerprint = membership_fingerprint(config_);
    for (Seat seat = 0; seat < config_.seeds.size(); ++seat) {
        const auto key = static_cast<std::uint64_t>(config_.seeds[seat]);
        record.lives.push_back({seat, sim_.draws().at(Purpose::seat_life, key, 1) | 1});
    }
    record.snapshot.epoch = any.epoch;
    record.snapshot.digest = any.digest;
    record.snapshot.members = members;
    for (Seat seat = 0; seat < config_.seeds.size(); ++seat) {
        record.header.own = record.lives[seat];
        sim_.fill_disk(config_.seeds[seat], {{RecordType::snapshot, encode(record)}});
    }
    start_seeds();
}

void Cluster::stand_peers(const EachStanding& each) {
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        const NodeId self = peers_[i];
        const PeerStanding standing = each(i);
        sim_.start_standing(self, [&standing](Machine& machine, Time now, WallMs wall, Effects& out) {
            static_cast<PeerMachine&>(machine).stand(now, wall, standing, out);
        });
        sim_.reserve_ends(self, standing.links.size());
        connect_links(standing, self);
    }
}

void Cluster::connect_links(const PeerStanding& standing, NodeId self) {
    for (const StandingLink& link : standing.links) {
        if (link.id < self) sim_.connect(link.id, self);
    }
}

}  // namespace gossip::sim
