#pragma once
// An accuser's open cases (PROTOCOL.md section 4): whom it suspects, what the suspect's witnesses
// found, and the reports to the seeds.
//
// - Witnesses that were removed meanwhile leave the denominator: else the dead would vouch for the dead.
// - A majority that was *refused* is enough at once: the host answered that nobody listens.
//   Silence waits for the refutation window, in which an ALIVE or any frame ends the case.
// - A majority that reached the suspect ends it too.

#include "protocol/membership.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "protocol/quorum.hpp"

#include <functional>
#include <string>
#include <vector>

namespace gossip {

struct Suspicion {
    enum class Stage : std::uint8_t {
        gathering,  // statements
        waiting,    // no majority yet; asks again after a while
        reporting,  // the peers agree; the seeds are told
    };
    NodeId suspect{};
    Incarnation life{};
    Stage stage{Stage::gathering};
    bool refused{false};          // raised by a refused connection, not by silence
    bool accepted{false};         // a seed took the report
    std::uint32_t attempts{0};    // of this stage
    std::uint32_t generation{0};  // of its timers
    LinksRecord record;           // version 0 when it never sent one
    std::vector<NodeId> witnesses;
    std::vector<Statement> statements;  // one a witness
    std::string text;                   // of the report
};

struct Tally {
    std::size_t confirming{0};  // refused or unreachable
    std::size_t refused{0};
    std::size_t reachable{0};
    std::size_t of{0};  // witnesses that count
    std::size_t need{0};
};

enum class Finding : std::uint8_t { open, dead, alive };

using Gone = std::function<bool(NodeId)>;

[[nodiscard]] Tally tally(const Suspicion& suspicion, const Gone& gone);
[[nodiscard]] Finding judge(const Tally& tally, bool window_over);

class Suspicions {
public:
    static constexpr std::size_t limit = 256;

    [[nodiscard]] std::size_t size() const { return open_.size(); }
    [[nodiscard]] Suspicion* find(NodeId suspect);
    // nullptr when there are too many.
    Suspicion* open(NodeId suspect, Incarnation life);
    void close(NodeId suspect);
    // Takes a statement about this case by one of its witnesses; a later one replaces an earlier one.
    // False when it does not belong here.
    [[nodiscard]] bool add(const Statement& statement);
    // A new stage or attempt: timers of the former are stale.
    void renew(Suspicion& suspicion) { suspicion.generation = ++generations_; }
    [[nodiscard]] std::vector<NodeId> suspects() const;  // ascending

private:
    SlimVector<Suspicion> open_;  // ascending by suspect
    std::uint32_t generations_{0};
};

}  // namespace gossip
