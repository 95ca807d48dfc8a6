#pragma once
// Suspects a seed has to judge: its own probes of them, the opinions of the other seeds, and who
// waits for an answer (PROTOCOL.md sections 2 and 4). Nothing is proposed before a majority of
// seeds has failed to reach the suspect itself.

#include "protocol/machine.hpp"
#include "protocol/membership.hpp"
#include "protocol/quorum.hpp"

#include <map>
#include <optional>
#include <vector>

namespace gossip {

class ByteWriter;

// A seed's own probes, one at a time for each suspect.
class OwnProbes {
public:
    enum class Result : std::uint8_t { none, running, failed, refused, answered };
    // How long a result may be used for an opinion: COMMIT follows the votes well within.
    static constexpr Duration fresh_for = std::chrono::seconds(5);
    static constexpr std::uint32_t attempts_limit = 3;

    // The generation of the probe to send now; nothing while one runs or its result is fresh.
    [[nodiscard]] std::optional<std::uint32_t> begin(NodeId suspect, Time now);
    [[nodiscard]] Result result(NodeId suspect, Time now) const;
    // True when this ended a running probe, or took back a failed one.
    bool answered(NodeId suspect, Time now);
    bool failed(NodeId suspect, Time now) { return end(suspect, now, Result::failed); }
    // It failed because nobody listens at the suspect's address, which only a host that is up can say.
    bool refused(NodeId suspect, Time now) { return end(suspect, now, Result::refused); }
    // The connection broke under a running probe: true when it is worth another attempt.
    bool retry(NodeId suspect);
    // The probe's time is up. True when it was still running: it failed.
    bool expired(NodeId suspect, std::uint32_t generation, Time now);
    void forget(NodeId suspect) { probes_.erase(suspect); }
    // What it answered before a new accusation says nothing about that one: it may have died since.
    void forget_answer(NodeId suspect);
    void forget_stale(Time now);
    void fingerprint(ByteWriter& out) const;

private:
    struct Probe {
        Result result{Result::none};
        Time since;
        std::uint32_t generation{0};
        std::uint32_t attempts{1};
    };
    bool end(NodeId suspect, Time now, Result result);

    std::map<NodeId, Probe> probes_;
    std::uint32_t generations_{0};
};

struct RemovalCase {
    Incarnation incarnation{};
    NodeId reporter{};
    Certificate certificate;
    bool ours{false};   // opened here: this seed collects opinions and proposes
    bool asked{false};  // the other seeds were asked
    bool proposed{false};
    std::vector<NodeId> reporters;  // to be told what came of their report
    SeatSet askers;                 // seeds that wait for our opinion
    std::map<Seat, Opinion> opinions;
    std::uint32_t generation{0};
    std::uint32_t rounds{0};     // of asking everybody
    std::uint32_t fruitless{0};  // of those, with a quorum of seeds there
};

class RemovalCases {
public:
    static constexpr std::size_t limit = 10'000;
    static constexpr std::size_t reporters_limit = 32;

    [[nodiscard]] RemovalCase* find(NodeId suspect);
    [[nodiscard]] const RemovalCase* find(NodeId suspect) const;
    // The case about this life, new or known; one about an earlier life is dropped. Null when full.
    RemovalCase* open(NodeId suspect, Incarnation incarnation);
    void close(NodeId suspect) { cases_.erase(suspect); }
    [[nodiscard]] const std::map<NodeId, RemovalCase>& all() const { return cases_; }

private:
    std::map<NodeId, RemovalCase> cases_;
    std::uint32_t generations_{0};
};

void add_reporter(RemovalCase& c, NodeId reporter);

// What the opinions add up to, undecided while it can go either way.
[[nodiscard]] Opinion tally(const RemovalCase& c, std::size_t seeds);

}  // namespace gossip
