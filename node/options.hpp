#pragma once
// The command line of `gossipctl node`.

#include "protocol/types.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

enum class Colour : std::uint8_t { automatic, always, never };

struct NodeOptionsGiven {
    Role role{};
    NodeId listen{};
    std::optional<std::string> config;
    std::string seeds_file;
    std::vector<std::string> overrides;  // --set
    std::string state_dir;
    std::string identity;
    std::string log_dir;
    std::string output_file;
    bool bootstrap{false};
    bool quiet{false};
    Colour colour{Colour::automatic};
    Incarnation last_life{};
    int listen_fd{-1};   // a listening socket inherited from the manager
    int control_fd{-1};  // the control channel, likewise
};

struct HelpWanted {
    std::string text;
};
struct BadUsage {
    std::string text;
};  // one line

[[nodiscard]] std::variant<NodeOptionsGiven, HelpWanted, BadUsage> parse_node_options(int argc, char** argv);

}  // namespace gossip
