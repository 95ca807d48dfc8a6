#include "node/options.hpp"

#include "node/base/value_text.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <sstream>

namespace gossip {
namespace {

namespace po = boost::program_options;

constexpr const char* examples = R"(gossipctl node: run one seed or peer in this terminal

Examples:
  gossipctl node --role seed --listen 127.0.0.1:6000 --config config.toml --bootstrap
  gossipctl node --role peer --listen 127.0.0.1:7000 --config config.toml --set gossip.interval=1s
  gossipctl node --role peer --listen 10.0.0.12:7000 --seeds config.txt --set security.tls=off

config.txt holds one seed a line, ip:port; config.csv likewise with ip,port. Ctrl-C or SIGTERM leaves the
network in order; a second one ends at once. Each option has a variable, as GOSSIPCTL_LISTEN for --listen.
Exit codes: 0 left in order, 1 could not go on, 2 usage or configuration, 5 could not start.

)";

po::options_description options() {
    po::options_description all("Options");
    all.add_options()("help,h", "this text")("role", po::value<std::string>()->value_name("seed|peer"), "what to run")(
        "listen", po::value<std::string>()->value_name("IP:PORT"), "where to listen: the node's name in the network")(
        "config", po::value<std::string>()->value_name("FILE"), "configuration (default ./config.toml when there)")(
        "seeds", po::value<std::string>()->value_name("FILE"),
        "seed list, config.txt or config.csv; replaces [[seed]]")(
        "set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"), "override one key")(
        "state-dir", po::value<std::string>()->value_name("DIR"), "where a node keeps its key, and a seed its journal")(
        "identity", po::value<std::string>()->value_name("FILE"),
        "the node's private key; made when missing (default in the state folder)")(
        "log-dir", po::value<std::string>()->value_name("DIR"), "where the log goes (default log.dir)")(
        "outputfile", po::value<std::string>()->value_name("FILE"), "log shared by all nodes of this host")(
        "bootstrap", po::bool_switch(), "seed: this is the network's first start, the seat is new")(
        "last-life", po::value<std::uint64_t>()->value_name("N"), "peer: incarnation of its previous life")(
        "color", po::value<std::string>()->value_name("auto|always|never"), "colours on the terminal")(
        "quiet", po::bool_switch(), "no log lines on the terminal")("listen-fd", po::value<int>()->value_name("N"),
                                                                    "inherited listening socket (from a manager)")(
        "control-fd", po::value<int>()->value_name("N"), "inherited control channel (from a manager)");
    return all;
}

// The option of a variable, "state-dir" for GOSSIPCTL_STATE_DIR; empty when it is none of ours.
std::string option_of(const std::string& variable) {
    constexpr std::string_view prefix = "GOSSIPCTL_";
    if (variable.rfind(prefix, 0) != 0) return {};
    std::string name = variable.substr(prefix.size());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
    const bool by_manager = name == "listen-fd" || name == "control-fd" || name == "help";
    return by_manager || options().find_nothrow(name, false) == nullptr ? std::string() : name;
}

std::string text_of(const po::variables_map& map, const char* name) {
    return map.count(name) != 0 ? map[name].as<std::string>() : std::string();
}

int descriptor_of(const po::variables_map& map, const char* name) {
    return map.count(name) != 0 ? map[name].as<int>() : -1;
}

std::optional<BadUsage> read_identity(const po::variables_map& map, NodeOptionsGiven& out) {
    const std::string role = text_of(map, "role");
    if (role != "seed" && role != "peer") {
        return BadUsage{role.empty() ? "--role is missing: seed or peer" : "--role " + role + ": must be seed or peer"};
    }
    out.role = role == "seed" ? Role::seed : Role::peer;
    const std::string listen = text_of(map, "listen");
    if (listen.empty()) return BadUsage{"--listen is missing: IP:PORT, as in 127.0.0.1:7000"};
    const auto read = read_endpoint(listen);
    if (const auto* error = std::get_if<std::string>(&read)) return BadUsage{"--listen " + *error};
    out.listen = std::get<NodeId>(read);
    if (endpoint(out.listen).ip != 0) return std::nullopt;
    return BadUsage{"--listen " + listen + ": must be the address by which the other nodes reach this one"};
}

std::optional<BadUsage> read_colour(const po::variables_map& map, NodeOptionsGiven& out) {
    const std::string word = text_of(map, "color");
    if (word == "always") {
        out.colour = Colour::always;
    } else if (word == "never") {
        out.colour = Colour::never;
    } else if (!word.empty() && word != "auto") {
        return BadUsage{"--color " + word + ": must be auto, always or never"};
    }
    return std::nullopt;
}

}  // namespace

std::variant<NodeOptionsGiven, HelpWanted, BadUsage> parse_node_options(int argc, char** argv) {
    po::variables_map map;
    try {
        po::store(po::command_line_parser(argc, argv).options(options()).positional({}).run(), map);
        // A managed node gets all it needs from its manager, whose own variables mean other things.
        if (map.count("control-fd") == 0) po::store(po::parse_environment(options(), option_of), map);
        po::notify(map);
    } catch (const po::error& e) {
        return BadUsage{std::string(e.what()) + "; see gossipctl node --help"};
    }
    if (map.count("help") != 0) {
        std::ostringstream text;
        text << examples << options();
        return HelpWanted{text.str()};
    }
    NodeOptionsGiven out;
    if (auto bad = read_identity(map, out)) return *bad;
    if (auto bad = read_colour(map, out)) return *bad;
    if (map.count("config") != 0) out.config = text_of(map, "config");
    if (map.count("set") != 0) out.overrides = map["set"].as<std::vector<std::string>>();
    if (map.count("last-life") != 0) out.last_life = Incarnation{map["last-life"].as<std::uint64_t>()};
    out.seeds_file = text_of(map, "seeds");
    out.state_dir = text_of(map, "state-dir");
    out.identity = text_of(map, "identity");
    out.log_dir = text_of(map, "log-dir");
    out.output_file = text_of(map, "outputfile");
    out.bootstrap = map["bootstrap"].as<bool>();
    out.quiet = map["quiet"].as<bool>();
    out.listen_fd = descriptor_of(map, "listen-fd");
    out.control_fd = descriptor_of(map, "control-fd");
    return out;
}

}  // namespace gossip
