// Verbs that disturb the links between nodes: partition, heal, link, delay, loss, faults, churn.

#include "manager/base/failure.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"
#include "node/transport/link_fault.hpp"
#include "node/transport/transport_counters.hpp"

#include <algorithm>
#include <cmath>

namespace gossip::commands {
namespace {

using Ids = std::vector<NodeId>;

constexpr Duration answer_timeout = std::chrono::seconds(5);

// ---------------------------------------------------------------- carrying out

std::variant<NodeSet, Failure> chosen(Session& session, const Selector& selector) {
    auto selected = session.select(selector, Among::running);
    if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
    const Ids& ids = std::get<Ids>(selected);
    return NodeSet(ids.begin(), ids.end());
}

// Returns when every node that can answer has the new faults; a paused one gets them when it resumes.
Result tell(Session& session, const NodeSet& touched) {
    std::map<std::uint64_t, NodeId> asked;
    for (const NodeId id : touched) {
        if (const auto seq = session.network().send_faults(id)) asked[*seq] = id;
    }
    const auto answered = [&] {
        return std::all_of(asked.begin(), asked.end(), [&](const auto& question) {
            return session.network().reply(question.first) != nullptr || session.network().ended(question.second) ||
                   session.network().view().find(question.second)->state == NodeState::paused;
        });
    };
    bool timed_out = false;
    if (auto failure = session.wait(answered, answer_timeout, timed_out)) return failure;
    if (!timed_out) return std::nullopt;
    Ids silent;
    for (const auto& [seq, id] : asked) {
        if (session.network().reply(seq) == nullptr) silent.push_back(id);
    }
    return Failure{ErrorKind::command, short_names(silent) + " did not confirm the faults in 5s"};
}

Result done(Session& session, const Command& command, const NodeSet& touched) {
    session.network().note_fault(command.source, touched);
    return tell(session, touched);
}

NodeSet all_but(const Session& session, const std::vector<NodeSet>& groups) {
    NodeSet rest;
    for (const auto& [id, node] : session.network().view().nodes()) {
        const bool taken =
            std::any_of(groups.begin(), groups.end(), [&](const NodeSet& group) { return group.contains(id); });
        if (is_running(node.state) && !taken) rest.insert(id);
    }
    return rest;
}

std::optional<Failure> check_disjoint(const std::vector<NodeSet>& groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (std::size_t j = i + 1; j < groups.size(); ++j) {
            for (const NodeId id : groups[i]) {
                if (groups[j].contains(id)) {
                    return Failure{ErrorKind::command, short_name(id) + " is on two sides of the partition"};
                }
            }
        }
    }
    return std::nullopt;
}

Result cut_apart(Session& session, const Command& command, const std::vector<Selector>& sides) {
    std::vector<NodeSet> groups;
    for (const Selector& side : sides) {
        auto nodes = chosen(session, side);
        if (auto* failure = std::get_if<Failure>(&nodes)) return std::move(*failure);
        groups.push_back(std::get<NodeSet>(std::move(nodes)));
    }
    if (groups.size() == 1) groups.push_back(all_but(session, groups));
    if (groups.back().empty()) return Failure{ErrorKind::command, "no node is left on the other side"};
    if (auto failure = check_disjoint(groups)) return failure;
    NodeSet touched;
    FaultChange cut;
    cut.cut = true;
    for (const NodeSet& from : groups) {
        for (const NodeSet& to : groups) {
            if (&from != &to) session.network().faults().change(from, to, cut, touched);
        }
    }
    return done(session, command, touched);
}

struct LinkRequest {
    Selector from;
    std::optional<Selector> to;  // none: all other nodes
    bool one_way{false};
    FaultChange change;
};

Result change_links(Session& session, const Command& command, const LinkRequest& request) {
    auto from = chosen(session, request.from);
    if (auto* failure = std::get_if<Failure>(&from)) return std::move(*failure);
    NodeSet others = all_but(session, {});
    if (request.to) {
        auto to = chosen(session, *request.to);
        if (auto* failure = std::get_if<Failure>(&to)) return std::move(*failure);
        others = std::get<NodeSet>(std::move(to));
    }
    const NodeSet& nodes = std::get<NodeSet>(from);
    NodeSet touched;
    session.network().faults().change(nodes, others, request.change, touched);
    if (!request.one_way) session.network().faults().change(others, nodes, request.change, touched);
    return done(session, command, touched);
}

Result heal_links(Session& session, const Command& command, const std::optional<Selector>& selector) {
    NodeSet nodes;
    if (selector) {
        auto selected = session.select(*selector, Among::known);
        if (auto* failure = std::get_if<Failure>(&selected)) return std::move(*failure);
        const Ids& ids = std::get<Ids>(selected);
        nodes.insert(ids.begin(), ids.end());
    }
    NodeSet touched;
    session.network().faults().heal(nodes, touched);
    return done(session, command, touched);
}

std::string full_names(const Ids& ids) {
    std::string text;
    for (const NodeId id : ids) text += (text.empty() ? "" : ",") + node_name(id);
    return text;
}

// A row for each sender and kind of fault. The messages it dropped and held are shown once, in its first row.
Result show_faults(Session& session) {
    std::map<NodeId, std::vector<FaultRule>> rules;
    for (const auto& [link, fault] : session.network().faults().links()) {
        auto& mine = rules[link.first];
        const auto same =
            std::find_if(mine.begin(), mine.end(), [&](const FaultRule& rule) { return rule.fault == fault; });
        if (same == mine.end())
            mine.push_back({{link.second}, fault});
        else
            same->nodes.push_back(link.second);
    }
    Ids senders;
    for (const auto& [id, mine] : rules) senders.push_back(id);
    if (auto failure = Session::from_wait(session.network().refresh(senders), session.loop())) return failure;
    Table table({{"from"}, {"fault"}, {"links", true}, {"to"}, {"lost", true}, {"held", true}});
    for (const auto& [from, mine] : rules) {
        const ManagedNode* node = session.network().find(from);
        const TransportCounters counters = node == nullptr ? TransportCounters{} : node->status.transport;
        for (const FaultRule& rule : mine) {
            const bool first = &rule == &mine.front();
            table.add({{node_name(from), short_name(from)},
                       {fault_text(rule.fault), "", rule.fault.cut ? Style::red : Style::yellow},
                       {std::to_string(rule.nodes.size())},
                       {full_names(rule.nodes), short_names(rule.nodes)},
                       {first ? std::to_string(counters.fault_lost) : ""},
                       {first ? std::to_string(counters.fault_held) : ""}});
        }
    }
    session.console().result(table);
    return std::nullopt;
}

// ---------------------------------------------------------------- understanding

std::optional<std::uint32_t> parse_percent(const std::string& text) {
    if (!text.ends_with('%')) return std::nullopt;
    const auto number = parse_number(std::string_view(text).substr(0, text.size() - 1));
    if (!number || *number < 0 || *number > 100) return std::nullopt;
    return static_cast<std::uint32_t>(std::lround(*number * 10'000));
}

// 64KB/s, 1MB/s, 500B/s
std::optional<std::uint64_t> parse_rate(std::string_view text) {
    if (!text.ends_with("B/s")) return std::nullopt;
    text.remove_suffix(3);
    double factor = 1;
    if (text.ends_with('K') || text.ends_with('k')) factor = 1e3;
    if (text.ends_with('M')) factor = 1e6;
    if (factor > 1) text.remove_suffix(1);
    const auto number = parse_number(text);
    if (!number || *number * factor < 1 || *number * factor > 1e12) return std::nullopt;
    return static_cast<std::uint64_t>(*number * factor);
}

constexpr Duration longest_delay = std::chrono::minutes(1);

template <class T>
std::string store(std::optional<T>& out, std::optional<T> value, const std::string& text, const char* form) {
    if (!value) return "\"" + text + "\" is not " + form;
    out = value;
    return {};
}

std::string store_time(std::optional<Duration>& out, const std::string& text) {
    auto time = parse_duration(text);
    if (time && *time > longest_delay) time.reset();
    return store(out, time, text, "a time of at most 1m, as in 50ms");
}

// One "delay 50ms" of a link command; the error is what is wrong with it.
std::string parse_fault(const std::string& name, const std::string& value, FaultChange& change) {
    constexpr const char* share = "a share, as in 10%";
    if (name == "delay") return store_time(change.delay, value);
    if (name == "jitter") return store_time(change.jitter, value);
    if (name == "loss") return store(change.loss, parse_percent(value), value, share);
    if (name == "dup") return store(change.duplicate, parse_percent(value), value, share);
    if (name == "reorder") return store(change.reorder, parse_percent(value), value, share);
    if (name == "rate") return store(change.bytes_per_second, parse_rate(value), value, "a rate, as in 64KB/s");
    const std::string near = closest(name, {"delay", "jitter", "loss", "dup", "reorder", "rate", "cut", "clear"});
    return "\"" + name + "\" is no fault" +
           (near.empty() ? "; there are delay, jitter, loss, dup, reorder, rate, cut, clear"
                         : "; did you mean " + near + "?");
}

std::string parse_changes(const Command& command, std::size_t at, FaultChange& change) {
    if (at == command.words.size()) return "a fault is missing, as in: link 7001 7002 delay 50ms loss 10%";
    while (at < command.words.size()) {
        const std::string& name = command.words[at++].text;
        if (name == "cut") {
            change.cut = true;
        } else if (name == "clear") {
            change.clear = true;
        } else {
            const bool more = at < command.words.size();
            std::string problem = parse_fault(name, more ? command.words[at].text : "", change);
            if (!problem.empty()) return more ? problem : name + " needs a value";
            ++at;
        }
    }
    return {};
}

std::variant<LinkRequest, std::string> parse_link(const Command& command) {
    LinkRequest request;
    std::size_t at = 1;
    if (command.words.size() < 3) return "two nodes are needed, as in: link 7001 7002 delay 50ms";
    auto from = parse_selector(command.words[at++].text);
    if (auto* problem = std::get_if<std::string>(&from)) return std::move(*problem);
    request.from = std::get<Selector>(std::move(from));
    request.one_way = command.words[at].text == "->";
    if (request.one_way) ++at;
    if (at == command.words.size()) return "a node is missing after ->";
    auto to = parse_selector(command.words[at++].text);
    if (auto* problem = std::get_if<std::string>(&to)) return std::move(*problem);
    request.to = std::get<Selector>(std::move(to));
    if (std::string problem = parse_changes(command, at, request.change); !problem.empty()) return problem;
    return request;
}

Compiled link_action(const Command& command, LinkRequest request) {
    return
        [command, request = std::move(request)](Session& session) { return change_links(session, command, request); };
}

// delay SEL 50ms [10ms], loss SEL 10%: all links from and to these nodes.
Compiled all_links_of(const Command& command, const char* fault, const char* second) {
    const std::size_t most = second == nullptr ? 3 : 4;
    if (command.words.size() < 3 || command.words.size() > most) return "a node and a value are needed";
    auto from = parse_selector(command.words[1].text);
    if (auto* problem = std::get_if<std::string>(&from)) return std::move(*problem);
    LinkRequest request;
    request.from = std::get<Selector>(std::move(from));
    std::string problem = parse_fault(fault, command.words[2].text, request.change);
    if (problem.empty() && command.words.size() == 4) {
        problem = parse_fault(second, command.words[3].text, request.change);
    }
    if (!problem.empty()) return problem;
    return link_action(command, std::move(request));
}

// Per minute: "2/min", "0.5/s", "30/h".
std::optional<double> parse_churn_rate(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto number = slash == std::string_view::npos ? std::nullopt : parse_number(text.substr(0, slash));
    if (!number || *number <= 0 || *number > 100'000) return std::nullopt;
    const std::string_view unit = text.substr(slash + 1);
    if (unit == "s") return *number * 60;
    if (unit == "min" || unit == "m") return *number;
    if (unit == "h") return *number / 60;
    return std::nullopt;
}

}  // namespace

Compiled partition(const Command& command) {
    std::vector<Selector> sides;
    bool side_expected = true;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
        const std::string& word = command.words[i].text;
        if ((word == "|") == side_expected) return "sides are separated by |, as in: partition 7000-7002 | 7003,7004";
        side_expected = !side_expected;
        if (word == "|") continue;
        auto side = parse_selector(word);
        if (auto* problem = std::get_if<std::string>(&side)) return std::move(*problem);
        sides.push_back(std::get<Selector>(std::move(side)));
    }
    if (side_expected) return "a side is missing, as in: partition 7000-7002 | 7003,7004";
    return [command, sides](Session& session) { return cut_apart(session, command, sides); };
}

Compiled heal(const Command& command) {
    if (command.words.size() > 2) return "one selector at the most; lists go with commas: 7001,7003";
    std::optional<Selector> selector;
    if (command.words.size() == 2) {
        auto parsed = parse_selector(command.words[1].text);
        if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
        selector = std::get<Selector>(std::move(parsed));
    }
    return [command, selector](Session& session) { return heal_links(session, command, selector); };
}

Compiled link(const Command& command) {
    auto parsed = parse_link(command);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return link_action(command, std::get<LinkRequest>(std::move(parsed)));
}

Compiled delay(const Command& command) { return all_links_of(command, "delay", "jitter"); }
Compiled loss(const Command& command) { return all_links_of(command, "loss", nullptr); }

Compiled faults(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return show_faults;
}

Compiled churn(const Command& command) {
    const std::string first = command.words.size() > 1 ? command.words[1].text : "";
    if (command.words.size() == 2 && first == "off") {
        return [](Session& session) -> Result { return session.churn().stop(), std::nullopt; };
    }
    const auto rate = parse_churn_rate(first);
    if (!rate || command.words.size() > 3) return "a rate is needed, as in: churn 2/min 5m, or: churn off";
    std::optional<Duration> length;
    if (command.words.size() == 3) {
        length = parse_duration(command.words[2].text);
        if (!length) return "\"" + command.words[2].text + "\" is not a time, as in 5m";
    }
    return [rate = *rate, length](Session& session) -> Result {
        session.churn().start(rate, length);
        return std::nullopt;
    };
}

}  // namespace gossip::commands
