#pragma once
// What a network is told by its files, its environment and its command line, lowest first:
//   built-in < /etc/gossipctl/config.toml < ~/.config/gossipctl/config.toml < the file given, or
//   ./config.toml < GOSSIPCTL_* variables < --set key=value
// A key nobody knows is an error, with its place and the nearest key there is.

#include "protocol/config.hpp"
#include "protocol/log_level.hpp"
#include "protocol/types.hpp"

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

enum class LogProfile : std::uint8_t {
    classic,   // a file per node, and outputfile.txt shared by all
    per_node,  // a file per node only
};

struct PeerPorts {
    std::uint16_t first{7000};
    std::uint16_t last{7999};
};

// Another machine on which the manager has nodes, through an agent there.
struct HostSettings {
    std::string name;                  // in commands, and of its folder of logs
    std::string ssh;                   // user@host
    std::vector<std::string> command;  // in place of ssh: what runs the agent, with its arguments
    NodeId address{};                  // on which its nodes listen; the port means nothing
    std::uint32_t peers{0};            // that start with the network, beside initial_peers here
    std::string binary;                // of gossipctl there; empty: found on PATH
    std::string dir;                   // of its nodes' files there; empty: the agent chooses
    std::string place;                 // in the file
};

// What a process is told beside the protocol's own Config.
struct NodeSettings {
    std::string profile{"classic"};               // network.profile: where the timers start from
    std::uint32_t initial_peers{5};               // network.initial_peers
    PeerPorts peer_ports;                         // ports.peers = "7000-7999"
    std::string state_dir;                        // seeds.state_dir
    std::string log_dir{"logs"};                  // log.dir
    LogLevel log_level{LogLevel::info};           // log.level
    LogProfile log_profile{LogProfile::classic};  // log.profile
    std::string runs_dir{"runs"};                 // log.runs: one folder a run; "" = none
    std::uint32_t run_megabytes{512};             // log.run_megabytes: of a run's event log
    std::string web_listen{"127.0.0.1:8080"};     // web.listen
    bool web_enabled{true};                       // web.enabled
    std::string tls{"auto"};                      // security.tls
    std::string join_token;                       // security.join_token
    std::vector<HostSettings> hosts;              // [[host]]
};

struct LoadedConfig {
    Config config;
    NodeSettings node;
};

struct ConfigSources {
    std::vector<std::string> files;                  // lowest first; each has to be readable
    std::map<std::string, std::string> environment;  // GOSSIPCTL_* only
    std::vector<std::string> overrides;              // --set, in order: the last one wins
    std::string seeds_file;                          // --seeds: a list that replaces every [[seed]]
};

// The files that exist, of those looked for when nothing is said; `given` is --config and has to exist.
[[nodiscard]] ConfigSources standard_sources(const std::optional<std::string>& given);

// The error is one line, beginning with the place: file:line:column, the variable, or the option.
[[nodiscard]] std::variant<LoadedConfig, std::string> load_config(const ConfigSources& sources);

// Every key with its value in force, as a file that load_config reads back to the same.
[[nodiscard]] std::string to_toml(const LoadedConfig& config);

}  // namespace gossip
