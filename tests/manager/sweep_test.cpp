// Sweeps: ranges, their combinations, and what is wrong with a file.

#include "manager/base/csv.hpp"
#include "manager/lab/sweep_results.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace gossip;

namespace {

Values expanded(const std::string& text) { return std::get<Values>(expand_range(text)); }

std::variant<SweepPlan, std::string> read(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() / ("gossip-sweep-" + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << text;
    auto plan = read_sweep(path.string());
    std::filesystem::remove(path);
    return plan;
}

std::string problem(const std::string& text) {
    const auto plan = read(text);
    REQUIRE(std::holds_alternative<std::string>(plan));
    return std::get<std::string>(plan);
}

// Two metrics at two combinations, of three seeds each: "far" moves clearly, "near" by little more than chance.
struct Study {
    SweepPlan plan{.script = "",
                   .processes = false,
                   .seeds = {"1", "2", "3"},
                   .metrics = {"far", "near", "never"},
                   .parameters = {{"faults", {"drop=1%,crash=10%", "drop=2%"}}}};
    std::vector<SweepJob> jobs;
    SweepResults results;

    Study() {
        for (std::size_t c = 0; c < 2; ++c) {
            for (int seed = 1; seed <= 3; ++seed) {
                jobs.push_back({c, std::to_string(seed), {}, {}});
                const double near[] = {1.0, 1.2, 1.1};
                const auto step = static_cast<double>(c);
                results.push_back(SweepResult{{{"far", seed + step * (100 + 0.01 * seed)},
                                               {"near", seed + step * near[seed - 1]},
                                               {"never", std::nullopt}},
                                              "0xab",
                                              {"0.1", "abc", "g++ 1, Release"}});
            }
        }
    }
};

}  // namespace

TEST_CASE("sweep: ranges by factor and by step, and words that are none") {
    CHECK(expanded("16:128|*2") == Values{"16", "32", "64", "128"});
    CHECK(expanded("1:4") == Values{"1", "2", "3", "4"});
    CHECK(expanded("0:0.2|0.1") == Values{"0", "0.1", "0.2"});
    CHECK(expanded("1:9|+4") == Values{"1", "5", "9"});
    CHECK(expanded("pa-ring") == Values{"pa-ring"});
    CHECK(expanded("uniform:1ms-20ms") == Values{"uniform:1ms-20ms"});
    for (const std::string bad : {"16:1|*2", "1:9|*1", "1:9|0", "0:9|*2", "a:9|2", "1:1000000"}) {
        CAPTURE(bad);
        CHECK(std::holds_alternative<std::string>(expand_range(bad)));
    }
}

TEST_CASE("sweep: every combination, in the file's order") {
    const auto read_plan = read("seeds = [3, \"7:8\"]\n[parameters]\npeers = [8, 16]\noverlay.links = [2, 3]\n");
    REQUIRE(std::holds_alternative<SweepPlan>(read_plan));
    const auto& plan = std::get<SweepPlan>(read_plan);
    CHECK(plan.seeds == Values{"3", "7", "8"});
    const auto all = combinations(plan);
    REQUIRE(all.size() == 4);
    CHECK(all[1] == std::vector<Setting>{{"peers", "8"}, {"overlay.links", "3"}});
    CHECK(all[2] == std::vector<Setting>{{"peers", "16"}, {"overlay.links", "2"}});
}

TEST_CASE("sweep: mistakes are named with their place") {
    CHECK(problem("seed = 3\n[parameters]\npeers = 3\n").find(":1:") != std::string::npos);
    CHECK(problem("seed = 3\n[parameters]\npeers = 3\n").find("did you mean seeds?") != std::string::npos);
    CHECK(problem("[parameters]\npeers = \"9:1|*2\"\n").find(":2:9: \"9:1|*2\" never gets") != std::string::npos);
    CHECK(problem("seeds = 3\n").find("[parameters] is missing") != std::string::npos);
    CHECK(problem("mode = \"run\"\n[parameters]\npeers = 3\n").find("needs a script") != std::string::npos);
    CHECK(problem("mode = \"fast\"\n[parameters]\npeers = 3\n").find("mode is \"sim\"") != std::string::npos);
    CHECK(problem("[parameters]\nruns = 5\n").find(":2:8: \"runs\" is the sweep's own") != std::string::npos);
    CHECK(problem("[parameters\n").find(".toml:1:") != std::string::npos);
    CHECK(std::holds_alternative<std::string>(read_sweep("/nonexistent/sweep.toml")));
}

TEST_CASE("sweep: results.csv keeps its columns whatever the parameters hold, and leaves empty what was not measured") {
    const Study study;
    const auto rows = parse_csv(results_csv(study.plan, study.jobs, study.results));
    REQUIRE(rows);
    REQUIRE(rows->size() == 7);
    CHECK(rows->front() == std::vector<std::string>{"faults", "seed", "far", "near", "never", "trace_hash", "version",
                                                    "commit", "compiler"});
    CHECK(rows->at(1) ==
          std::vector<std::string>{"drop=1%,crash=10%", "1", "1", "1", "", "0xab", "0.1", "abc", "g++ 1, Release"});
}

TEST_CASE("sweep: the stars are corrected for their number, and parameters in words are words in JSON") {
    Study study;
    std::string text = results_table(study.plan, study.jobs, study.results).render(TableFormat::json, false);
    CHECK(text.find(R"("faults": "drop=2%", "metric": "far", "n": 3, )") != std::string::npos);
    CHECK(text.find(R"("against_first": "1.10 ± 0.2484 *", "p": 0.00274)") != std::string::npos);
    CHECK(text.find("never") == std::string::npos);
    // 0.0217 is below 0.05 alone, but not as one of 42.
    *study.results.back()->figures["near"] += 0.55;
    for (int i = 0; i < 40; ++i) {
        study.plan.metrics.push_back("same" + std::to_string(i));
        for (std::size_t run = 0; run < 6; ++run) {
            study.results[run]->figures[study.plan.metrics.back()] = run < 3 ? static_cast<double>(run) : 1;
        }
    }
    text = results_table(study.plan, study.jobs, study.results).render(TableFormat::tsv, false);
    CHECK(text.find("100.0 ± 0.0248 *\t") != std::string::npos);
    CHECK(text.find("1.28 ± 0.8270\t0.0217\n") != std::string::npos);
}

TEST_CASE("sweep: results of two executables are named") {
    Study study;
    const Provenance from = study.results.front()->from;
    CHECK(mixture(study.results, std::nullopt).empty());
    CHECK(mixture(study.results, from).empty());
    CHECK(mixture({std::nullopt}, from).empty());
    CHECK(mixture(study.results, Provenance{"0.1", "abd", "g++ 1, Release"}) ==
          "0.1, commit abc (g++ 1, Release); 0.1, commit abd (g++ 1, Release)");
    study.results.back()->from = {};
    CHECK(mixture(study.results, from).find("an earlier version, which did not say") != std::string::npos);
}
