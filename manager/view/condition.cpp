#include "manager/view/condition.hpp"

#include "manager/view/overlay_shape.hpp"
#include "manager/view/step_text.hpp"
#include "manager/view/trace_view.hpp"
#include "protocol/quorum.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

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
            case Term::latency:
                return latency();
            case Term::alpha:
                return alpha();
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

    // The newest proposal about it.
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
        const std::vector<Ids> components = components_of(view_);
        std::string differ = components.empty() ? "no live peer is registered" : "";
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

    // The first of them, each with its reason.
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

    Result latency() const {
        const RumorView* rumor = condition_.message.empty() ? nullptr : view_.find_rumor(condition_.message);
        if (rumor == nullptr && !condition_.message.empty()) return "no such message: " + condition_.message;
        const auto left = latency_quantile(view_, rumor, condition_.quantile);
        if (!left) return Outcome{false, "no delivery yet", condition_.bound.source, ""};
        Outcome outcome = compared(*left, 0, "");
        outcome.left += "ms";
        return outcome;
    }

    Outcome alpha() const {
        const sim::PowerLaw law = shape_of(view_).law;
        if (law.exponent == 0) return {false, "no power law", condition_.bound.source, "too few peers or degrees"};
        const std::string fit = "fitted to " + std::to_string(law.tail) + " peers of degree " +
                                std::to_string(law.from) + " and more, KS distance " + number_text(law.distance);
        if (!condition_.in_range) return compared(law.exponent, 0, fit);
        const bool within = law.exponent >= condition_.bound.number && law.exponent <= condition_.upper;
        return {within, number_text(law.exponent), "in " + condition_.bound.source, fit};
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

std::variant<Outcome, std::string> evaluate(const Condition& condition, const ClusterView& view,
                                            const LogSearch& log_search, Detail detail) {
    return Evaluator(condition, view, log_search, detail).run();
}

}  // namespace gossip
