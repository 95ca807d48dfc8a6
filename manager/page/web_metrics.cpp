#include "manager/page/web_metrics.hpp"

#include "node/base/value_text.hpp"
#include "node/transport/transport_counters.hpp"
#include "protocol/names.hpp"

#include <map>

namespace gossip {
namespace {

class Metrics {
public:
    void head(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
        text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    }
    void value(const std::string& labels, std::uint64_t number) {
        text_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + std::to_string(number) + "\n";
    }
    void one(std::string_view name, std::string_view help, std::uint64_t number) {
        head(name, "gauge", help);
        value("", number);
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string name_;
    std::string text_;
};

void add_nodes(Metrics& out, const ClusterView& view) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
    std::set<NodeId> suspected;
    for (const auto& [id, node] : view.nodes()) {
        ++counts[{std::string(role_name(node.role)), std::string(state_name(node.state))}];
        if (node.state == NodeState::alive) suspected.insert(node.suspects.begin(), node.suspects.end());
    }
    out.head("gossipctl_nodes", "gauge", "Nodes by role and state.");
    for (const auto& [of, count] : counts) {
        out.value("role=\"" + of.first + "\",state=\"" + of.second + "\"", count);
    }
    out.one("gossipctl_suspected", "Nodes that some live peer suspects.", suspected.size());
    std::uint64_t ends = 0;
    for (const auto& [id, others] : view.two_sided_links(view.live_registered())) ends += others.size();
    out.one("gossipctl_links", "Links of the overlay that both ends hold.", ends / 2);
}

void add_transport(Metrics& out, const ManagedNetwork& network) {
    struct Counter {
        std::string_view name;
        std::string_view help;
        std::uint64_t TransportCounters::*field;
    };
    constexpr Counter counters[] = {
        {"gossipctl_messages_sent_total", "Messages that a node has sent.", &TransportCounters::messages_sent},
        {"gossipctl_messages_received_total", "Messages that it has received.", &TransportCounters::messages_received},
        {"gossipctl_bytes_sent_total", "Bytes that it has sent.", &TransportCounters::bytes_sent},
        {"gossipctl_bytes_received_total", "Bytes that it has received.", &TransportCounters::bytes_received},
        {"gossipctl_offences_total", "Bad lines and missed deadlines of others.", &TransportCounters::offences}};
    for (const Counter& counter : counters) {
        out.head(counter.name, "counter", counter.help);
        for (const auto& [id, node] : network.nodes()) {
            out.value("node=\"" + node_name(id) + "\"", node.status.transport.*counter.field);
        }
    }
}

}  // namespace

std::string metrics_text(const ManagedNetwork& network) {
    const ClusterView& view = network.view();
    const Agreement list = view.agreement();
    Metrics out;
    add_nodes(out, view);
    out.one("gossipctl_members", "Members on the list that a quorum of seeds agrees on.", list.members().size());
    out.one("gossipctl_epoch", "Epoch of that list.", list.epoch);
    out.one("gossipctl_seeds_agreeing", "Seeds that hold it.", list.supporters);
    out.one("gossipctl_quorum", "1 when a quorum of seeds holds the same list.", list.quorum() ? 1 : 0);
    add_transport(out, network);
    return out.text();
}

}  // namespace gossip
