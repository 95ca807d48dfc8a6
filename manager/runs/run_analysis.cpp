#include "manager/runs/run_analysis.hpp"

#include "protocol/notice_traits.hpp"

#include <algorithm>

namespace gossip {
namespace {

// A peer that ends sooner than this after a message began does not count as having missed it.
constexpr std::int64_t grace_ns = 10'000'000'000;

bool is_end(NodeState state) {
    return state == NodeState::killed || state == NodeState::died || state == NodeState::left;
}

// The kernel closes the connections of a process that dies before its parent learns of the end. A node whose end nobody
// here caused, and that was suspected up to this long before its recorded end, was dead already.
constexpr std::int64_t hearing_ns = 1'000'000'000;

bool is_dead(NodeState how) { return how == NodeState::killed || how == NodeState::died; }

void first_time(MaybeNs& at, std::int64_t now) {
    if (!at) at = now;
}

}  // namespace

RunNode& RunAnalysis::node(NodeId id) {
    RunNode& found = nodes_[id];
    found.id = id;
    return found;
}

void RunAnalysis::apply(const RunLine& line) {
    if (const auto* event = std::get_if<NodeEvent>(&line)) return apply_event(*event);
    if (const auto* state = std::get_if<RunState>(&line)) return apply_state(*state);
    if (const auto* status = std::get_if<RunStatus>(&line)) {
        if (!closed_) view_.apply(status->status);
        node(status->status.id).transport = status->status.transport;
    } else if (const auto* began = std::get_if<RunBegan>(&line)) {
        began_ = *began;
        view_.configure(began->seeds);
    } else if (const auto* closing = std::get_if<RunClosing>(&line)) {
        close(closing->at);
    } else if (std::holds_alternative<RunCommand>(line)) {
        ++commands_;
    } else if (std::holds_alternative<RunFailure>(line)) {
        ++failures_;
    } else if (const auto* fault = std::get_if<RunFault>(&line)) {
        view_.note({fault->at.mono_ns, fault->at.wall, fault->text, fault->nodes});
        ++faults_;
    }
}

// Later lines come from the shutdown of the network and are not part of the results.
void RunAnalysis::close(const RunStamp& at) {
    if (std::exchange(closed_, true)) return;
    end_ns_ = at.mono_ns;
    for (auto& [id, node] : nodes_) {
        const NodeView* view = view_.find(id);
        if (view == nullptr) continue;
        node.state = view->state;
        node.links = view->links;
    }
}

void RunAnalysis::apply_event(const NodeEvent& event) {
    if (closed_) return;
    end_ns_ = std::max(end_ns_, event.mono_ns);
    view_.apply(event);
    RunNode& by = node(event.node);
    if (const NodeView* view = view_.find(event.node)) {
        by.role = view->role;
        by.degree = std::max(by.degree, view->links.size());
    }
    if (event.notice.kind == NoticeKind::registration_complete) {
        first_time(by.registered_ns, event.mono_ns);
        lives_[event.node].push_back({event.mono_ns, std::nullopt});
    }
    apply_gossip(event);
    apply_detection(event);
}

void RunAnalysis::apply_state(const RunState& state) {
    if (closed_) return;
    end_ns_ = std::max(end_ns_, state.at.mono_ns);
    RunNode& of = node(state.node);
    of.role = state.role;
    if (state.state == NodeState::starting) {
        view_.node_started(state.node, state.role);
        first_time(of.started_ns, state.at.mono_ns);
        of.ended_ns.reset();
        return;
    }
    const NodeView* before = view_.find(state.node);
    const bool resumed = before != nullptr && before->state == NodeState::paused && state.state == NodeState::alive;
    view_.node_state(state.node, state.state);
    if (resumed) {
        open_.erase(state.node);
        if (auto& lives = lives_[state.node]; !lives.empty()) lives.back().to.reset();
    }
    if (!is_end(state.state) && state.state != NodeState::paused) return;
    if (is_end(state.state)) of.ended_ns = state.at.mono_ns;
    end_life(state.node, state.at.mono_ns);
    if (state.role == Role::peer) begin_detection(state.node, state.state, state.at.mono_ns, state.cause_ns);
}

void RunAnalysis::end_life(NodeId id, std::int64_t at) {
    auto& lives = lives_[id];
    if (!lives.empty() && !lives.back().to) lives.back().to = at;
}

// ---------------------------------------------------------------- messages

RunMessage& RunAnalysis::message(const NodeEvent& event) {
    const std::string& id = event.notice.rumor->id;
    const auto [at, fresh] = message_index_.try_emplace(id, messages_.size());
    if (fresh) {
        messages_.emplace_back().id = id;
        messages_.back().born_ns = event.mono_ns;
    }
    return messages_[at->second];
}

void RunAnalysis::apply_gossip(const NodeEvent& event) {
    const Notice& n = event.notice;
    if (!n.rumor) return;
    RunNode& by = node(event.node);
    if (traits(n.kind).message == MessageStep::begun) {
        RunMessage& m = message(event);
        m.begun = true;
        m.born_ns = event.mono_ns;  // the manager may have received a receipt first
        m.origin = event.node;
        m.typed = n.rumor->typed;
        m.text = n.rumor->text;
        ++by.said;
    } else if (n.kind == NoticeKind::delivered) {
        message(event).receipts.push_back({event.node, n.other, n.hop, event.mono_ns, n.yes});
        ++by.received;
    } else if (n.kind == NoticeKind::duplicate) {
        ++message(event).duplicates;
        ++by.duplicates;
    } else if (n.kind == NoticeKind::forwarded) {
        message(event).sends += n.count;
        by.sends += n.count;
    }
}

bool RunAnalysis::should_have(NodeId id, const RunMessage& message) const {
    const auto lives = lives_.find(id);
    if (lives == lives_.end()) return false;
    const std::int64_t until = std::min(message.born_ns + grace_ns, end_ns_);
    return std::any_of(lives->second.begin(), lives->second.end(), [&](const Life& life) {
        return life.from <= message.born_ns && (!life.to || *life.to >= until);
    });
}

void RunAnalysis::finish() {
    for (RunMessage& m : messages_) {
        std::set<NodeId> have{m.origin};
        std::int64_t last = m.born_ns;
        for (const RunReceipt& receipt : m.receipts) {
            have.insert(receipt.node);
            last = std::max(last, receipt.mono_ns);
        }
        m.spread_over = end_ns_ - last >= last - m.born_ns;
        for (const auto& [id, lives] : lives_) {
            if (!should_have(id, m)) continue;
            ++m.targets;
            m.reached += have.contains(id) ? 1 : 0;
        }
    }
    if (!closed_) close({end_ns_, 0});
}

// ---------------------------------------------------------------- detection

// `cause`: when the manager sent the signal, where it did.
void RunAnalysis::begin_detection(NodeId id, NodeState how, std::int64_t at, MaybeNs cause) {
    if (open_.contains(id) && how != NodeState::paused) {  // paused before, or removed already
        RunDetection& known = detections_[open_[id]];
        if (known.removed_ns) return;
        known.how = how;
        known.ended_ns = cause.value_or(at);
        known.cause_known = cause.has_value();
        // What a pause led to is no delay after the death.
        for (MaybeNs* step : {&known.suspected_ns, &known.consensus_ns, &known.reported_ns, &known.proposed_ns}) {
            if (*step && **step < known.ended_ns) step->reset();
        }
        return;
    }
    open_[id] = detections_.size();
    RunDetection fresh;
    fresh.node = id;
    fresh.how = how;
    fresh.ended_ns = cause.value_or(at);
    fresh.cause_known = cause.has_value();
    const auto since = suspected_since_.find(id);
    const bool suspected = since != suspected_since_.end();
    if (suspected && cause && since->second >= *cause) fresh.suspected_ns = since->second;
    if (suspected && !cause && is_dead(how) && at - since->second < hearing_ns) {
        fresh.ended_ns = since->second;
        fresh.suspected_ns = since->second;
    }
    detections_.push_back(fresh);
}

RunDetection* RunAnalysis::open_detection(NodeId id) {
    const auto at = open_.find(id);
    return at == open_.end() ? nullptr : &detections_[at->second];
}

void RunAnalysis::apply_detection(const NodeEvent& event) {
    const Notice& n = event.notice;
    if (n.kind == NoticeKind::member_removed) return apply_removal(event);
    if (n.kind == NoticeKind::epoch_learned) return apply_epoch(event);
    if (n.kind == NoticeKind::registration_complete) apply_registration(event);
    if (n.kind == NoticeKind::suspected) suspected_since_.try_emplace(n.subject, event.mono_ns);
    if (n.kind == NoticeKind::suspicion_cancelled) suspected_since_.erase(n.subject);
    RunDetection* d = open_detection(n.subject);
    if (d == nullptr) return;
    const bool early = event.mono_ns < d->ended_ns;
    const bool sign = n.kind == NoticeKind::suspected && is_dead(d->how) && !d->cause_known;
    if (early && sign && d->ended_ns - event.mono_ns < hearing_ns) {
        d->ended_ns = event.mono_ns;
        d->suspected_ns = event.mono_ns;
    }
    if (early) return;
    if (n.kind == NoticeKind::suspected) first_time(d->suspected_ns, event.mono_ns);
    if (n.kind == NoticeKind::peer_consensus) first_time(d->consensus_ns, event.mono_ns);
    if (n.kind == NoticeKind::dead_reported) first_time(d->reported_ns, event.mono_ns);
    if (n.kind == NoticeKind::proposal_opened && !n.add) first_time(d->proposed_ns, event.mono_ns);
}

// A new life begins. If its list is as new as a removal, the peer knows of that removal.
void RunAnalysis::apply_registration(const NodeEvent& event) {
    open_.erase(event.node);
    suspected_since_.erase(event.node);
    for (const auto& [id, at] : open_) {
        const Epoch removal = detections_[at].epoch;
        if (removal != 0 && event.notice.epoch >= removal) informed_[at].insert(event.node);
    }
}

// A peer knows of a removal once its list is at least at the epoch of the removal.
void RunAnalysis::apply_epoch(const NodeEvent& event) {
    const auto lives = lives_.find(event.node);
    if (lives == lives_.end()) return;
    for (const auto& [id, at] : open_) {
        RunDetection& d = detections_[at];
        const bool old_enough = d.removed_ns && lives->second.front().from <= *d.removed_ns;
        if (d.epoch == 0 || event.notice.epoch < d.epoch || !old_enough) continue;
        if (informed_[at].insert(event.node).second) d.known_all_ns = event.mono_ns;
    }
}

void RunAnalysis::apply_removal(const NodeEvent& event) {
    const Notice& n = event.notice;
    RunDetection* d = open_detection(n.subject);
    if (d == nullptr) {  // its process had not ended
        begin_detection(n.subject, n.removal == RemovalReason::left ? NodeState::left : NodeState::alive, event.mono_ns,
                        std::nullopt);
        d = open_detection(n.subject);
    }
    if (d->epoch != 0 && d->epoch != n.epoch) return;
    d->epoch = n.epoch;
    first_time(d->removed_ns, event.mono_ns);
    d->removed_all_ns = std::max(d->removed_all_ns.value_or(event.mono_ns), event.mono_ns);
    end_life(n.subject, event.mono_ns);
}

std::variant<RunReport, std::string> analyse_run(const std::string& folder) {
    RunReport report;
    auto read = read_run(folder, [&](const RunLine& line) { report.analysis.apply(line); });
    if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
    report.reading = std::get<RunReading>(read);
    report.analysis.finish();
    return report;
}

}  // namespace gossip
