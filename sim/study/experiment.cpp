#include "sim/study/experiment.hpp"

#include "protocol/names.hpp"
#include "sim/graph/graph.hpp"
#include "sim/graph/power_law.hpp"

#include <algorithm>
#include <limits>

namespace gossip::sim {
namespace {

constexpr Duration bring_up_check = std::chrono::milliseconds(50);
constexpr Duration ring_repair = std::chrono::seconds(2);  // after the bring-up peers still move their ring links
constexpr std::size_t path_sources = 16;
constexpr std::uint32_t quiet_from = 20'000;  // peers; notices of larger networks are not needed

ClusterOptions cluster_options(const ExperimentOptions& o) {
    ClusterOptions c;
    c.sim.seed = o.seed;
    c.sim.network = o.network;
    c.sim.quiet = o.peers >= quiet_from;
    c.config = o.config;
    c.seeds = o.seeds;
    return c;
}

using Figure = std::optional<double>;

template <class Number>
Figure scaled(std::optional<Number> value, double scale = 1) {
    return value ? Figure(static_cast<double>(*value) * scale) : std::nullopt;
}

std::size_t greatest_degree(const Graph& graph) {
    std::size_t most = 0;
    for (std::size_t node = 0; node < graph.nodes(); ++node) most = std::max(most, graph.degree(node));
    return most;
}

}  // namespace

Experiment::Experiment(ExperimentOptions options)
    : options_(std::move(options)), cluster_(cluster_options(options_)), meter_(cluster_), removals_(cluster_) {
    cluster_.sim().observe(&meter_);
    cluster_.sim().observe(&removals_);
    if (options_.check) {
        const FaultRates& t = options_.faults;
        const bool disturbed = t.crash_per_million + t.pause_per_million > 0 || t.partition > Duration::zero();
        watch_.emplace(cluster_, rules_under(options_.network.link, disturbed), options_.canary);
    }
    begin_bring_up();
}

void Experiment::begin_bring_up() {
    if (options_.grown) return cluster_.start_grown(options_.peers);
    cluster_.start_seeds();
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
        const NodeId peer = cluster_.add_peer();
        cluster_.sim().at(Time{} + options_.arrival * i, [this, peer] { cluster_.start(peer); });
    }
    last_start_ = Time{} + options_.arrival * (options_.peers - 1);
    deadline_ = last_start_ + std::chrono::minutes(10);
}

const std::optional<Violation>& Experiment::violation() const {
    static const std::optional<Violation> none;
    return watch_ ? watch_->violation() : none;
}

bool Experiment::advance(std::uint64_t events) {
    if (phase_ == Phase::bringing_up) {
        options_.grown ? begin_workload() : watch_bring_up(events);
    } else if (phase_ == Phase::running) {
        // Checked often, so that the run ends close to the violation.
        constexpr std::uint64_t check_interval = 64;
        const std::uint64_t slice = watch_ ? std::min(events, check_interval) : events;
        for (std::uint64_t done = 0; done < events && phase_ == Phase::running && !violation(); done += slice) {
            if (cluster_.sim().run_some(end_, slice)) finish();
        }
    }
    if (violation()) phase_ = Phase::broken;
    return phase_ == Phase::bringing_up || phase_ == Phase::running;
}

void Experiment::finish() {
    last_metrics_ = current_metrics();
    last_hash_ = cluster_.sim().trace_hash();
    phase_ = Phase::over;
    if (!watch_) return;
    heal();
    watch_->converge(cluster_.live_seeds(), Watch::heal_limit(cluster_.config()));
}

void Experiment::heal() {
    LinkProfile calm = cluster_.sim().profile();
    calm.drop_per_million = calm.duplicate_per_million = calm.reset_per_million = calm.tail_per_million = 0;
    cluster_.sim().network().set_profile(calm);
}

void Experiment::watch_bring_up(std::uint64_t events) {
    const std::uint64_t before = cluster_.sim().events();
    while (cluster_.sim().events() - before < events) {
        if (cluster_.sim().now() > last_start_ && cluster_.converged()) return begin_workload();
        if (cluster_.sim().now() >= deadline_) {
            phase_ = Phase::stuck;
            return;
        }
        cluster_.sim().run_for(bring_up_check);
    }
}

void Experiment::begin_workload() {
    phase_ = Phase::running;
    up_ = cluster_.sim().now();
    begun_ = up_ + ring_repair;
    end_ = begun_ + options_.duration;
    schedule_messages();
    schedule_crashes();
    schedule_pauses();
    schedule_partition();
}

double Experiment::progress() const {
    if (phase_ == Phase::bringing_up || options_.duration == Duration::zero()) return 0;
    return std::clamp(in_seconds(cluster_.sim().now() - begun_) / in_seconds(options_.duration), 0.0, 1.0);
}

// ---------------------------------------------------------------- workload and faults

// Evenly over the first half of the workload; the last ones arrive in the second half.
void Experiment::schedule_messages() {
    for (std::uint32_t i = 0; i < options_.messages; ++i) {
        const Duration after = options_.duration / 2 * i / std::max(options_.messages, 1U);
        cluster_.sim().at(begun_ + after, [this, i] { publish(i); });
    }
}

void Experiment::publish(std::uint32_t number) {
    Rng rng = cluster_.sim().draws().stream(Purpose::workload, number);
    const auto& peers = cluster_.peers();
    // Draws again if the peer is down or paused. After so many attempts hardly any peer is left.
    for (int attempt = 0; attempt < 64; ++attempt) {
        const NodeId peer = rng.pick(peers);
        if (!cluster_.sim().is_up(peer) || cluster_.sim().is_paused(peer)) continue;
        return cluster_.publish(peer, "message " + std::to_string(number + 1));
    }
}

void Experiment::schedule_crashes() {
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
        Rng rng = cluster_.sim().draws().stream(Purpose::schedule, 0, i);
        if (!rng.chance(options_.faults.crash_per_million)) continue;
        const NodeId peer = cluster_.peers()[i];
        const Time at = begun_ + rng.below(options_.duration);
        cluster_.sim().at(at, [this, peer] { cluster_.crash(peer); });
    }
}

void Experiment::schedule_pauses() {
    const Duration length = options_.duration / 10;
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
        Rng rng = cluster_.sim().draws().stream(Purpose::schedule, 1, i);
        if (!rng.chance(options_.faults.pause_per_million)) continue;
        const NodeId peer = cluster_.peers()[i];
        const Time at = begun_ + rng.below(options_.duration - length);
        cluster_.sim().at(at, [this, peer] {
            removals_.on_paused(cluster_.sim().now(), peer);
            cluster_.sim().pause(peer);
        });
        cluster_.sim().at(at + length, [this, peer] {
            removals_.on_resumed(peer);
            cluster_.sim().resume(peer);
        });
    }
}

void Experiment::schedule_partition() {
    if (options_.faults.partition == Duration::zero()) return;
    const Time from = begun_ + options_.duration / 10;
    cluster_.sim().at(from, [this] { split(true); });
    cluster_.sim().at(from + options_.faults.partition, [this] { split(false); });
}

// Every other peer is on the other side; all seeds are on the first.
void Experiment::split(bool cut) {
    std::vector<NodeId> one(cluster_.seeds().begin(), cluster_.seeds().end());
    std::vector<NodeId> other;
    for (std::size_t i = 0; i < options_.peers; ++i) (i % 2 == 0 ? one : other).push_back(cluster_.peers()[i]);
    for (const NodeId a : one) {
        for (const NodeId b : other) {
            if (cut) {
                cluster_.sim().block(a, b);
                cluster_.sim().block(b, a);
            } else {
                cluster_.sim().unblock(a, b);
                cluster_.sim().unblock(b, a);
            }
        }
    }
}

// ---------------------------------------------------------------- results

std::vector<Metric> Experiment::current_metrics() const {
    std::vector<Metric> m;
    const Figure bring_up = in_seconds((phase_ == Phase::bringing_up ? now() : up_).time_since_epoch());
    m.push_back({"bring_up_s", options_.grown ? std::nullopt : bring_up, 3});  // a grown network was never brought up
    m.push_back({"virtual_s", in_seconds(now().time_since_epoch()), 3});
    add_spread(m);
    add_overlay(m);
    add_membership(m);
    m.push_back({"events", static_cast<double>(events()), 0});
    return m;
}

void Experiment::add_spread(std::vector<Metric>& m) const {
    double sum = 0;
    std::size_t covered = 0;
    Figure least;
    for (const FloodMeter::Published& said : meter_.published()) {
        const Figure share = meter_.coverage(said);
        if (!share) continue;
        ++covered;
        sum += *share;
        least = std::min(least.value_or(1), *share);
    }
    const auto deliveries = static_cast<double>(meter_.deliveries());
    const auto pushes = static_cast<double>(meter_.pushes());
    m.push_back({"messages_said", static_cast<double>(meter_.published().size()), 0});
    m.push_back({"coverage_mean", covered > 0 ? Figure(sum / static_cast<double>(covered)) : std::nullopt, 6});
    m.push_back({"coverage_min", least, 6});
    m.push_back({"hops_mean", meter_.hops().mean(), 3});
    m.push_back({"hops_max", scaled(meter_.hops().max()), 0});
    constexpr double to_ms = 1e-6;
    for (const auto& [name, q] :
         {std::pair{"latency_p50_ms", 0.50}, {"latency_p95_ms", 0.95}, {"latency_p99_ms", 0.99}}) {
        m.push_back({name, scaled(meter_.latency().quantile(q), to_ms), 3});
    }
    m.push_back({"latency_max_ms", scaled(meter_.latency().max(), to_ms), 3});
    m.push_back({"deliveries", deliveries, 0});
    m.push_back({"pushes", pushes, 0});
    m.push_back({"redundancy", deliveries > 0 ? Figure(pushes / deliveries - 1) : std::nullopt, 3});
    m.push_back({"repairs", static_cast<double>(meter_.repairs()), 0});
}

void Experiment::add_overlay(std::vector<Metric>& m) const {
    const auto& peers = cluster_.peers();
    std::vector<std::uint32_t> number(peers.size(), std::numeric_limits<std::uint32_t>::max());
    std::uint32_t live = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        if (cluster_.peer(peers[i]) != nullptr) number[i] = live++;
    }
    std::vector<Graph::Edge> edges;
    std::vector<std::uint32_t> degrees;
    std::optional<std::uint64_t> most_pushed;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        const PeerMachine* peer = cluster_.peer(peers[i]);
        if (peer == nullptr) continue;
        const PeerStatus status = peer->status();
        most_pushed = std::max(most_pushed.value_or(0), status.gossip_sent);
        degrees.push_back(static_cast<std::uint32_t>(status.preferential.size()));
        for (const NodeId other : status.links) {
            const std::size_t j = cluster_.number_of(other);
            const bool up = j < number.size() && number[j] != std::numeric_limits<std::uint32_t>::max();
            if (up && i < j) edges.emplace_back(number[i], number[j]);
        }
    }
    const Graph graph(live, edges);
    const Components found = components(graph);
    const PowerLaw law = fit_power_law(degrees);
    const bool fitted = law.exponent > 0;
    const auto if_fitted = [fitted](double value) { return fitted ? Figure(value) : std::nullopt; };
    const auto if_any = [live](double value) { return live > 0 ? Figure(value) : std::nullopt; };
    m.push_back({"load_max", scaled(most_pushed), 0});
    m.push_back({"peers_up", static_cast<double>(live), 0});
    m.push_back({"degree_mean", if_any(2.0 * static_cast<double>(edges.size()) / std::max(live, 1U)), 3});
    m.push_back({"degree_max", if_any(static_cast<double>(greatest_degree(graph))), 0});
    m.push_back({"degree_exponent", if_fitted(law.exponent), 3});
    m.push_back({"degree_tail_from", if_fitted(static_cast<double>(law.from)), 0});
    m.push_back({"degree_fit_distance", if_fitted(law.distance), 4});
    m.push_back({"components", static_cast<double>(found.count), 0});
    m.push_back({"largest_component", static_cast<double>(found.largest), 0});
    const double path = mean_path(graph, path_sources, cluster_.sim().draws().stream(Purpose::shape, 1));
    m.push_back({"path_mean", edges.empty() ? std::nullopt : Figure(path), 3});
}

void Experiment::add_membership(std::vector<Metric>& m) const {
    constexpr double to_s = 1e-9;
    const Histogram& dead = removals_.dead();
    const Histogram& paused = removals_.paused();
    m.push_back({"removed_dead", static_cast<double>(dead.count()), 0});
    m.push_back({"dead_not_removed", scaled(removals_.dead_not_removed()), 0});
    m.push_back({"detection_p50_s", scaled(dead.quantile(0.5), to_s), 3});
    m.push_back({"detection_max_s", scaled(dead.max(), to_s), 3});
    m.push_back({"removed_paused", static_cast<double>(paused.count()), 0});
    m.push_back({"paused_detection_p50_s", scaled(paused.quantile(0.5), to_s), 3});
    m.push_back({"paused_detection_max_s", scaled(paused.max(), to_s), 3});
    m.push_back({"removed_alive", static_cast<double>(removals_.alive()), 0});
}

}  // namespace gossip::sim
