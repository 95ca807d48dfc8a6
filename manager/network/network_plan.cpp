#include "manager/network/network_plan.hpp"

#include "manager/base/options.hpp"
#include "node/base/value_text.hpp"
#include "node/config/config_file.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <chrono>

namespace gossip {
namespace {

constexpr std::size_t seed_limit = 32;

// --seeds 5: the configured ones first, then the ports after the last of them.
std::string set_seed_count(std::vector<NodeId>& seeds, std::uint64_t count) {
    if (count == 0 || count > seed_limit) return "--seeds: 1 to " + std::to_string(seed_limit) + " seeds are possible";
    if (seeds.size() > count) seeds.resize(count);
    while (seeds.size() < count) {
        Endpoint next = seeds.empty() ? Endpoint{0x7f000001, 5999} : endpoint(seeds.back());
        if (next.port == 65535) return "--seeds: no ports are left after " + node_name(seeds.back());
        ++next.port;
        seeds.push_back(node_id(next));
    }
    return {};
}

// Two networks of one configuration side by side.
std::string shift_ports(NetworkPlan& plan, std::uint32_t offset) {
    const auto shifted = [offset](std::uint16_t port) { return static_cast<std::uint16_t>(port + offset); };
    std::uint32_t highest = plan.peer_ports.last;
    for (const NodeId seed : plan.config.seeds) highest = std::max<std::uint32_t>(highest, endpoint(seed).port);
    if (highest + offset > 65535) {
        return "--port-offset " + std::to_string(offset) + ": port " + std::to_string(highest) +
               " would be above 65535";
    }
    for (NodeId& seed : plan.config.seeds) seed = node_id({endpoint(seed).ip, shifted(endpoint(seed).port)});
    plan.peer_ports = {shifted(plan.peer_ports.first), shifted(plan.peer_ports.last)};
    plan.config.overlay.first_port = plan.peer_ports.first;
    plan.node_arguments.insert(
        plan.node_arguments.end(),
        {"--set", "ports.peers=" + std::to_string(plan.peer_ports.first) + "-" + std::to_string(plan.peer_ports.last)});
    const Endpoint page = endpoint(plan.page_listen);
    if (page.port + offset <= 65535) plan.page_listen = node_id({page.ip, shifted(page.port)});
    return {};
}

std::uint64_t any_seed() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// The one file a node has to be told of; the others it finds by the same rules as we do.
std::vector<std::string> arguments_for_nodes(const Options& options) {
    std::vector<std::string> out;
    if (options.config) out = {"--config", *options.config};
    for (const std::string& set : options.sets) {
        out.emplace_back("--set");
        out.push_back(set);
    }
    return out;
}

NetworkPlan plan_from(const LoadedConfig& loaded, const Options& options) {
    NetworkPlan plan;
    plan.config = loaded.config;
    plan.initial_peers = options.peers.value_or(loaded.node.initial_peers);
    plan.peer_ports = {loaded.node.peer_ports.first, loaded.node.peer_ports.last};
    plan.log_dir = loaded.node.log_dir;
    plan.log_level = loaded.node.log_level;
    plan.shared_log = loaded.node.log_profile == LogProfile::classic;
    plan.state_dir = loaded.node.state_dir;
    plan.seed = options.seed.value_or(any_seed());
    plan.page = options.web ? ServePage::always : loaded.node.web_enabled ? ServePage::on_terminal : ServePage::never;
    plan.page_listen = parse_node(loaded.node.web_listen).value_or(NodeId::none);  // checked when it was read
    plan.runs_dir = loaded.node.runs_dir;
    plan.run_out = options.out.value_or("");
    plan.run_limit = std::uint64_t{loaded.node.run_megabytes} * 1'000'000;
    plan.node_arguments = arguments_for_nodes(options);
    plan.hosts = loaded.node.hosts;
    return plan;
}

bool is_loopback(NodeId id) { return endpoint(id).ip >> 24 == 127; }

// Who is to be reached from another machine cannot be on loopback; and what leaves the machine is not encrypted.
std::string check_hosts(const NetworkPlan& plan, const std::string& tls) {
    for (const HostSettings& host : plan.hosts) {
        if (is_loopback(host.address)) continue;
        const std::string who = host.place + ": host " + host.name + " (" + ip_string(host.address) + ")";
        for (const NodeId seed : plan.config.seeds) {
            if (!is_loopback(seed)) continue;
            return who + " cannot reach the seed " + node_name(seed) +
                   ": loopback is each machine's own; give every [[seed]] an address of this machine that the host "
                   "reaches";
        }
        if (tls != "off") {
            return who +
                   ": this version has no TLS, so nodes listen on loopback addresses only; on a network you "
                   "trust, allow others with security.tls = \"off\"";
        }
    }
    return {};
}

}  // namespace

const HostSettings* NetworkPlan::host(const std::string& name) const {
    const auto at = std::find_if(hosts.begin(), hosts.end(), [&](const HostSettings& h) { return h.name == name; });
    return at == hosts.end() ? nullptr : &*at;
}

std::variant<NetworkPlan, std::string> plan_network(const Options& options) {
    ConfigSources sources = standard_sources(options.config);
    sources.overrides = options.sets;
    const auto seed_count = options.seeds ? parse_count(*options.seeds) : std::nullopt;
    if (options.seeds && !seed_count) sources.seeds_file = *options.seeds;
    auto loaded = load_config(sources);
    if (auto* problem = std::get_if<std::string>(&loaded)) return std::move(*problem);
    NetworkPlan plan = plan_from(std::get<LoadedConfig>(loaded), options);
    if (seed_count) {
        if (std::string problem = set_seed_count(plan.config.seeds, *seed_count); !problem.empty()) return problem;
    }
    if (options.port_offset != 0) {
        if (std::string problem = shift_ports(plan, options.port_offset); !problem.empty()) return problem;
    }
    if (auto problem = validate(plan.config)) return std::move(*problem);
    if (plan.page != ServePage::never && endpoint(plan.page_listen).ip >> 24 != 127) {
        return "web.listen: " + node_name(plan.page_listen) +
               " is not an address of this machine alone; the page is served on 127.0.0.1 only";
    }
    if (std::string problem = check_hosts(plan, std::get<LoadedConfig>(loaded).node.tls); !problem.empty())
        return problem;
    if (!is_loopback(plan.config.seeds.front())) plan.peer_address = plan.config.seeds.front();
    auto& in_force = std::get<LoadedConfig>(loaded);
    in_force.config = plan.config;
    in_force.node.initial_peers = plan.initial_peers;
    in_force.node.peer_ports = {plan.peer_ports.first, plan.peer_ports.last};
    plan.toml = to_toml(in_force);
    return plan;
}

}  // namespace gossip
