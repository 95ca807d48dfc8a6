#include "manager/shell/condition_watch.hpp"

#include "manager/shell/session.hpp"
#include "node/base/value_text.hpp"

namespace gossip {
namespace {

// "8 of 10" where both are counts; "2 components, wanted one component" otherwise.
std::string said(const Outcome& outcome, const std::string& after) {
    const bool equality = outcome.right.starts_with("== ");
    std::string text =
        equality ? outcome.left + " of " + outcome.right.substr(3) : outcome.left + ", wanted " + outcome.right;
    text += after;
    return outcome.differ.empty() ? text : text + "; " + outcome.differ;
}

}  // namespace

std::variant<WaitRequest, std::string> parse_wait(const Command& command) {
    if (command.words.size() < 2) return "a condition is missing";
    WaitRequest request;
    std::size_t end = command.source.size();
    if (command.words.size() > 2 && !command.words.back().quoted) {
        request.timeout = parse_duration(command.words.back().text);
        if (request.timeout) end = command.words.back().begin;
    }
    const std::size_t begin = command.words[1].begin;
    auto parsed = parse_condition(std::string_view(command.source).substr(begin, end - begin));
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    request.condition = std::get<Condition>(std::move(parsed));
    return request;
}

bool ConditionWatch::holds() {
    if (!looked_ || session_.network().version() != version_) look(Detail::verdict);
    const auto* outcome = std::get_if<Outcome>(&last_);
    return outcome == nullptr || outcome->holds;
}

void ConditionWatch::look(Detail detail) {
    version_ = session_.network().version();
    looked_ = true;
    const LogSearch search = [this](NodeId node, const std::string& text) {
        return session_.searcher().contains(session_.network().log_path(node), text);
    };
    last_ = evaluate(condition_, session_.network().view(), search, detail);
}

Result ConditionWatch::verdict(ErrorKind kind, const std::string& after) {
    look(Detail::explained);  // once more, because a log grows without an event
    if (const auto* problem = std::get_if<std::string>(&last_)) return Failure{ErrorKind::command, *problem};
    const auto& outcome = std::get<Outcome>(last_);
    if (outcome.holds) return std::nullopt;
    return Failure{kind, said(outcome, after)};
}

}  // namespace gossip
