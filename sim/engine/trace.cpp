#include "sim/engine/trace.hpp"

namespace gossip::sim {
namespace {

std::uint64_t mix(std::uint64_t h, std::uint64_t v) { return fold(h, v); }
std::uint64_t mix(std::uint64_t h, NodeId id) { return mix(h, static_cast<std::uint64_t>(id)); }
std::uint64_t mix(std::uint64_t h, Incarnation i) { return mix(h, static_cast<std::uint64_t>(i)); }
std::uint64_t mix(std::uint64_t h, Ballot b) { return mix(mix(h, b.round), std::uint64_t{b.seat}); }
std::uint64_t mix(std::uint64_t h, const Digest& d) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word = word << 8 | d.bytes[i];
    return mix(h, word);
}
std::uint64_t mix(std::uint64_t h, const Batch& batch) {
    for (const Change& c : batch) h = mix(mix(h, c.peer), c.incarnation);
    return mix(h, std::uint64_t{batch.size()});
}

// The fields that distinguish messages of one type. A difference in a field that is not hashed shows in the
// receiver's next step.
struct Fields {
    std::uint64_t h;
    std::uint64_t operator()(const msg::RegisterRequest& m) const { return mix(mix(h, m.peer), m.incarnation); }
    std::uint64_t operator()(const msg::RegisterAck& m) const { return mix(mix(mix(h, m.peer), m.epoch), m.digest); }
    std::uint64_t operator()(const msg::Lease& m) const { return mix(mix(mix(h, m.peer), m.degree), m.epoch); }
    std::uint64_t operator()(const msg::DeadNodeReport& m) const { return mix(mix(h, m.suspect), m.incarnation); }
    std::uint64_t operator()(const msg::Membership& m) const {
        return mix(mix(h, m.decision.epoch), m.decision.digest);
    }
    std::uint64_t operator()(const msg::Propose& m) const { return mix(mix(mix(h, m.epoch), m.ballot), m.asks.size()); }
    std::uint64_t operator()(const msg::Vote& m) const {
        return mix(mix(mix(h, m.epoch), m.ballot), m.carried_asks.size());
    }
    std::uint64_t operator()(const msg::Nack& m) const { return mix(mix(h, m.epoch), m.promised); }
    std::uint64_t operator()(const msg::Commit& m) const { return mix(mix(mix(h, m.epoch), m.ballot), m.batch); }
    std::uint64_t operator()(const msg::Ack& m) const { return mix(mix(h, m.epoch), m.ballot); }
    std::uint64_t operator()(const msg::Learn& m) const { return mix(mix(h, m.epoch), m.digest); }
    std::uint64_t operator()(const msg::Sync& m) const { return mix(mix(mix(h, m.epoch), m.digest), m.degrees.size()); }
    std::uint64_t operator()(const msg::RemovalCase& m) const { return mix(mix(h, m.suspect), m.incarnation); }
    std::uint64_t operator()(const msg::CaseOpinion& m) const {
        return mix(mix(h, m.suspect), std::uint64_t(m.opinion));
    }
    std::uint64_t operator()(const msg::LinkRequest& m) const { return mix(mix(h, m.degree), m.record.version); }
    std::uint64_t operator()(const msg::LinkAccept& m) const { return mix(mix(h, m.degree), m.record.version); }
    std::uint64_t operator()(const msg::Ping& m) const { return mix(mix(mix(h, m.sequence), m.root), m.degree); }
    std::uint64_t operator()(const msg::Pong& m) const { return mix(mix(mix(h, m.sequence), m.root), m.degree); }
    std::uint64_t operator()(const msg::Gossip& m) const {
        return mix(mix(h, m.rumor ? m.rumor->key.lo : 0), std::uint64_t{m.hop});
    }
    std::uint64_t operator()(const msg::SuspectQuery& m) const { return mix(mix(h, m.suspect), m.incarnation); }
    std::uint64_t operator()(const msg::SuspectResponse& m) const {
        return mix(mix(h, m.statement.suspect), std::uint64_t(m.statement.verdict));
    }
    template <class Other>
    std::uint64_t operator()(const Other&) const {
        return mix(h, std::uint64_t{1});
    }
};

}  // namespace

std::uint64_t message_hash(const SharedMessage& message) {
    const Fields fields{message.index()};
    if (const auto* gossip = message.get_if<msg::Gossip>()) return fields(*gossip);  // the common case
    return message.visit(fields);
}

std::uint64_t event_hash(const Event& event) {
    const std::uint64_t h = event.index();
    if (const auto* received = std::get_if<Received>(&event)) {  // the common case
        return mix(mix(h, received->from), message_hash(received->message));
    }
    return std::visit(Overloaded{
                          [h](const TimerFired& e) {
                              return mix(mix(mix(h, std::uint64_t(e.tag.kind)), e.tag.generation), e.tag.key);
                          },
                          [h](const LinkLost& e) { return mix(mix(h, e.node), std::uint64_t(e.reason)); },
                          [h](const Persisted& e) { return mix(h, e.upto); },
                          [h](const auto&) { return h; },
                      },
                      event);
}

}  // namespace gossip::sim
