// What tells two states of a seed apart: for exhaustive exploration, which must recognise a state
// it has been in, and for comparing runs. The list is represented by its digest.

#include "protocol/canonical.hpp"
#include "protocol/seed/seed_machine.hpp"

namespace gossip {
namespace {

void write(ByteWriter& out, Ballot ballot) {
    out.u64(ballot.round);
    out.u8(ballot.seat);
}

void write(ByteWriter& out, const Accepted& accepted) {
    out.u64(accepted.epoch);
    write(out, accepted.ballot);
    write(out, accepted.batch);
}

void write(ByteWriter& out, const std::vector<SeatInfo>& infos) {
    out.u32(static_cast<std::uint32_t>(infos.size()));
    for (const SeatInfo& info : infos) {
        out.u8(info.seat);
        out.u64(info.life);
    }
}

void write(ByteWriter& out, const msg::Vote& vote) {
    out.u64(vote.epoch);
    write(out, vote.ballot);
    out.u64(vote.life);
    for (const Accepted& accepted : vote.accepted) write(out, accepted);
    for (const msg::AskOpinion& opinion : vote.opinions) out.u8(static_cast<std::uint8_t>(opinion.opinion));
    for (const Ask& ask : vote.mail) write(out, ask.change);
}

void write_votes(ByteWriter& out, const Proposer& p) {
    for (const Proposer::AskState& state : p.asks()) {
        out.u32(state.yes);
        out.u32(state.no);
    }
    out.u32(p.voters().bits());
    out.u64(p.votes());
    out.u8(p.best().has_value());
    if (p.best()) write(out, *p.best());
}

void write(ByteWriter& out, const Proposer& p) {
    out.u8(static_cast<std::uint8_t>(p.phase()));
    if (p.idle()) return;
    out.u64(p.epoch());
    write(out, p.ballot());
    for (const Proposer::AskState& state : p.asks()) write(out, state.ask.change);
    if (p.phase() == Proposer::Phase::voting) write_votes(out, p);  // later ones are counted for the log only
    write(out, p.batch());
    write(out, p.lives());
    out.u32(p.ackers().bits());
    out.u64(p.acks());
}

void write(ByteWriter& out, const PendingAsk& entry) {
    write(out, entry.ask.change);
    out.u8(entry.carried);
    out.u8(entry.announced);
    out.u8(entry.opened);
    out.u32(static_cast<std::uint32_t>(entry.clients.size()));
    for (const NodeId client : entry.clients) out.u64(static_cast<std::uint64_t>(client));
}

void write(ByteWriter& out, const RemovalCase& c) {
    out.u64(static_cast<std::uint64_t>(c.incarnation));
    out.u8(c.ours);
    out.u8(c.asked);
    out.u8(c.proposed);
    out.u32(c.askers.bits());
    for (const auto& [seat, opinion] : c.opinions) {
        out.u8(seat);
        out.u8(static_cast<std::uint8_t>(opinion));
    }
    out.u32(static_cast<std::uint32_t>(c.reporters.size()));
    out.u32(c.rounds);
    out.u32(c.fruitless);
}

}  // namespace

void SeedMachine::fingerprint(ByteWriter& out) const {
    // Positions in the journal grow for ever: only what is still awaited tells states apart.
    const auto awaited = [this](AppendSeq seq) { return seq > persisted_ ? seq - persisted_ : 0; };
    out.u8(stopped_);
    out.u64(ledger_.epoch());
    out.raw(ledger_.digest().bytes);
    write(out, acceptor_.promised());
    out.u64(acceptor_.ceiling());
    out.u64(awaited(acceptor_.covered_by(acceptor_.promised().round + 1)));
    out.u8(acceptor_.accepted().has_value());
    if (acceptor_.accepted()) write(out, *acceptor_.accepted());
    write(out, proposer_);
    out.u64(seen_round_);
    out.u64(awaited(appended_));
    out.u32(static_cast<std::uint32_t>(held_votes_.size()));
    for (const HeldVote& held : held_votes_) {
        out.u8(held.seat);
        out.u64(awaited(held.after));
        write(out, held.vote);
    }
    out.u8(own_ack_after_.has_value());
    if (own_ack_after_) out.u64(awaited(*own_ack_after_));
    out.u8(held_proposal_.has_value());
    if (held_proposal_) write(out, held_proposal_->propose.ballot);
    fingerprint_seats(out);
    out.u32(static_cast<std::uint32_t>(pending_.size()));
    for (const auto& [arrival, entry] : pending_.all()) write(out, entry);
    out.u32(static_cast<std::uint32_t>(cases_.all().size()));
    for (const auto& [suspect, c] : cases_.all()) {
        out.u64(static_cast<std::uint64_t>(suspect));
        write(out, c);
    }
    probes_.fingerprint(out);
}

void SeedMachine::fingerprint_seats(ByteWriter& out) const {
    out.u64(seats_.life());
    out.u8(static_cast<std::uint8_t>(seats_.standing()));
    write(out, seats_.met());
    write(out, seats_.countable(ledger_, persisted_));
    for (Seat seat = 0; seat < seats_.count(); ++seat) out.u8(seats_.has_vouched(seat));
    out.u8(quorum_);
    for (const auto& [id, other] : others_) {
        out.u8(static_cast<std::uint8_t>(other.reach));
        out.raw(other.key.bytes);
    }
    out.u32(static_cast<std::uint32_t>(snapshot_parts_.size()));
}

}  // namespace gossip
