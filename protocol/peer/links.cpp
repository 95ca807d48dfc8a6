#include "protocol/peer/links.hpp"

#include "protocol/peer/by_id.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr std::size_t back_off_limit = 64;
constexpr std::uint32_t doubling_limit = 6;  // 2^6 > 60

LinkKind merged(LinkKind a, LinkKind b) {
    if (a == LinkKind::preferential || b == LinkKind::preferential) return LinkKind::preferential;
    return a == LinkKind::ring || b == LinkKind::ring ? LinkKind::ring : LinkKind::implied;
}

}  // namespace

std::size_t Links::preferential() const {
    const auto counts = [](const Link& link) { return link.kind != LinkKind::ring; };
    return static_cast<std::size_t>(std::count_if(links_.begin(), links_.end(), counts));
}

std::vector<NodeId> Links::ids() const {
    std::vector<NodeId> result;
    result.reserve(links_.size());
    for (const Link& link : links_) result.push_back(link.id);
    return result;
}

const Link* Links::find(NodeId id) const {
    const auto is = [id](const Link& link) { return link.id == id; };
    const auto at = links_.size() <= linear_search_max ? std::find_if(links_.begin(), links_.end(), is)
                                                       : lower_bound_by_id(links_, id);
    return at != links_.end() && is(*at) ? &*at : nullptr;
}

Link* Links::find(NodeId id) { return const_cast<Link*>(std::as_const(*this).find(id)); }

SharedLinkDetails::Each& SharedLinkDetails::apart(std::size_t links) {
    Each& each = each_.mutable_value();
    each.reserve(links);
    while (each.size() < links) each.push_back(each.front());
    return each;
}

void SharedLinkDetails::insert(std::size_t link, LinkDetails details, std::size_t links) {
    Each& each = apart(links);
    each.insert(each.begin() + link, CopyOnWrite(std::move(details)));
}

void SharedLinkDetails::erase(std::size_t link, std::size_t links) {
    if (each_->size() != links) return;  // one object for all of them
    Each& each = each_.mutable_value();
    each.erase(each.begin() + link);
}

const LinkDetails& Links::details(const Link& link) const { return links_.beside()->at(position(link)); }

LinkDetails& Links::mutable_details(const Link& link) {
    return links_.beside()->mutable_at(position(link), links_.size());
}

std::int64_t Links::offset_ms(const Link& link) const {
    return link.offset == 0 ? details(link).offset_ms : link.offset - middle;
}

void Links::set_offset_ms(Link& link, std::int64_t ms) {
    const bool near = ms > -middle && ms < middle;
    link.offset = near ? static_cast<std::uint32_t>(ms + middle) & (2 * middle - 1) : 0;
    if (near) return;
    mutable_details(link).offset_ms = ms > -decades && ms < decades ? ms : 0;
}

void Links::restore(std::span<const Link> links, const SharedLinkDetails& details) {
    if (links.empty()) return;
    links_.reserve(links.size());
    *links_.beside() = details;
    for (const Link& link : links) links_.push_back(link);
}

bool Links::add(NodeId id, LinkKind kind, Incarnation incarnation, ProtocolVersion protocol) {
    if (Link* known = find(id); known != nullptr && details(*known).incarnation == incarnation) {
        known->kind = merged(known->kind, kind);
        known->mending = false;
        return false;
    }
    remove(id);
    links_.reserve(1);
    const auto at = static_cast<std::size_t>(lower_bound_by_id(links_, id) - links_.begin());
    links_.beside()->insert(at, {.incarnation = incarnation}, links_.size());
    links_.insert(links_.begin() + at, Link{.id = id, .kind = kind, .protocol = protocol});
    return true;
}

std::optional<Link> Links::remove(NodeId id) {
    const auto at = lower_bound_by_id(links_, id);
    if (at == links_.end() || at->id != id) return std::nullopt;
    const Link link = *at;
    links_.beside()->erase(static_cast<std::size_t>(at - links_.begin()), links_.size());
    links_.erase(at);
    return link;
}

const Dial* Dials::find(NodeId id) const {
    const auto at = std::find_if(dials_.begin(), dials_.end(), [id](const Dial& d) { return d.id == id; });
    return at == dials_.end() ? nullptr : &*at;
}

void Dials::begin(NodeId id, LinkKind kind, ProtocolVersion protocol, Time now) {
    dials_.push_back({id, kind, protocol, now + timeout});
}

std::optional<Dial> Dials::end(NodeId id) {
    const Dial* known = find(id);
    if (known == nullptr) return std::nullopt;
    const Dial dial = *known;
    dials_.erase(dials_.begin() + (known - dials_.data()));
    return dial;
}

std::vector<Dial> Dials::expire(Time now) {
    std::vector<Dial> expired;
    for (const Dial& dial : dials_) {
        if (dial.deadline <= now) expired.push_back(dial);
    }
    erase_if(dials_, [now](const Dial& dial) { return dial.deadline <= now; });
    return expired;
}

void Dials::back_off(NodeId id, Time now, Rng& rng) {
    auto at = lower_bound_by_id(back_offs_, id);
    if (at == back_offs_.end() || at->id != id) {
        if (back_offs_.size() >= back_off_limit) {
            const auto first = std::min_element(back_offs_.begin(), back_offs_.end(),
                                                [](const BackOff& a, const BackOff& b) { return a.until < b.until; });
            back_offs_.erase(first);
            at = lower_bound_by_id(back_offs_, id);
        }
        at = back_offs_.insert(at, {id, 0, {}});
    }
    const Duration full =
        std::min<Duration>(std::chrono::seconds(std::int64_t{1} << at->failures), std::chrono::seconds(60));
    at->failures = std::min(at->failures + 1, doubling_limit);
    at->until = now + rng.jitter(full);
}

void Dials::forgive(NodeId id) {
    const auto at = lower_bound_by_id(back_offs_, id);
    if (at != back_offs_.end() && at->id == id) back_offs_.erase(at);
}

std::vector<NodeId> Dials::backed_off(Time now) const {
    std::vector<NodeId> result;
    for (const BackOff& b : back_offs_) {
        if (b.until > now) result.push_back(b.id);
    }
    return result;
}

std::optional<Time> Dials::next_deadline(Time now) const {
    std::optional<Time> next;
    const auto consider = [&next](Time t) { next = next ? std::min(*next, t) : t; };
    for (const Dial& dial : dials_) consider(dial.deadline);
    for (const BackOff& b : back_offs_) {
        if (b.until > now) consider(b.until);
    }
    return next;
}

}  // namespace gossip
