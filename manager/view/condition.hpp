#pragma once
// What wait and expect understand, and whether it holds:
//
//   registered == 10 · members >= 5 · removed 7004 · agree · connected · reached last == all
//   coverage(last) >= 0.99 · degree.max >= 5 · degree.min · degree.mean · alive(7003) · suspects == 0
//   p95(latency) < 200ms · p50(latency last) · alpha in 2..3.5
//   votes(remove 7004).yes >= quorum · log 7003 ~ "DEAD NODE REPORT" · not CONDITION
//   short: registered 10
//
// Pure: evaluated against a ClusterView; only `log` needs help from outside.

#include "manager/view/cluster_view.hpp"
#include "manager/view/selector.hpp"

#include <functional>

namespace gossip {

enum class Term : std::uint8_t {
    registered,
    removed,
    agree,
    connected,
    reached,
    coverage,
    degree_max,
    degree_min,
    degree_mean,
    alive,
    log,
    votes_yes,
    votes_no,
    suspects,
    latency,
    alpha,
};

enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

// The right side of a comparison.
struct Bound {
    enum class Kind : std::uint8_t { number, all, quorum, seeds } kind{};
    double number{0};
    std::string source;
};

struct Condition {
    std::string source;
    bool negated{false};
    Term term{};
    Comparison comparison{};
    Bound bound;
    Selector nodes;       // removed, alive, log, votes
    std::string message;  // reached, coverage: last, an id, 7000:3
    std::string text;     // log
    bool add{false};      // votes(add …)
    double quantile{0};   // p95(latency)
    double upper{0};      // alpha in 2..3.5: `bound` is the lower end
    bool in_range{false};
};

[[nodiscard]] std::variant<Condition, std::string> parse_condition(std::string_view text);

struct Outcome {
    bool holds{false};
    std::string left;    // the value found
    std::string right;   // the value wanted
    std::string differ;  // the nodes that differ, and why
};

// True when this node's log contains the text.
using LogSearch = std::function<bool(NodeId node, const std::string& text)>;

enum class Detail : std::uint8_t {
    verdict,  // only whether it holds: a wait evaluates its condition thousands of times
    explained,
};

// A string instead of an outcome when the condition names what does not exist, such as an unknown node.
[[nodiscard]] std::variant<Outcome, std::string> evaluate(const Condition& condition, const ClusterView& view,
                                                          const LogSearch& log_search,
                                                          Detail detail = Detail::explained);

}  // namespace gossip
