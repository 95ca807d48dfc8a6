// Verbs that say why: explain, reachability.

#include "manager/base/failure.hpp"
#include "manager/base/local_time.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "manager/view/step_text.hpp"
#include "manager/view/trace_view.hpp"
#include "node/transport/link_fault.hpp"
#include "protocol/notice_traits.hpp"

#include <algorithm>

namespace gossip::commands {
namespace {

using Ids = std::vector<NodeId>;

Result show_refusals(Session& session, const std::optional<Selector>& selector) {
    Ids ids;
    if (selector) {
        auto selected = session.select(*selector, Among::known);
        if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
        ids = std::get<Ids>(std::move(selected));
    }
    const auto concerns = [&](NodeId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
    Table table({{"time"}, {"node"}, {"event"}, {"meaning"}});
    for (const NodeEvent& event : session.network().view().refusals()) {
        const Notice& n = event.notice;
        if (selector && !concerns(event.node) && !concerns(n.subject) && !concerns(n.other)) continue;
        table.add({{clock_text(event.wall)},
                   {node_name(event.node), short_name(event.node)},
                   {step_text(n), "", Style::yellow},
                   {std::string(refusal_meaning(n))}});
    }
    if (table.empty() && session.console().format() == TableFormat::table) {
        session.console().result("nothing was dropped, refused or rejected\n");
        return std::nullopt;
    }
    session.console().result(table);
    return std::nullopt;
}

// ---------------------------------------------------------------- who does not answer whom

std::string likely_cause(const ClusterView& view, NodeId from, NodeId to) {
    const NodeView* target = view.find(to);
    if (target == nullptr) return "nothing is known of it";
    if (target->state == NodeState::elsewhere) return "somebody else runs it";
    if (target->state == NodeState::paused) return "it is paused: its connections stay open and nobody answers";
    if (!is_running(target->state)) return "its process has ended (" + std::string(state_name(target->state)) + ")";
    const auto faulty = [&](NodeId a, NodeId b) { return view.faults().find(a, b); };
    if (const LinkFault* fault = faulty(from, to)) return "fault on the way there: " + fault_text(*fault);
    if (const LinkFault* fault = faulty(to, from)) return "fault on the way back: " + fault_text(*fault);
    return "it runs and no fault is set: overloaded, or a doubt that is about to be cleared";
}

void add_silence(Table& table, const ClusterView& view, NodeId from, NodeId to, std::string_view how) {
    table.add({{node_name(from), short_name(from)},
               {node_name(to), short_name(to)},
               {std::string(how), "", Style::yellow},
               {likely_cause(view, from, to)}});
}

Result show_reachability(Session& session) {
    const ClusterView& view = session.network().view();
    Table table({{"from"}, {"to"}, {"how"}, {"likely_cause"}});
    for (const auto& [id, node] : view.nodes()) {
        if (!is_running(node.state)) continue;
        for (const NodeId suspect : node.suspects) add_silence(table, view, id, suspect, "suspects it");
        for (const NodeId seed : node.unreachable) add_silence(table, view, id, seed, "gets no answer");
        for (const NodeId neighbour : node.links) {
            const LinkFault* fault = view.faults().find(id, neighbour);
            const bool unnoticed = fault != nullptr && fault->cut && !node.suspects.contains(neighbour);
            if (unnoticed) add_silence(table, view, id, neighbour, "has a link, not noticed yet");
        }
    }
    if (table.empty() && session.console().format() == TableFormat::table) {
        session.console().result("everybody answers, as far as anybody has noticed\n");
        return std::nullopt;
    }
    session.console().result(table);
    return std::nullopt;
}

}  // namespace

Compiled explain(const Command& command) {
    if (command.words.size() > 2) return "one selector at the most; lists go with commas: 7001,7003";
    if (command.words.size() == 1) return [](Session& session) { return show_refusals(session, std::nullopt); };
    auto parsed = parse_selector(command.words[1].text);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [selector = std::get<Selector>(std::move(parsed))](Session& session) {
        return show_refusals(session, selector);
    };
}

Compiled reachability(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return show_reachability;
}

}  // namespace gossip::commands
