#include "protocol/seed/requests.hpp"

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"
#include "protocol/quorum.hpp"
#include "protocol/seed/address_checks.hpp"
#include "protocol/seed/judgement.hpp"
#include "protocol/seed/list/changes.hpp"
#include "protocol/seed/list/directory.hpp"
#include "protocol/seed/neighbours.hpp"
#include "protocol/seed/removals.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace gossip {
namespace {

constexpr std::size_t carried_limit = 64;
constexpr Duration retry_hint = std::chrono::seconds(2);

Incarnation after(Incarnation life) { return Incarnation{static_cast<std::uint64_t>(life) + 1}; }

void refuse_registration(SeedTurn& t, NodeId client, NodeId peer, std::string text, Incarnation minimum) {
    t.send(client, msg::RegisterNack{peer, std::move(text), minimum});
}

void refuse_life(SeedTurn& t, NodeId client, NodeId peer) {
    refuse_registration(t, client, peer, "A later life is known", after(t.ledger.last_life(peer)));
}

std::string no_answer(NodeId peer) { return "Nobody who holds this key answers at " + node_name(peer); }

Change add_of(const Member& member) {
    return {.kind = ChangeKind::add,
            .peer = member.id,
            .incarnation = member.incarnation,
            .protocol = member.protocol,
            .key = member.key};
}

bool is_registered(const Change& change, const Ledger& ledger) {
    if (change.protocol == 0) return ledger.find(change.peer) != nullptr;
    return ledger.holds(change.peer, change.incarnation);
}

}  // namespace

Notice ask_notice(const SeedTurn& t, NoticeKind kind, const Ask& ask) {
    return {.kind = kind,
            .add = ask.change.kind == ChangeKind::add,
            .removal = ask.change.kind == ChangeKind::leave ? RemovalReason::left : RemovalReason::dead,
            .proposal = ask.proposal,
            .need = as_u32(majority(t.seeds())),
            .subject = ask.change.peer,
            .other = t.removals.reporter_of(ask.change.peer),
            .incarnation = ask.change.incarnation,
            .epoch = t.ledger.epoch() + 1};
}

// ---------------------------------------------------------------- asks that come in

void Requests::on_register_request(SeedTurn& t, NodeId from, const msg::RegisterRequest& m) {
    if (!is_anonymous(from) && from != m.peer) return t.refuse(from, "REGISTER_REQUEST for another node");
    Ask ask{{ChangeKind::add, m.peer, m.incarnation, m.protocol, m.key}, m.signature, {}, 0};
    if (m.protocol == 0) ask.change.incarnation = pick_life(t, m.peer);
    if (t.ledger.holds(m.peer, ask.change.incarnation)) {
        t.notice({.kind = NoticeKind::already_registered, .subject = m.peer, .incarnation = ask.change.incarnation});
        acknowledge(t, from, m.peer, "Already registered");
        return t.raise(fact::PeerAcknowledged{m.peer});
    }
    if (t.ledger.last_life(m.peer) >= ask.change.incarnation) return refuse_life(t, from, m.peer);
    if (const msg::AskOpinion opinion = judge_request(t, ask, verified(ask)); opinion.opinion != Opinion::yes) {
        t.refuse(from, "REGISTER_REQUEST: " + opinion.reason);
        return refuse_registration(t, from, m.peer, opinion.reason, Incarnation::none);
    }
    if (m.protocol == 0 || verified(ask)) return admit(t, from, ask);
    await_address(t, from, ask);
}

void Requests::await_address(SeedTurn& t, NodeId client, const Ask& ask) {
    const NodeId peer = ask.change.peer;
    if (waiting_.size() >= waiting_limit) {
        if (client != NodeId::none) t.send(client, msg::RegisterPending{peer, retry_hint});
        return;
    }
    Waiting& waiting = waiting_[{peer, client}];
    if (waiting.ask.change != ask.change) waiting = {ask, t.now};
    t.raise(fact::AddressUnknown{ask.change});
}

std::map<NodeId, Requests::Waiting> Requests::take_waiting(NodeId peer) {
    std::map<NodeId, Waiting> taken;
    auto at = waiting_.lower_bound({peer, NodeId::none});
    while (at != waiting_.end() && at->first.first == peer) {
        taken.emplace(at->first.second, std::move(at->second));
        at = waiting_.erase(at);
    }
    return taken;
}

void Requests::handle_address_checked(SeedTurn& t, NodeId peer) {
    drop_unanswered(t, peer);
    for (auto& [client, waiting] : take_waiting(peer)) {
        const Change add = waiting.ask.change;
        switch (t.addresses.result(add, t.now, waiting.since)) {
            case AddressChecks::Result::none:
                t.raise(fact::AddressUnknown{add});
                [[fallthrough]];
            case AddressChecks::Result::running:
                waiting_.emplace(std::pair{peer, client}, std::move(waiting));
                break;
            case AddressChecks::Result::failed:
                if (client != NodeId::none) refuse_registration(t, client, peer, no_answer(peer), Incarnation::none);
                break;
            case AddressChecks::Result::answered:
                take_up(t, client, waiting.ask);
                break;
        }
    }
}

// The list may have changed while the address was asked: another seed proposed it.
void Requests::take_up(SeedTurn& t, NodeId client, const Ask& ask) {
    const Change& add = ask.change;
    if (client == NodeId::none) {
        if (!is_moot(add, t.ledger)) pending_.add(ask, t.now, true);
    } else if (is_registered(add, t.ledger)) {
        acknowledge(t, client, add.peer, "Already registered");
        t.raise(fact::PeerAcknowledged{add.peer});
    } else if (is_moot(add, t.ledger)) {
        refuse_life(t, client, add.peer);
    } else {
        admit(t, client, ask);
    }
}

// Who waited for long may have gone meanwhile: it must not be proposed for ever.
void Requests::drop_unanswered(SeedTurn& t, NodeId peer) {
    std::vector<Change> gone;
    for (const auto& [arrival, entry] : pending_.all()) {
        const Change& change = entry.ask.change;
        const bool keyed = change.kind == ChangeKind::add && change.protocol > 0 && change.peer == peer;
        if (keyed && t.addresses.result(change, t.now) == AddressChecks::Result::failed) gone.push_back(change);
    }
    for (const Change& change : gone) {
        for (const NodeId client : pending_.find(change)->clients) {
            refuse_registration(t, client, peer, no_answer(peer), Incarnation::none);
        }
        pending_.erase(change);
    }
}

void Requests::handle_address_unchecked(SeedTurn& t, NodeId peer) {
    for (const auto& [client, waiting] : take_waiting(peer)) {
        if (client != NodeId::none) t.send(client, msg::RegisterPending{peer, retry_hint});
    }
}

// Protocol 0 knows no lives: whoever asks while one is listed or awaited means that one.
Incarnation Requests::pick_life(const SeedTurn& t, NodeId peer) {
    if (const Member* member = t.ledger.find(peer)) return member->incarnation;
    if (const PendingAsk* waiting = pending_.find_add(peer, 0)) return waiting->ask.change.incarnation;
    return std::max(after(t.ledger.last_life(peer)), Incarnation{static_cast<std::uint64_t>(t.wall)});
}

void Requests::admit(SeedTurn& t, NodeId from, const Ask& ask) {
    PendingAsk* entry = pending_.add(ask, t.now, false);
    if (entry == nullptr) return t.send(from, msg::RegisterPending{ask.change.peer, retry_hint});
    entry->ask.proposal = proposal_id(ask.change, t.seat);
    add_client(*entry, from);
    if (entry->announced) t.send(from, msg::RegisterPending{ask.change.peer, retry_hint});
    if (!check_timer_.is_set()) check_timer_.set(t, t.now + t.config.seed.pending_after);
}

void Requests::on_leave(SeedTurn& t, NodeId from, const msg::Leave& m) {
    if (from != m.peer) return t.refuse(from, "LEAVE for another node");
    if (!t.ledger.holds(m.peer, m.incarnation)) {
        t.notice({.kind = NoticeKind::already_removed, .subject = m.peer});
        return t.send(from, msg::LeaseAck{m.peer, LeaseStatus::removed, m.incarnation, t.ledger.epoch()});
    }
    Ask ask{.change = {.kind = ChangeKind::leave, .peer = m.peer, .incarnation = m.incarnation},
            .signature = m.signature};
    ask.proposal = proposal_id(ask.change, t.seat);
    if (const msg::AskOpinion opinion = judge_leave(t, ask); opinion.opinion != Opinion::yes) {
        return t.refuse(from, "LEAVE: " + opinion.reason);
    }
    pending_.add(ask, t.now, false);
}

void Requests::handle_carried(SeedTurn& t, const std::vector<Ask>& asks) {
    for (const Ask& ask : asks) {
        if (is_moot(ask.change, t.ledger)) continue;
        const bool keyed = ask.change.kind == ChangeKind::add && ask.change.protocol > 0;
        const bool checked = t.addresses.result(ask.change, t.now) == AddressChecks::Result::answered;
        if (!keyed || checked || pending_.find(ask.change) != nullptr) {
            pending_.add(ask, t.now, true);
        } else {
            await_address(t, NodeId::none, ask);
        }
    }
}

// ---------------------------------------------------------------- asks on their way

std::vector<Ask> Requests::open_next(SeedTurn& t, std::size_t count) {
    std::vector<Ask> asks = pending_.next(count);
    for (const Ask& ask : asks) {
        PendingAsk* entry = pending_.find(ask.change);
        if (entry->opened) continue;
        entry->opened = true;
        Notice opened = ask_notice(t, NoticeKind::proposal_opened, ask);
        opened.count = 1;
        t.notice(std::move(opened));
    }
    return asks;
}

std::vector<Ask> Requests::to_carry() const { return pending_.to_carry(carried_limit); }

void Requests::handle_check(SeedTurn& t) {
    std::optional<Time> next;
    for (auto& [arrival, entry] : pending_.all()) {
        if (entry.announced || entry.clients.empty()) continue;
        const Time due = entry.since + t.config.seed.pending_after;
        if (due > t.now) {
            next = due;
            break;
        }
        entry.announced = true;
        const NodeId peer = entry.ask.change.peer;
        t.notice({.kind = NoticeKind::registration_pending, .subject = peer});
        for (const NodeId client : entry.clients) t.send(client, msg::RegisterPending{peer, retry_hint});
    }
    if (next) check_timer_.set(t, *next);
}

// ---------------------------------------------------------------- what became of them

void Requests::handle_rejected(SeedTurn& t, const fact::AskRejected& rejected) {
    const Change& change = rejected.ask.change;
    Notice notice = ask_notice(t, NoticeKind::rejected, rejected.ask);
    notice.count = rejected.votes;
    notice.of = as_u32(t.seeds());
    notice.digest = t.ledger.digest();
    notice.text = rejected.reason;
    t.notice(std::move(notice));
    const PendingAsk* entry = pending_.find(change);
    if (entry == nullptr) return;
    if (change.kind == ChangeKind::add) {
        for (const NodeId client : entry->clients) {
            refuse_registration(t, client, change.peer, rejected.reason, Incarnation::none);
        }
    }
    pending_.erase(change);
}

void Requests::handle_proposal_over(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
        const PendingAsk* entry = pending_.find(change);
        if (entry != nullptr && entry->carried) pending_.erase(change);
    }
}

void Requests::handle_list_changed(SeedTurn& t, const VotesFor& votes) {
    for (const PendingAsk& done : pending_.take_answered(t.ledger)) answer(t, done, votes);
}

void Requests::answer(SeedTurn& t, const PendingAsk& done, const VotesFor& votes) {
    const Change& change = done.ask.change;
    if (change.kind != ChangeKind::add) return;
    const auto counted = votes.find(change);
    const Approval approval = counted != votes.end() ? counted->second : Approval{as_u32(majority(t.seeds())), {}};
    for (const NodeId client : done.clients) {
        if (!is_registered(change, t.ledger)) {
            refuse_life(t, client, change.peer);
            continue;
        }
        acknowledge(t, client, change.peer, "Registration approved (" + std::to_string(approval.votes) + " votes)",
                    approval.signatures);
        t.raise(fact::PeerAcknowledged{change.peer});
    }
}

void Requests::acknowledge(SeedTurn& t, NodeId client, NodeId peer, std::string text,
                           std::vector<SeatSignature> credential) const {
    msg::RegisterAck ack;
    ack.peer = peer;
    ack.text = std::move(text);
    ack.incarnation = t.ledger.last_life(peer);
    ack.epoch = t.ledger.epoch();
    ack.digest = t.ledger.digest();
    ack.members = as_u32(t.ledger.members().size());
    ack.successors = t.directory.successors(peer, t.config.overlay.successors);
    const std::uint32_t handed_out = candidates_handed_out(t.config.overlay, t.config.seed.sample);
    ack.candidates = t.directory.sample(handed_out, peer, t.config.overlay, t.rng);
    for (const NodeId seed : t.config.seeds) {
        ack.seed_keys.push_back(seed == t.self ? t.crypto.public_key(t.self) : t.neighbours.key_of(seed));
    }
    const Member* member = t.ledger.find(peer);
    if (member != nullptr && member->protocol > 0) {
        const auto own = [&t](const SeatSignature& by) { return by.seat == t.seat; };
        if (std::ranges::none_of(credential, own)) credential.push_back({t.seat, sign_credential(t, add_of(*member))});
        ack.credential = std::move(credential);
    }
    t.send(client, std::move(ack));
}

bool Requests::verified(const Ask& ask) const {
    const PendingAsk* own = pending_.find(ask.change);
    return own != nullptr && !own->carried && own->ask.signature.bytes == ask.signature.bytes;
}

void Requests::fingerprint(ByteWriter& out) const {
    out.u32(static_cast<std::uint32_t>(pending_.size()));
    for (const auto& [arrival, entry] : pending_.all()) {
        write(out, entry.ask.change);
        out.u8(entry.carried);
        out.u8(entry.announced);
        out.u8(entry.opened);
        out.u32(static_cast<std::uint32_t>(entry.clients.size()));
        for (const NodeId client : entry.clients) out.u64(static_cast<std::uint64_t>(client));
    }
}

}  // namespace gossip
