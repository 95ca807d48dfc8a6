// Messages: making, receiving, pushing and repairing them.

#include "protocol/peer/peer_machine.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr Duration digest_pace = std::chrono::seconds(1);
constexpr std::size_t spread_limit = 8;  // neighbours told at once of what a repair brought
constexpr std::size_t diff_accept_limit = 4096;

}  // namespace

// ---------------------------------------------------------------- own messages

void PeerMachine::handle_generate() {
    if (!active() || dissemination_.generated() >= config().gossip.max_messages) return;
    publish(false, {});
    if (dissemination_.generated() < config().gossip.max_messages) {
        arm(TimerKind::generate, config().gossip.interval);
    }
}

void PeerMachine::publish(bool typed, std::string text) {
    const RumorPtr rumor =
        dissemination_.create(typed, std::move(text), self(), incarnation(), wall(), now(), crypto(), config().gossip);
    notice({.kind = typed ? NoticeKind::said : NoticeKind::generated,
            .count = static_cast<std::uint32_t>(rumor->number),
            .of = config().gossip.max_messages,
            .rumor = rumor});
    push(rumor, 1, NodeId::none);
}

// ---------------------------------------------------------------- flooding

void PeerMachine::push(const RumorPtr& rumor, std::uint32_t hop, NodeId except) {
    const SharedMessage& message = out_->passed_on.message(rumor, hop, wall(), false);
    std::uint32_t count = 0;
    bool announced = false;
    for (const Link& link : links_.all()) {
        if (link.id == except) continue;
        if (link.lazy) {
            announced = true;
            continue;
        }
        out_->send(link.id, message);
        ++count;
    }
    if (announced) announce(rumor->key);
    counters_.sent += count;
    if (count > 0 && observed()) notice({.kind = NoticeKind::forwarded, .count = count, .rumor = rumor});
}

void PeerMachine::on(const Sender& sender, const msg::Gossip& m) {
    const bool anonymous = sender.anonymous();
    const Sender from = anonymous ? named(sender, m.sender) : sender;
    if (anonymous) {
        if (is_anonymous(sender.reply)) heard(from);  // others were, when the message came in
        imply_link(from);
    }
    if (m.rumor && config().gossip.mode == GossipMode::automatic) {
        tree().weigh(m.rumor->id.size() + m.rumor->text.size(), now());
    }
    // The very object we keep was checked when it came first, and is no dead peer's: those were dropped.
    if (m.rumor && dissemination_.keeps(m.rumor)) return take_duplicate(from, m, m.rumor);
    const auto checked = Dissemination::check(m.rumor, crypto(), config().gossip);
    if (const auto* why = std::get_if<std::string_view>(&checked)) return refuse(from.reply, *why);
    take(from, m, std::get<RumorPtr>(checked));
}

void PeerMachine::take(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    if (Tree* tree = any_tree()) tree->arrived(rumor->key);
    if (view_.dead(rumor->origin, rumor->incarnation)) {
        // Who repairs may not know of the removal yet: declined without a word.
        if (m.repair) return dissemination_.decline(rumor->key);
        return refuse(from.reply, "message of a removed peer");
    }
    if (!dissemination_.accept(rumor, m.hop, m.repair, wall(), now(), config().gossip))
        return take_duplicate(from, m, rumor);
    deliver(from, m, rumor);
    if (m.repair && dissemination_.idle(now())) spread_repair(from.node);
}

void PeerMachine::take_duplicate(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    ++counters_.duplicates;
    if (observed()) notice({.kind = NoticeKind::duplicate, .other = from.node, .rumor = rumor});
    if (!m.repair) return prune_if_enough(from, rumor);
    if (dissemination_.idle(now())) spread_repair(from.node);
}

void PeerMachine::deliver(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    ++counters_.delivered;
    out_->deliveries.push_back({rumor, from.node, m.hop});
    if (observed()) notice_delivery(from, m, rumor);
    if (m.repair) return;
    push(rumor, m.hop + 1, from.node);
    widen_if_short(rumor);
}

void PeerMachine::notice_delivery(const Sender& from, const msg::Gossip& m, const RumorPtr& rumor) {
    const Link* link = links_.find(from.node);
    const std::int64_t offset = link != nullptr ? links_.offset_ms(*link) : 0;
    const std::int64_t latency = m.sent > 0 ? std::max<std::int64_t>(0, wall() - (m.sent - offset)) : 0;
    notice({.kind = NoticeKind::delivered,
            .yes = m.repair,
            .hop = m.hop,
            .other = from.node,
            .latency_ms = latency,
            .rumor = rumor});
}

// ---------------------------------------------------------------- repair

void PeerMachine::handle_repair() {
    if (!active()) return;
    arm(TimerKind::repair, config().gossip.repair_interval);
    if (config().gossip.mode == GossipMode::automatic) flood_again();
    if (dissemination_.stored() == 0) return;
    std::vector<NodeId> neighbours;
    for (const Link& link : links_.all()) {
        if (link.protocol > 0) neighbours.push_back(link.id);
    }
    if (neighbours.size() > 1) std::erase(neighbours, repaired_with_);
    if (neighbours.empty()) return;
    repaired_with_ = neighbours[static_cast<std::size_t>(rng_.below(neighbours.size()))];
    send_digest(repaired_with_);
}

void PeerMachine::send_digest(NodeId neighbour) {
    digest_sent_ = now();
    out_->send(neighbour, dissemination_.digest(now()));
}

void PeerMachine::compare_roots(NodeId neighbour, std::uint64_t root) {
    const bool calm = now() - digest_sent_ >= digest_pace && dissemination_.idle(now());
    if (active() && calm && root != dissemination_.root(now())) send_digest(neighbour);
}

// What a repair brought may be missing behind us too. Neighbours are told the digest, not the
// messages: where nothing is missing nothing is sent twice, and a healed partition closes at once.
void PeerMachine::spread_repair(NodeId from) {
    std::vector<NodeId> others;
    for (const Link& link : links_.all()) {
        if (link.protocol > 0 && link.id != from) others.push_back(link.id);
    }
    rng_.shuffle(std::span<NodeId>(others));
    if (others.size() > spread_limit) others.resize(spread_limit);
    if (links_.find(from) != nullptr) others.push_back(from);  // it may have more for us
    for (const NodeId id : others) send_digest(id);
}

void PeerMachine::on(const Sender& from, const msg::RepairDigest& m) {
    if (links_.find(from.node) == nullptr || from.anonymous()) return refuse(from.reply, "repair with a stranger");
    const msg::RepairDiff diff = dissemination_.compare(m, now());
    if (diff.buckets != 0) out_->send(from.reply, diff);
}

void PeerMachine::on(const Sender& from, const msg::RepairDiff& m) {
    if (links_.find(from.node) == nullptr || from.anonymous()) return refuse(from.reply, "repair with a stranger");
    if (m.keys.size() > diff_accept_limit) return refuse(from.reply, "too many keys");
    msg::Pull pull = dissemination_.missing(m, now());
    if (!pull.keys.empty()) {
        notice(
            {.kind = NoticeKind::repaired, .count = static_cast<std::uint32_t>(pull.keys.size()), .other = from.node});
        out_->send(from.reply, std::move(pull));
    }
    if (!m.reply) return;
    msg::RepairDiff reply = dissemination_.reply(m, now());
    if (!reply.keys.empty()) out_->send(from.reply, std::move(reply));
}

void PeerMachine::on(const Sender& from, const msg::Pull& m) {
    if (links_.find(from.node) == nullptr || from.anonymous()) return refuse(from.reply, "repair with a stranger");
    hand_over(dissemination_.answer(m), from.reply, true);
}

void PeerMachine::hand_over(const std::vector<RumorStore::Held>& messages, NodeId to, bool repair) {
    for (const RumorStore::Held& held : messages) {
        out_->send(to, out_->passed_on.message(held.rumor, held.hop + 1, wall(), repair));
    }
}

}  // namespace gossip
