#include "sim/study/prediction.hpp"

#include "protocol/overlay.hpp"
#include "protocol/peer/probes.hpp"
#include "protocol/quorum.hpp"
#include "protocol/ring.hpp"
#include "sim/graph/degree_law.hpp"

#include <algorithm>
#include <cmath>

namespace gossip::sim {
namespace {

// ---------------------------------------------------------------- the overlay

// The moments of the degree distribution that the theory of paths needs.
struct Degrees {
    double mean{0};
    double further{0};  // ν = E[D(D-1)] / E[D]: further links of a node that was reached over a link
};

const OverlayStrategy& strategy(const ExperimentOptions& o) { return *o.config.overlay.strategy; }

// Preferential links that a joining peer opens, and ring links per peer.
double opened(const ExperimentOptions& o) { return strategy(o).mean_links(o.config.overlay, o.peers - 1); }
double ring_ends(const ExperimentOptions& o) { return strategy(o).ring() ? 2 : 0; }

// Peers that join at the same time know no degrees, so they do not prefer hubs.
bool prefers_hubs(const ExperimentOptions& o) {
    return strategy(o).preferential() && (o.grown || o.arrival > Duration::zero());
}

// The second moment of the preferential degree: for a growing network a sum over P(D >= k), up to the degree that one
// node is expected to reach; otherwise that of a Poisson variable.
double second_moment(const ExperimentOptions& o) {
    const double links = opened(o);
    if (!prefers_hubs(o)) return 4 * links * links + links;
    const double extra = 1 + ring_ends(o);
    double sum = links * links;
    for (double k = links + 1; k <= o.config.overlay.cap; ++k) {
        const double tail = grown_tail(k, links, extra);
        if (tail * o.peers < 1) break;
        sum += (2 * k - 1) * tail;
    }
    return sum;
}

Degrees degrees_of(const ExperimentOptions& o) {
    const double mean = 2 * expected_edges(o) / o.peers;
    const double preferential = mean - ring_ends(o);
    const double squares = second_moment(o) + 2 * preferential * ring_ends(o) + ring_ends(o) * ring_ends(o);
    return {mean, std::max(squares / mean - 1, 1.01)};
}

// ---------------------------------------------------------------- first passage

// The theory needs sparse networks: with fewer peers nearly all are neighbours or have a common neighbour.
constexpr std::uint32_t fewest_for_passage = 30;

// The delay of a message over one link, as equally likely values in seconds: base delay and jitter.
std::vector<double> link_times(const LinkProfile& link) {
    constexpr int bases = 64;
    constexpr int jitters = 8;
    const double spread = in_seconds(link.delay_max - link.delay_min);
    std::vector<double> times;
    for (int i = 0; i < bases; ++i) {
        double share = (i + 0.5) / bases;
        if (link.regions > 1) {  // distance of two regions on the ring
            const auto apart = static_cast<std::uint32_t>(share * link.regions);
            share = std::min(apart, link.regions - apart) / std::max(std::floor(link.regions / 2.0), 1.0);
        }
        const double base = in_seconds(link.delay_min) + share * spread;
        for (int j = 0; j < jitters; ++j)
            times.push_back(base * (1 + link.jitter_percent / 100.0 * (j + 0.5) / jitters));
    }
    return times;
}

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum / static_cast<double>(values.size());
}

struct Passage {
    double time{0};  // between two peers, seconds
    double hops{0};
};

// The fastest path through a random graph with link delays X: with λ from ν E[exp(-λX)] = 1 it takes about
// ln(n ν/mean) / λ, and its links take E[X exp(-λX)] / E[exp(-λX)] each (Bhamidi, van der Hofstad, Hooghiemstra,
// "Universality for first passage percolation on sparse random graphs", Ann. Probab. 45, 2017; for
// constant X it is eq. 54 of Newman, Strogatz, Watts, Phys. Rev. E 64, 2001).
Passage passage(double peers, const Degrees& degrees, const std::vector<double>& times) {
    const auto discounted = [&](double rate) {
        double sum = 0;
        for (const double t : times) sum += std::exp(-rate * t);
        return sum / static_cast<double>(times.size());
    };
    double low = 0;
    double high = 100 * std::log(degrees.further) / mean_of(times);
    for (int i = 0; i < 100; ++i) {
        const double middle = (low + high) / 2;
        (degrees.further * discounted(middle) > 1 ? low : high) = middle;
    }
    double stretched = 0;
    for (const double t : times) stretched += t * std::exp(-low * t);
    stretched /= static_cast<double>(times.size()) * discounted(low);
    const double time = std::log(peers * degrees.further / degrees.mean) / low;
    return {time, time / stretched};
}

// ---------------------------------------------------------------- detection

// One-way delays between the end of a process and its removal, counted: connections end, a redial is refused, the
// witnesses probe twice, the report, the seeds' probes and opinions, and two rounds of votes.
constexpr double delays_to_removal = 14;

// P(at least `least` of n events), each with probability p.
double at_least(std::size_t least, std::size_t n, double p) {
    double sum = 0;
    for (std::size_t k = least; k <= n; ++k) {
        const auto a = static_cast<double>(n);
        const auto b = static_cast<double>(k);
        const double ways = std::exp(std::lgamma(a + 1) - std::lgamma(b + 1) - std::lgamma(a - b + 1));
        sum += ways * std::pow(p, b) * std::pow(1 - p, a - b);
    }
    return sum;
}

// Faults, or regions: with regions the delays along a path are not independent draws.
bool disturbs_passage(const ExperimentOptions& o) {
    const LinkProfile& link = o.network.link;
    if (link.regions > 1) return true;
    return o.faults.partition > Duration::zero() || o.faults.pause_per_million > 0 || link.drop_per_million > 0 ||
           link.tail_per_million > 0 || link.reset_per_million > 0;
}

// In tree mode a message's path depends on earlier messages.
bool floods(const ExperimentOptions& o) { return o.config.gossip.mode->floods(); }

void add_overlay(const ExperimentOptions& o, const Degrees& degrees, std::vector<Predicted>& out) {
    const double edges = expected_edges(o);
    const std::string ring = ring_ends(o) > 0 ? " + n" : "";
    out.push_back({"degree_mean", degrees.mean, 0.1, 3, "2E/n, E = (links opened)" + ring, "expected links"});
    // With ring links the constant part of the weights hides the exponent except at very high degrees.
    if (prefers_hubs(o) && ring_ends(o) == 0 && o.peers >= 2000) {
        out.push_back({"degree_exponent", 3 + 1 / opened(o), 0.15, 2, "3 + 1/c, weight degree + 1",
                       "Dorogovtsev, Mendes, Samukhin 2000"});
    }
    if (floods(o)) {
        const double sends = 2 * edges - (o.peers - 1);
        out.push_back({"redundancy", sends / (o.peers - 1) - 1, o.peers < fewest_for_passage ? 0.2 : 0.1, 3,
                       "(2E-(n-1))/(n-1) - 1", "flooding, counted"});
        out.push_back({"sends_per_message", sends, 0, 0, "2E-(n-1)", "flooding, counted"});
    }
    if (o.peers < fewest_for_passage) {
        const double linked = std::min(degrees.mean / (o.peers - 1), 1.0);
        out.push_back({"path_mean", 2 - linked, 0.2, 3, "2 - d/(n-1)", "few peers: one hop or two"});
    } else {
        const Passage hops = passage(o.peers, degrees, {1.0});
        out.push_back({"path_mean", hops.time, 0.2, 3, "ln(n v/d) / ln v", "Newman, Strogatz, Watts 2001"});
    }
}

void add_passage(const ExperimentOptions& o, const Degrees& degrees, std::vector<Predicted>& out) {
    if (disturbs_passage(o) || !floods(o) || o.peers < fewest_for_passage) return;
    const Passage way = passage(o.peers, degrees, link_times(o.network.link));
    // With hubs and no ring the theory gives little more than the order ln n.
    const double tolerance = prefers_hubs(o) && ring_ends(o) == 0 ? 0.4 : 0.25;
    const std::string source = "Bhamidi, van der Hofstad, Hooghiemstra 2017";
    out.push_back({"hops_mean", way.hops, tolerance, 3, "ln(n v/d) / (l b), v E[exp(-lX)] = 1", source});
    out.push_back({"latency_p50_ms", 1e3 * way.time, tolerance, 3, "ln(n v/d) / l", source});
}

void add_detection(const ExperimentOptions& o, std::vector<Predicted>& out) {
    const LinkProfile& link = o.network.link;
    const double killed = in_seconds(Probes::redial_after) + delays_to_removal * mean_of(link_times(link));
    if (!disturbs_passage(o)) {
        out.push_back(
            {"detection_p50_s", killed, 0.5, 3, "second dial + 14 delays", "a killed process; steps counted"});
    }
    const SilenceTimes silent = silence_times(o);
    out.push_back({"silent_suspected_s", silent.suspected, 0, 1, "T/(d+1) + mT", "mean over phases"});
    out.push_back({"silent_removed_s", silent.removed, 0, 1, "… + max(probes, refute) + votes", "a silent peer"});
    out.push_back({"silent_forgiven_s", silent.forgiven, 0, 1, "mT + refute", "never removed if shorter"});
    const double loss = link.drop_per_million / 1e6;
    out.push_back({"false_removals_per_peer_hour", false_removal_rate(o, loss), 0, 9,
                   "d (1-q)q^m/T P[witnesses] P[seeds]", "upper bound without gossip"});
}

}  // namespace

bool Predicted::agrees(double measured) const {
    return tolerance <= 0 || std::abs(measured - value) <= tolerance * std::abs(value);
}

double expected_edges(const ExperimentOptions& o) {
    const double n = o.peers;
    // The first peers find fewer candidates than links they want; some strategies open more in larger networks.
    const std::uint32_t early = std::min(o.peers, 1000U);
    double chosen = (n - early) * opened(o);
    for (std::uint32_t i = 0; i < early; ++i)
        chosen += std::min<double>(strategy(o).mean_links(o.config.overlay, i), i);
    const double all = n * (n - 1) / 2;
    if (ring_ends(o) == 0) return std::min(chosen, all);
    const double ring = n > 2 ? n : n - 1;
    // A preferential link that is also a ring link counts once.
    return std::min(ring + chosen * (1 - std::min(2 / (n - 1), 1.0)), all);
}

SilenceTimes silence_times(const ExperimentOptions& o) {
    const LivenessConfig& l = o.config.liveness;
    const double cycle = in_seconds(l.interval);
    const double watchers = degrees_of(o).mean;
    const double delay = mean_of(link_times(o.network.link));
    const double judged = std::max(l.probes * in_seconds(l.probe_timeout), in_seconds(l.refute));
    SilenceTimes t;
    t.suspected = cycle / (watchers + 1) + l.misses * cycle;
    t.removed = t.suspected + judged + in_seconds(o.config.seed.probe_timeout) + delays_to_removal * delay;
    t.forgiven = l.misses * cycle + in_seconds(l.refute);
    return t;
}

double false_removal_rate(const ExperimentOptions& o, double loss) {
    if (loss <= 0) return 0;
    const LivenessConfig& l = o.config.liveness;
    const double no_answer = 1 - (1 - loss) * (1 - loss);
    const double missed = loss * no_answer;  // neither its ping nor its answer to our ping arrives
    const double suspicions =
        degrees_of(o).mean * (1 - missed) * std::pow(missed, l.misses) / in_seconds(l.interval) * 3600;
    const double unreached = std::pow(no_answer, l.probes);
    const std::size_t witnesses = l.witnesses_max;
    const double certified = at_least(majority(witnesses) - 1, witnesses - 1, unreached);  // the accuser is a witness
    return suspicions * certified * at_least(majority(o.seeds), o.seeds, no_answer);
}

std::vector<Predicted> predict(const ExperimentOptions& o) {
    const Degrees degrees = degrees_of(o);
    std::vector<Predicted> out;
    add_overlay(o, degrees, out);
    add_passage(o, degrees, out);
    add_detection(o, out);
    return out;
}

}  // namespace gossip::sim
