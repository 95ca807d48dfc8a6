#pragma once
// What somebody asked this seed for and no epoch holds yet: who may ask, what is proposed next, and who
// is told what became of it.

#include "protocol/seed/deadline.hpp"
#include "protocol/seed/pending.hpp"
#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gossip {

class ByteWriter;

class Requests {
public:
    // Registrations whose address is being asked. Each was signed, and an address answers within seeds.probe_timeout:
    // so many signatures cannot be checked meanwhile.
    static constexpr std::size_t waiting_limit = 50'000;

    // ---- asks that come in
    void on_register_request(SeedTurn& t, NodeId from, const msg::RegisterRequest& m);
    void on_leave(SeedTurn& t, NodeId from, const msg::Leave& m);
    // Wanted by this seed itself.
    void handle_wanted(SeedTurn& t, const Ask& ask) { pending_.add(ask, t.now, false); }
    // Whether the node that wants it answers at this address is known now: what waited for that goes on.
    void handle_address_checked(SeedTurn& t, NodeId peer);
    // There are too many to be asked.
    void handle_address_unchecked(SeedTurn& t, NodeId peer);
    // Another seat's: this seed proposes them, that seat answers.
    void handle_carried(SeedTurn& t, const std::vector<Ask>& asks);

    // ---- asks on their way
    // The next to be proposed, at most `count`; each is announced the first time.
    [[nodiscard]] std::vector<Ask> open_next(SeedTurn& t, std::size_t count);
    // For another seat's proposal, with our vote.
    [[nodiscard]] std::vector<Ask> to_carry() const;
    // Who waits for long is told once that the answer will come.
    [[nodiscard]] bool check_due(SeedTurn& t, const TimerTag& tag) { return check_timer_.fired(t, tag); }
    void handle_check(SeedTurn& t);

    // ---- what became of them
    void handle_rejected(SeedTurn& t, const fact::AskRejected& rejected);
    // Asks of a proposal that is over: those of another seat are dropped, it asks again.
    void handle_proposal_over(const std::vector<Change>& changes);
    // Answers what the list answers now.
    void handle_list_changed(SeedTurn& t, const VotesFor& votes);

    [[nodiscard]] const PendingAsk* find(const Change& change) const { return pending_.find(change); }
    // Admitted here with this very signature, which was checked then.
    [[nodiscard]] bool verified(const Ask& ask) const;
    [[nodiscard]] bool empty() const { return pending_.empty(); }
    [[nodiscard]] std::size_t size() const { return pending_.size(); }

    void fingerprint(ByteWriter& out) const;

private:
    [[nodiscard]] Incarnation pick_life(const SeedTurn& t, NodeId peer);
    // A registration whose address has not answered yet.
    struct Waiting {
        Ask ask;
        Time since;
    };

    void await_address(SeedTurn& t, NodeId client, const Ask& ask);
    [[nodiscard]] std::map<NodeId, Waiting> take_waiting(NodeId peer);
    void take_up(SeedTurn& t, NodeId client, const Ask& ask);
    void drop_unanswered(SeedTurn& t, NodeId peer);
    void admit(SeedTurn& t, NodeId from, const Ask& ask);
    void answer(SeedTurn& t, const PendingAsk& done, const VotesFor& votes);
    void acknowledge(SeedTurn& t, NodeId client, NodeId peer, std::string text,
                     std::vector<SeatSignature> credential = {}) const;

    // By address and client, so that nobody takes another's place; the client is none for what another seat asked for.
    std::map<std::pair<NodeId, NodeId>, Waiting> waiting_;
    PendingAsks pending_;
    Deadline check_timer_{TimerKind::pending_check};
};

// A notice about an ask: the change, its proposal and its reporter, and the epoch it would come with.
[[nodiscard]] Notice ask_notice(const SeedTurn& t, NoticeKind kind, const Ask& ask);

}  // namespace gossip
