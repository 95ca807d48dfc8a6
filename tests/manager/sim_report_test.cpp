#include "manager/runs/sim_report.hpp"

#include "manager/base/version.hpp"
#include "manager/lab/sim_options.hpp"
#include "manager/lab/sim_results.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

using namespace gossip;

namespace {

std::string problem(const std::vector<std::string>& arguments) {
    const auto parsed = parse_sim_options(arguments);
    const auto* text = std::get_if<std::string>(&parsed);
    return text != nullptr ? *text : "";
}

SimCommand parsed(const std::vector<std::string>& arguments) {
    REQUIRE(problem(arguments) == "");
    return std::get<SimCommand>(parse_sim_options(arguments));
}

}  // namespace

TEST_CASE("sim: the options that are given arrive") {
    using namespace std::chrono_literals;
    const SimCommand c = parsed({"--peers=50", "--seeds", "5", "--overlay", "zipf", "--latency", "regions:4:1ms-80ms",
                                 "--faults", "drop=1%,crash=0.5,partition=5s", "--runs", "3", "-o", "json"});
    CHECK(c.experiment.peers == 50);
    CHECK(c.experiment.seeds == 5);
    CHECK(c.experiment.config.overlay.strategy == find_overlay("zipf"));
    CHECK(c.experiment.network.link.regions == 4);
    CHECK(c.experiment.network.link.delay_max == Duration(80ms));
    CHECK(c.experiment.network.link.drop_per_million == 10'000);
    CHECK(c.experiment.faults.crash_per_million == 500'000);
    CHECK(c.experiment.faults.partition == Duration(5s));
    CHECK(c.runs == 3);
    CHECK(c.format == TableFormat::json);
    CHECK(!c.experiment.grown);
    CHECK(parsed({"--peers", "50000"}).experiment.grown);
    CHECK(!parsed({"--peers", "50000", "--bring-up", "register"}).experiment.grown);
    CHECK(parsed({"--latency", "constant:3ms"}).experiment.network.link.jitter_percent == 0);
}

TEST_CASE("sim: what cannot be is refused by name, with what would do") {
    CHECK(problem({"--peers", "-3"}) == "--peers: \"-3\" is not a number from 1 to 10000000");
    CHECK(problem({"--peers", "99999999999999999999"}).find("is not a number") != std::string::npos);
    CHECK(problem({"--peers"}) == "--peers needs a value: N");
    CHECK(problem({"--faults", "drop"}).find("NAME=VALUE") != std::string::npos);
    CHECK(problem({"--faults", "drop=200%"}).find("0% to 100%") != std::string::npos);
    CHECK(problem({"--faults", "crsh=1%"}).find("did you mean crash?") != std::string::npos);
    CHECK(problem({"--latency", "uniform:9ms-1ms"}).find("longer time first") != std::string::npos);
    CHECK(problem({"--latency", "gauss:1ms"}).find("uniform:TIME-TIME") != std::string::npos);
    CHECK(problem({"--duration", "0s"}).find("is not a time from") != std::string::npos);
    CHECK(problem({"--faults", "partition=19s"}).find("does not end within") != std::string::npos);
    CHECK(problem({"--bring-up", "slow"}).find("register or grown") != std::string::npos);
    CHECK(problem({"--bring-up", "grown", "--arrival", "1s"}).find("--bring-up register") != std::string::npos);
    CHECK(problem({"--fault", "drop=1%"}) == "unknown option --fault; did you mean --faults?");
    CHECK(problem({"x.gsh", "y"}).find("\"y\" is too much") == 0);
}

TEST_CASE("sim: the memory said before a run grows with peers, seeds and messages, as measured") {
    const auto megabytes = [](const std::vector<std::string>& arguments) {
        return static_cast<double>(sim_memory(parsed(arguments).experiment)) / 1e6;
    };
    // Measured: 166 MB and 339 MB resident.
    CHECK(megabytes({"--peers", "100000", "--messages", "0"}) == doctest::Approx(166).epsilon(0.2));
    CHECK(megabytes({"--peers", "100000", "--messages", "10"}) == doctest::Approx(339).epsilon(0.2));
    CHECK(megabytes({"--seeds", "9", "--peers", "100000"}) > megabytes({"--peers", "100000"}));
}

TEST_CASE("sim: a number is its own seed, any other text is hashed, and every run has another") {
    CHECK(sim_seed("42", 0) == 42);
    CHECK(sim_seed("42x", 0) != 42);
    CHECK(sim_seed("c141c2f", 0) != sim_seed("c141c2e", 0));
    CHECK(sim_seed("42", 1) != sim_seed("42", 2));
}

TEST_CASE("sim: neighbouring seeds share no run, and the first run of a seed is that seed's") {
    std::set<std::uint64_t> runs;
    for (const char* seed : {"1", "2", "3", "x", "y"}) {
        CHECK(sim_seed(seed, 0) == run_seed(sim_seed(seed, 0), 0));
        for (std::uint32_t run = 0; run < 1000; ++run) runs.insert(sim_seed(seed, run));
    }
    CHECK(runs.size() == 5000);
}

TEST_CASE("sim: mean, deviation and interval are those of the textbook") {
    const Spread s = spread_of({2, 4, 4, 4, 5, 5, 7, 9});
    CHECK(*s.mean == doctest::Approx(5));
    CHECK(*s.deviation == doctest::Approx(2.13809));
    CHECK(*s.half_width == doctest::Approx(2.36462 * 2.13809 / 2.828427));
}

TEST_CASE("sim: several runs are JSON lines with a summary, one is a table of figures") {
    const std::vector<SimRun> runs{{1, 0xab, "complete", {{"x", 1, 1}, {"y", {}, 1}}},
                                   {2, 0xcd, "complete", {{"x", 3, 1}, {"y", 7, 1}}},
                                   {3, 0xef, "interrupted", {{"x", 900, 1}, {"y", 900, 1}}}};
    const Provenance& from = provenance();
    const std::string by = R"(, "version": ")" + from.version + R"(", "commit": ")" + from.commit +
                           R"(", "compiler": ")" + from.compiler + "\"}\n";
    CHECK(sim_report(runs, TableFormat::json, false) ==
          R"({"seed": "1", "outcome": "complete", "x": 1.0, "y": null, "trace_hash": "0x00000000000000ab")" + by +
              R"({"seed": "2", "outcome": "complete", "x": 3.0, "y": 7.0, "trace_hash": "0x00000000000000cd")" + by +
              R"({"seed": "3", "outcome": "interrupted", "x": 900.0, "y": 900.0, "trace_hash": "0x00000000000000ef")" +
              by + R"({"summary": 3, "complete": 2, "unit": "run", )" +
              R"("x": {"n": 2, "mean": 2.000, "sd": 1.414, "ci95": [-10.706, 14.706]}, )" +
              R"("y": {"n": 1, "mean": 7.000, "sd": null, "ci95": null})" + by);
    CHECK(sim_report({runs[0]}, TableFormat::tsv, false) ==
          "seed\toutcome\tx\ty\ttrace_hash\tversion\tcommit\tcompiler\n1\tcomplete\t1.0\t\t0x00000000000000ab\t" +
              from.version + "\t" + from.commit + "\t" + from.compiler + "\n");
    const std::string table = sim_report(runs, TableFormat::table, false);
    CHECK(table.find("3 runs, of which 2 are complete") == 0);
    CHECK(table.find("y       1  7.00     –         –          –") != std::string::npos);
    CHECK(sim_report({runs[0]}, TableFormat::table, false).find("y                            –") != std::string::npos);
}

TEST_CASE("sim: a result file reads back, with what was not measured left out of its figure alone") {
    const auto folder = std::filesystem::temp_directory_path() / ("gossip-results-" + std::to_string(::getpid()));
    const std::vector<SimRun> runs{{1, 0xab, "complete", {{"x", 1, 1}, {"y", {}, 1}}},
                                   {2, 0xcd, "complete", {{"x", 3, 1}, {"y", 7, 1}}},
                                   {3, 0xef, "interrupted", {{"x", 900, 1}, {"y", 900, 1}}}};
    CHECK(write_results(folder.string(), runs, {"--faults", "drop=1%,crash=10%"}) == "");
    const auto read = read_results(folder.string());
    std::filesystem::remove_all(folder);
    REQUIRE(std::holds_alternative<Results>(read));
    const auto& results = std::get<Results>(read);
    CHECK(results.figures == std::vector<std::string>{"x", "y"});
    CHECK(results.samples == std::vector<std::vector<double>>{{1, 3}, {7}});
    const auto compared = compare(results, results);
    CHECK(compared[0].p == 1);
    CHECK(!compared[1].p);
    CHECK(!compared[1].significant);
}
