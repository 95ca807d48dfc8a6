#pragma once
// What to start and where: the configuration, as far as the manager needs it.

#include "node/config/settings.hpp"
#include "protocol/config.hpp"
#include "protocol/log_level.hpp"
#include "protocol/types.hpp"

#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct Options;

struct PortRange {
    std::uint16_t first{7000};
    std::uint16_t last{7999};
};

enum class ServePage : std::uint8_t { never, on_terminal, always };

struct NetworkPlan {
    Config config;
    std::uint32_t initial_peers{5};
    PortRange peer_ports;
    std::string log_dir{"logs"};  // shows the logs of the network that started last
    LogLevel log_level{LogLevel::info};
    std::string state_dir;  // seeds' journals, when the user chose a folder; empty: the run's own
    bool shared_log{true};  // outputfile.txt as well
    std::uint64_t seed{0};  // of the faults that are drawn and of @random
    ServePage page{ServePage::on_terminal};
    NodeId page_listen{};                           // another free port when this one is taken
    std::vector<std::string> node_arguments;        // --config and --set, handed to every node
    std::string runs_dir;                           // where run folders go; empty: nowhere
    std::string run_out;                            // this run's own folder, when one was named
    std::uint64_t run_limit{0};                     // bytes of its event log
    std::string home;                               // the folder of this run, once it is recorded
    NodeId peer_address{node_id({0x7f000001, 1})};  // on which peers listen here; the port means nothing
    std::vector<HostSettings> hosts;                // other machines
    std::string toml;                               // every key with the value in force, as a configuration file

    // Null: there is none of that name.
    [[nodiscard]] const HostSettings* host(const std::string& name) const;
};

// The error is one line: file:line:column where there is one.
[[nodiscard]] std::variant<NetworkPlan, std::string> plan_network(const Options& options);

}  // namespace gossip
