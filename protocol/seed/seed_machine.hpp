#pragma once
// A seed: hands each event to the part that owns what it is about, hands on the facts that parts raise, and
// nothing else (PROTOCOL.md section 2). Parts look at each other, but never call each other.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/hinted_machine.hpp"
#include "protocol/rng.hpp"
#include "protocol/seed/address_checks.hpp"
#include "protocol/seed/consensus.hpp"
#include "protocol/seed/journal_state.hpp"
#include "protocol/seed/member_desk.hpp"
#include "protocol/seed/neighbours.hpp"
#include "protocol/seed/removals.hpp"
#include "protocol/seed/replica.hpp"
#include "protocol/seed/requests.hpp"
#include "protocol/seed/seats.hpp"
#include "protocol/seed/seed_status.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <span>
#include <vector>

namespace gossip {

class ByteWriter;

struct SeedOptions {
    NodeId self{};
    SeatLife fresh_life{1};  // drawn by the driver; used when there is no journal
    // True on a network's first start. Without it a seed that finds no journal asks the others
    // whether its seat has voted before, and if so only learns until a REPLACE is decided.
    bool bootstrap{false};
};

class SeedMachine final : public HintedMachine {
public:
    // `config` and `crypto` outlive the machine; `journal` is what recovery read, in order.
    SeedMachine(const Config& config, const Crypto& crypto, SeedOptions options, Rng rng,
                std::span<const Record> journal);
    void step(Time now, const Event& event, Effects& out) override;
    // True when the list has the node with this key.
    [[nodiscard]] bool vouches(NodeId node, const PublicKey& key, const Credential& shown) const override;
    [[nodiscard]] SeedStatus status() const;
    [[nodiscard]] std::vector<Member> members() const;  // ascending by id
    // All state that safety and behaviour rest on; not timers, generators and measurements.
    void fingerprint(ByteWriter& out) const;

private:
    struct Start {
        Time at;
        WallMs wall{0};
    };

    [[nodiscard]] SeedTurn turn(Time now, Effects& out);
    void route(SeedTurn& t);

    // ---- events
    void handle_started(SeedTurn& t, const Started& event);
    void handle_received(SeedTurn& t, const Received& event);
    [[nodiscard]] Seat proven_seat(SeedTurn& t, const Received& event);
    void handle_timer(SeedTurn& t, const TimerTag& tag);
    void handle_link_lost(SeedTurn& t, const LinkLost& event);

    // ---- messages that concern several parts
    void on_propose(SeedTurn& t, Seat from, const msg::Propose& m, Time since);
    void on_vote(SeedTurn& t, Seat from, const msg::Vote& m);
    void on_commit(SeedTurn& t, Seat from, const msg::Commit& m);
    void on_sync(SeedTurn& t, Seat from, const msg::Sync& m);
    void on_decisions(SeedTurn& t, Seat from, const msg::Decisions& m);
    void on_snapshot_part(SeedTurn& t, Seat from, const msg::SnapshotPart& m);

    // ---- what parts do together
    void propose(SeedTurn& t);
    void apply(SeedTurn& t, const fact::EpochDecided& decided);
    void apply_accepted(SeedTurn& t, Epoch epoch, const Digest& digest);
    void answer_by_list(SeedTurn& t, const VotesFor& votes);
    void write_snapshot(SeedTurn& t) const;
    void send_sync(SeedTurn& t);

    const Config* config_;
    const Crypto* crypto_;
    SeedOptions options_;
    Rng rng_;
    Start start_;
    bool stopped_{false};  // an invariant is broken, or the journal is not ours

    JournalState journal_;
    Replica replica_;
    Seats seats_;
    Neighbours neighbours_;
    Consensus consensus_;
    AddressChecks addresses_;
    Requests requests_;
    MemberDesk desk_;
    Removals removals_;
};

}  // namespace gossip
