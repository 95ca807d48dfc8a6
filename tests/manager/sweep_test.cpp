// Sweeps: ranges, their combinations, and what is wrong with a file.

#include "manager/lab/sweep_file.hpp"

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
    CHECK(problem("[parameters\n").find(".toml:1:") != std::string::npos);
    CHECK(std::holds_alternative<std::string>(read_sweep("/nonexistent/sweep.toml")));
}
