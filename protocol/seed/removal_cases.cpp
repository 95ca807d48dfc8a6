#include "protocol/seed/removal_cases.hpp"

#include "protocol/canonical.hpp"

#include <algorithm>

namespace gossip {

// ---------------------------------------------------------------- own probes

std::optional<std::uint32_t> OwnProbes::begin(NodeId suspect, Time now) {
    if (result(suspect, now) != Result::none) return std::nullopt;
    probes_[suspect] = {Result::running, now, ++generations_, 1};
    return generations_;
}

OwnProbes::Result OwnProbes::result(NodeId suspect, Time now) const {
    const auto it = probes_.find(suspect);
    if (it == probes_.end()) return Result::none;
    const bool stale = it->second.result != Result::running && now - it->second.since > fresh_for;
    return stale ? Result::none : it->second.result;
}

bool OwnProbes::answered(NodeId suspect, Time now) {
    const auto it = probes_.find(suspect);
    if (it == probes_.end()) return false;
    const bool news = it->second.result != Result::answered;
    it->second.result = Result::answered;
    it->second.since = now;
    return news;
}

bool OwnProbes::end(NodeId suspect, Time now, Result result) {
    const auto it = probes_.find(suspect);
    if (it == probes_.end() || it->second.result != Result::running) return false;
    it->second.result = result;
    it->second.since = now;
    return true;
}

bool OwnProbes::retry(NodeId suspect) {
    const auto it = probes_.find(suspect);
    if (it == probes_.end() || it->second.result != Result::running) return false;
    return ++it->second.attempts <= attempts_limit;
}

bool OwnProbes::expired(NodeId suspect, std::uint32_t generation, Time now) {
    const auto it = probes_.find(suspect);
    return it != probes_.end() && it->second.generation == generation && failed(suspect, now);
}

void OwnProbes::forget_answer(NodeId suspect) {
    const auto it = probes_.find(suspect);
    if (it != probes_.end() && it->second.result == Result::answered) probes_.erase(it);
}

void OwnProbes::forget_stale(Time now) {
    std::erase_if(probes_, [&](const auto& entry) { return result(entry.first, now) == Result::none; });
}

void OwnProbes::fingerprint(ByteWriter& out) const {
    out.u32(static_cast<std::uint32_t>(probes_.size()));
    for (const auto& [suspect, probe] : probes_) {
        out.u64(static_cast<std::uint64_t>(suspect));
        out.u8(static_cast<std::uint8_t>(probe.result));
        out.u32(probe.attempts);
    }
}

// ---------------------------------------------------------------- cases

RemovalCase* RemovalCases::find(NodeId suspect) {
    const auto it = cases_.find(suspect);
    return it == cases_.end() ? nullptr : &it->second;
}

const RemovalCase* RemovalCases::find(NodeId suspect) const {
    const auto it = cases_.find(suspect);
    return it == cases_.end() ? nullptr : &it->second;
}

RemovalCase* RemovalCases::open(NodeId suspect, Incarnation incarnation) {
    RemovalCase* known = find(suspect);
    if (known != nullptr && known->incarnation == incarnation) return known;
    if (known == nullptr && cases_.size() >= limit) return nullptr;
    RemovalCase& fresh = cases_[suspect];
    fresh = {};
    fresh.incarnation = incarnation;
    fresh.generation = ++generations_;
    return &fresh;
}

void add_reporter(RemovalCase& c, NodeId reporter) {
    const bool known = std::find(c.reporters.begin(), c.reporters.end(), reporter) != c.reporters.end();
    if (!known && c.reporters.size() < RemovalCases::reporters_limit) c.reporters.push_back(reporter);
}

Opinion tally(const RemovalCase& c, std::size_t seeds) {
    std::size_t yes = 0;
    std::size_t no = 0;
    for (const auto& [seat, opinion] : c.opinions) {
        if (opinion == Opinion::yes) ++yes;
        if (opinion == Opinion::no) ++no;
    }
    if (yes >= majority(seeds)) return Opinion::yes;
    return no + majority(seeds) > seeds ? Opinion::no : Opinion::undecided;
}

}  // namespace gossip
