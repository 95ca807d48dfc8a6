// Verbs that show: list, trace, logs, seeds, members, votes.

#include "manager/base/failure.hpp"
#include "manager/base/local_time.hpp"
#include "manager/base/log_files.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "manager/view/removal_view.hpp"
#include "manager/view/step_text.hpp"
#include "manager/view/trace_view.hpp"
#include "node/base/file.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>
#include <cstdio>

namespace gossip::commands {
namespace {

using Ids = std::vector<NodeId>;

Cell node_cell(NodeId id) { return {node_name(id), short_name(id)}; }

Cell state_cell(const NodeView& node, bool listed) {
    std::string text(state_name(node.state));
    Style style = Style::red;
    if (node.state == NodeState::alive) {
        const bool member = node.role == Role::seed || listed;
        if (!member) text = "joining";
        style = member ? Style::green : Style::yellow;
    } else if (is_running(node.state)) {
        style = Style::yellow;
    } else if (node.state == NodeState::left) {
        style = Style::dim;
    }
    return {text, "", style};
}

std::string megabytes(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
    return text;
}

Cell uptime_cell(const ManagedNode& node, Time now) {
    const Duration up = now - node.started;
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", in_seconds(up));
    return {text, format_time(std::chrono::floor<std::chrono::seconds>(up))};
}

// People see by the state that a peer is listed, so their table has only the peers that are not.
Cell listed_cell(const Session& session, bool seed, bool listed) {
    const bool for_people = session.console().format() == TableFormat::table;
    if (seed || (listed && for_people)) return {};
    return {listed ? "yes" : "no"};
}

// Read from the system where possible, so that it is known for paused nodes too.
std::uint64_t memory_of(const ManagedNode& node) {
    return node.host.empty() ? resident_bytes(node.pid) : node.status.resident;
}

void add_list_row(Table& table, const Session& session, NodeId id, const Agreement& list) {
    const NodeView& view = *session.network().view().find(id);
    const ManagedNode* node = session.network().find(id);
    const bool listed = list.members().contains(id);
    const bool runs = node != nullptr && is_running(view.state);
    const bool seed = view.role == Role::seed;
    const bool process = runs && node->pid != 0;  // a simulated node has no process
    const std::uint64_t memory = process ? memory_of(*node) : 0;
    const auto number = [&](bool shown, std::uint64_t value) { return Cell{shown ? std::to_string(value) : ""}; };
    table.add({node_cell(id),
               {std::string(role_name(view.role))},
               number(process, process ? static_cast<std::uint64_t>(node->pid) : 0),
               state_cell(view, listed),
               listed_cell(session, seed, listed),
               number(runs && !seed, view.links.size()),
               number(runs, view.epoch),
               number(runs, runs ? node->status.transport.messages_sent : 0),
               number(runs, runs ? node->status.transport.messages_received : 0),
               {process ? std::to_string(memory) : "", process ? megabytes(memory) : ""},
               runs ? uptime_cell(*node, session.network().now()) : Cell{},
               {session.network().faults().faults_of(id).words, "", Style::yellow}});
}

Result show_list(Session& session, const Selector& selector) {
    auto selected = session.select(selector, Among::seen);
    if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
    Ids& ids = std::get<Ids>(selected);
    if (auto failure = Session::from_wait(session.network().refresh(ids), session.loop())) return failure;
    std::stable_sort(ids.begin(), ids.end(), [&](NodeId a, NodeId b) {
        const ClusterView& view = session.network().view();
        return view.find(a)->role < view.find(b)->role;
    });
    Table table({{"id"},
                 {"role"},
                 {"pid", true},
                 {"state"},
                 {.name = "listed", .rare = true},
                 {"degree", true},
                 {"epoch", true},
                 {"sent", true},
                 {"received", true},
                 {"rss", true},
                 {"uptime", true},
                 {.name = "faults", .rare = true}});
    const Agreement list = session.network().view().agreement();
    for (const NodeId id : ids) add_list_row(table, session, id, list);
    session.console().result(table);
    return std::nullopt;
}

Result trace_message(Session& session, const RumorView& rumor) {
    const ClusterView& view = session.network().view();
    if (session.console().format() == TableFormat::table) {
        session.console().result(render_message_tree(rumor, view, session.console().colored()));
    } else {
        session.console().result(message_table(rumor, view));
    }
    return std::nullopt;
}

// For people the steps of its removal follow, in groups; for programs each event names its step.
void show_life(Session& session, NodeId id) {
    const ClusterView& view = session.network().view();
    session.console().result(life_table(id, view));
    const std::string headline = removal_headline(id, view);
    if (session.console().format() != TableFormat::table || headline.empty()) return;
    session.console().result("\n" + paint(headline, Style::bold, session.console().colored()) + "\n");
    session.console().result(removal_table(id, view));
}

// A bare port or ip:port is a node; everything else names a message.
Result trace_anything(Session& session, const std::string& name) {
    const ClusterView& view = session.network().view();
    auto selector = parse_selector(name);
    if (auto* parsed = std::get_if<Selector>(&selector)) {
        auto selected = session.select(*parsed, Among::known);
        if (auto* ids = std::get_if<Ids>(&selected)) {
            if (ids->size() != 1) return Failure{ErrorKind::command, "one node at a time"};
            show_life(session, ids->front());
            return std::nullopt;
        }
        return std::get<Failure>(std::move(selected));
    }
    if (const RumorView* rumor = view.find_rumor(name)) return trace_message(session, *rumor);
    if (name == "last") return Failure{ErrorKind::command, "nothing was said yet; say 7000 hello comes first"};
    return Failure{ErrorKind::command, "no such message or node: " + name};
}

struct LogRequest {
    Selector selector;
    LogQuery query;
    bool follow{false};
    std::optional<Duration> length;  // of following; none: until Ctrl-C
};

std::variant<LogRequest, std::string> parse_logs(const Command& command) {
    LogRequest request;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
        const std::string& word = command.words[i].text;
        if (word == "-f" || word == "--follow") {
            request.follow = true;
            continue;
        }
        const bool option = word.starts_with('-') && !command.words[i].quoted;
        const std::string value = i + 1 < command.words.size() ? command.words[i + 1].text : "";
        if (option && value.empty()) return word + " needs a value";
        if (option) ++i;
        if (word == "-n") {
            const auto lines = parse_count(value);
            if (!lines || *lines > 1'000'000) return "\"" + value + "\" is not a number of lines";
            request.query.lines = *lines;
        } else if (word == "--grep") {
            request.query.grep = value;
        } else if (word == "--for") {
            request.length = parse_duration(value);
            if (!request.length) return "\"" + value + "\" is not a time";
        } else if (word == "--level") {
            const auto level = parse_level(value);
            if (!level) return "\"" + value + "\" is not debug, info, warning or error";
            request.query.minimum = *level;
        } else if (option || !request.selector.terms.empty()) {
            return "\"" + word + "\" is not understood";
        } else {
            auto parsed = parse_selector(word);
            if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
            request.selector = std::get<Selector>(std::move(parsed));
        }
    }
    if (request.selector.terms.empty()) return "a node is missing";
    return request;
}

Style log_style(const std::string& line) {
    switch (line_level(line).value_or(1)) {
        case 0:
            return Style::dim;
        case 2:
            return Style::yellow;
        case 3:
            return Style::red;
        default:
            return Style::plain;
    }
}

std::string shown_line(const LogLine& line, const Console& console) {
    if (console.format() != TableFormat::json) {
        return paint(line.text, log_style(line.text), console.colored()) + "\n";
    }
    const LogParts parts = log_parts(line.text);
    return "{\"node\":" + json_string(line.node) + ",\"time\":" + json_string(parts.time) +
           ",\"level\":" + json_string(parts.level) + ",\"text\":" + json_string(parts.text) + "}\n";
}

Result show_logs(Session& session, const LogRequest& request) {
    auto selected = session.select(request.selector, Among::known);
    if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
    const WaitEnd end = session.network().refresh_logs(std::get<Ids>(selected));
    if (auto failure = Session::from_wait(end, session.loop())) return failure;
    std::vector<std::pair<std::string, std::string>> files;
    for (const NodeId id : std::get<Ids>(selected)) files.emplace_back(short_name(id), session.network().log_path(id));
    const auto show = [&session](const std::vector<LogLine>& lines) {
        std::string text;
        for (const LogLine& line : lines) text += shown_line(line, session.console());
        if (!text.empty()) session.console().result(text);
    };
    LogFollower follower(files);
    show(last_lines(files, request.query));
    if (!request.follow) return std::nullopt;
    constexpr Duration glance = std::chrono::milliseconds(200);
    const Time begin = session.network().now();
    while (!request.length || session.network().now() - begin < *request.length) {
        bool timed_out = false;
        if (auto failure = session.wait([] { return false; }, glance, timed_out)) return failure;
        if (!timed_out) break;  // the network is ending
        show(follower.fresh(request.query));
    }
    return std::nullopt;
}

// Prints each event of these nodes or about them as it arrives.
Result follow_nodes(Session& session, const Selector& selector, const std::optional<Duration>& length) {
    auto selected = session.select(selector, Among::known);
    if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
    const Ids& ids = std::get<Ids>(selected);
    const std::set<NodeId> nodes(ids.begin(), ids.end());
    std::string text;
    session.set_follower([&](const NodeEvent& event) {
        const Notice& n = event.notice;
        const bool noise = n.kind == NoticeKind::duplicate || n.kind == NoticeKind::forwarded;
        if (noise || (!nodes.contains(event.node) && !nodes.contains(n.subject))) return;
        text += clock_text(event.wall) + "  " +
                paint(short_name(event.node), Style::bold, session.console().colored()) + "  " + step_text(n) + "\n";
    });
    const Time begin = session.network().now();
    Result result;
    for (bool timed_out = false; !result && !timed_out && session.open();) {
        const auto left = length ? std::optional(begin + *length - session.network().now()) : std::nullopt;
        if (left && *left <= Duration::zero()) break;
        result = session.wait([&] { return !text.empty() || !session.open(); }, left, timed_out);
        session.console().result(std::exchange(text, {}));
    }
    session.set_follower({});
    return result;
}

Ids nodes_of(const ClusterView& view, Role role) {
    Ids ids;
    for (const auto& [id, node] : view.nodes()) {
        if (node.role == role && node.state != NodeState::elsewhere) ids.push_back(id);
    }
    return ids;
}

Result show_seeds(Session& session) {
    const Ids ids = nodes_of(session.network().view(), Role::seed);
    if (auto failure = Session::from_wait(session.network().refresh(ids), session.loop())) return failure;
    Table table({{"seed"},
                 {"state"},
                 {"epoch", true},
                 {"digest"},
                 {"members", true},
                 {"pending", true},
                 {"voting"},
                 {"quorum"}});
    for (const NodeId id : ids) {
        const NodeView& view = *session.network().view().find(id);
        const ManagedNode* node = session.network().find(id);
        const bool known = is_running(view.state) && node->status.seed.has_value();
        const SeedStatus status = known ? *node->status.seed : SeedStatus{};
        const auto yes = [&](bool value) {
            return Cell{!known ? "" : value ? "yes" : "no", "", value ? Style::plain : Style::red};
        };
        table.add({node_cell(id),
                   state_cell(view, true),
                   {known ? std::to_string(view.epoch) : ""},
                   {known ? hex(view.digest) : ""},
                   {known ? std::to_string(view.members.size()) : ""},
                   {known ? std::to_string(status.pending) : ""},
                   yes(status.voting),
                   yes(status.quorum)});
    }
    session.console().result(table);
    return std::nullopt;
}

// Every peer that some live seed lists, with who lists it.
Result show_members(Session& session) {
    const Ids seeds = nodes_of(session.network().view(), Role::seed);
    if (auto failure = Session::from_wait(session.network().refresh(seeds), session.loop())) return failure;
    const ClusterView& view = session.network().view();
    std::map<NodeId, Ids> listed;
    std::map<NodeId, Member> facts;
    std::size_t live = 0;
    for (const NodeId seed : seeds) {
        if (view.find(seed)->state != NodeState::alive) continue;
        ++live;
        for (const NodeId id : view.find(seed)->members) listed[id].push_back(seed);
        for (const Member& member : session.network().find(seed)->status.members) facts[member.id] = member;
    }
    Table table({{"peer"}, {"state"}, {"incarnation", true}, {"since_epoch", true}, {"listed_by"}});
    for (const auto& [id, by] : listed) {
        const Member fact = facts[id];
        std::string names;
        for (const NodeId seed : by) names += (names.empty() ? "" : ",") + node_name(seed);
        const std::string all = by.size() == live ? "all " + std::to_string(live) + " live seeds" : short_names(by);
        table.add({node_cell(id),
                   state_cell(*view.find(id), true),
                   {std::to_string(static_cast<std::uint64_t>(fact.incarnation))},
                   {std::to_string(fact.since)},
                   {names, all, by.size() == live ? Style::plain : Style::yellow}});
    }
    session.console().result(table);
    return std::nullopt;
}

// True when another proposal of the same change was decided, which makes this one needless.
bool is_superseded(const ProposalView& proposal, const ClusterView& view) {
    return std::any_of(view.proposals().begin(), view.proposals().end(), [&](const ProposalView& other) {
        if (other.subject != proposal.subject || other.add != proposal.add) return false;
        if (other.outcome != ProposalOutcome::approved) return false;
        if (proposal.outcome != ProposalOutcome::approved) return other.decided_ns >= proposal.mono_ns;
        const auto rank = [](const ProposalView& p) { return std::pair(p.count(true), p.id); };
        return other.epoch == proposal.epoch && rank(other) > rank(proposal);
    });
}

Cell outcome_cell(const ProposalView& proposal, const ClusterView& view) {
    if (proposal.outcome != ProposalOutcome::rejected && is_superseded(proposal, view)) {
        return {"superseded", "", Style::dim};
    }
    switch (proposal.outcome) {
        case ProposalOutcome::approved:
            return {"approved", "", Style::green};
        case ProposalOutcome::rejected:
            return {"rejected", "", Style::red};
        case ProposalOutcome::unknown:
            return {"unknown", "", Style::yellow};
        case ProposalOutcome::open:
            break;
    }
    return {"open", "", Style::yellow};
}

std::string votes_text(const ProposalView& proposal) {
    std::string text;
    for (const auto& [seed, vote] : proposal.votes) {
        text += (text.empty() ? "" : ", ") + short_name(seed) + (vote.yes ? " yes" : " no");
        if (!vote.reason.empty()) text += " (" + printable(vote.reason) + ")";
    }
    return text;
}

void add_vote_row(Table& table, const ProposalView& proposal, const ClusterView& view) {
    const bool decided = proposal.outcome == ProposalOutcome::approved || proposal.outcome == ProposalOutcome::rejected;
    char id[16];
    std::snprintf(id, sizeof id, "%08x", proposal.id);
    char ms[32];
    std::snprintf(ms, sizeof ms, "%.1f", static_cast<double>(proposal.decided_ns - proposal.mono_ns) / 1e6);
    table.add({{clock_text(proposal.wall)},
               {id},
               {proposal.add ? "add" : "remove"},
               node_cell(proposal.subject),
               proposal.proposer == NodeId::none ? Cell{} : node_cell(proposal.proposer),
               {votes_text(proposal)},
               {std::to_string(proposal.need)},
               outcome_cell(proposal, view),
               {decided ? std::to_string(proposal.epoch) : ""},
               {decided ? ms : ""}});
}

Result show_votes(Session& session, const std::optional<Selector>& selector) {
    Ids ids;
    if (selector) {
        auto selected = session.select(*selector, Among::known);
        if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
        ids = std::get<Ids>(std::move(selected));
    }
    Table table({{"time"},
                 {"proposal"},
                 {"kind"},
                 {"peer"},
                 {"proposer"},
                 {"votes"},
                 {"need", true},
                 {"outcome"},
                 {"epoch", true},
                 {"ms", true}});
    const ClusterView& view = session.network().view();
    for (const ProposalView& proposal : view.proposals()) {
        const bool wanted = !selector || std::find(ids.begin(), ids.end(), proposal.subject) != ids.end();
        if (wanted) add_vote_row(table, proposal, view);
    }
    session.console().result(table);
    return std::nullopt;
}

}  // namespace

Compiled list(const Command& command) {
    if (command.words.size() > 2) return "one selector at the most; lists go with commas: 7001,7003";
    auto parsed = parse_selector(command.words.size() == 2 ? command.words[1].text : "all");
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return
        [selector = std::get<Selector>(std::move(parsed))](Session& session) { return show_list(session, selector); };
}

Compiled trace(const Command& command) {
    const auto word = [&](std::size_t i) { return i < command.words.size() ? command.words[i].text : std::string(); };
    if (word(1) == "--follow" || word(1) == "-f") {
        const bool timed = command.words.size() == 5 && word(3) == "--for";
        if (command.words.size() != 3 && !timed) return "nodes to follow are needed";
        auto parsed = parse_selector(word(2));
        if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
        const auto length = timed ? parse_duration(word(4)) : std::nullopt;
        if (timed && !length) return "\"" + word(4) + "\" is not a time";
        return [selector = std::get<Selector>(std::move(parsed)), length](Session& session) {
            return follow_nodes(session, selector, length);
        };
    }
    if (command.words.size() != 2) return "one message or node is needed";
    return [name = command.words[1].text](Session& session) { return trace_anything(session, name); };
}

Compiled logs(const Command& command) {
    auto parsed = parse_logs(command);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return
        [request = std::get<LogRequest>(std::move(parsed))](Session& session) { return show_logs(session, request); };
}

Compiled seeds(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return show_seeds;
}

Compiled members(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return show_members;
}

Compiled votes(const Command& command) {
    if (command.words.size() > 2) return "one node at the most";
    if (command.words.size() == 1) return [](Session& session) { return show_votes(session, std::nullopt); };
    auto parsed = parse_selector(command.words[1].text);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return
        [selector = std::get<Selector>(std::move(parsed))](Session& session) { return show_votes(session, selector); };
}

}  // namespace gossip::commands
