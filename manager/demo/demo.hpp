#pragma once
// The demo: six phases of a network's life, by the real machines over virtual time. All of it follows from the plan,
// so acting in the past is running it again with one act more.

#include "manager/base/event_loop.hpp"
#include "protocol/types.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip {

// A command of the shell, at a time of the network's clock.
struct DemoAct {
    std::int64_t us{0};
    std::string command;
};

struct DemoPlan {
    std::uint32_t seeds{3};
    std::uint32_t peers{8};
    std::uint32_t links{3};         // overlay.links
    std::uint32_t loss_percent{0};  // of all messages, without a trace
    std::uint64_t seed{42};
    std::vector<DemoAct> acts;  // by time
};

struct DemoStep {
    std::int64_t us{0};
    int phase{0};      // above 0: one begins
    std::string text;  // its title, or the sentence of an event
    std::string more;  // what the phase is about
};

struct DemoRun {
    std::vector<DemoStep> steps;
    std::string page;  // {"kind":"demo","plan":{…},"frames":[…]}: one line
};

// "seeds 3\npeers 8\nlinks 3\nloss 5\nseed 42\nat 1500000 kill 7003\n", in any order; the error is one line.
[[nodiscard]] std::variant<DemoPlan, std::string> parse_demo_plan(std::string_view text);
// One setting of it, "peers" and "8"; the error names what is possible.
[[nodiscard]] std::string set_demo(DemoPlan& plan, std::string_view name, std::string_view value);

[[nodiscard]] std::variant<DemoRun, std::string> run_demo(const DemoPlan& plan);

}  // namespace gossip
