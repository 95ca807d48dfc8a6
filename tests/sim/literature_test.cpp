// Results from the literature, reproduced: with machines that do only what a theorem describes, and for the overlay
// with the protocol's own rules. The tolerances fit the seeds and sizes used here.

#include "tests/sim/toy.hpp"

#include "protocol/overlay.hpp"
#include "sim/cluster/grown_overlay.hpp"
#include "sim/graph/degree_law.hpp"
#include "sim/graph/power_law.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace gossip;
using namespace gossip::sim;
using namespace std::chrono_literals;

namespace {

// ---------------------------------------------------------------- a complete graph of callers

enum class Protocol { push, push_pull, infect_and_die, probe };
constexpr std::uint64_t call = 0;
constexpr std::uint64_t rumor = 1;

// A node that knows all others. Once per round (a second, simultaneous at all nodes) it calls a random one. What it
// learns in a round it passes on from the next round. An infect-and-die node sends only when it gets its first copy.
class Caller final : public HintedMachine {
public:
    Caller(Protocol protocol, std::uint32_t nodes, std::uint32_t fan_out, const Birth& birth)
        : rng_(birth.rng), self_(birth.id), protocol_(protocol), nodes_(nodes), fan_out_(fan_out) {}

    void step(Time now, const Event& event, Effects& out) override {
        if (std::holds_alternative<Started>(event) && protocol_ != Protocol::infect_and_die) tick(now, out);
        if (std::holds_alternative<TimerFired>(event)) begin_round(now, out);
        if (std::holds_alternative<Publish>(event)) learn(out);
        if (const auto* received = std::get_if<Received>(&event)) on_call(received->from, number_in(event), out);
    }
    [[nodiscard]] bool informed() const { return informed_; }
    [[nodiscard]] std::uint32_t calls_answered() const { return calls_answered_; }

private:
    static void tick(Time now, Effects& out) {
        const auto round = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) + 1s;
        out.timers.push_back({Time(round), TimerTag{}});
    }
    void begin_round(Time now, Effects& out) {
        tick(now, out);
        had_it_ = informed_;
        const bool calls = protocol_ != Protocol::push || had_it_;
        if (calls) out.send(other(), number(had_it_ ? rumor : call));
    }
    void on_call(NodeId from, std::uint64_t what, Effects& out) {
        ++calls_answered_;
        if (what == rumor) learn(out);
        if (what == call && protocol_ == Protocol::push_pull && had_it_) out.send(from, number(rumor));
    }
    void learn(Effects& out) {
        if (std::exchange(informed_, true) || protocol_ != Protocol::infect_and_die) return;
        std::vector<NodeId> chosen;
        while (chosen.size() < fan_out_) {
            const NodeId to = other();
            if (std::find(chosen.begin(), chosen.end(), to) == chosen.end()) chosen.push_back(to);
        }
        for (const NodeId to : chosen) out.send(to, number(rumor));
    }
    NodeId other() {
        for (;;) {
            const NodeId id = toy_id(static_cast<std::uint16_t>(1 + rng_.below(nodes_)));
            if (id != self_) return id;
        }
    }

    Rng rng_;
    NodeId self_;
    Protocol protocol_;
    std::uint32_t nodes_;
    std::uint32_t fan_out_;
    std::uint32_t calls_answered_{0};
    bool informed_{false};
    bool had_it_{false};  // when the round began
};

class Callers {
public:
    Callers(Protocol protocol, std::uint32_t nodes, std::uint64_t seed, std::uint32_t fan_out = 0)
        : sim_(options(seed)) {
        for (std::uint32_t i = 1; i <= nodes; ++i) {
            const NodeId id = toy_id(static_cast<std::uint16_t>(i));
            sim_.add(id, [=](const Birth& birth) { return std::make_unique<Caller>(protocol, nodes, fan_out, birth); });
            sim_.start(id);
            ids_.push_back(id);
        }
    }
    void tell(std::size_t i) { sim_.feed(ids_[i], Publish{}); }
    void crash(std::size_t i) { sim_.crash(ids_[i]); }
    void run_for(Duration d) { sim_.run_for(d); }
    [[nodiscard]] std::size_t informed() const {
        return static_cast<std::size_t>(std::count_if(ids_.begin(), ids_.end(), [this](NodeId id) {
            return static_cast<const Caller*>(sim_.machine(id))->informed();
        }));
    }
    [[nodiscard]] const Caller& node(std::size_t i) const { return *static_cast<const Caller*>(sim_.machine(ids_[i])); }

    // Rounds until all nodes know a message of the first node, mean of several runs.
    static double rounds(Protocol protocol, std::uint32_t nodes, std::uint32_t runs) {
        std::uint32_t total = 0;
        for (std::uint32_t run = 0; run < runs; ++run) {
            Callers callers(protocol, nodes, run + 1);
            callers.tell(0);
            for (callers.run_for(1500ms); ++total, callers.informed() < nodes;) callers.run_for(1s);
        }
        return static_cast<double>(total) / runs;
    }

private:
    static SimOptions options(std::uint64_t seed) {
        SimOptions o;
        o.seed = seed;
        o.quiet = true;
        return o;
    }
    Simulator sim_;
    std::vector<NodeId> ids_;
};

// ---------------------------------------------------------------- degrees

// The greatest difference between the law and the drawn degrees.
double distance_to(std::vector<std::uint32_t> degrees, double links, double extra) {
    std::sort(degrees.begin(), degrees.end());
    double most = 0;
    for (std::size_t i = 0; i < degrees.size(); ++i) {
        if (i > 0 && degrees[i] == degrees[i - 1]) continue;
        const double share = static_cast<double>(degrees.size() - i) / static_cast<double>(degrees.size());
        most = std::max(most, std::abs(share - grown_tail(degrees[i], links, extra)));
    }
    return most;
}

std::vector<std::uint32_t> grown_degrees(std::uint32_t peers, const OverlayConfig& config) {
    std::vector<NodeId> ids;
    for (std::uint32_t i = 0; i < peers; ++i) ids.push_back(NodeId{0x7f0000010000 + std::uint64_t{i}});
    const GrownOverlay overlay(ids, config, Rng(1));
    std::vector<std::uint32_t> degrees;
    for (std::size_t i = 0; i < ids.size(); ++i) degrees.push_back(overlay.degree(i));
    return degrees;
}

// Peers that join and die at the same rate; links are chosen and replaced by the protocol's own rules.
class Churn {
public:
    Churn(std::uint32_t peers, std::uint32_t replace_per_million, std::uint64_t seed) : links_(peers), rng_(seed) {
        config_.strategy = find_overlay("pa");
        config_.replace_per_million = replace_per_million;
        config_.floor = 0;
        config_.cap = peers;
        for (std::uint32_t i = 1; i < peers; ++i) join(i, i);
    }
    // One peer dies, its neighbors replace it or not, and one joins.
    void turn_over() {
        const auto dead = static_cast<std::uint32_t>(rng_.below(links_.size()));
        const std::vector<std::uint32_t> bereft = std::exchange(links_[dead], {});
        for (const std::uint32_t n : bereft) std::erase(links_[n], dead);
        const auto all = static_cast<std::uint32_t>(links_.size());
        for (const std::uint32_t n : bereft) {
            if (config_.strategy->replaces(config_, {.remaining = links_[n].size()}, rng_)) link(n, all, dead);
        }
        join(dead, all);
    }
    [[nodiscard]] std::vector<std::uint32_t> degrees() const {
        std::vector<std::uint32_t> result;
        for (const auto& l : links_) result.push_back(static_cast<std::uint32_t>(l.size()));
        return result;
    }

private:
    void join(std::uint32_t peer, std::uint32_t among) {
        for (std::uint32_t i = 0; i < config_.links; ++i) link(peer, among, peer);
    }
    void link(std::uint32_t peer, std::uint32_t among, std::uint32_t absent) {
        std::vector<Candidate> known;
        for (std::uint32_t i = 0; i < sample; ++i) {
            const auto other = static_cast<std::uint32_t>(rng_.below(among));
            if (other != peer && other != absent) known.push_back({NodeId{other + 1}, degree(other), 1});
        }
        std::sort(known.begin(), known.end(), [](const Candidate& a, const Candidate& b) { return a.id < b.id; });
        std::vector<NodeId> mine;
        for (const std::uint32_t n : links_[peer]) mine.push_back(NodeId{n + 1});
        std::sort(mine.begin(), mine.end());
        const NodeId target = choose_link({config_, known, mine}, rng_);
        if (target == NodeId::none) return;
        const auto other = static_cast<std::uint32_t>(static_cast<std::uint64_t>(target) - 1);
        links_[peer].push_back(other);
        links_[other].push_back(peer);
    }
    [[nodiscard]] std::uint32_t degree(std::uint32_t peer) const {
        return static_cast<std::uint32_t>(links_[peer].size());
    }

    static constexpr std::uint32_t sample = 64;
    OverlayConfig config_;
    std::vector<std::vector<std::uint32_t>> links_;
    Rng rng_;
};

double mean(const std::vector<std::uint32_t>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("literature: push takes log2 n + ln n rounds (Pittel, On spreading a rumor, SIAM J. Appl. Math. 47, 1987)") {
    for (const std::uint32_t n : {250U, 1000U}) {
        const double law = std::log2(n) + std::log(n);
        CAPTURE(n);
        CHECK(Callers::rounds(Protocol::push, n, 20) == doctest::Approx(law).epsilon(1.5 / law));
    }
}

TEST_CASE(
    "literature: push-pull takes log3 n + O(ln ln n) rounds (Karp et al., Randomized rumor spreading, FOCS 2000)") {
    for (const std::uint32_t n : {250U, 2000U}) {
        const double law = std::log(n) / std::log(3) + std::log(std::log(n));
        CAPTURE(n);
        CHECK(Callers::rounds(Protocol::push_pull, n, 10) == doctest::Approx(law).epsilon(1.5 / law));
    }
}

TEST_CASE(
    "literature: infect-and-die with fan-out f reaches the share p = 1 - exp(-f p) "
    "(Kermack and McKendrick, Proc. R. Soc. A 115, 1927; Eugster et al., IEEE Computer 37, 2004)") {
    constexpr std::uint32_t nodes = 3000;
    for (const std::uint32_t fan_out : {2U, 3U, 5U}) {
        double share = 1;
        for (int i = 0; i < 100; ++i) share = 1 - std::exp(-static_cast<double>(fan_out) * share);
        Callers callers(Protocol::infect_and_die, nodes, 7, fan_out);
        callers.tell(0);
        callers.run_for(60s);
        CAPTURE(fan_out);
        CHECK(static_cast<double>(callers.informed()) / nodes == doctest::Approx(share).epsilon(0.02));
    }
}

TEST_CASE(
    "literature: with one random probe each a period, the dead are first probed after e/(e-1) periods "
    "(Gupta, Chandra, Goldszmidt, PODC 2001; SWIM, DSN 2002)") {
    constexpr std::uint32_t runs = 400;
    std::uint32_t periods = 0;
    for (std::uint32_t run = 0; run < runs; ++run) {
        // For its probers a node that does not answer looks like a dead one.
        Callers callers(Protocol::probe, 50, run + 1);
        callers.run_for(500ms);
        for (; callers.node(17).calls_answered() == 0; ++periods) callers.run_for(1s);
    }
    CHECK(static_cast<double>(periods) / runs == doctest::Approx(std::exp(1) / (std::exp(1) - 1)).epsilon(0.1));
}

TEST_CASE(
    "literature: preferential attachment gives the degrees of Barabasi and Albert, "
    "as shifted by Dorogovtsev, Mendes and Samukhin") {
    constexpr std::uint32_t peers = 8000;
    OverlayConfig config;
    config.strategy = find_overlay("pa");
    config.cap = peers;
    config.candidates = peers;  // the theorem's joiner knows everybody
    const std::vector<std::uint32_t> degrees = grown_degrees(peers, config);
    CHECK(grown_tail(3, 3, 1) == doctest::Approx(1));
    CHECK(distance_to(degrees, 3, 1) < 0.015);  // weight degree + 1: exponent 3 + 1/3
    CHECK(distance_to(degrees, 3, 30) > 0.03);  // the test can tell them apart
    const PowerLaw law = fit_power_law(degrees);
    CHECK(law.exponent == doctest::Approx(3.0 + 1.0 / 3).epsilon(0.1));
}

TEST_CASE("literature: floor(n/2)+1 links chosen by rank are no power law") {
    OverlayConfig config;
    config.strategy = find_overlay("zipf");
    config.candidates = 400;
    config.cap = 400;
    config.links = 201;
    std::vector<std::uint32_t> degrees = grown_degrees(400, config);
    std::sort(degrees.begin(), degrees.end());
    // Degrees lie within a factor of two, so there is no tail to fit.
    CHECK(degrees.front() >= 201);
    CHECK(degrees.back() < 2 * degrees.front());
    CHECK(fit_power_law(degrees).exponent == 0);
}

TEST_CASE(
    "literature: replacing a lost link with probability q keeps a power law of 1 + 1/q under churn, "
    "with mean degree c/(1-q) (Sarshar and Roychowdhury, Phys. Rev. E 69, 2004)") {
    constexpr std::uint32_t peers = 4000;
    for (const std::uint32_t percent : {0U, 50U, 67U}) {
        Churn churn(peers, percent * 10'000, 5);
        for (std::uint32_t i = 0; i < 10 * peers; ++i) churn.turn_over();
        const std::vector<std::uint32_t> degrees = churn.degrees();
        const double q = percent / 100.0;
        const double expected_mean = 3 / (1 - q);
        CAPTURE(q);
        CHECK(mean(degrees) == doctest::Approx(expected_mean).epsilon(0.05));
        if (percent == 0) {
            CHECK(*std::max_element(degrees.begin(), degrees.end()) < 30);  // no hubs are left
            continue;
        }
        // In theory a degree k grows at the rate q k. Our weight is degree + 1 instead of degree, so a node gets
        // the share (k+1)/(mean+1) instead of k/mean of the new links, which lowers the rate by 1/(mean+1).
        const double rate = q - 1 / (expected_mean + 1);
        CHECK(fit_power_law(degrees).exponent == doctest::Approx(1 + 1 / rate).epsilon(0.1));
    }
}
