// Runs many networks under random faults; each run is a pure function of its seed.
//
//   gossip_swarm --runs 1000 --seed $(git rev-parse HEAD) --jobs 2
//   gossip_swarm --replay 0x1234 --verbose

#include "protocol/log_text.hpp"
#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"
#include "sim/swarm/swarm_run.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

using namespace gossip;
using namespace gossip::sim;

namespace {

struct Arguments {
    std::uint64_t runs{100};
    std::string base{"1"};
    std::uint64_t replay{0};
    bool replaying{false};
    bool verbose{false};
    bool wire{false};
    bool canary{false};
    bool require_marks{false};
    unsigned jobs{1};
    unsigned shard{0};
    unsigned shards{1};
    std::uint32_t without{0};  // bitmap of fault classes to switch off, to shrink a failure by hand
    std::uint64_t stop_after{1};
};

// Results that a worker process shares with its parent. They survive an abort of the worker.
struct Board {
    std::uint64_t current{0};
    std::uint64_t done{0};
    std::uint64_t failed{0};
    std::uint64_t events{0};
    double slowest{0};  // CPU seconds
    std::uint64_t slowest_seed{0};
    std::uint64_t trace_hash{0};  // of the last run
    double longest_healing{0};    // virtual seconds
    std::uint64_t longest_seed{0};
    Coverage::Counts coverage{};
};

std::uint64_t hash_text(std::string_view text) {
    std::uint64_t h = mix64(text.size());
    for (const char c : text) h = mix64(h ^ static_cast<unsigned char>(c));
    return h;
}

[[noreturn]] void usage(const char* problem) {
    std::fprintf(
        stderr,
        "gossip_swarm: %s\n"
        "usage: gossip_swarm [--runs N] [--seed TEXT] [--jobs N | --shard I/N] [--replay SEED [--verbose [--wire]]]\n"
        "                    [--without BITS] [--keep-going] [--require-marks] [--canary]\n"
        "  --seed TEXT      any text, for example a commit hash; each run's own seed follows from it\n"
        "  --replay SEED    one run again, by the seed its failure printed\n"
        "  --verbose        with every log line; --wire also with every message\n"
        "  --without BITS   fault classes switched off, to see which one a failure needs\n"
        "  --ci             runs and base seed from GOSSIP_SWARM_SEEDS and GOSSIP_SWARM_SEED\n"
        "  --require-marks  fail when some rare path was never taken\n"
        "  --canary         the checkers are shown a broken journal: every run must fail\n",
        problem);
    std::exit(2);
}

// As run by CTest: two processes, and every mark is required if there are enough runs for all of them.
void take_environment(Arguments& a) {
    const char* runs = std::getenv("GOSSIP_SWARM_SEEDS");
    const char* base = std::getenv("GOSSIP_SWARM_SEED");
    a.runs = runs != nullptr ? std::strtoull(runs, nullptr, 0) : 1000;
    a.base = base != nullptr ? base : "1";
    a.jobs = 2;
    a.require_marks = a.runs >= 1000;
}

Arguments parse(int argc, char** argv) {
    Arguments a;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const auto value = [&] { return ++i < argc ? argv[i] : (usage("an option lacks its value"), argv[0]); };
        if (name == "--runs")
            a.runs = std::strtoull(value(), nullptr, 0);
        else if (name == "--seed")
            a.base = value();
        else if (name == "--jobs")
            a.jobs = static_cast<unsigned>(std::strtoul(value(), nullptr, 0));
        else if (name == "--without")
            a.without = static_cast<std::uint32_t>(std::strtoul(value(), nullptr, 0));
        else if (name == "--shard") {
            if (std::sscanf(value(), "%u/%u", &a.shard, &a.shards) != 2 || a.shard >= a.shards) usage("--shard I/N");
        } else if (name == "--replay") {
            a.replay = std::strtoull(value(), nullptr, 0);
            a.replaying = true;
        } else if (name == "--verbose")
            a.verbose = true;
        else if (name == "--wire")
            a.wire = true;
        else if (name == "--canary")
            a.canary = true;
        else if (name == "--keep-going")
            a.stop_after = ~std::uint64_t{0};
        else if (name == "--require-marks")
            a.require_marks = true;
        else if (name == "--ci")
            take_environment(a);
        else
            usage(argv[i]);
    }
    if (a.jobs == 0 || a.jobs > 64) usage("--jobs 1..64");
    return a;
}

FaultPlan plan_for(std::uint64_t seed, const Arguments& a) {
    RunShape shape = draw_shape(seed);
    for (std::uint32_t c = 0; c < static_cast<std::uint32_t>(FaultClass::last_class); ++c) {
        if ((a.without >> c & 1) != 0) shape.classes.remove(static_cast<FaultClass>(c));
    }
    return draw_plan(shape);
}

void narrate(Time now, NodeId node, const Notice& n) {
    std::string text = log_text(n);
    if (text.empty())
        text = std::string(kind_name(n.kind)) + " " + node_name(n.subject) + " " + node_name(n.other) + " " + n.text;
    std::printf("%10.4f %-16s %s\n", in_seconds(now.time_since_epoch()), node_name(node).c_str(), text.c_str());
}

void narrate_wire(Time now, NodeId from, NodeId to, const Message& m) {
    std::printf("%10.4f %-16s -> %s %s\n", in_seconds(now.time_since_epoch()), node_name(from).c_str(),
                node_name(to).c_str(), std::string(message_name(m)).c_str());
}

void report(std::uint64_t seed, const SwarmResult& r, const Arguments& a) {
    std::fprintf(stderr, "FAILED %s\n       in a run of %s\n       replay: gossip_swarm --replay 0x%llx --verbose%s\n",
                 to_string(*r.violation).c_str(), r.shape.c_str(), static_cast<unsigned long long>(seed),
                 a.without != 0 ? (" --without " + std::to_string(a.without)).c_str() : "");
}

// True if no invariant was violated; with --canary, if one was.
bool run_one(std::uint64_t seed, const Arguments& a, Board& board) {
    const FaultPlan plan = plan_for(seed, a);
    SwarmOptions options;
    options.canary = a.canary;
    if (a.verbose) options.narrate = narrate;
    if (a.wire) options.narrate_wire = narrate_wire;
    const std::clock_t before = std::clock();
    SwarmResult r = run_swarm(plan, options);
    const double cpu = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    const bool twice = Rng{Draws(seed).at(Purpose::rerun)}.chance(50'000);
    if (twice && run_swarm(plan, options).trace_hash != r.trace_hash) {
        r.violation = Violation{"M1", {}, {}, "two runs of one seed differ"};
    }
    board.events += r.events;
    board.trace_hash = r.trace_hash;
    if (cpu > board.slowest) board.slowest = cpu, board.slowest_seed = seed;
    if (in_seconds(r.converged_after) > board.longest_healing) {
        board.longest_healing = in_seconds(r.converged_after);
        board.longest_seed = seed;
    }
    for (std::size_t i = 0; i < r.coverage.size(); ++i) board.coverage[i] += r.coverage[i];
    if (a.canary) return r.violation.has_value();
    if (r.violation) report(seed, r, a);
    return !r.violation;
}

void work(const Arguments& a, Board& board) {
    const std::uint64_t base = hash_text(a.base);
    for (std::uint64_t i = a.shard; i < a.runs && board.failed < a.stop_after; i += a.shards) {
        board.current = mix64(base + i);
        if (!run_one(board.current, a, board)) ++board.failed;
        ++board.done;
    }
}

void merge(Board& into, const Board& from) {
    into.done += from.done;
    into.failed += from.failed;
    into.events += from.events;
    if (from.slowest > into.slowest) into.slowest = from.slowest, into.slowest_seed = from.slowest_seed;
    if (from.longest_healing > into.longest_healing) {
        into.longest_healing = from.longest_healing;
        into.longest_seed = from.longest_seed;
    }
    for (std::size_t i = 0; i < into.coverage.size(); ++i) into.coverage[i] += from.coverage[i];
}

Board work_in_processes(Arguments a) {
    const std::size_t bytes = a.jobs * sizeof(Board);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) usage("no memory to share");
    auto* boards = static_cast<Board*>(memory);
    std::vector<pid_t> children;
    for (unsigned j = 0; j < a.jobs; ++j) {
        new (&boards[j]) Board();
        const pid_t child = fork();
        if (child == 0) {
            a.shard = j;
            a.shards = a.jobs;
            work(a, boards[j]);
            std::fflush(nullptr);
            _exit(0);
        }
        children.push_back(child);
    }
    Board total;
    for (unsigned j = 0; j < a.jobs; ++j) {
        int status = 0;
        waitpid(children[j], &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            std::fprintf(stderr, "FAILED: the process died\n       replay: gossip_swarm --replay 0x%llx --verbose\n",
                         static_cast<unsigned long long>(boards[j].current));
            ++boards[j].failed;
        }
        merge(total, boards[j]);
    }
    munmap(memory, bytes);
    return total;
}

bool print_marks(const Coverage::Counts& counts) {
    bool all = true;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        std::printf("  %12llu  %s\n", static_cast<unsigned long long>(counts[i]),
                    std::string(mark_name(static_cast<Mark>(i))).c_str());
        all = all && counts[i] > 0;
    }
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments a = parse(argc, argv);
    if (a.replaying) {
        Board board;
        const bool good = run_one(a.replay, a, board);
        std::printf("%s, %llu events, healed after %.1f s, trace 0x%016llx\n", good ? "good" : "FAILED",
                    static_cast<unsigned long long>(board.events), board.longest_healing,
                    static_cast<unsigned long long>(board.trace_hash));
        return good ? 0 : 1;
    }
    std::printf("gossip_swarm: %llu runs, seed %s\n", static_cast<unsigned long long>(a.runs), a.base.c_str());
    std::fflush(stdout);
    Board total;
    if (a.jobs > 1) {
        total = work_in_processes(a);
    } else {
        work(a, total);
    }
    if (a.canary) {
        std::printf("%llu runs with a broken journal: the alarm was raised in all but %llu\n",
                    static_cast<unsigned long long>(total.done), static_cast<unsigned long long>(total.failed));
        return total.failed > 0 ? 1 : 0;
    }
    const bool all_marks = print_marks(total.coverage);
    std::printf("%llu runs, %llu failed, %.1f M events, slowest %.2f s (0x%llx), longest healing %.1f s (0x%llx)\n",
                static_cast<unsigned long long>(total.done), static_cast<unsigned long long>(total.failed),
                static_cast<double>(total.events) / 1e6, total.slowest,
                static_cast<unsigned long long>(total.slowest_seed), total.longest_healing,
                static_cast<unsigned long long>(total.longest_seed));
    if (a.require_marks && !all_marks) std::fprintf(stderr, "FAILED: a path above was never taken\n");
    return total.failed > 0 || (a.require_marks && !all_marks) ? 1 : 0;
}
