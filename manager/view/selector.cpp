#include "manager/view/selector.hpp"

#include "node/base/value_text.hpp"
#include "node/base/words.hpp"
#include "node/config/settings.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::string_view forms =
    "7003, 127.0.0.1:7003, 7001-7005, peers, seeds, all, @hub, @random:3, host=h1, host=IP";

std::optional<std::uint16_t> parse_port(std::string_view text) {
    const auto value = parse_count(text);
    if (!value || *value == 0 || *value > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(*value);
}

std::optional<SelectorTerm> parse_group(std::string_view text) {
    if (text == "peers") return SelectorTerm{SelectorKind::peers};
    if (text == "seeds") return SelectorTerm{SelectorKind::seeds};
    if (text == "all") return SelectorTerm{SelectorKind::all};
    if (text == "@hub") return SelectorTerm{SelectorKind::hub};
    if (text == "@random") return SelectorTerm{SelectorKind::random};
    constexpr std::string_view host = "host=";
    if (text.starts_with(host)) {
        const std::string name(text.substr(host.size()));
        if (!is_host_name(name)) return std::nullopt;
        const NodeId address = parse_node(name + ":1").value_or(NodeId::none);
        return SelectorTerm{.kind = SelectorKind::host, .id = address, .host = name};
    }
    constexpr std::string_view random = "@random:";
    if (!text.starts_with(random)) return std::nullopt;
    const auto count = parse_count(text.substr(random.size()));
    if (!count || *count == 0 || *count > 100'000) return std::nullopt;
    return SelectorTerm{.kind = SelectorKind::random, .count = static_cast<std::uint32_t>(*count)};
}

std::optional<SelectorTerm> parse_term(std::string_view text) {
    if (const auto group = parse_group(text)) return group;
    if (const auto id = parse_node(text)) return SelectorTerm{.kind = SelectorKind::node, .id = *id};
    if (const auto port = parse_port(text)) return SelectorTerm{.kind = SelectorKind::port, .first = *port};
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto first = parse_port(text.substr(0, dash));
    const auto last = parse_port(text.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    return SelectorTerm{.kind = SelectorKind::range, .first = *first, .last = *last};
}

bool wanted(const NodeView& node, Among among) {
    if (node.state == NodeState::elsewhere) return among == Among::seen;
    return among != Among::running || is_running(node.state);
}

bool in_group(const NodeView& node, const SelectorTerm& term) {
    const std::uint16_t port = endpoint(node.id).port;
    switch (term.kind) {
        case SelectorKind::range:
            return port >= term.first && port <= term.last;
        case SelectorKind::peers:
            return node.role == Role::peer;
        case SelectorKind::seeds:
            return node.role == Role::seed;
        case SelectorKind::all:
            return true;
        case SelectorKind::host:
            return node.host == term.host || (term.id != NodeId::none && endpoint(node.id).ip == endpoint(term.id).ip);
        default:
            return false;
    }
}

using Ids = std::vector<NodeId>;

Ids match_group(const SelectorTerm& term, const ClusterView& view, Among among) {
    Ids ids;
    for (const auto& [id, node] : view.nodes()) {
        if (wanted(node, among) && in_group(node, term)) ids.push_back(id);
    }
    return ids;
}

Ids live_peers(const ClusterView& view) {
    Ids ids;
    for (const auto& [id, node] : view.nodes()) {
        if (node.role == Role::peer && node.state == NodeState::alive) ids.push_back(id);
    }
    return ids;
}

Ids match_hub(const ClusterView& view) {
    const Ids peers = live_peers(view);
    const auto degree = [&](NodeId id) { return view.find(id)->links.size(); };
    const auto hub =
        std::max_element(peers.begin(), peers.end(), [&](NodeId a, NodeId b) { return degree(a) < degree(b); });
    return hub == peers.end() ? Ids{} : Ids{*hub};
}

Ids match_random(const ClusterView& view, std::uint32_t count, Rng& rng) {
    Ids peers = live_peers(view);
    rng.shuffle(std::span(peers));
    if (peers.size() > count) peers.resize(count);
    return peers;
}

Ids match_named(const SelectorTerm& term, const ClusterView& view) {
    Ids ids;
    for (const auto& [id, node] : view.nodes()) {
        if (term.kind == SelectorKind::node ? id == term.id : endpoint(id).port == term.first) ids.push_back(id);
    }
    return ids;
}

Ids match(const SelectorTerm& term, const ClusterView& view, Among among, Rng& rng) {
    switch (term.kind) {
        case SelectorKind::node:
        case SelectorKind::port:
            return match_named(term, view);
        case SelectorKind::hub:
            return match_hub(view);
        case SelectorKind::random:
            return match_random(view, term.count, rng);
        default:
            return match_group(term, view, among);
    }
}

std::string host_text(const SelectorTerm& term, const ClusterView& view) {
    const auto& hosts = view.hosts();
    const bool known = std::find(hosts.begin(), hosts.end(), term.host) != hosts.end();
    return known || term.id != NodeId::none ? "no node on " + term.host : unknown_host(term.host, hosts);
}

std::string term_text(const SelectorTerm& term, const ClusterView& view) {
    switch (term.kind) {
        case SelectorKind::node:
            return "no such node: " + node_name(term.id);
        case SelectorKind::host:
            return host_text(term, view);
        case SelectorKind::port:
            return "no such node: " + std::to_string(term.first);
        case SelectorKind::range:
            return "no node in " + std::to_string(term.first) + "-" + std::to_string(term.last);
        case SelectorKind::peers:
            return "no peers are running";
        case SelectorKind::seeds:
            return "no seeds are running";
        case SelectorKind::hub:
        case SelectorKind::random:
            return "no peer is alive";
        case SelectorKind::all:
            break;
    }
    return "no nodes are running";
}

}  // namespace

std::string unknown_host(const std::string& name, const std::vector<std::string>& hosts) {
    if (hosts.empty()) return "no host \"" + name + "\": none is configured; see [[host]] in config.toml";
    const std::string near = closest(name, hosts);
    std::string list;
    for (const std::string& host : hosts) list += (list.empty() ? "" : ", ") + host;
    return "no host \"" + name + "\" is configured; " +
           (near.empty() ? "there is " + list : "did you mean " + near + "?");
}

std::variant<Selector, std::string> parse_selector(std::string_view text) {
    Selector selector{std::string(text), {}};
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        const std::string_view part = trim(text.substr(begin, comma - begin));
        const auto term = parse_term(part);
        if (!term) return "\"" + std::string(part) + "\" names no node; use " + std::string(forms);
        selector.terms.push_back(*term);
        begin = comma + 1;
    }
    return selector;
}

std::variant<std::vector<NodeId>, std::string> select(const Selector& selector, const ClusterView& view, Among among,
                                                      Rng& rng) {
    Ids ids;
    for (const SelectorTerm& term : selector.terms) {
        const Ids matched = match(term, view, among, rng);
        if (matched.empty()) return term_text(term, view);
        for (const NodeId id : matched) {
            if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
        }
    }
    return ids;
}

}  // namespace gossip
