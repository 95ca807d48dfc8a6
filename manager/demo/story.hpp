#pragma once
// What the demo tells beside the events themselves: for the terminal a few sentences for each thing that happens, and
// for everybody, at the end of a phase, one sentence with what was measured.

#include "manager/view/cluster_view.hpp"
#include "node/control/control.hpp"

#include <string>
#include <vector>

namespace gossip {

class DemoStory {
public:
    struct Line {
        std::int64_t mono_ns{0};  // when it happened; 0: it sums up what happened until now
        std::string text;
        // What sums up comes last.
        [[nodiscard]] std::int64_t order() const { return mono_ns == 0 ? INT64_MAX : mono_ns; }
    };
    using Lines = std::vector<Line>;

    explicit DemoStory(const ClusterView& view) : view_(view) {}

    // Collects what is told next.
    void hear(const NodeEvent& event) { heard_.push_back(event); }
    // Each tells what was heard since the one before.
    [[nodiscard]] Lines seeds_started();
    [[nodiscard]] Lines joined(NodeId peer, bool in_detail);
    [[nodiscard]] Lines spread(const RumorView& rumor, bool in_detail);
    [[nodiscard]] Lines detected(NodeId peer);
    [[nodiscard]] Lines removed(NodeId peer, bool in_detail);

    // Measured.
    [[nodiscard]] std::string quorum() const;
    [[nodiscard]] std::string registration(std::size_t peers) const;
    [[nodiscard]] std::string overlay() const;
    [[nodiscard]] std::string dissemination() const;
    [[nodiscard]] std::string detection(NodeId peer) const;
    [[nodiscard]] std::string removals(const std::vector<NodeId>& peers) const;
    // A bar for each peer, the best-connected first.
    [[nodiscard]] std::vector<std::string> degree_bars() const;

private:
    // Of removals: when each step was first taken.
    struct Case {
        std::int64_t suspected_ns{0};
        std::int64_t removed_ns{0};
        std::uint32_t pings{0};
        std::uint32_t confirmed{0};
        std::uint32_t witnesses{0};
    };
    [[nodiscard]] std::vector<NodeEvent> take() { return std::exchange(heard_, {}); }
    [[nodiscard]] std::int64_t end_of(NodeId peer) const;
    [[nodiscard]] std::string since_end(NodeId peer, std::int64_t mono_ns) const;
    void measure(NodeId peer, const std::vector<NodeEvent>& events);

    const ClusterView& view_;
    std::vector<NodeEvent> heard_;
    std::vector<std::int64_t> registrations_ns_;
    std::map<NodeId, Case> cases_;
};

}  // namespace gossip
