#pragma once
// The demo: six phases of a network's life, run by the real machines over virtual time. It follows from the plan
// alone, so a viewer's act at an earlier time is a new run with one more act.

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
    std::uint32_t peers{14};
    std::uint32_t links{3};         // overlay.links
    std::uint32_t loss_percent{0};  // share of all messages lost
    std::uint64_t seed{42};
    std::vector<DemoAct> acts;  // by time
};

// What the terminal shows.
struct DemoStep {
    enum class Kind : std::uint8_t { phase, command, sentence, bar, finding };
    std::int64_t us{0};
    Kind kind{};
    std::string text;
    std::string more;  // of a phase: what happens in it
};

struct DemoRun {
    std::vector<DemoStep> steps;
    std::string page;  // {"kind":"demo","plan":{…},"frames":[…]}: one line
};

// "seeds 3\npeers 8\nlinks 3\nloss 5\nseed 42\nat 1500000 kill 7003\n", in any order; the error is one line.
[[nodiscard]] std::variant<DemoPlan, std::string> parse_demo_plan(std::string_view text);
// Changes one setting, such as "peers" to "8"; the error names the allowed values.
[[nodiscard]] std::string set_demo(DemoPlan& plan, std::string_view name, std::string_view value);

[[nodiscard]] std::variant<DemoRun, std::string> run_demo(const DemoPlan& plan);

}  // namespace gossip
