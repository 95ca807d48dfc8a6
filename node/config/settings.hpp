#pragma once
// What a network is told by its configuration: the protocol's own Config, and what only its processes use.

#include "protocol/config.hpp"
#include "protocol/log_level.hpp"
#include "protocol/types.hpp"

#include <string>
#include <string_view>
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

// A host's name is also a folder's name and a word of the shell, which limits its characters.
[[nodiscard]] bool is_host_name(std::string_view name);

}  // namespace gossip
