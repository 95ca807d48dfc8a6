// A mutant (a deliberate bug) is found by the swarm, saved as a repro file, replayed and shrunk.

#include "protocol/mutant.hpp"
#include "manager/lab/repro_file.hpp"
#include "sim/swarm/shrink.hpp"
#include "sim/swarm/swarm_run.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace gossip;
using namespace gossip::sim;

namespace {

class Mutated {
public:
    explicit Mutated(Mutant m) { mutant = m; }
    ~Mutated() { mutant = Mutant::none; }
    Mutated(const Mutated&) = delete;
    Mutated& operator=(const Mutated&) = delete;
};

// The first of so many runs that violates an invariant.
std::optional<Repro> find(std::uint64_t runs) {
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        Repro repro;
        repro.plan = draw_plan(draw_shape(seed));
        const auto violation = run_swarm(repro.plan).violation;
        if (!violation) continue;
        repro.invariant = violation->invariant;
        repro.text = to_string(*violation);
        return repro;
    }
    return std::nullopt;
}

Repro parsed(const std::string& text) {
    auto result = parse_repro(text);
    if (const auto* problem = std::get_if<std::string>(&result)) FAIL(*problem);
    return std::get<Repro>(std::move(result));
}

std::optional<Shrunk> made_small(const FaultPlan& plan, std::size_t most_runs) {
    std::size_t runs = 0;
    ShrinkTask task;
    task.run = [&runs](const FaultPlan& p) { return ++runs, run_swarm(p).violation; };
    task.out_of_time = [&runs, most_runs] { return runs >= most_runs; };
    task.progress = [](const FaultPlan&) {};
    return shrink(plan, task);
}

// GOSSIP_KEEP_REPROS=DIR saves the repro files, for tests/regress.
void keep(const std::string& name, const Repro& repro) {
    const char* folder = std::getenv("GOSSIP_KEEP_REPROS");
    if (folder != nullptr) CHECK(write_repro(std::string(folder) + "/" + name + ".json", repro) == "");
}

void check_life_of(const std::string& name, Mutant m) {
    CAPTURE(name);
    std::optional<Mutated> mutated(m);
    const auto found = find(100);
    REQUIRE(found);
    const Repro again = parsed(to_json(*found));
    const SwarmResult first = run_swarm(found->plan);
    const SwarmResult second = run_swarm(again.plan);
    CHECK(first.trace_hash == second.trace_hash);
    REQUIRE(second.violation);
    CHECK(to_string(*second.violation) == found->text);

    const auto small = made_small(again.plan, 400);
    REQUIRE(small);
    CHECK(small->violation.invariant == found->invariant);
    CHECK(small->plan.faults.size() < found->plan.faults.size());
    CHECK(small->plan.shape.seeds + small->plan.shape.peers <= found->plan.shape.seeds + found->plan.shape.peers);
    const auto last = run_swarm(parsed(to_json({small->plan, false, small->violation.invariant, ""})).plan).violation;
    REQUIRE(last);
    CHECK(last->invariant == found->invariant);
    mutated.reset();
    CHECK_FALSE(run_swarm(small->plan).violation);
    keep(name, {small->plan, false, "", "broke " + to_string(small->violation) + " where " + name});
}

}  // namespace

TEST_CASE("a mutant's failure is found, kept, played again and made small") {
    check_life_of("promise_not_durable", Mutant::promise_not_durable);
    check_life_of("accept_not_durable", Mutant::accept_not_durable);
    check_life_of("adopt_dropped", Mutant::adopt_dropped);
    check_life_of("vote_counted_twice", Mutant::vote_counted_twice);
    check_life_of("quorum_half", Mutant::quorum_half);
    check_life_of("ballot_reuse", Mutant::ballot_reuse);
}
