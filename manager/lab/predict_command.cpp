#include "manager/lab/predict_command.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/table.hpp"
#include "manager/lab/experiment_options.hpp"
#include "node/wire/wire.hpp"
#include "protocol/rumors/own_rumors.hpp"
#include "sim/engine/sim_crypto.hpp"

#include <unistd.h>

#include <cstdio>

namespace gossip {
namespace {

constexpr std::string_view usage =
    "Examples:\n"
    "  gossipctl predict                                 the network of ./config.toml\n"
    "  gossipctl predict --peers 1000 --latency uniform:1ms-20ms\n"
    "  gossipctl predict --peers 200 --faults drop=10% --set liveness.interval=\"1s\" --set liveness.misses=5\n"
    "  gossipctl predict -o json                         for programs\n"
    "\n"
    "What theory says of a network, each figure with its formula and source: links, hops, copies, latency, the time\n"
    "to the removal of a peer that was killed or is silent, removals of live peers, bytes. Figures that a run\n"
    "measures bear the names that gossipctl sim gives them; the tolerance is how far a run may lie off and still\n"
    "agree. The options are those of gossipctl sim, with --config FILE and --set KEY=VALUE of gossipctl.\n"
    "n peers, d mean degree, v links onward, T liveness.interval, m liveness.misses, q share of lost messages.\n";

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string percent(double share) { return share > 0 ? fixed(100 * share, 0) + "%" : ""; }

std::string table_of(const std::vector<sim::Predicted>& all, TableFormat format, bool colored) {
    Table table({{"figure"}, {"predicted", true}, {"tolerance"}, {"formula"}, {"source"}});
    for (const sim::Predicted& p : all) {
        table.add({{p.name}, {fixed(p.value, p.decimals)}, {percent(p.tolerance)}, {p.formula}, {p.source}});
    }
    return table.render(format, colored);
}

// A line of GOSSIP with a text of this length.
std::size_t gossip_line(std::size_t text, const Crypto& crypto) {
    OwnRumors origin;
    const NodeId self = node_id({0x7f000001, 7000});
    constexpr WallMs noon{1'700'000'000'000};
    const RumorPtr rumor = origin.create(true, std::string(text, 'x'), self, Incarnation{1}, noon, crypto);
    return encode(Message(msg::Gossip{rumor, self, 3, noon, false}), crypto, noon).size();
}

std::size_t ping_and_pong(const Crypto& crypto) {
    const NodeId self = node_id({0x7f000001, 7000});
    constexpr WallMs noon{1'700'000'000'000};
    msg::Ping ping{.sender = self, .sequence = 1000, .sent = noon, .incarnation = Incarnation{1}, .linked = true};
    msg::Pong pong{.sender = self, .sequence = 1000, .ping_sent = noon, .received = noon, .sent = noon};
    ping.root = pong.root = ~std::uint64_t{0};
    return encode(Message(ping), crypto, noon).size() + encode(Message(pong), crypto, noon).size();
}

}  // namespace

std::vector<sim::Predicted> predictions(const sim::ExperimentOptions& options) {
    std::vector<sim::Predicted> all = sim::predict(options);
    const sim::SimCrypto crypto(1);
    constexpr std::size_t text = 40;
    const double edges = sim::expected_edges(options);
    const double sends = 2 * edges - (options.peers - 1);
    const double interval = in_seconds(options.config.liveness.interval);
    const std::string source = "lines as encoded";
    all.push_back({"bytes_per_message", sends * static_cast<double>(gossip_line(text, crypto)), 0, 0,
                   "sends x a GOSSIP line of 40 letters", source});
    all.push_back({"idle_bytes_per_peer_s",
                   2 * edges / options.peers * static_cast<double>(ping_and_pong(crypto)) / interval, 0, 1,
                   "d (PING + PONG) / T", source});
    return all;
}

int predict_command(const std::vector<std::string>& arguments) {
    const auto parsed = parse_on_config(arguments);
    if (const auto* failure = std::get_if<Failure>(&parsed)) return complain("predict", failure->kind, failure->text);
    const auto& command = std::get<SimCommand>(parsed);
    if (command.help) {
        std::fputs(usage.data(), stdout);
        return 0;
    }
    if (command.script)
        return complain("predict", ErrorKind::usage, "a script says what happens; see gossipctl sim --help");
    if (command.experiment.peers < 2) return complain("predict", ErrorKind::usage, "theory needs two peers at least");
    const TableFormat piped = isatty(STDOUT_FILENO) != 0 ? TableFormat::table : TableFormat::tsv;
    const bool colored = use_color(ColorMode::automatic, STDOUT_FILENO);
    std::fputs(table_of(predictions(command.experiment), command.format.value_or(piped), colored).c_str(), stdout);
    return 0;
}

}  // namespace gossip
