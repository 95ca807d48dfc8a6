// explorer: searches every interleaving of real seed machines for a broken invariant.

#include "bfs.hpp"
#include "protocol/notice_traits.hpp"
#include "seed_system.hpp"
#include "walk.hpp"

#include "protocol/mutant.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

using namespace gossip;
using namespace gossip::explorer;

namespace {

constexpr const char* usage =
    "explorer [--mode bfs|walk] [--seeds N] [--ballots N] [--crashes N] [--requests N] [--disk eager|lazy]\n"
    "         [--proposers N] [--epochs N] [--network core|nacks|learns|full] [--at-once 0|1] [--mutant NAME]\n"
    "         [--checks S1,S2,...] [--limit STATES] [--seconds N] [--seed N] [--length STEPS]\n"
    "         [--expect-violation] [--expect-exhausted] [--expect-seen approved,recovery,...]\n";

struct Options {
    SeedOptionsOfSearch search;
    bool walk{false};
    bool expect_violation{false};
    bool expect_exhausted{false};
    std::set<std::string> expect_seen;  // kinds of notices that some step must have given
    std::size_t requests{2};
    std::uint64_t limit{50'000'000};
    std::uint64_t seconds{600};
    std::uint64_t seed{1};
    std::size_t length{300};
};

// Two lives of one peer at two seeds conflict; the rest are other batches for the same epochs.
std::vector<ClientRequest> first_requests(std::size_t count, std::size_t seeds) {
    std::vector<ClientRequest> all{
        {0, ChangeKind::add, 7000, Incarnation{1}},   {1, ChangeKind::add, 7000, Incarnation{2}},
        {2, ChangeKind::add, 7001, Incarnation{1}},   {0, ChangeKind::leave, 7000, Incarnation{2}},
        {1, ChangeKind::leave, 7000, Incarnation{1}}, {2, ChangeKind::add, 7000, Incarnation{3}},
    };
    for (ClientRequest& request : all) request.seat = static_cast<Seat>(request.seat % seeds);
    all.resize(std::min(count, all.size()));
    return all;
}

std::set<std::string> names_in(const std::string& list) {
    std::set<std::string> names;
    std::stringstream stream(list);
    for (std::string name; std::getline(stream, name, ',');) names.insert(name);
    return names;
}

// Only in the build with mutants (protocol/mutant.hpp).
bool choose_mutant([[maybe_unused]] const std::string& name) {
#ifdef GOSSIP_MUTANTS
    const std::map<std::string, Mutant> names{{"promise_not_durable", Mutant::promise_not_durable},
                                              {"accept_not_durable", Mutant::accept_not_durable},
                                              {"adopt_dropped", Mutant::adopt_dropped},
                                              {"vote_counted_twice", Mutant::vote_counted_twice},
                                              {"quorum_half", Mutant::quorum_half},
                                              {"ballot_reuse", Mutant::ballot_reuse}};
    const auto it = names.find(name);
    if (it == names.end()) return false;
    mutant = it->second;
    return true;
#else
    return false;
#endif
}

bool network_named(const std::string& name, Network& network) {
    const std::map<std::string, Network> names{
        {"core", Network::core}, {"nacks", Network::nacks}, {"learns", Network::learns}, {"full", Network::full}};
    const auto it = names.find(name);
    if (it != names.end()) network = it->second;
    return it != names.end();
}

bool take(Options& o, const std::string& key, const std::string& value) {
    const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 0);
    if (key == "--mode")
        o.walk = value == "walk";
    else if (key == "--seeds")
        o.search.seeds = number;
    else if (key == "--ballots")
        o.search.ballots = static_cast<std::uint32_t>(number);
    else if (key == "--proposers")
        o.search.proposers = number;
    else if (key == "--epochs")
        o.search.epochs = number;
    else if (key == "--at-once")
        o.search.at_once = number != 0;
    else if (key == "--mutant")
        return choose_mutant(value);
    else if (key == "--network")
        return network_named(value, o.search.network);
    else if (key == "--crashes")
        o.search.crashes = static_cast<std::uint32_t>(number);
    else if (key == "--requests")
        o.requests = number;
    else if (key == "--disk")
        o.search.disk = value == "lazy" ? DiskMode::lazy : DiskMode::eager;
    else if (key == "--checks")
        o.search.checks = names_in(value);
    else if (key == "--expect-seen")
        o.expect_seen = names_in(value);
    else if (key == "--limit")
        o.limit = number;
    else if (key == "--seconds")
        o.seconds = number;
    else if (key == "--seed")
        o.seed = number;
    else if (key == "--length")
        o.length = number;
    else
        return false;
    return true;
}

bool parse(int argc, char** argv, Options& o) {
    for (int i = 1; i < argc; ++i) {
        const std::string key = argv[i];
        if (key == "--expect-violation") {
            o.expect_violation = true;
        } else if (key == "--expect-exhausted") {
            o.expect_exhausted = true;
        } else if (i + 1 >= argc || !take(o, key, argv[++i])) {
            return false;
        }
    }
    o.search.requests = first_requests(o.requests, o.search.seeds);
    return true;
}

// Processor time, so that the coverage of a run does not depend on the load of the machine.
class Stopwatch {
public:
    explicit Stopwatch(std::uint64_t seconds) : limit_(static_cast<double>(seconds)) {}
    [[nodiscard]] double elapsed() const {
        return static_cast<double>(std::clock() - start_) / static_cast<double>(CLOCKS_PER_SEC);
    }
    [[nodiscard]] bool over() const { return elapsed() > limit_; }

private:
    std::clock_t start_ = std::clock();
    double limit_;
};

// The result of a search, and the notices that it saw.
struct Outcome {
    SearchResult result;
    std::string trace;
    std::set<std::string> seen;

    void note(const SeedSystem& system) {
        for (const NoticeKind kind : system.seen()) seen.insert(std::string(kind_name(kind)));
    }
};

// Each walk has its own system, so that interned messages are freed with it.
void walk_until(const Options& o, const Stopwatch& watch, Outcome& outcome) {
    SearchResult& result = outcome.result;
    Rng rng(o.seed);
    while (!watch.over() && result.states < o.limit && !result.violation) {
        SeedSystem system(o.search);
        RandomWalk<SeedSystem> walk(system, rng.fork());
        result.violation = walk.run(o.length);
        result.states += walk.steps();
        ++result.walks;
        if (result.violation) {
            result.violation = walk.shortened(*result.violation);
        } else if (auto what = system.healed(walk.nodes())) {
            result.violation = Violation{*what, walk.trace()};
        }
        if (result.violation) outcome.trace = print_trace(system, *result.violation);
        outcome.note(system);
    }
}

void search_all(const Options& o, const Stopwatch& watch, Outcome& outcome) {
    SeedSystem system(o.search);
    outcome.result = BreadthFirst<SeedSystem>(system).run(o.limit, [&] { return watch.over(); });
    if (outcome.result.violation) outcome.trace = print_trace(system, *outcome.result.violation);
    outcome.note(system);
}

void report(const Options& o, const Outcome& outcome, double seconds) {
    const SearchResult& result = outcome.result;
    std::cout << outcome.trace;
    std::cout << (o.walk ? "walks" : "breadth first") << ": seeds " << o.search.seeds << ", requests " << o.requests
              << ", ballots " << o.search.ballots << ", crashes " << o.search.crashes << ", disk "
              << (o.search.disk == DiskMode::lazy ? "lazy" : "eager") << ": " << result.states;
    if (o.walk) {
        std::cout << " steps in " << result.walks << " walks (seed " << o.seed << ")";
    } else {
        std::cout << " states of " << result.node_states << " node states, depth " << result.depth
                  << (result.exhausted ? ", exhausted" : ", not exhausted");
    }
    std::cout << ", " << seconds << " s: " << (result.violation ? "VIOLATION" : "no violation") << "\nseen:";
    for (const std::string& kind : outcome.seen) std::cout << " " << kind;
    std::cout << "\n";
}

bool as_expected(const Options& o, const Outcome& outcome) {
    bool good = outcome.result.violation.has_value() == o.expect_violation;
    if (!good) std::cout << (o.expect_violation ? "a violation was expected\n" : "");
    if (o.expect_exhausted && !outcome.result.exhausted) {
        std::cout << "not everything was seen within the limits\n";
        good = false;
    }
    for (const std::string& kind : o.expect_seen) {
        if (outcome.seen.contains(kind)) continue;
        std::cout << "never came to: " << kind << "\n";
        good = false;
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        std::cerr << usage;
        return 2;
    }
    const Stopwatch watch(options.seconds);
    Outcome outcome;
    options.walk ? walk_until(options, watch, outcome) : search_all(options, watch, outcome);
    report(options, outcome, watch.elapsed());
    return as_expected(options, outcome) ? 0 : 1;
}
