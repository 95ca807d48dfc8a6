#include "manager/network/start_check.hpp"

#include "manager/network/network_plan.hpp"
#include "manager/network/run_home.hpp"
#include "node/base/value_text.hpp"
#include "protocol/names.hpp"

#include <chrono>
#include <string_view>
#include <utility>

namespace gossip {
namespace {

// Machines in virtual time can be started from such a plan.
std::string problem_with_processes(const NetworkPlan& plan) {
    for (const NodeId seed : plan.config.seeds) {
        if (endpoint(seed).ip == 0)
            return "[[seed]]: " + node_name(seed) + " must be the address by which the other nodes reach it";
    }
    constexpr Duration shortest = std::chrono::milliseconds(1);
    const Config& c = plan.config;
    const std::pair<std::string_view, Duration> timers[] = {
        {"gossip.interval", c.gossip.interval},        {"gossip.repair_interval", c.gossip.repair_interval},
        {"liveness.interval", c.liveness.interval},    {"liveness.probe_timeout", c.liveness.probe_timeout},
        {"seeds.sync_interval", c.seed.sync_interval}, {"seeds.vote_timeout", c.seed.vote_timeout},
        {"seeds.probe_timeout", c.seed.probe_timeout}, {"seeds.lease", c.seed.lease}};
    for (const auto& [key, value] : timers) {
        if (value < shortest)
            return std::string(key) + ": " + duration_text(value) + " is too short for processes; 1ms or more";
    }
    return {};
}

}  // namespace

Result check_start(const NetworkPlan& plan) {
    if (std::string problem = problem_with_processes(plan); !problem.empty()) {
        return Failure{ErrorKind::config, std::move(problem)};
    }
    if (std::string problem = RunHome::problem_with(plan); !problem.empty()) {
        return Failure{ErrorKind::start, std::move(problem)};
    }
    return std::nullopt;
}

}  // namespace gossip
