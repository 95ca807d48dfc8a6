#include "manager/runs/sim_report.hpp"

#include "manager/lab/sim_options.hpp"

#include <doctest/doctest.h>

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

TEST_CASE("sim: mean, deviation and interval are those of the textbook") {
    const Spread s = spread_of({2, 4, 4, 4, 5, 5, 7, 9});
    CHECK(s.mean == doctest::Approx(5));
    CHECK(s.deviation == doctest::Approx(2.13809));
    CHECK(s.half_width == doctest::Approx(2.365 * 2.13809 / 2.828427));
    CHECK(spread_of({3}).half_width == 0);
}

TEST_CASE("sim: several runs are JSON lines with a summary, one is a table of figures") {
    const std::vector<SimRun> runs{{1, 0xab, "complete", {{"x", 1, 1}}}, {2, 0xcd, "complete", {{"x", 3, 1}}}};
    CHECK(sim_report(runs, TableFormat::json, false) ==
          "{\"seed\": \"1\", \"outcome\": \"complete\", \"x\": 1.0, \"trace_hash\": \"0x00000000000000ab\"}\n"
          "{\"seed\": \"2\", \"outcome\": \"complete\", \"x\": 3.0, \"trace_hash\": \"0x00000000000000cd\"}\n"
          "{\"summary\": 2, \"x\": {\"mean\": 2.000, \"sd\": 1.414, \"ci95\": [-10.706, 14.706]}}\n");
    CHECK(sim_report({runs[0]}, TableFormat::tsv, false) ==
          "seed\toutcome\tx\ttrace_hash\n1\tcomplete\t1.0\t0x00000000000000ab\n");
    CHECK(sim_report(runs, TableFormat::table, false).find("MEAN") != std::string::npos);
}
