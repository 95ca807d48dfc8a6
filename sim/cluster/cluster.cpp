#include "sim/cluster/cluster.hpp"

#include "protocol/assert.hpp"

#include <algorithm>

namespace gossip::sim {
namespace {

constexpr std::uint32_t loopback = 0x7f000001;
constexpr std::uint16_t first_seed_port = 5000;
constexpr std::uint16_t first_peer_port = 7000;
constexpr std::uint32_t ports = 50'000;  // used per address

NodeId peer_id(std::size_t number) {
    const auto ip = static_cast<std::uint32_t>(loopback + number / ports);
    return node_id({ip, static_cast<std::uint16_t>(first_peer_port + number % ports)});
}

}  // namespace

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)), config_(options_.config), crypto_(Draws(options_.sim.seed)), sim_(options_.sim) {
    if (!config_.seeds.empty()) options_.seeds = static_cast<std::uint32_t>(config_.seeds.size());
    for (auto seat = static_cast<std::uint32_t>(config_.seeds.size()); seat < options_.seeds; ++seat) {
        config_.seeds.push_back(node_id({loopback, static_cast<std::uint16_t>(first_seed_port + seat)}));
    }
    for (std::uint32_t seat = 0; seat < options_.seeds; ++seat) add_seed(seat);
}

NodeOptions Cluster::node_options(NodeId id, Trust trust) const {
    Rng rng = sim_.draws().stream(Purpose::wall_skew, static_cast<std::uint64_t>(id));
    const auto range = static_cast<std::uint64_t>(2 * options_.wall_skew_ms + 1);
    return {trust, static_cast<std::int64_t>(rng.below(range)) - options_.wall_skew_ms};
}

void Cluster::add_seed(std::uint32_t seat) {
    const NodeId id = config_.seeds[seat];
    const auto make = [this](const Birth& birth) {
        SeedOptions o;
        o.self = birth.id;
        o.fresh_life = sim_.draws().at(Purpose::seat_life, static_cast<std::uint64_t>(birth.id), birth.life) | 1;
        if (!birth.journal.empty()) bootstrapped_.insert(birth.id);
        o.bootstrap = !bootstrapped_.contains(birth.id);
        return std::make_unique<SeedMachine>(config_, crypto_, o, birth.rng, birth.journal);
    };
    sim_.add(id, make, node_options(id, Trust::seed));
}

NodeId Cluster::add_peer() {
    const NodeId id = peer_id(peers_.size());
    add_peer(id);
    return id;
}

void Cluster::add_peer(NodeId id) {
    const NodeOptions options = node_options(id, Trust::proven);
    peers_.add(id);
    if (peers_.size() > 1) {
        sim_.add_like(id, peers_.front(), options);
        return;
    }
    const auto make = [this](const Birth& birth) {
        const auto last = last_lives_.find(birth.id);
        const Incarnation life = last == last_lives_.end() ? Incarnation::none : last->second;
        return std::make_unique<PeerMachine>(context_, PeerOptions{birth.id, life}, birth.rng);
    };
    sim_.add(id, make, options);
}

bool Cluster::is_seed(NodeId id) const { return seat_of(id) != no_seat; }

Seat Cluster::seat_of(NodeId id) const {
    const auto at = std::find(config_.seeds.begin(), config_.seeds.end(), id);
    return at == config_.seeds.end() ? no_seat : static_cast<Seat>(at - config_.seeds.begin());
}

void Cluster::start_seeds() {
    for (const NodeId id : config_.seeds) sim_.start(id);
}

void Cluster::start_peers(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) sim_.start(add_peer());
}

void Cluster::crash(NodeId id, CrashKind kind) {
    if (const PeerMachine* p = peer(id)) last_lives_[id] = p->status().incarnation;
    sim_.crash(id, kind);
}

void Cluster::lose_disk(NodeId seed) {
    sim_.wipe_disk(seed);
    bootstrapped_.insert(seed);
}

const SeedMachine* Cluster::seed(NodeId id) const {
    return is_seed(id) ? static_cast<const SeedMachine*>(sim_.machine(id)) : nullptr;
}

const PeerMachine* Cluster::peer(NodeId id) const {
    return number_of(id) < peers_.size() ? static_cast<const PeerMachine*>(sim_.machine(id)) : nullptr;
}

std::vector<NodeId> Cluster::live_seeds() const {
    std::vector<NodeId> live;
    for (const NodeId id : config_.seeds) {
        if (sim_.is_up(id)) live.push_back(id);
    }
    return live;
}

std::vector<NodeId> Cluster::live_peers() const {
    std::vector<NodeId> live;
    for (const NodeId id : peers_) {
        if (sim_.is_up(id)) live.push_back(id);
    }
    return live;
}

std::vector<NodeId> Cluster::listed(NodeId id) const {
    std::vector<NodeId> ids;
    const SeedMachine* s = seed(id);
    if (s == nullptr) return ids;
    for (const Member& m : s->members()) ids.push_back(m.id);
    return ids;
}

bool Cluster::lists_exactly(NodeId seed, std::vector<NodeId> expected) const {
    std::sort(expected.begin(), expected.end());
    return listed(seed) == expected;
}

bool Cluster::listed_nowhere(NodeId peer) const {
    return std::none_of(config_.seeds.begin(), config_.seeds.end(), [&](NodeId s) {
        const auto ids = listed(s);
        return std::find(ids.begin(), ids.end(), peer) != ids.end();
    });
}

bool Cluster::seeds_agree() const {
    const std::vector<NodeId> up = live_seeds();
    if (up.empty()) return false;
    const SeedStatus first = seed(up.front())->status();
    if (first.members != live_peers().size()) return false;
    for (const NodeId s : up) {
        const SeedStatus status = seed(s)->status();
        if (status.epoch != first.epoch || status.digest != first.digest) return false;
    }
    return lists_exactly(up.front(), live_peers());
}

bool Cluster::peers_caught_up() const {
    const std::vector<NodeId> up = live_seeds();
    if (up.empty()) return false;
    const Epoch epoch = seed(up.front())->status().epoch;
    for (const NodeId p : live_peers()) {
        const PeerStatus status = peer(p)->status();
        if (!status.active || status.epoch != epoch) return false;
    }
    return true;
}

bool Cluster::run_until_converged(Duration limit) {
    return run_until([this] { return converged(); }, limit);
}

// Conditions are expensive and change slowly: checked every 10 ms of virtual time.
bool Cluster::run_until(const std::function<bool()>& condition, Duration limit) {
    const Time end = sim_.now() + limit;
    while (!condition()) {
        if (sim_.now() >= end) return false;
        sim_.run_for(std::chrono::milliseconds(10));
    }
    return true;
}

}  // namespace gossip::sim
