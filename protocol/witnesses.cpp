#include "protocol/witnesses.hpp"

#include "protocol/rng.hpp"

#include <algorithm>
#include <set>

namespace gossip {
namespace {

std::uint64_t witness_rank(const LinksRecord& record, NodeId link) {
    std::uint64_t h = mix64(static_cast<std::uint64_t>(record.peer));
    h = mix64(h ^ static_cast<std::uint64_t>(record.incarnation));
    h = mix64(h ^ record.version);
    return mix64(h ^ static_cast<std::uint64_t>(link));
}

}  // namespace

std::vector<NodeId> witnesses_of(const LinksRecord& record, const LivenessConfig& config) {
    std::vector<NodeId> chosen(record.links);
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    std::erase(chosen, record.peer);
    std::sort(chosen.begin(), chosen.end(), [&](NodeId a, NodeId b) {
        return std::pair{witness_rank(record, a), a} < std::pair{witness_rank(record, b), b};
    });
    if (chosen.size() > config.witnesses_max) chosen.resize(config.witnesses_max);
    for (const NodeId next : record.successors) {
        if (chosen.size() >= config.witnesses_min) break;
        const bool known = std::find(chosen.begin(), chosen.end(), next) != chosen.end();
        if (next != record.peer && !known) chosen.push_back(next);
    }
    return chosen;
}

std::size_t confirming(const LinksRecord& record, std::span<const NodeId> witnesses,
                       std::span<const Statement> statements) {
    std::set<NodeId> distinct;
    for (const Statement& s : statements) {
        const bool about =
            s.suspect == record.peer && s.incarnation == record.incarnation && s.links_version == record.version;
        const bool entitled = std::find(witnesses.begin(), witnesses.end(), s.witness) != witnesses.end();
        if (about && entitled && s.verdict != Verdict::reachable) distinct.insert(s.witness);
    }
    return distinct.size();
}

}  // namespace gossip
