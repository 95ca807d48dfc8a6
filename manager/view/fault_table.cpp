#include "manager/view/fault_table.hpp"

#include <algorithm>

namespace gossip {
namespace {

void apply(const FaultChange& change, LinkFault& fault) {
    if (change.clear) fault = {};
    if (change.cut) fault.cut = *change.cut;
    if (change.delay) fault.delay = *change.delay;
    if (change.jitter) fault.jitter = *change.jitter;
    if (change.loss) fault.loss = *change.loss;
    if (change.duplicate) fault.duplicate = *change.duplicate;
    if (change.reorder) fault.reorder = *change.reorder;
    if (change.bytes_per_second) fault.bytes_per_second = *change.bytes_per_second;
}

void add_to_rules(std::vector<FaultRule>& rules, NodeId to, const LinkFault& fault) {
    const auto same =
        std::find_if(rules.begin(), rules.end(), [&](const FaultRule& rule) { return rule.fault == fault; });
    if (same == rules.end())
        rules.push_back({{to}, fault});
    else
        same->nodes.push_back(to);
}

}  // namespace

void FaultTable::change(const NodeSet& from, const NodeSet& to, const FaultChange& change, NodeSet& touched) {
    for (const NodeId a : from) {
        for (const NodeId b : to) {
            if (a == b) continue;
            LinkFault& fault = links_[{a, b}];
            const LinkFault before = fault;
            apply(change, fault);
            if (!(fault == before)) touched.insert(a);
            if (fault.cut != before.cut) touched.insert(b);  // a cut also stops `b` from dialling, so its rules change
            if (!fault.any()) links_.erase({a, b});
        }
    }
}

void FaultTable::heal(const NodeSet& nodes, NodeSet& touched) {
    std::erase_if(links_, [&](const auto& entry) {
        const auto& [from, to] = entry.first;
        if (!nodes.empty() && !nodes.contains(from) && !nodes.contains(to)) return false;
        touched.insert(from);
        touched.insert(to);
        return true;
    });
}

const LinkFault* FaultTable::find(NodeId from, NodeId to) const {
    const auto found = links_.find({from, to});
    return found == links_.end() ? nullptr : &found->second;
}

std::vector<FaultRule> FaultTable::rules_of(NodeId node) const {
    std::map<NodeId, LinkFault> outgoing;
    for (const auto& [link, fault] : links_) {
        if (link.first == node) outgoing[link.second] = fault;
    }
    for (const auto& [link, fault] : links_) {
        if (link.second == node && fault.cut) outgoing[link.first].deaf = true;
    }
    std::vector<FaultRule> rules;
    for (const auto& [to, fault] : outgoing) add_to_rules(rules, to, fault);
    return rules;
}

NodeFaults FaultTable::faults_of(NodeId node) const {
    NodeFaults found;
    for (auto link = links_.lower_bound({node, NodeId::none}); link != links_.end(); ++link) {
        if (link->first.first != node) break;
        (link->second.cut ? found.cut : found.impaired).insert(link->first.second);
    }
    const std::size_t cut = found.cut.size();
    const std::size_t impaired = found.impaired.size();
    if (cut > 0) found.words = std::to_string(cut) + " cut";
    if (impaired > 0) found.words += (cut > 0 ? ", " : "") + std::to_string(impaired) + " impaired";
    if (cut + impaired > NodeFaults::most_named) {
        found.cut.clear();
        found.impaired.clear();
    }
    return found;
}

}  // namespace gossip
