#pragma once
// Removals: reports and lapsed leases become cases, every seed probes the suspect itself, and only
// then a removal is proposed (PROTOCOL.md sections 2 and 4).

#include "protocol/seed/deadline.hpp"
#include "protocol/seed/removal_cases.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <optional>
#include <string>

namespace gossip {

class ByteWriter;

class Removals {
public:
    void arm_lease_check(SeedTurn& t);

    // ---- what opens a case
    void on_dead_node_report(SeedTurn& t, NodeId from, const msg::DeadNodeReport& m);
    void on_removal_case(SeedTurn& t, Seat from, const msg::RemovalCase& m);
    void handle_lease_check(SeedTurn& t, const TimerTag& tag);
    // From time to time: members whose connection ended, and of whom nothing was heard since.
    void look_for_lost(SeedTurn& t);

    // ---- own probes
    // A voter without a fresh probe of its own has no opinion yet; the next attempt finds one.
    void probe_for_next_vote(SeedTurn& t, const std::vector<Ask>& asks, const std::vector<msg::AskOpinion>& opinions);
    void handle_alive(SeedTurn& t, NodeId peer);
    void handle_link_lost(SeedTurn& t, const LinkLost& event);
    void handle_probe_timeout(SeedTurn& t, const TimerTag& tag);

    // ---- outcomes
    void on_case_opinion(SeedTurn& t, Seat from, const msg::CaseOpinion& m);
    void handle_case_deadline(SeedTurn& t, const TimerTag& tag);
    // Closes the cases that the list has answered.
    void handle_list_changed(SeedTurn& t);

    // This seed's own opinion on a removal, by the evidence and its own probe.
    [[nodiscard]] msg::AskOpinion judge(const SeedTurn& t, const Change& change, const Certificate& certificate) const;
    // Who reported the suspect; none when there is no case.
    [[nodiscard]] NodeId reporter_of(NodeId suspect) const;

    void fingerprint(ByteWriter& out) const;

private:
    [[nodiscard]] std::optional<std::string> report_problem(const SeedTurn& t, const msg::DeadNodeReport& m,
                                                            const Member& suspect) const;
    RemovalCase* case_about(NodeId suspect, Incarnation incarnation);
    void open_case(SeedTurn& t, NodeId suspect, Incarnation incarnation, NodeId reporter,
                   const Certificate& certificate);
    void arm_case(SeedTurn& t, NodeId suspect, const RemovalCase& c) const;
    void look_at(SeedTurn& t, const Member& member);
    void ask_everybody(SeedTurn& t, NodeId suspect);
    void note_lost(const SeedTurn& t, NodeId node);
    bool begin_probe(SeedTurn& t, NodeId suspect);
    void conclude_probe(SeedTurn& t, NodeId suspect);
    void tell_askers(SeedTurn& t, NodeId suspect, const RemovalCase& c, const msg::AskOpinion& opinion) const;
    void weigh_case(SeedTurn& t, NodeId suspect);
    void dismiss_case(SeedTurn& t, NodeId suspect);

    OwnProbes probes_;
    RemovalCases cases_;
    std::map<NodeId, Time> lost_;  // whose connection ended, and when; until they are looked at
    Deadline lease_timer_{TimerKind::lease_check};
};

}  // namespace gossip
