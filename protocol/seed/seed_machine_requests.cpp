// What peers ask of a seed: registration, lists, deltas, leases, leaving.

#include "protocol/canonical.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::size_t page_size = 500;
constexpr std::size_t deltas_per_reply = 64;
constexpr std::size_t delta_changes_per_reply = 256;  // a peer's line of 64 KiB
constexpr Duration retry_hint = std::chrono::seconds(2);

std::uint32_t as_u32(std::size_t n) { return static_cast<std::uint32_t>(n); }

Incarnation after(Incarnation life) { return Incarnation{static_cast<std::uint64_t>(life) + 1}; }

}  // namespace

// ---------------------------------------------------------------- registration

void SeedMachine::on_register_request(NodeId from, const msg::RegisterRequest& m, Turn& t) {
    if (!is_anonymous(from) && from != m.peer) return refuse(from, "REGISTER_REQUEST for another node", t);
    Ask ask{{ChangeKind::add, m.peer, m.incarnation, m.protocol, m.key}, m.signature, {}, 0};
    if (m.protocol == 0) ask.change.incarnation = pick_life(m.peer, t.now);
    if (ledger_.holds(m.peer, ask.change.incarnation)) {
        Notice notice{NoticeKind::already_registered};
        notice.subject = m.peer;
        notice.incarnation = ask.change.incarnation;
        t.out.notice(std::move(notice));
        return acknowledge(from, m.peer, "Already registered", t);
    }
    if (const Incarnation last = ledger_.last_life(m.peer); last >= ask.change.incarnation) {
        return refuse_registration(from, m.peer, "A later life is known", after(last), t);
    }
    if (const msg::AskOpinion opinion = judge_add(ask); opinion.opinion != Opinion::yes) {
        refuse(from, "REGISTER_REQUEST: " + opinion.reason, t);
        return refuse_registration(from, m.peer, opinion.reason, Incarnation::none, t);
    }
    admit(from, ask, t);
}

// Protocol 0 knows no lives: whoever asks while one is listed or awaited means that one.
Incarnation SeedMachine::pick_life(NodeId peer, Time now) {
    if (const Member* member = ledger_.find(peer)) return member->incarnation;
    if (const PendingAsk* waiting = pending_.find_add(peer, 0)) return waiting->ask.change.incarnation;
    return std::max(after(ledger_.last_life(peer)), Incarnation{static_cast<std::uint64_t>(wall(now))});
}

void SeedMachine::admit(NodeId from, const Ask& ask, Turn& t) {
    PendingAsk* entry = pending_.add(ask, t.now, false);
    if (entry == nullptr) return t.out.send(from, msg::RegisterPending{ask.change.peer, retry_hint});
    entry->ask.proposal = proposal_id(ask.change, seats_.own());
    add_client(*entry, from);
    if (entry->announced) t.out.send(from, msg::RegisterPending{ask.change.peer, retry_hint});
    if (!pending_timer_.is_set()) pending_timer_.set(t.now + config_->seed.pending_after, t.out);
}

// Says once to who waits for long that the answer will come, and looks again later.
void SeedMachine::handle_pending_check(Turn& t) {
    check_quorum(t);
    std::optional<Time> next;
    for (auto& [arrival, entry] : pending_.all()) {
        if (entry.announced || entry.clients.empty()) continue;
        const Time due = entry.since + config_->seed.pending_after;
        if (due > t.now) {
            next = due;
            break;
        }
        entry.announced = true;
        Notice notice{NoticeKind::registration_pending};
        notice.subject = entry.ask.change.peer;
        t.out.notice(std::move(notice));
        for (const NodeId client : entry.clients) {
            t.out.send(client, msg::RegisterPending{entry.ask.change.peer, retry_hint});
        }
    }
    if (next) pending_timer_.set(*next, t.out);
}

void SeedMachine::answer_settled(const PendingAsk& done, Turn& t) {
    const Change& change = done.ask.change;
    if (change.kind != ChangeKind::add) return;
    const bool in =
        change.protocol == 0 ? ledger_.find(change.peer) != nullptr : ledger_.holds(change.peer, change.incarnation);
    const std::size_t votes = done.votes > 0 ? done.votes : majority(seeds());
    for (const NodeId client : done.clients) {
        if (in) {
            acknowledge(client, change.peer, "Registration approved (" + std::to_string(votes) + " votes)", t);
        } else {
            refuse_registration(client, change.peer, "A later life is known", after(ledger_.last_life(change.peer)), t);
        }
    }
}

void SeedMachine::acknowledge(NodeId client, NodeId peer, std::string text, Turn& t) {
    msg::RegisterAck ack;
    ack.peer = peer;
    ack.text = std::move(text);
    ack.incarnation = ledger_.last_life(peer);
    ack.epoch = ledger_.epoch();
    ack.digest = ledger_.digest();
    ack.members = as_u32(ledger_.members().size());
    ack.successors = directory_.successors(peer, config_->overlay.successors);
    ack.candidates = directory_.sample(config_->seed.sample, peer, config_->overlay, rng_);
    for (const NodeId seed : config_->seeds) {
        const auto it = others_.find(seed);
        ack.seed_keys.push_back(it == others_.end() ? crypto_->public_key(options_.self) : it->second.key);
    }
    directory_.expect_lease(peer, t.now);
    t.out.send(client, std::move(ack));
}

void SeedMachine::refuse_registration(NodeId client, NodeId peer, std::string text, Incarnation minimum,
                                      Turn& t) const {
    t.out.send(client, msg::RegisterNack{peer, std::move(text), minimum});
}

// ---------------------------------------------------------------- opinions on what peers ask

msg::AskOpinion SeedMachine::judge(const Ask& ask, Time now) const {
    switch (ask.change.kind) {
        case ChangeKind::add:
            return judge_add(ask);
        case ChangeKind::leave:
            return judge_leave(ask);
        case ChangeKind::replace:
            return judge_replace(ask.change);
        case ChangeKind::remove:
            return judge_removal(ask.change, ask.certificate, now);
    }
    return {Opinion::no, "unknown kind of change"};
}

msg::AskOpinion SeedMachine::judge_add(const Ask& ask) const {
    const Change& change = ask.change;
    const Endpoint at = endpoint(change.peer);
    if (is_anonymous(change.peer) || at.ip == 0 || at.port == 0) return {Opinion::no, "no endpoint"};
    if (change.peer == options_.self || seat_of(change.peer)) return {Opinion::no, "the endpoint is a seed's"};
    if (change.protocol > 1 || change.incarnation == Incarnation::none) return {Opinion::no, "malformed request"};
    if (ledger_.holds(change.peer, change.incarnation)) return {Opinion::yes, "already registered"};
    if (settled(change, ledger_)) return {Opinion::no, "a later life is known"};
    if (change.protocol == 0) return {Opinion::yes, {}};
    const PendingAsk* own = pending_.find(change);
    const bool verified = own != nullptr && !own->carried && own->ask.signature.bytes == ask.signature.bytes;
    if (verified || crypto_->verify(change.key, canonical_bytes(change), ask.signature)) return {Opinion::yes, {}};
    return {Opinion::no, "bad signature"};
}

msg::AskOpinion SeedMachine::judge_leave(const Ask& ask) const {
    const Member* member = ledger_.find(ask.change.peer);
    if (member == nullptr || member->incarnation != ask.change.incarnation) return {Opinion::no, "not in the list"};
    if (crypto_->verify(member->key, canonical_bytes(ask.change), ask.signature)) return {Opinion::yes, {}};
    return {Opinion::no, "bad signature"};
}

msg::AskOpinion SeedMachine::judge_replace(const Change& change) const {
    if (change.seat >= seeds() || change.new_life == 0) return {Opinion::no, "malformed request"};
    const SeatLife known = seats_.known(change.seat, ledger_);
    const bool fits = known == 0 || known == change.old_life || known == change.new_life;
    if (change.seat == seats_.own() && change.new_life != known) return {Opinion::no, "this seat is alive"};
    if (!fits) return {Opinion::no, "another life of the seat is known here"};
    return {Opinion::yes, {}};
}

// ---------------------------------------------------------------- leaving

void SeedMachine::on_leave(NodeId from, const msg::Leave& m, Turn& t) {
    if (from != m.peer) return refuse(from, "LEAVE for another node", t);
    Ask ask;
    ask.change.kind = ChangeKind::leave;
    ask.change.peer = m.peer;
    ask.change.incarnation = m.incarnation;
    ask.signature = m.signature;
    ask.proposal = proposal_id(ask.change, seats_.own());
    if (!ledger_.holds(m.peer, m.incarnation)) {
        Notice notice{NoticeKind::already_removed};
        notice.subject = m.peer;
        t.out.notice(std::move(notice));
        return t.out.send(from, msg::LeaseAck{m.peer, LeaseStatus::removed, m.incarnation, ledger_.epoch()});
    }
    if (const msg::AskOpinion opinion = judge_leave(ask); opinion.opinion != Opinion::yes) {
        return refuse(from, "LEAVE: " + opinion.reason, t);
    }
    pending_.add(ask, t.now, false);
}

// ---------------------------------------------------------------- reading the list

void SeedMachine::on_get_peer_list(NodeId from, const msg::GetPeerList& m, Turn& t) {
    const std::size_t total = ledger_.members().size();
    msg::PeerList list;
    list.seed = options_.self;
    list.page = m.page;
    list.pages = as_u32(std::max<std::size_t>(1, (total + page_size - 1) / page_size));
    list.epoch = ledger_.epoch();
    list.stale = !quorum_;
    const std::size_t skip = std::min<std::size_t>(std::size_t{m.page} * page_size, total);
    auto it = std::next(ledger_.members().begin(), static_cast<std::ptrdiff_t>(skip));
    for (; it != ledger_.members().end() && list.peers.size() < page_size; ++it) list.peers.push_back(it->second);
    Notice notice{NoticeKind::list_sent};
    notice.other = from;
    notice.count = as_u32(list.peers.size());
    t.out.notice(std::move(notice));
    t.out.send(from, std::move(list));
}

void SeedMachine::on_get_candidates(NodeId from, const msg::GetCandidates& m, Turn& t) {
    t.out.send(from, msg::Candidates{ledger_.epoch(), directory_.successors(m.peer, config_->overlay.successors),
                                     directory_.sample(config_->seed.sample, m.peer, config_->overlay, rng_)});
}

void SeedMachine::on_get_delta(NodeId from, const msg::GetDelta& m, Turn& t) {
    msg::Deltas reply;
    reply.epoch = ledger_.epoch();
    reply.gap = m.since < ledger_.epoch() && !ledger_.reaches_back_to(m.since);
    const bool news = m.since < ledger_.epoch() && !reply.gap;
    std::size_t changes = 0;
    for (Epoch e = m.since + 1; news && e <= ledger_.epoch() && reply.decisions.size() < deltas_per_reply; ++e) {
        const Decision* decision = ledger_.decision(e);
        changes += decision->batch.size();
        if (changes > delta_changes_per_reply && !reply.decisions.empty()) break;
        reply.decisions.push_back(signed_membership(*decision));
    }
    t.out.send(from, std::move(reply));
}

msg::Membership SeedMachine::signed_membership(const Decision& decision) {
    const auto [it, fresh] = signatures_.try_emplace(decision.epoch);
    if (fresh) it->second = crypto_->sign(options_.self, canonical_bytes(decision));
    const Signature signature = it->second;
    while (signatures_.size() > config_->seed.history) signatures_.erase(signatures_.begin());
    return {decision, seats_.own(), signature};
}

// ---------------------------------------------------------------- signs of life

void SeedMachine::on_lease(NodeId from, const msg::Lease& m, Turn& t) {
    if (from != m.peer) return refuse(from, "LEASE of another node", t);
    msg::LeaseAck ack{m.peer, LeaseStatus::unknown, ledger_.last_life(m.peer), ledger_.epoch()};
    if (ledger_.holds(m.peer, m.incarnation)) {
        ack.status = LeaseStatus::member;
        directory_.lease(m.peer, m.degree, t.now);
        sign_of_life(m.peer, t);
    } else if (ack.incarnation >= m.incarnation) {
        ack.status = LeaseStatus::removed;
    }
    t.out.send(from, ack);
}

void SeedMachine::on_ping(NodeId from, const msg::Ping& m, Turn& t) const {
    msg::Pong pong;
    pong.sender = options_.self;
    pong.sequence = m.sequence;
    pong.ping_sent = m.sent;
    pong.received = pong.sent = wall(t.now);
    pong.epoch = ledger_.epoch();
    t.out.send(from, pong);
}

}  // namespace gossip
