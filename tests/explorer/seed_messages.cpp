#include "seed_messages.hpp"

#include "protocol/names.hpp"

namespace gossip::explorer {
namespace {

void put(ByteWriter& out, Ballot ballot) {
    out.u64(ballot.round);
    out.u8(ballot.seat);
}

void put(ByteWriter& out, const Accepted& accepted) {
    out.u64(accepted.epoch);
    put(out, accepted.ballot);
    write(out, accepted.batch);
}

void put(ByteWriter& out, const msg::AskOpinion& opinion) {
    out.u8(static_cast<std::uint8_t>(opinion.opinion));
    out.text(opinion.reason);
}

void put(ByteWriter& out, const SeatInfo& info) {
    out.u8(info.seat);
    out.u64(info.life);
}

void put(ByteWriter& out, const Decision& decision) { out.text(canonical_bytes(decision)); }

void put(ByteWriter& out, const Ask& ask) {
    write(out, ask.change);
    out.raw(ask.signature.bytes);
    out.text(canonical_bytes(ask.certificate.record));
    out.u32(static_cast<std::uint32_t>(ask.certificate.statements.size()));
    for (const Statement& statement : ask.certificate.statements) out.text(canonical_bytes(statement));
    out.u32(ask.proposal);
}

void put(ByteWriter& out, const Member& m) {
    out.u64(static_cast<std::uint64_t>(m.id));
    out.u64(static_cast<std::uint64_t>(m.incarnation));
    out.u8(m.protocol);
    out.raw(m.key.bytes);
    out.u64(m.since);
}

template <class T>
void put(ByteWriter& out, const std::vector<T>& items) {
    out.u32(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items) put(out, item);
}

struct Writer {
    ByteWriter& out;

    void operator()(const msg::Propose& m) const {
        out.u64(m.epoch);
        out.raw(m.previous.bytes);
        put(out, m.ballot);
        put(out, m.asks);
    }
    void operator()(const msg::Vote& m) const {
        out.u64(m.epoch);
        put(out, m.ballot);
        out.u64(m.life);
        put(out, m.accepted);
        put(out, m.opinions);
        put(out, m.carried_asks);
        out.raw(m.key.bytes);
    }
    void operator()(const msg::Nack& m) const {
        out.u64(m.epoch);
        put(out, m.ballot);
        put(out, m.promised);
    }
    void operator()(const msg::Behind& m) const {
        out.u64(m.epoch);
        out.raw(m.digest.bytes);
    }
    void operator()(const msg::Commit& m) const {
        out.u64(m.epoch);
        put(out, m.ballot);
        out.raw(m.previous.bytes);
        write(out, m.batch);
        put(out, m.lives);
    }
    void operator()(const msg::Ack& m) const {
        out.u64(m.epoch);
        put(out, m.ballot);
        out.u64(m.life);
    }
    void operator()(const msg::Learn& m) const {
        out.u64(m.epoch);
        put(out, m.ballot);
        out.raw(m.digest.bytes);
    }
    void operator()(const msg::Fetch& m) const {
        out.u64(m.since);
        out.raw(m.digest.bytes);
    }
    void operator()(const msg::Decisions& m) const { put(out, m.decisions); }
    void operator()(const msg::SnapshotPart& m) const {
        out.u64(m.snapshot.epoch);
        out.raw(m.snapshot.digest.bytes);
        put(out, m.snapshot.members);
        put(out, m.snapshot.removed);
        put(out, m.snapshot.seats);
        out.u32(m.part);
        out.u32(m.parts);
    }
    template <class Other>
    void operator()(const Other&) const {}
};

std::string text(Ballot ballot) { return std::to_string(ballot.round) + "." + std::to_string(ballot.seat); }

std::string text(Epoch epoch, Ballot ballot) { return " epoch=" + std::to_string(epoch) + " ballot=" + text(ballot); }

std::string text(const Change& change) {
    const char* const kinds[]{"add ", "remove ", "leave ", "replace "};
    return kinds[static_cast<std::size_t>(change.kind)] + std::to_string(endpoint(change.peer).port) + "@" +
           std::to_string(static_cast<std::uint64_t>(change.incarnation));
}

std::string text(const std::vector<Ask>& asks) {
    Batch batch;
    for (const Ask& ask : asks) batch.push_back(ask.change);
    return text_of(batch);
}

std::string text(const msg::Vote& m) {
    const char* const opinions[]{" yes", " no", " undecided"};
    std::string result = text(m.epoch, m.ballot) + " opinions=[";
    for (const msg::AskOpinion& o : m.opinions) result += opinions[static_cast<std::size_t>(o.opinion)];
    result += " ]";
    for (const Accepted& a : m.accepted) result += " accepted " + text(a.ballot) + " " + text_of(a.batch);
    if (!m.carried_asks.empty()) result += " asks=" + text(m.carried_asks);
    return result;
}

}  // namespace

bool carries(Network network, const Message& message) {
    const bool nacks = network >= Network::nacks;
    const bool learns = network >= Network::learns;
    const bool full = network == Network::full;
    return std::visit(Overloaded{[](const msg::Propose&) { return true; }, [](const msg::Vote&) { return true; },
                                 [](const msg::Commit&) { return true; }, [](const msg::Ack&) { return true; },
                                 [&](const msg::Nack&) { return nacks; }, [&](const msg::Learn&) { return learns; },
                                 [&](const msg::Behind&) { return full; }, [&](const msg::Fetch&) { return full; },
                                 [&](const msg::Decisions&) { return full; },
                                 [&](const msg::SnapshotPart&) { return full; }, [](const auto&) { return false; }},
                      message);
}

Bytes message_bytes(const Message& message) {
    ByteWriter out;
    out.u8(static_cast<std::uint8_t>(message.index()));
    std::visit(Writer{out}, message);
    return out.take();
}

MessageFacts facts_of(const Message& message) {
    using Type = MessageFacts::Type;
    return std::visit(Overloaded{[](const msg::Propose& m) {
                                     return MessageFacts{Type::propose, m.epoch, m.ballot};
                                 },
                                 [](const msg::Vote& m) {
                                     return MessageFacts{Type::vote, m.epoch, m.ballot};
                                 },
                                 [](const msg::Commit& m) {
                                     return MessageFacts{Type::commit, m.epoch, m.ballot};
                                 },
                                 [](const msg::Ack& m) {
                                     return MessageFacts{Type::ack, m.epoch, m.ballot};
                                 },
                                 [](const msg::Learn& m) {
                                     return MessageFacts{Type::learn, m.epoch, m.ballot};
                                 },
                                 [](const auto&) { return MessageFacts{}; }},
                      message);
}

std::string text_of(const Batch& batch) {
    std::string result = "[";
    for (const Change& change : batch) result += (result.size() > 1 ? ", " : "") + text(change);
    return result + "]";
}

std::string text_of(const Message& message) {
    const std::string body = std::visit(
        Overloaded{[](const msg::Propose& m) { return text(m.epoch, m.ballot) + " " + text(m.asks); },
                   [](const msg::Vote& m) { return text(m); },
                   [](const msg::Nack& m) { return text(m.epoch, m.ballot) + " promised=" + text(m.promised); },
                   [](const msg::Behind& m) { return " epoch=" + std::to_string(m.epoch) + " " + hex(m.digest); },
                   [](const msg::Commit& m) { return text(m.epoch, m.ballot) + " " + text_of(m.batch); },
                   [](const msg::Ack& m) { return text(m.epoch, m.ballot); },
                   [](const msg::Learn& m) { return text(m.epoch, m.ballot) + " " + hex(m.digest); },
                   [](const msg::Fetch& m) { return " since=" + std::to_string(m.since); },
                   [](const msg::Decisions& m) { return " " + std::to_string(m.decisions.size()); },
                   [](const msg::SnapshotPart& m) { return " epoch=" + std::to_string(m.snapshot.epoch); },
                   [](const msg::RegisterAck& m) { return " epoch=" + std::to_string(m.epoch); },
                   [](const auto&) { return std::string{}; }},
        message);
    return std::string(message_name(message)) + body;
}

}  // namespace gossip::explorer
