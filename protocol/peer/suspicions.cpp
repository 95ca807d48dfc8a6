#include "protocol/peer/suspicions.hpp"

#include <algorithm>

namespace gossip {
namespace {

bool holds(const std::vector<NodeId>& ids, NodeId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

Tally tally(const Suspicion& suspicion, const Gone& gone) {
    Tally result;
    for (const NodeId witness : suspicion.witnesses) {
        if (gone(witness)) continue;
        ++result.of;
        for (const Statement& s : suspicion.statements) {
            if (s.witness != witness) continue;
            result.reachable += s.verdict == Verdict::reachable ? 1U : 0U;
            result.confirming += s.verdict != Verdict::reachable ? 1U : 0U;
            result.refused += s.verdict == Verdict::refused ? 1U : 0U;
        }
    }
    result.need = majority(result.of);
    return result;
}

Finding judge(const Tally& tally, bool window_over) {
    if (tally.refused >= tally.need || (window_over && tally.confirming >= tally.need)) return Finding::dead;
    return tally.reachable >= tally.need ? Finding::alive : Finding::open;
}

Suspicion* Suspicions::find(NodeId suspect) {
    const auto at = std::lower_bound(open_.begin(), open_.end(), suspect,
                                     [](const Suspicion& s, NodeId id) { return s.suspect < id; });
    return at != open_.end() && at->suspect == suspect ? &*at : nullptr;
}

Suspicion* Suspicions::open(NodeId suspect, Incarnation life) {
    if (open_.size() >= limit) return nullptr;
    const auto at = std::lower_bound(open_.begin(), open_.end(), suspect,
                                     [](const Suspicion& s, NodeId id) { return s.suspect < id; });
    Suspicion fresh{.suspect = suspect, .life = life};
    renew(fresh);
    return &*open_.insert(at, std::move(fresh));
}

void Suspicions::close(NodeId suspect) {
    erase_if(open_, [suspect](const Suspicion& s) { return s.suspect == suspect; });
}

bool Suspicions::add(const Statement& statement) {
    Suspicion* s = find(statement.suspect);
    if (s == nullptr || s->stage != Suspicion::Stage::gathering) return false;
    if (statement.incarnation != s->life || statement.links_version != s->record.version) return false;
    if (!holds(s->witnesses, statement.witness)) return false;
    std::erase_if(s->statements, [&](const Statement& old) { return old.witness == statement.witness; });
    s->statements.push_back(statement);
    return true;
}

std::vector<NodeId> Suspicions::suspects() const {
    std::vector<NodeId> ids;
    for (const Suspicion& s : open_) ids.push_back(s.suspect);
    return ids;
}

}  // namespace gossip
