#include "protocol/seed/opinions.hpp"

#include "protocol/seed/judgement.hpp"
#include "protocol/seed/removals.hpp"
#include "protocol/seed/requests.hpp"

namespace gossip {
namespace {

msg::AskOpinion opinion_on_add(const SeedTurn& t, const Ask& ask) {
    msg::AskOpinion opinion = judge_add(t, ask, t.requests.verified(ask));
    const bool signs = opinion.opinion == Opinion::yes && ask.change.protocol > 0;
    if (signs) opinion.signature = sign_credential(t, ask.change);
    return opinion;
}

msg::AskOpinion opinion_on(const SeedTurn& t, const Ask& ask) {
    switch (ask.change.kind) {
        case ChangeKind::add:
            return opinion_on_add(t, ask);
        case ChangeKind::leave:
            return judge_leave(t, ask);
        case ChangeKind::replace:
            return judge_replace(t, ask.change);
        case ChangeKind::remove:
            return t.removals.judge(t, ask.change, ask.certificate);
    }
    return {Opinion::no, "unknown kind of change"};
}

}  // namespace

std::vector<msg::AskOpinion> opinions_on(const SeedTurn& t, const std::vector<Ask>& asks) {
    std::vector<msg::AskOpinion> opinions;
    opinions.reserve(asks.size());
    for (const Ask& ask : asks) opinions.push_back(opinion_on(t, ask));
    return opinions;
}

std::vector<Change> adds_to_check(const SeedTurn& t, const std::vector<Ask>& asks) {
    std::vector<Change> adds;
    for (const Ask& ask : asks) {
        const Change& change = ask.change;
        if (change.kind != ChangeKind::add || change.protocol == 0) continue;
        if (!t.ledger.holds(change.peer, change.incarnation)) adds.push_back(change);
    }
    return adds;
}

}  // namespace gossip
