#pragma once
// A condition that a command waits for. It is evaluated only after events.

#include "manager/base/failure.hpp"
#include "manager/shell/parser.hpp"
#include "manager/view/condition.hpp"

namespace gossip {

class Session;

struct WaitRequest {
    Condition condition;
    std::optional<Duration> timeout;
};
// "wait CONDITION [TIMEOUT]"
[[nodiscard]] std::variant<WaitRequest, std::string> parse_wait(const Command& command);

class ConditionWatch {
public:
    // Both outlive the watch.
    ConditionWatch(Session& session, const Condition& condition) : session_(session), condition_(condition) {}

    // True also when the condition cannot be evaluated, as for an unknown node; see `verdict`.
    bool holds();
    // Called after `holds` was true or the time ran out: nothing when it holds, else why it does not.
    Result verdict(ErrorKind kind, const std::string& after);

private:
    void look(Detail detail);

    Session& session_;
    const Condition& condition_;
    bool looked_{false};
    std::uint64_t version_{0};
    std::variant<Outcome, std::string> last_;
};

}  // namespace gossip
