#include "protocol/peer/peer_dissemination.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr Duration digest_pace = std::chrono::seconds(1);
constexpr std::size_t spread_limit = 8;  // neighbours told at once of what a repair brought
constexpr std::size_t diff_accept_limit = 4096;

bool is_neighbour(const PeerTurn& t, const Sender& from) { return t.links.find(from.node) != nullptr && from.proven(); }

// A member with a key says everything in one of its lives: what names none is somebody else's. Protocol 0 has none.
bool usurps_name(const PeerTurn& t, const Rumor& rumor) {
    if (rumor.incarnation != Incarnation::none) return false;
    if (rumor.origin == t.self) return true;
    if (const Link* link = t.links.find(rumor.origin)) return link->protocol > 0;
    const Candidate* known = t.view.candidate(rumor.origin);
    return known != nullptr && known->protocol > 0;
}

}  // namespace

std::variant<RumorPtr, std::string_view> check_rumor(const RumorPtr& rumor, const Crypto& crypto,
                                                     const GossipConfig& config) {
    using Result = std::variant<RumorPtr, std::string_view>;
    if (!rumor) return Result("no message");
    if (rumor->text.size() > config.payload_limit) return Result("text over the payload limit");
    if (rumor->checked) return Result(rumor);
    const auto name = parse_rumor_id(rumor->id);
    if (!name) return Result("message id is not <timestamp>:<ip>:<port>:<number>");
    const RumorKey key = rumor_key(crypto, rumor->id);
    if (rumor->key == key && rumor->origin == name->origin && rumor->number == name->number) return rumor;
    auto corrected = make_rumor(*rumor);
    corrected->key = key;
    corrected->origin = name->origin;
    corrected->number = name->number;
    corrected->checked.mark();
    return RumorPtr(std::move(corrected));
}

void PeerDissemination::begin_life() {
    if (Rest* const rest = rest_.if_any()) rest->own.begin_life();
}

// Each peer's rounds of repair begin at a moment of its own.
void PeerDissemination::begin_rounds(PeerTurn& t) {
    t.arm(TimerKind::repair, t.rng.jitter(t.config.gossip.repair_interval));
    if (t.config.gossip.max_messages > 0) t.arm(TimerKind::generate, t.config.gossip.first_after);
}

// ---------------------------------------------------------------- own rumors

void PeerDissemination::handle_publish(PeerTurn& t, const std::string& text) {
    std::string_view why;
    if (!t.active()) why = "not a member of the network yet";
    if (why.empty()) why = rest_.ensure().own.refuse(text, t.now, t.config.gossip);
    if (!why.empty()) return t.notice({.kind = NoticeKind::publish_refused, .text = std::string(why)});
    publish(t, true, text);
}

void PeerDissemination::handle_generate(PeerTurn& t) {
    const GossipConfig& config = t.config.gossip;
    if (!t.active() || rest_->own.generated() >= config.max_messages) return;
    publish(t, false, {});
    if (rest_->own.generated() < config.max_messages) t.arm(TimerKind::generate, config.interval);
}

void PeerDissemination::publish(PeerTurn& t, bool typed, std::string text) {
    const RumorPtr rumor =
        rest_.ensure().own.create(typed, std::move(text), t.self, t.incarnation(), t.wall(), t.crypto);
    rumors_.add_own(rumor, t.now, t.config.gossip);
    t.notice({.kind = typed ? NoticeKind::said : NoticeKind::generated,
              .count = static_cast<std::uint32_t>(rumor->number),
              .of = t.config.gossip.max_messages,
              .rumor = rumor});
    push(t, rumor, 1, NodeId::none);
}

// ---------------------------------------------------------------- passing on

void PeerDissemination::push(PeerTurn& t, const RumorPtr& rumor, std::uint32_t hop, NodeId except) {
    if (t.config.gossip.mode->chooses()) return push_to_some(t, rumor, hop, except);
    const SharedMessage& message = t.context.forwards.message(rumor, hop, t.wall(), false);
    std::uint32_t count = 0;
    bool announced = false;
    for (const Link& link : t.links.all()) {
        if (link.id == except) continue;
        if (link.lazy) {
            announced = true;
            continue;
        }
        t.send(link.id, message);
        ++count;
    }
    if (announced) announce(t, rumor->key);
    pushed_ += count;
    if (count > 0 && t.observed()) t.notice({.kind = NoticeKind::forwarded, .count = count, .rumor = rumor});
}

void PeerDissemination::push_to_some(PeerTurn& t, const RumorPtr& rumor, std::uint32_t hop, NodeId except) {
    std::vector<NodeId> links = t.links.ids();
    std::erase(links, except);
    links.resize(t.config.gossip.mode->choose({t.config.gossip, hop}, links, t.rng));
    const SharedMessage& message = t.context.forwards.message(rumor, hop, t.wall(), false);
    for (const NodeId id : links) t.send(id, message);
    const auto count = static_cast<std::uint32_t>(links.size());
    pushed_ += count;
    if (count > 0 && t.observed()) t.notice({.kind = NoticeKind::forwarded, .count = count, .rumor = rumor});
}

void PeerDissemination::on_gossip(PeerTurn& t, const Sender& sender, const msg::Gossip& m) {
    const bool anonymous = sender.anonymous();
    const Sender from = anonymous ? sender.named(m.sender) : sender;
    if (anonymous) {
        if (is_anonymous(sender.reply)) t.raise(fact::Heard{from});  // others were, when the message came in
        t.raise(fact::SpokenTo{from});
    }
    if (m.rumor && t.config.gossip.mode->weighs()) {
        ensure_tree().weigh(m.rumor->id.size() + m.rumor->text.size(), t.now);
    }
    // The very object we keep was checked when it came first, and is no dead peer's: those were dropped.
    if (m.rumor && rumors_.keeps(m.rumor)) return take_duplicate(t, from, m, m.rumor);
    if (anonymous && m.rumor && m.rumor->incarnation != Incarnation::none) {
        return t.refuse(from.reply, "message of a peer with a key, from nobody known");
    }
    const auto checked = check_rumor(m.rumor, t.crypto, t.config.gossip);
    if (const auto* why = std::get_if<std::string_view>(&checked)) return t.refuse(from.reply, *why);
    take(t, from, m, std::get<RumorPtr>(checked));
}

void PeerDissemination::take(PeerTurn& t, const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    if (Plumtree* const tree = this->tree()) tree->arrived(rumor->key);
    if (t.view.dead(rumor->origin, rumor->incarnation)) {
        // Who repairs may not know of the removal yet: declined without a word.
        if (m.repair) return rumors_.decline(rumor->key);
        return t.refuse(from.reply, "message of a removed peer");
    }
    if (usurps_name(t, *rumor)) {
        // Protocol 0 passes ours on without their life: those we have.
        if (rumors_.has(rumor->key)) return take_duplicate(t, from, m, rumor);
        return t.refuse(from.reply, "message in the name of a peer that has a key");
    }
    if (!rumors_.accept(rumor, m.hop, m.repair, t.wall(), t.now, t.config.gossip)) {
        return take_duplicate(t, from, m, rumor);
    }
    deliver(t, from, m, rumor);
    if (m.repair && rumors_.idle(t.now)) spread_repair(t, from.node);
}

void PeerDissemination::take_duplicate(PeerTurn& t, const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    ++duplicates_;
    if (t.observed()) t.notice({.kind = NoticeKind::duplicate, .other = from.node, .rumor = rumor});
    if (!m.repair) return prune_if_enough(t, from, rumor);
    if (rumors_.idle(t.now)) spread_repair(t, from.node);
}

void PeerDissemination::deliver(PeerTurn& t, const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    ++delivered_;
    t.out.deliveries.push_back({rumor, from.node, m.hop});
    if (t.observed()) {
        const Link* link = t.links.find(from.node);
        const std::int64_t offset = link != nullptr ? t.links.offset_ms(*link) : 0;
        const std::int64_t latency = m.sent > 0 ? std::max<std::int64_t>(0, t.wall() - (m.sent - offset)) : 0;
        t.notice({.kind = NoticeKind::delivered,
                  .yes = m.repair,
                  .hop = m.hop,
                  .other = from.node,
                  .latency_ms = latency,
                  .rumor = rumor});
    }
    if (m.repair) return;
    push(t, rumor, m.hop + 1, from.node);
    widen_if_short(t, rumor);
}

// ---------------------------------------------------------------- repair

void PeerDissemination::handle_repair(PeerTurn& t) {
    if (!t.active()) return;
    t.arm(TimerKind::repair, t.config.gossip.repair_interval);
    if (t.config.gossip.mode->weighs()) flood_again(t);
    if (rumors_.stored() == 0) return;
    std::vector<NodeId> neighbours;
    for (const Link& link : t.links.all()) {
        if (link.protocol > 0) neighbours.push_back(link.id);
    }
    if (neighbours.size() > 1) std::erase(neighbours, repaired_with_);
    if (neighbours.empty()) return;
    repaired_with_ = t.rng.pick(neighbours);
    send_digest(t, repaired_with_);
}

void PeerDissemination::send_digest(PeerTurn& t, NodeId neighbour) {
    digest_sent_ = t.now;
    t.send(neighbour, rumors_.digest(t.now));
}

void PeerDissemination::compare_roots(PeerTurn& t, NodeId neighbour, std::uint64_t root) {
    const bool calm = t.now - digest_sent_ >= digest_pace && rumors_.idle(t.now);
    if (t.active() && calm && root != rumors_.root(t.now)) send_digest(t, neighbour);
}

// What a repair brought may be missing behind us too. Neighbours are told the digest, not the
// messages: where nothing is missing nothing is sent twice, and a healed partition closes at once.
void PeerDissemination::spread_repair(PeerTurn& t, NodeId from) {
    std::vector<NodeId> others;
    for (const Link& link : t.links.all()) {
        if (link.protocol > 0 && link.id != from) others.push_back(link.id);
    }
    t.rng.shuffle(std::span<NodeId>(others));
    if (others.size() > spread_limit) others.resize(spread_limit);
    if (t.links.find(from) != nullptr) others.push_back(from);  // it may have more for us
    for (const NodeId id : others) send_digest(t, id);
}

void PeerDissemination::on_repair_digest(PeerTurn& t, const Sender& from, const msg::RepairDigest& m) {
    if (!is_neighbour(t, from)) return t.refuse(from.reply, "repair with a stranger");
    const msg::RepairDiff diff = rumors_.compare(m, t.now);
    if (diff.buckets != 0) t.send(from.reply, diff);
}

void PeerDissemination::on_repair_diff(PeerTurn& t, const Sender& from, const msg::RepairDiff& m) {
    if (!is_neighbour(t, from)) return t.refuse(from.reply, "repair with a stranger");
    if (m.keys.size() > diff_accept_limit) return t.refuse(from.reply, "too many keys");
    msg::Pull pull = rumors_.missing(m, t.now);
    if (!pull.keys.empty()) {
        t.notice(
            {.kind = NoticeKind::repaired, .count = static_cast<std::uint32_t>(pull.keys.size()), .other = from.node});
        t.send(from.reply, std::move(pull));
    }
    if (!m.reply) return;
    msg::RepairDiff reply = rumors_.reply(m, t.now);
    if (!reply.keys.empty()) t.send(from.reply, std::move(reply));
}

void PeerDissemination::on_pull(PeerTurn& t, const Sender& from, const msg::Pull& m) {
    if (!is_neighbour(t, from)) return t.refuse(from.reply, "repair with a stranger");
    hand_over(t, rumors_.answer(m), from.reply, true);
}

void PeerDissemination::hand_over_newest(PeerTurn& t, NodeId neighbour) {
    hand_over(t, rumors_.newest(), neighbour, true);
}

void PeerDissemination::hand_over(PeerTurn& t, const std::vector<KeptRumor>& rumors, NodeId to, bool repair) {
    for (const KeptRumor& kept : rumors) {
        t.send(to, t.context.forwards.message(kept.rumor, kept.hop + 1, t.wall(), repair));
    }
}

}  // namespace gossip
