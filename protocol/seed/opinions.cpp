#include "protocol/seed/opinions.hpp"

#include "protocol/seed/judgement.hpp"
#include "protocol/seed/removals.hpp"
#include "protocol/seed/requests.hpp"

namespace gossip {
namespace {

msg::AskOpinion opinion_on(const SeedTurn& t, const Ask& ask) {
    switch (ask.change.kind) {
        case ChangeKind::add:
            return judge_add(t, ask, t.requests.verified(ask));
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

}  // namespace gossip
