#include "manager/condition.hpp"

#include "manager/parser.hpp"
#include "manager/trace_view.hpp"
#include "protocol/quorum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

// ---------------------------------------------------------------- parsing

enum class LexemeKind : std::uint8_t { word, text, symbol };

struct Lexeme {
    LexemeKind kind{};
    std::string text;
};
using Lexemes = std::vector<Lexeme>;

bool is_symbol(char c) { return std::string_view("()=!<>~").find(c) != std::string_view::npos; }

std::size_t symbol_length(std::string_view rest) {
    return rest.size() > 1 && rest[1] == '=' && std::string_view("=!<>").find(rest[0]) != std::string_view::npos ? 2
                                                                                                                 : 1;
}

std::variant<Lexemes, std::string> cut(std::string_view text) {
    Lexemes out;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == ' ' || c == '\t') {
            ++at;
        } else if (c == '"' || c == '\'') {
            const std::size_t end = text.find(c, at + 1);
            if (end == std::string_view::npos) return std::string("the quote ") + c + " is not closed";
            out.push_back({LexemeKind::text, std::string(text.substr(at + 1, end - at - 1))});
            at = end + 1;
        } else if (is_symbol(c)) {
            const std::size_t length = symbol_length(text.substr(at));
            out.push_back({LexemeKind::symbol, std::string(text.substr(at, length))});
            at += length;
        } else {
            const std::size_t begin = at;
            while (at < text.size() && text[at] != ' ' && text[at] != '\t' && !is_symbol(text[at])) ++at;
            out.push_back({LexemeKind::word, std::string(text.substr(begin, at - begin))});
        }
    }
    return out;
}

// What follows a term's name.
enum class Shape : std::uint8_t { truth, number, nodes, message, votes, log };

struct TermSpec {
    std::string_view name;
    Term term;
    Shape shape;
    std::string_view example;
};

constexpr std::array specs{
    TermSpec{"registered", Term::registered, Shape::number, "registered == 10"},
    TermSpec{"members", Term::registered, Shape::number, "members == 10"},
    TermSpec{"removed", Term::removed, Shape::nodes, "removed 7004"},
    TermSpec{"agree", Term::agree, Shape::truth, "agree"},
    TermSpec{"connected", Term::connected, Shape::truth, "connected"},
    TermSpec{"reached", Term::reached, Shape::message, "reached last == all"},
    TermSpec{"coverage", Term::coverage, Shape::message, "coverage(last) >= 0.99"},
    TermSpec{"degree.max", Term::degree_max, Shape::number, "degree.max >= 5"},
    TermSpec{"degree.min", Term::degree_min, Shape::number, "degree.min >= 2"},
    TermSpec{"degree.mean", Term::degree_mean, Shape::number, "degree.mean >= 3"},
    TermSpec{"alive", Term::alive, Shape::nodes, "alive(7003)"},
    TermSpec{"votes", Term::votes_yes, Shape::votes, "votes(remove 7004).yes >= quorum"},
    TermSpec{"log", Term::log, Shape::log, "log 7003 ~ \"DEAD NODE REPORT\""},
    TermSpec{"suspects", Term::suspects, Shape::number, "suspects == 0"},
};

class ConditionParser {
public:
    explicit ConditionParser(Lexemes lexemes) : lexemes_(std::move(lexemes)) {}

    bool run(Condition& out) {
        if (take("not") || take("!")) out.negated = true;
        const std::string name = word();
        if (name.empty()) return fail("a condition is missing, as in: wait registered == 5");
        const auto spec = std::find_if(specs.begin(), specs.end(), [&](const TermSpec& s) { return s.name == name; });
        if (spec == specs.end()) return unknown(name);
        spec_ = &*spec;
        out.term = spec->term;
        return shape(out) && at_end();
    }

    [[nodiscard]] const std::string& error() const { return error_; }

private:
    bool fail(std::string text) {
        error_ = std::move(text);
        return false;
    }
    bool misuse(const std::string& text) { return fail(text + ", as in: " + std::string(spec_->example)); }

    bool unknown(const std::string& name) {
        std::vector<std::string> names;
        for (const TermSpec& spec : specs) names.emplace_back(spec.name);
        const std::string near = closest(name, names);
        return fail("unknown condition \"" + name + "\"" +
                    (near.empty() ? "; see: help wait" : "; did you mean " + near + "?"));
    }

    [[nodiscard]] bool more() const { return at_ < lexemes_.size(); }
    bool take(std::string_view text) {
        if (!more() || lexemes_[at_].kind == LexemeKind::text || lexemes_[at_].text != text) return false;
        ++at_;
        return true;
    }
    std::string word() {
        if (!more() || lexemes_[at_].kind != LexemeKind::word) return {};
        return lexemes_[at_++].text;
    }
    bool at_end() { return !more() || misuse("\"" + lexemes_[at_].text + "\" is too much"); }

    bool shape(Condition& out) {
        switch (spec_->shape) {
            case Shape::truth:
                return true;
            case Shape::nodes:
                return nodes(out);
            case Shape::message:
                return message(out) && comparison(out);
            case Shape::votes:
                return votes(out) && comparison(out);
            case Shape::log:
                return log(out);
            case Shape::number:
                break;
        }
        return comparison(out);
    }

    // SEL, with or without parentheses.
    bool nodes(Condition& out) {
        const bool open = take("(");
        const std::string name = word();
        if (name.empty()) return misuse("a node is missing");
        if (open && !take(")")) return misuse(") is missing");
        return selector(name, out);
    }

    bool selector(const std::string& name, Condition& out) {
        auto parsed = parse_selector(name);
        if (const auto* problem = std::get_if<std::string>(&parsed)) return fail(*problem);
        out.nodes = std::move(std::get<Selector>(parsed));
        return true;
    }

    bool message(Condition& out) {
        const bool open = take("(");
        out.message = word();
        if (out.message.empty()) return misuse("a message is missing");
        return !open || take(")") || misuse(") is missing");
    }

    bool votes(Condition& out) {
        if (!take("(")) return misuse("( is missing");
        if (take("add")) {
            out.add = true;
        } else if (!take("remove")) {
            return misuse("add or remove is missing");
        }
        const std::string name = word();
        if (name.empty()) return misuse("a node is missing");
        if (!take(")")) return misuse(") is missing");
        if (take(".no")) {
            out.term = Term::votes_no;
        } else if (!take(".yes")) {
            return misuse(".yes or .no is missing");
        }
        return selector(name, out);
    }

    bool log(Condition& out) {
        const std::string name = word();
        if (name.empty()) return misuse("a node is missing");
        if (!take("~")) return misuse("~ is missing");
        if (!more()) return misuse("the text is missing");
        out.text = lexemes_[at_++].text;
        return selector(name, out);
    }

    bool comparison(Condition& out) {
        constexpr std::array<std::string_view, 6> symbols{"==", "!=", "<", "<=", ">", ">="};
        out.comparison = Comparison::equal;
        bool found = false;
        for (std::size_t i = 0; i < symbols.size() && !found; ++i) {
            found = take(symbols[i]);
            if (found) out.comparison = static_cast<Comparison>(i);
        }
        if (!found && spec_->term != Term::registered) return misuse("one of == != < <= > >= is missing");
        return bound(out);
    }

    bool bound(Condition& out) {
        Bound& bound = out.bound;
        bound.source = word();
        if (bound.source.empty()) return misuse("the value is missing");
        if (bound.source == "all") return bound.kind = Bound::Kind::all, true;
        if (bound.source == "quorum") return bound.kind = Bound::Kind::quorum, true;
        if (bound.source == "seeds") return bound.kind = Bound::Kind::seeds, true;
        const bool percent = bound.source.ends_with('%');
        const auto number = parse_number(percent ? bound.source.substr(0, bound.source.size() - 1) : bound.source);
        if (!number) return misuse("\"" + bound.source + "\" is not a number");
        bound.number = percent ? *number / 100 : *number;
        return true;
    }

    Lexemes lexemes_;
    std::size_t at_{0};
    const TermSpec* spec_{nullptr};
    std::string error_;
};

// ---------------------------------------------------------------- evaluation

using Ids = std::vector<NodeId>;
using Result = std::variant<Outcome, std::string>;

std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, std::abs(value - std::round(value)) < 1e-9 ? "%.0f" : "%.3f", value);
    return text;
}

bool compare(double left, Comparison comparison, double right) {
    const bool equal = std::abs(left - right) < 1e-9;
    switch (comparison) {
        case Comparison::equal:
            return equal;
        case Comparison::not_equal:
            return !equal;
        case Comparison::less:
            return left < right && !equal;
        case Comparison::less_equal:
            return left < right || equal;
        case Comparison::greater:
            return left > right && !equal;
        case Comparison::greater_equal:
            break;
    }
    return left > right || equal;
}

std::string_view symbol(Comparison comparison) {
    constexpr std::string_view symbols[] = {"==", "!=", "<", "<=", ">", ">="};
    return symbols[static_cast<std::size_t>(comparison)];
}

class Evaluator {
public:
    Evaluator(const Condition& condition, const ClusterView& view, const LogSearch& log_search, Detail detail)
        : condition_(condition), view_(view), log_search_(log_search), explain_(detail == Detail::explained) {}

    Result run() {
        Result result = term();
        auto* outcome = std::get_if<Outcome>(&result);
        if (outcome == nullptr || !condition_.negated) return result;
        outcome->holds = !outcome->holds;
        outcome->right = "not " + outcome->right;
        return result;
    }

private:
    Result term() {
        switch (condition_.term) {
            case Term::registered:
                return registered();
            case Term::removed:
                return on_nodes([this](const Ids& ids) { return removed(ids); });
            case Term::agree:
                return agree();
            case Term::connected:
                return connected();
            case Term::reached:
            case Term::coverage:
                return reached();
            case Term::degree_max:
            case Term::degree_min:
            case Term::degree_mean:
                return degree();
            case Term::alive:
                return on_nodes([this](const Ids& ids) { return alive(ids); });
            case Term::log:
                return on_nodes([this](const Ids& ids) { return log(ids); });
            case Term::votes_yes:
            case Term::votes_no:
                return on_nodes([this](const Ids& ids) { return votes(ids); });
            case Term::suspects:
                break;
        }
        return suspects();
    }

    template <class Judge>
    Result on_nodes(Judge judge) {
        Rng rng{1};
        auto selected = select(condition_.nodes, view_, Among::known, rng);
        if (auto* problem = std::get_if<std::string>(&selected)) return std::move(*problem);
        return judge(std::get<Ids>(selected));
    }

    // `all` and `seeds` depend on what is counted.
    [[nodiscard]] double bound(double all) const {
        switch (condition_.bound.kind) {
            case Bound::Kind::all:
                return all;
            case Bound::Kind::quorum:
                return static_cast<double>(majority(view_.seed_count()));
            case Bound::Kind::seeds:
                return static_cast<double>(view_.seed_count());
            case Bound::Kind::number:
                break;
        }
        return condition_.bound.number;
    }

    Outcome compared(double left, double all, std::string differ) const {
        const double right = bound(all);
        Outcome outcome;
        outcome.holds = compare(left, condition_.comparison, right);
        outcome.left = number_text(left);
        outcome.right = std::string(symbol(condition_.comparison)) + " " + condition_.bound.source;
        if (condition_.bound.kind != Bound::Kind::number) outcome.right += " (" + number_text(right) + ")";
        outcome.differ = std::move(differ);
        return outcome;
    }

    Result registered() const {
        const Agreement list = view_.agreement();
        std::size_t running = 0;
        std::string missing;
        for (const auto& [id, node] : view_.nodes()) {
            if (node.role != Role::peer || !is_running(node.state)) continue;
            ++running;
            if (explain_ && !list.members().contains(id))
                missing += (missing.empty() ? "missing " : ", ") + why_missing(node);
        }
        Outcome outcome = compared(static_cast<double>(list.members().size()), static_cast<double>(running), missing);
        if (list.quorum()) return outcome;
        outcome.holds = false;
        outcome.differ = std::to_string(list.supporters) + " of " + std::to_string(view_.seed_count()) +
                         " seeds hold that list, " + std::to_string(list.need) + " needed" +
                         (missing.empty() ? "" : "; " + missing);
        return outcome;
    }

    // The newest thing that anybody said about it.
    std::string last_step(NodeId id) const {
        const auto* life = view_.life(id);
        if (life == nullptr || life->empty()) return "nothing is known of " + short_name(id);
        return short_name(life->back().node) + ": " + step_text(life->back().notice);
    }

    // The last step of its registration, as its log has it.
    std::string why_missing(const NodeView& node) const {
        std::string text = short_name(node.id);
        if (node.state != NodeState::alive) return text + " (" + std::string(state_name(node.state)) + ")";
        const auto* life = view_.life(node.id);
        if (life == nullptr || life->empty()) return text;
        return text + " (" + step_text(life->back().notice) + ")";
    }

    Outcome removed(const Ids& ids) const {
        Ids listed;
        std::string still;
        Ids never;
        for (const NodeId id : ids) {
            if (!view_.was_listed(id)) never.push_back(id);
        }
        std::size_t seeds = 0;
        for (const auto& [seed_id, seed] : view_.nodes()) {
            if (seed.role != Role::seed || seed.state != NodeState::alive || !seed.list_known) continue;
            ++seeds;
            Ids held;
            std::copy_if(ids.begin(), ids.end(), std::back_inserter(held),
                         [&](NodeId id) { return seed.members.contains(id); });
            if (held.empty()) continue;
            still += (still.empty() ? "" : "; ") + short_name(seed_id) + " still lists " + short_names(held);
            listed.insert(listed.end(), held.begin(), held.end());
        }
        if (explain_ && !listed.empty()) still += "; last: " + last_step(listed.front());
        if (still.empty() && !never.empty()) still = short_names(never) + " was never registered";
        if (still.empty() && seeds < majority(view_.seed_count())) still = "no quorum of seeds is alive";
        return {still.empty(), still.empty() ? "removed" : listed.empty() ? "not removed" : "listed", "removed", still};
    }

    Outcome agree() const {
        std::map<std::pair<Epoch, Digest>, Ids> lists;
        Ids silent;
        for (const auto& [id, seed] : view_.nodes()) {
            if (seed.role != Role::seed || seed.state != NodeState::alive) continue;
            if (seed.list_known)
                lists[{seed.epoch, seed.digest}].push_back(id);
            else
                silent.push_back(id);
        }
        std::string differ;
        for (const auto& [list, ids] : lists) {
            differ += (differ.empty() ? "" : "; ") + short_names(ids) + " at epoch " + std::to_string(list.first) +
                      " digest " + hex(list.second);
        }
        if (!silent.empty()) differ += (differ.empty() ? "" : "; ") + short_names(silent) + " not heard of yet";
        const bool holds = lists.size() == 1 && silent.empty();
        return {holds, std::to_string(lists.size()) + (lists.size() == 1 ? " list" : " lists"),
                "one list at all live seeds", lists.empty() && silent.empty() ? "no seed is alive" : differ};
    }

    Outcome connected() const {
        const std::set<NodeId> live = view_.live_registered();
        const auto links = view_.two_sided_links(live);
        std::set<NodeId> unseen = live;
        std::vector<Ids> components;
        while (!unseen.empty()) {
            Ids component{unseen.extract(unseen.begin()).value()};
            for (std::size_t i = 0; i < component.size(); ++i) {
                for (const NodeId next : links.at(component[i])) {
                    if (unseen.erase(next) != 0) component.push_back(next);
                }
            }
            components.push_back(std::move(component));
        }
        std::sort(components.begin(), components.end(), [](const Ids& a, const Ids& b) { return a.size() > b.size(); });
        std::string differ = live.empty() ? "no live peer is registered" : "";
        for (std::size_t i = 1; i < components.size(); ++i) {
            differ += (i == 1 ? "cut off: " : " | ") + short_names(components[i]);
        }
        return {components.size() == 1,
                std::to_string(components.size()) + (components.size() == 1 ? " component" : " components"),
                "one component", differ};
    }

    Result reached() const {
        const RumorView* rumor = view_.find_rumor(condition_.message);
        if (rumor == nullptr) {
            return condition_.message == "last" ? "nothing was said yet; say 7000 hello comes first"
                                                : "no such message: " + condition_.message;
        }
        const std::set<NodeId> live = view_.live_registered();
        Ids missing;
        for (const NodeId id : live) {
            if (!rumor->receipts.contains(id)) missing.push_back(id);
        }
        const auto have = static_cast<double>(live.size() - missing.size());
        const std::string differ = explain_ ? why_without(*rumor, missing) : "";
        if (condition_.term == Term::reached) return compared(have, static_cast<double>(live.size()), differ);
        return compared(live.empty() ? 0 : have / static_cast<double>(live.size()), 1, differ);
    }

    // Each with its reason, as long as that can be read.
    std::string why_without(const RumorView& rumor, const Ids& missing) const {
        constexpr std::size_t most = 8;
        std::string text;
        for (std::size_t i = 0; i < missing.size() && i < most; ++i) {
            const std::string why = why_not_reached(rumor, *view_.find(missing[i]), view_);
            text += (i == 0 ? "missing " : ", ") + short_name(missing[i]) + " (" + why + ")";
        }
        if (missing.size() > most) text += " and " + std::to_string(missing.size() - most) + " more";
        return text;
    }

    Result degree() const {
        const std::set<NodeId> live = view_.live_registered();
        if (live.empty()) return compared(0, 0, "no live peer is registered");
        double sum = 0;
        std::vector<std::pair<std::size_t, NodeId>> degrees;
        for (const NodeId id : live) {
            degrees.emplace_back(view_.find(id)->links.size(), id);
            sum += static_cast<double>(degrees.back().first);
        }
        const auto all = static_cast<double>(live.size() - 1);
        if (condition_.term == Term::degree_mean) return compared(sum / static_cast<double>(live.size()), all, "");
        const auto [low, high] = std::minmax_element(degrees.begin(), degrees.end());
        const auto& [degree, id] = condition_.term == Term::degree_max ? *high : *low;
        return compared(static_cast<double>(degree), all, short_name(id) + " has " + std::to_string(degree));
    }

    Outcome alive(const Ids& ids) const {
        std::string differ;
        for (const NodeId id : ids) {
            const NodeState state = view_.find(id)->state;
            if (state == NodeState::alive) continue;
            differ += (differ.empty() ? "" : ", ") + short_name(id) + " is " + std::string(state_name(state));
        }
        return {differ.empty(), differ.empty() ? "alive" : "not alive", "alive", differ};
    }

    Outcome log(const Ids& ids) const {
        Ids without;
        std::copy_if(ids.begin(), ids.end(), std::back_inserter(without),
                     [&](NodeId id) { return !log_search_(id, condition_.text); });
        return {without.empty(), without.empty() ? "found" : "not found", "~ \"" + condition_.text + "\"",
                without.empty() ? "" : "no such line in the log of " + short_names(without)};
    }

    Outcome votes(const Ids& ids) const {
        const ProposalView* proposal = view_.latest_proposal(ids.front(), condition_.add);
        const bool yes = condition_.term == Term::votes_yes;
        const auto all = static_cast<double>(view_.seed_count());
        if (proposal == nullptr) return compared(0, all, "nobody proposed that");
        Ids voters;
        for (const auto& [seed, vote] : proposal->votes) {
            if (vote.yes == yes) voters.push_back(seed);
        }
        return compared(static_cast<double>(voters.size()), all, (yes ? "yes: " : "no: ") + short_names(voters));
    }

    Outcome suspects() const {
        std::set<NodeId> suspects;
        for (const auto& [id, node] : view_.nodes()) {
            if (node.state == NodeState::alive) suspects.insert(node.suspects.begin(), node.suspects.end());
        }
        return compared(static_cast<double>(suspects.size()), 0, short_names({suspects.begin(), suspects.end()}));
    }

    const Condition& condition_;
    const ClusterView& view_;
    const LogSearch& log_search_;
    bool explain_;
};

}  // namespace

std::variant<Condition, std::string> parse_condition(std::string_view text) {
    auto lexemes = cut(text);
    if (auto* problem = std::get_if<std::string>(&lexemes)) return std::move(*problem);
    ConditionParser parser(std::move(std::get<Lexemes>(lexemes)));
    Condition condition;
    condition.source = std::string(trim(text));
    if (!parser.run(condition)) return parser.error();
    return condition;
}

std::variant<Outcome, std::string> evaluate(const Condition& condition, const ClusterView& view,
                                            const LogSearch& log_search, Detail detail) {
    return Evaluator(condition, view, log_search, detail).run();
}

}  // namespace gossip
