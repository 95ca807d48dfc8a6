#include "manager/demo/story.hpp"

#include "manager/base/terminal.hpp"
#include "manager/view/narration.hpp"
#include "node/base/value_text.hpp"

#include <algorithm>
#include <cstdio>

namespace gossip {
namespace {

using Events = std::vector<NodeEvent>;
using Lines = DemoStory::Lines;
using K = NoticeKind;

constexpr std::size_t bars_shown = 16;

std::string took(std::int64_t ns) {
    const double ms = static_cast<double>(ns) / 1e6;
    char text[32];
    std::snprintf(text, sizeof text, ms < 1000 ? "%.1f ms" : "%.1f s", ms < 1000 ? ms : ms / 1000);
    return text;
}

// "7001, 7002 and 7003"
std::string names(const std::vector<NodeId>& ids) {
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        text += i == 0 ? "" : i + 1 == ids.size() ? " and " : ", ";
        text += short_name(ids[i]);
    }
    return text;
}

std::string sentence(std::string text) {
    if (!text.empty() && !text.ends_with('.')) text += '.';
    return text;
}

bool is_about(const NodeEvent& event, NodeId peer) {
    return event.notice.subject == peer || (event.node == peer && event.notice.subject == NodeId::none);
}

const NodeEvent* first(const Events& events, NodeId peer, K kind) {
    const auto found =
        std::ranges::find_if(events, [&](const NodeEvent& e) { return e.notice.kind == kind && is_about(e, peer); });
    return found == events.end() ? nullptr : &*found;
}

// Who raised such notices about the peer, each once.
std::vector<NodeId> raisers(const Events& events, NodeId peer, K kind, bool other = false) {
    std::vector<NodeId> found;
    for (const NodeEvent& e : events) {
        const NodeId id = other ? e.notice.other : e.node;
        if (e.notice.kind == kind && is_about(e, peer) && std::ranges::find(found, id) == found.end())
            found.push_back(id);
    }
    std::ranges::sort(found);
    return found;
}

std::vector<NodeId> voters(const Events& events, NodeId peer, bool yes) {
    std::vector<NodeId> found;
    for (const NodeEvent& e : events) {
        const bool counts = e.notice.kind == K::vote_cast && e.notice.subject == peer && e.notice.yes == yes;
        if (counts && std::ranges::find(found, e.node) == found.end()) found.push_back(e.node);
    }
    std::ranges::sort(found);
    return found;
}

void add(Lines& lines, const NodeEvent* event) {
    if (event != nullptr) lines.push_back({event->mono_ns, sentence(narrate(*event))});
}

// When such a notice about the peer came last.
std::int64_t last_of(const Events& events, NodeId peer, K kind) {
    std::int64_t found = 0;
    for (const NodeEvent& e : events) {
        if (e.notice.kind == kind && is_about(e, peer)) found = e.mono_ns;
    }
    return found;
}

std::string seeds_named(const std::vector<NodeId>& ids) { return (ids.size() > 1 ? "Seeds " : "Seed ") + names(ids); }

void add_vote(Lines& lines, const Events& events, NodeId peer) {
    add(lines, first(events, peer, K::proposal_opened));
    const auto yes = voters(events, peer, true);
    const auto no = voters(events, peer, false);
    const std::int64_t at = last_of(events, peer, K::vote_cast);
    const auto vote = [](const std::vector<NodeId>& ids) { return ids.size() > 1 ? " vote " : " votes "; };
    if (!yes.empty()) lines.push_back({at, seeds_named(yes) + vote(yes) + "yes."});
    if (!no.empty()) lines.push_back({at, seeds_named(no) + vote(no) + "no."});
    add(lines, first(events, peer, K::approved));
}

std::size_t median(std::vector<std::size_t> values) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

// ---------------------------------------------------------------- what happened

Lines DemoStory::seeds_started() {
    const Events events = take();
    std::vector<NodeId> seeds;
    std::uint32_t need = 0;
    for (const NodeEvent& e : events) {
        if (e.notice.kind != K::seed_started) continue;
        seeds.push_back(e.node);
        need = e.notice.need;
    }
    if (seeds.empty()) return {};
    return {{events.front().mono_ns, seeds_named(seeds) + (seeds.size() == 1 ? " starts." : " start.")},
            {0, "A change of the list of members needs " + counted(need, "vote") + "."}};
}

Lines DemoStory::joined(NodeId peer, bool in_detail) {
    const Events events = take();
    const NodeEvent* asked = first(events, peer, K::registering);
    const NodeEvent* done = first(events, peer, K::registration_complete);
    const std::int64_t needed = asked && done ? done->mono_ns - asked->mono_ns : 0;
    if (needed > 0) registrations_ns_.push_back(needed);
    const NodeView* node = view_.find(peer);
    Lines lines;
    if (in_detail) {
        add(lines, first(events, peer, K::peer_started));
        add(lines, asked);
        add_vote(lines, events, peer);
        const auto listed = raisers(events, peer, K::member_added);
        if (!listed.empty()) {
            lines.push_back({last_of(events, peer, K::member_added), "Now " + names(listed) +
                                                                         (listed.size() > 1 ? " list " : " lists ") +
                                                                         short_name(peer) + " as a member."});
        }
        if (done != nullptr)
            lines.push_back({done->mono_ns, short_name(peer) + " is registered after " + took(needed) + "."});
        return lines;
    }
    std::string line = short_name(peer) + ": ";
    line += needed > 0 ? "a member after " + took(needed) : "not yet a member";
    if (node == nullptr || node->links.empty()) return {{0, line + ", no links yet."}};
    std::vector<NodeId> ring(node->ring_links.begin(), node->ring_links.end());
    std::vector<NodeId> chosen;
    for (const NodeId id : node->links) {
        if (!node->ring_links.contains(id)) chosen.push_back(id);
    }
    if (!ring.empty()) line += "; on the ring beside " + names(ring);
    if (!chosen.empty()) line += (ring.empty() ? "; linked with " : ", and linked with ") + names(chosen);
    return {{0, line + "."}};
}

Lines DemoStory::spread(const RumorView& rumor, bool in_detail) {
    static_cast<void>(take());
    std::map<std::uint32_t, std::vector<const Receipt*>> hops;
    for (const auto& [id, receipt] : rumor.receipts) hops[receipt.hop].push_back(&receipt);
    std::size_t dropped = 0;
    for (const auto& [id, count] : rumor.duplicates) dropped += count;
    Lines lines;
    std::int64_t last = rumor.mono_ns;
    for (const auto& [hop, receipts] : hops) {
        std::vector<NodeId> ids;
        std::int64_t within = 0;
        for (const Receipt* receipt : receipts) {
            ids.push_back(receipt->node);
            within = std::max(within, receipt->mono_ns);
        }
        last = std::max(last, within);
        if (!in_detail || hop == 0) continue;
        lines.push_back(
            {within, "Hop " + std::to_string(hop) + ", within " + took(within - rumor.mono_ns) + ": " + names(ids) +
                         (ids.size() == 1 ? " gets it, new, and forwards it." : " get it, new, and forward it.")});
    }
    if (in_detail) {
        lines.push_back(
            {last, std::to_string(dropped) + " copies come to peers that have it: known by its id, they are dropped."});
    } else {
        lines.push_back({last, "It reaches " + counted(rumor.receipts.size(), "peer") + " in " +
                                   counted(hops.empty() ? 0 : hops.rbegin()->first, "hop") + " and " +
                                   took(last - rumor.mono_ns) + "; " + std::to_string(dropped) + " copies dropped."});
    }
    return lines;
}

Lines DemoStory::detected(NodeId peer) {
    const Events events = take();
    measure(peer, events);
    const std::string name = short_name(peer);
    Lines lines;
    for (std::uint32_t count = 1; count <= cases_[peer].pings; ++count) {
        std::vector<NodeId> by;
        std::int64_t at = 0;
        for (const NodeEvent& e : events) {
            if (e.notice.kind != K::ping_missed || e.notice.subject != peer || e.notice.count != count) continue;
            by.push_back(e.node);
            if (at == 0) at = e.mono_ns;
        }
        if (by.empty()) continue;
        std::ranges::sort(by);
        lines.push_back({at, "PING " + std::to_string(count) + " of " + names(by) + " to " + name +
                                 " gets no answer, " + since_end(peer, at) + " after it fell silent."});
    }
    add(lines, first(events, peer, K::suspected));
    const auto also = raisers(events, peer, K::suspected);
    if (also.size() > 1) lines.push_back({last_of(events, peer, K::suspected), "Now " + names(also) + " suspect it."});
    const auto asked = raisers(events, peer, K::witness_asked, true);
    if (!asked.empty()) {
        lines.push_back(
            {last_of(events, peer, K::witness_asked), "Asked to probe it as witnesses: " + names(asked) + "."});
    }
    add(lines, first(events, peer, K::statement_given));
    add(lines, first(events, peer, K::peer_consensus));
    return lines;
}

Lines DemoStory::removed(NodeId peer, bool in_detail) {
    const Events events = take();
    measure(peer, events);
    const std::string name = short_name(peer);
    Lines lines;
    if (in_detail) {
        add(lines, first(events, peer, K::dead_reported));
        const auto reporters = raisers(events, peer, K::dead_reported);
        if (reporters.size() > 1) {
            lines.push_back({last_of(events, peer, K::dead_reported),
                             "All of " + names(reporters) + " report it: one report may be lost."});
        }
        const auto probing = raisers(events, peer, K::case_opinion, true);
        if (!probing.empty())
            lines.push_back({last_of(events, peer, K::case_opinion),
                             seeds_named(probing) +
                                 (probing.size() > 1 ? " probe it themselves" : " probes it itself") +
                                 ": no answer either."});
        add_vote(lines, events, peer);
    } else if (const NodeEvent* suspected = first(events, peer, K::suspected)) {
        lines.push_back({suspected->mono_ns,
                         "After " + since_end(peer, suspected->mono_ns) + ": " + sentence(narrate(*suspected))});
        add(lines, first(events, peer, K::peer_consensus));
    }
    if (const std::int64_t at = cases_[peer].removed_ns; at != 0)
        lines.push_back({at, name + " is no longer on the list, " + since_end(peer, at) + " after its end."});
    return lines;
}

// ---------------------------------------------------------------- what was measured

std::int64_t DemoStory::end_of(NodeId peer) const {
    const Ending* ending = view_.ending(peer);
    return ending == nullptr ? 0 : ending->at.mono_ns;
}

std::string DemoStory::since_end(NodeId peer, std::int64_t mono_ns) const {
    return took(std::max<std::int64_t>(0, mono_ns - end_of(peer)));
}

void DemoStory::measure(NodeId peer, const Events& events) {
    Case& found = cases_[peer];
    for (const NodeEvent& e : events) {
        if (!is_about(e, peer)) continue;
        const Notice& n = e.notice;
        if (n.kind == K::ping_missed) found.pings = std::max(found.pings, n.count);
        if (n.kind == K::suspected && found.suspected_ns == 0) found.suspected_ns = e.mono_ns;
        if (n.kind == K::member_removed && found.removed_ns == 0) found.removed_ns = e.mono_ns;
        if (n.kind == K::peer_consensus && found.witnesses == 0) {
            found.confirmed = n.count;
            found.witnesses = n.of;
        }
    }
}

std::string DemoStory::quorum() const {
    const std::size_t seeds = view_.seed_count();
    const std::size_t need = seeds / 2 + 1;
    return counted(seeds, "seed") + " run and vote. The quorum is " + std::to_string(need) + ", so " +
           (seeds == need ? "none" : std::to_string(seeds - need)) + " of them may fail";
}

std::string DemoStory::registration(std::size_t peers) const {
    if (registrations_ns_.empty()) return "No peer was admitted";
    const auto slowest = std::ranges::max(registrations_ns_);
    return counted(view_.live_registered().size(), "member") + " of " + counted(peers, "peer") +
           "; a registration took at most " + took(slowest);
}

std::string DemoStory::overlay() const {
    const auto links = view_.two_sided_links(view_.live_registered());
    std::vector<std::size_t> degrees;
    std::size_t ends = 0;
    NodeId hub = NodeId::none;
    std::size_t most = 0;
    for (const auto& [id, others] : links) {
        degrees.push_back(others.size());
        ends += others.size();
        if (others.size() > most || hub == NodeId::none) hub = id;
        most = std::max(most, others.size());
    }
    if (most == 0) return "No links: there is nobody to link with";
    return counted(links.size(), "peer") + ", " + counted(ends / 2, "link") + ". " + short_name(hub) + " has most, " +
           std::to_string(most) + "; half of the peers have at most " + std::to_string(median(degrees));
}

std::vector<std::string> DemoStory::degree_bars() const {
    std::vector<std::pair<std::size_t, NodeId>> rows;
    for (const auto& [id, others] : view_.two_sided_links(view_.live_registered()))
        rows.emplace_back(others.size(), id);
    std::ranges::sort(rows, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<std::string> lines;
    for (const auto& [degree, id] : rows) {
        if (lines.size() == bars_shown || degree == 0) break;
        std::string bar;
        for (std::size_t i = 0; i < std::min<std::size_t>(degree, 50); ++i) bar += "■";
        lines.push_back(short_name(id) + " " + bar + " " + std::to_string(degree));
    }
    return lines;
}

std::string DemoStory::dissemination() const {
    std::set<std::size_t> dropped;
    std::size_t messages = 0;
    std::uint32_t most = 0;
    std::size_t least = SIZE_MAX;
    for (const RumorView& rumor : view_.rumors()) {
        if (!rumor.said) continue;
        ++messages;
        std::size_t copies = 0;
        for (const auto& [id, count] : rumor.duplicates) copies += count;
        dropped.insert(copies);
        least = std::min(least, rumor.receipts.size());
        for (const auto& [id, receipt] : rumor.receipts) most = std::max(most, receipt.hop);
    }
    if (messages == 0) return "Nobody is there to say anything";
    std::string copies = std::to_string(*dropped.begin());
    if (dropped.size() > 1) copies += " to " + std::to_string(*dropped.rbegin());
    return counted(messages, "message") + ", each known to " + counted(least, "peer") + " after at most " +
           counted(most, "hop") + "; " + copies + " copies of each dropped";
}

std::string DemoStory::detection(NodeId peer) const {
    const auto it = cases_.find(peer);
    if (it == cases_.end() || it->second.suspected_ns == 0)
        return short_name(peer) + " has no neighbour that could suspect it: the seeds notice when its lease ends";
    const Case& c = it->second;
    return short_name(peer) + " is suspected " + since_end(peer, c.suspected_ns) + " after its end" +
           (c.pings > 0 ? ", after " + counted(c.pings, "PING") + " without an answer" : "") + "; " +
           std::to_string(c.confirmed) + " of " +
           (c.witnesses == 1 ? "1 witness" : std::to_string(c.witnesses) + " witnesses") + " confirm";
}

std::string DemoStory::removals(const std::vector<NodeId>& peers) const {
    std::string text;
    for (const NodeId peer : peers) {
        const auto it = cases_.find(peer);
        const NodeView* node = view_.find(peer);
        if (it == cases_.end() || it->second.removed_ns == 0 || node == nullptr) continue;
        text += (text.empty() ? "" : "; ") + short_name(peer) + ", " + std::string(state_name(node->state)) +
                ", was removed after " + since_end(peer, it->second.removed_ns);
    }
    return text.empty() ? "Nobody was removed" : text;
}

}  // namespace gossip
