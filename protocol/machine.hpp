#pragma once
// The contract between the pure machines and the two drivers (node/runtime, sim/simulator).
// A machine takes events and time and fills effects; it does no I/O, reads no clock, draws only from
// the generator it was given, never blocks, never re-enters, and throws on nothing a peer can send.

#include "protocol/membership.hpp"
#include "protocol/notice.hpp"
#include "protocol/record_type.hpp"
#include "protocol/shared_message.hpp"
#include "protocol/timer_kind.hpp"
#include "protocol/types.hpp"

#include <variant>
#include <vector>

namespace gossip {

// Handed back unchanged when it fires. There is no cancel: the machine bumps a generation and
// ignores the stale firing.
struct TimerTag {
    TimerKind kind{};
    std::uint32_t generation{0};
    std::uint64_t key{0};
};

// How far the driver vouches for a message's sender.
enum class Trust : std::uint8_t {
    anonymous,  // nothing shows who it is: document 000's dialect, or no member; `from` is an anonymous_id
    proven,     // it holds the key that `vouches` says is that of `from`
    seed,       // `from` is a configured seed and proved it
    address,    // it was dialled at the address of `from`; no more is known
};

// Positions in the journal, from 1, contiguous within a machine's life.
using AppendSeq = std::uint64_t;

// ---------------------------------------------------------------- events

struct Started {
    WallMs wall{0};
};  // the wall clock at `now`; once, before anything else
struct Received {
    NodeId from{};
    Trust trust{};
    SharedMessage message;
};
struct TimerFired {
    TimerTag tag;
};

enum class LossReason : std::uint8_t {
    closed,     // an open connection ended
    refused,    // a dial was refused: the host answers, nobody listens
    timed_out,  // a dial or a write got no answer
    slow,       // our queue to it overflowed; it was cut
    offence,    // it broke the wire format and was cut
};
// What was queued for `node` is lost. Sending to it again dials again.
struct LinkLost {
    NodeId node{};
    LossReason reason{};
};

struct Publish {
    std::string text;
};  // the user's message
struct Persisted {
    AppendSeq upto{0};
};                         // everything appended up to and including this is on disk
struct LeaveRequested {};  // leave the network in order; the machine says `finished`

using Event = std::variant<Started, Received, TimerFired, LinkLost, Publish, Persisted, LeaveRequested>;

// ---------------------------------------------------------------- effects

// Leaves once the journal is on disk up to `after`; at once when 0. Sends to one node leave in order.
struct Send {
    NodeId to{};
    SharedMessage message;
    AppendSeq after{0};
};
struct SetTimer {
    Time due{};
    TimerTag tag;
};
struct Disconnect {
    NodeId node{};
};

// Durable state, in order. The driver frames, writes and syncs it (many in one sync), then feeds
// Persisted. `compact`: this record replaces everything before it (written aside, then renamed).
struct Append {
    AppendSeq seq{0};
    RecordType type{};
    Bytes body;
    bool compact{false};
};

// One record as read back at start, in journal order.
struct Record {
    RecordType type{};
    Bytes body;
};

// To the application, exactly once a message and life.
struct Deliver {
    RumorPtr rumor;
    NodeId from{};
    std::uint32_t hop{0};
};

// Owned by the driver and reused, so a step allocates nothing in steady state.
struct Effects {
    std::vector<Send> sends;
    std::vector<SetTimer> timers;
    std::vector<Disconnect> disconnects;
    std::vector<Append> appends;
    std::vector<Deliver> deliveries;
    std::vector<Notice> notices;
    bool credential_changed{false};  // the node's own: whoever it is connected with is shown the new one
    bool finished{false};            // after LeaveRequested: nothing more to say, the process may end
    bool fatal{false};               // an invariant is broken (see the last notice): the process must end
    bool quiet{false};               // set by the driver: nobody observes, `notice` may be skipped

    void send(NodeId to, SharedMessage message, AppendSeq after = 0) {
        sends.push_back({to, std::move(message), after});
    }
    void timer(Time due, TimerTag tag) { timers.push_back({due, tag}); }
    void disconnect(NodeId node) { disconnects.push_back({node}); }
    void notice(Notice n) {
        if (!quiet) notices.push_back(std::move(n));
    }

    [[nodiscard]] bool none() const {
        return sends.empty() && timers.empty() && deliveries.empty() && notices.empty() && appends.empty() &&
               disconnects.empty() && !finished && !fatal;
    }
    // Keeps the capacity; `quiet` is the driver's and stays.
    void clear() {
        sends.clear();
        timers.clear();
        disconnects.clear();
        appends.clear();
        deliveries.clear();
        notices.clear();
        credential_changed = false;
        finished = false;
        fatal = false;
    }
};

class Machine {
public:
    virtual ~Machine() = default;
    // `now` never decreases. `out` is cleared by the driver; the machine only adds to it.
    virtual void step(Time now, const Event& event, Effects& out) = 0;

    // Who is who, for the driver's handshakes. The node's own credential; empty while it is no member.
    [[nodiscard]] virtual Credential credential() const { return {}; }
    // True when `key` is the key of `node`, as this machine's list or the credential that was shown tells.
    [[nodiscard]] virtual bool vouches(NodeId /*node*/, const PublicKey& /*key*/, const Credential& /*shown*/) const {
        return false;
    }
};

}  // namespace gossip
