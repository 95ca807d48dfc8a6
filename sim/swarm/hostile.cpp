#include "sim/swarm/hostile.hpp"

#include "protocol/canonical.hpp"
#include "protocol/names.hpp"

namespace gossip::sim {
namespace {
constexpr Duration pace = std::chrono::milliseconds(200);
constexpr std::size_t replay_limit = 64;
// Of the first lives in a simulated network, which are its clock in milliseconds.
constexpr std::uint64_t lives_begin = 1'700'000'000'000;
constexpr std::uint64_t lives_span = 600'000;
}  // namespace

void Hostile::step(Time now, const Event& event, Effects& out) {
    if (const auto* r = std::get_if<Received>(&event)) {
        if (heard_.size() < replay_limit) heard_.push_back(r->message);
        if (const auto* ping = r->message.get_if<msg::Ping>()) heard_epoch_ = ping->epoch;
    }
    const bool due = std::holds_alternative<Started>(event) || std::holds_alternative<TimerFired>(event);
    if (!due) return;
    out.timer(now + pace, {});
    // Drawn in separate statements: the order in which arguments are evaluated depends on the compiler.
    Message lie = lie_to_seed();
    out.send(rng_.pick(seeds_), std::move(lie));
    lie = lie_to_peer();
    out.send(rng_.pick(peers_), std::move(lie));
    if (!heard_.empty()) {
        const Message& again = rng_.pick(heard_);
        out.send(rng_.chance(500'000) ? rng_.pick(seeds_) : rng_.pick(peers_), again);
    }
}

msg::DeadNodeReport Hostile::false_report() {
    msg::DeadNodeReport report;
    report.suspect = rng_.pick(peers_);
    report.incarnation = Incarnation{rng_.below(3)};
    report.reporter = self_;
    report.peer_votes = 7;
    report.certificate.record.peer = report.suspect;
    report.certificate.record.incarnation = report.incarnation;
    report.certificate.record.links = {self_};
    report.certificate.record.signature = crypto_.sign(self_, canonical_bytes(report.certificate.record));
    Statement s{report.suspect, report.incarnation, 0, Verdict::refused, self_, {}};
    s.signature = crypto_.sign(self_, canonical_bytes(s));
    report.certificate.statements = {s, s, s, s};
    return report;
}

// A registration of a peer's address with a key of our own: signed as it has to be, for a life that may well come.
msg::RegisterRequest Hostile::usurped_registration() {
    Change add{.kind = ChangeKind::add, .peer = rng_.pick(peers_), .protocol = 1, .key = crypto_.public_key(self_)};
    add.incarnation = Incarnation{lives_begin + rng_.below(lives_span)};
    return {add.peer, add.incarnation, add.protocol, add.key, crypto_.sign(self_, canonical_bytes(add))};
}

Message Hostile::lie_to_seed() {
    const Epoch epoch = heard_epoch_ + 1;
    const Ballot ballot{rng_.below(1'000'000), static_cast<Seat>(rng_.below(seeds_.size()))};
    const Change change{.kind = ChangeKind::remove, .peer = rng_.pick(peers_), .incarnation = Incarnation{rng_.next()}};
    switch (rng_.below(14)) {
        case 0:
            return msg::Propose{epoch, {}, ballot, {Ask{change, {}, {}, 1}}};
        case 1:
            return msg::Vote{.epoch = epoch, .ballot = ballot, .life = 1, .opinions = {{Opinion::yes, ""}}};
        case 2:
            return msg::Commit{.epoch = epoch, .ballot = ballot, .batch = {change}};
        case 3:
            return msg::Ack{epoch, ballot, 1};
        case 4:
            return msg::Learn{epoch, ballot, {}};
        case 5:
            return msg::Sync{.epoch = epoch + 1000, .life = 7};
        case 6:
            return msg::Decisions{{Decision{epoch, {change}, {}}}};
        case 7:
            return msg::RegisterRequest{.peer = rng_.pick(peers_), .incarnation = Incarnation{rng_.next() >> 20}};
        case 8:
            return msg::Leave{rng_.pick(peers_), Incarnation{rng_.next()}, {}};
        case 9:
        case 10:
            return usurped_registration();
        case 11:
            return msg::Lease{.peer = rng_.pick(peers_), .incarnation = Incarnation{lives_begin}};
        case 12:
            return msg::Pong{.sender = rng_.pick(peers_), .incarnation = Incarnation{lives_begin}};
        default:
            return false_report();
    }
}

msg::Membership Hostile::forged_decision() {
    msg::Membership m;
    m.decision.epoch = heard_epoch_ + rng_.below(3);
    m.decision.batch = {Change{.kind = ChangeKind::remove, .peer = rng_.pick(peers_), .incarnation = Incarnation{1}}};
    m.signer = 0;
    m.signature = crypto_.sign(self_, canonical_bytes(m.decision));
    return m;
}

Message Hostile::lie_to_peer() {
    const NodeId victim = rng_.pick(peers_);
    switch (rng_.below(9)) {
        case 0:
            return forged_decision();
        case 1:
            return msg::Deltas{{forged_decision()}, heard_epoch_ + 100, false};
        case 2:
            return msg::Suspect{victim, Incarnation{rng_.next()}, self_};
        case 3:
            return msg::SuspectQuery{self_, victim, Incarnation{1}, {}};
        case 4:
            return msg::RegisterNack{victim, "go away", {}};
        case 5:
            return msg::LeaseAck{victim, LeaseStatus::removed, Incarnation{rng_.next()}, heard_epoch_ + 9};
        case 6:
            return msg::Candidates{heard_epoch_ + 9, {self_}, {{self_, 1000, 1}}};
        case 7:
            return msg::Unlink{"begone"};
        default:
            return msg::Alive{victim, Incarnation{rng_.next()}, 99, {}};
    }
}

}  // namespace gossip::sim
