#include "manager/app/check.hpp"

#include "manager/base/console.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/network/start_check.hpp"
#include "manager/shell/report.hpp"
#include "manager/view/live_log.hpp"
#include "node/config/settings.hpp"
#include "protocol/quorum.hpp"

namespace gossip {

int check_config(const Options& options) {
    Console console(false, options.color, options.format);
    const auto plan = plan_network(options);
    if (const auto* problem = std::get_if<std::string>(&plan)) {
        console.error(error_word(ErrorKind::config), "", *problem);
        return exit_code(ErrorKind::config);
    }
    const auto& network = std::get<NetworkPlan>(plan);
    if (const auto failure = check_start(network)) return report(console, *failure);
    const std::size_t seeds = network.config.seeds.size();
    // What would start comes last, where people look; as a comment, so that the whole is a valid file.
    std::string text = network.toml + "\n# ok: " + std::to_string(seeds) + " seeds (" +
                       port_ranges({network.config.seeds.begin(), network.config.seeds.end()}) + "), quorum " +
                       std::to_string(majority(seeds)) + "; " + std::to_string(network.initial_peers) +
                       " peers from port " + std::to_string(network.peer_ports.first);
    for (const HostSettings& host : network.hosts) {
        text += ", " + std::to_string(host.peers) + " on " + host.name + " (" + ip_string(host.address) + ")";
    }
    text += "; logs in " + network.log_dir + "\n";
    if (seeds % 2 == 0) text += "# note: an even number of seeds tolerates no more failures than one fewer\n";
    const OverlayConfig& overlay = network.config.overlay;
    if (const auto warning = overlay.strategy->warning(overlay, network.initial_peers))
        text += "# note: " + *warning + "\n";
    console.result(text);
    return 0;
}

}  // namespace gossip
