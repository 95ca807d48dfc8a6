#include "protocol/seed/address_checks.hpp"

#include "protocol/canonical.hpp"
#include "protocol/trust/credential.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr Duration answer_lasts = std::chrono::seconds(10);  // an answer is good for so long
constexpr Duration failure_lasts = std::chrono::seconds(1);  // then whoever asks again is challenged again

// Only who holds this seed's key can foresee it.
Digest fresh_nonce(const SeedTurn& t, NodeId peer, std::uint32_t generation) {
    ByteWriter out;
    out.text("gossip/nonce");
    out.u64(static_cast<std::uint64_t>(peer));
    out.u32(generation);
    out.u64(static_cast<std::uint64_t>(t.now.time_since_epoch().count()));
    out.u64(static_cast<std::uint64_t>(t.wall));
    const Signature secret = t.crypto.sign(t.self, out.bytes());
    return t.crypto.digest({reinterpret_cast<const char*>(secret.bytes.data()), secret.bytes.size()});
}

}  // namespace

AddressChecks::Result AddressChecks::result(const Change& add, Time now) const {
    const auto at = checks_.find(add.peer);
    if (at == checks_.end()) return Result::none;
    const Check& check = at->second;
    if (!check.over) return std::ranges::count(check.claimed, add.key) > 0 ? Result::running : Result::none;
    const Duration age = now - check.since;
    if (check.answered == add.key) return age <= answer_lasts ? Result::answered : Result::none;
    const bool asked = std::ranges::count(check.claimed, add.key) > 0;
    return asked && age <= failure_lasts ? Result::failed : Result::none;
}

bool AddressChecks::begin(SeedTurn& t, const Change& add) {
    const Result known = result(add, t.now);
    if (known == Result::running) return true;
    if (known != Result::none) {
        t.raise(fact::AddressChecked{add.peer});
        return true;
    }
    if (checks_.size() >= limit) forget_old(t.now);
    if (checks_.size() >= limit && !checks_.contains(add.peer)) return false;
    Check& check = checks_[add.peer];
    const bool running = check.generation != 0 && !check.over;
    if (running && check.claimed.size() >= keys_limit) return false;
    if (running) {
        check.claimed.push_back(add.key);
        return true;
    }
    check = {.nonce = {}, .generation = ++generations_, .claimed = {add.key}, .answered = {}, .since = t.now};
    check.nonce = fresh_nonce(t, add.peer, check.generation);
    challenge(t, add.peer, check);
    return true;
}

void AddressChecks::challenge(SeedTurn& t, NodeId peer, Check& check) {
    ++check.challenges;
    t.send(peer, msg::Challenge{check.nonce});
    t.timer(t.now + t.config.seed.probe_timeout / challenges_limit,
            {TimerKind::address_check, check.generation, static_cast<std::uint64_t>(peer)});
}

bool AddressChecks::awaited(SeedTurn& t, const std::vector<Change>& adds) {
    bool running = false;
    for (const Change& add : adds) {
        if (result(add, t.now) == Result::none) (void)begin(t, add);
        running = running || result(add, t.now) == Result::running;
    }
    return running;
}

void AddressChecks::on_answer(SeedTurn& t, const msg::ChallengeAnswer& m) {
    const auto at = checks_.find(m.peer);
    if (at == checks_.end() || at->second.over) return;
    Check& check = at->second;
    const Bytes text = challenge_bytes(t.config, t.self, m.peer, check.nonce);
    for (const PublicKey& key : check.claimed) {
        if (!t.crypto.verify(key, text, m.signature)) continue;
        check.answered = key;
        return conclude(t, m.peer, check);
    }
}

void AddressChecks::handle_link_lost(SeedTurn& t, const LinkLost& event) {
    if (event.reason != LossReason::refused && event.reason != LossReason::timed_out) return;
    const auto at = checks_.find(event.node);
    if (at != checks_.end() && !at->second.over) conclude(t, event.node, at->second);
}

void AddressChecks::handle_timeout(SeedTurn& t, const TimerTag& tag) {
    const auto at = checks_.find(NodeId{tag.key});
    if (at == checks_.end() || at->second.over || at->second.generation != tag.generation) return;
    if (at->second.challenges < challenges_limit) return challenge(t, at->first, at->second);
    conclude(t, at->first, at->second);
}

void AddressChecks::conclude(SeedTurn& t, NodeId peer, Check& check) {
    check.over = true;
    check.since = t.now;
    t.raise(fact::AddressChecked{peer});
}

void AddressChecks::forget_old(Time now) {
    std::erase_if(checks_, [now](const auto& entry) {
        const Check& check = entry.second;
        return check.over && now - check.since > (check.answered ? answer_lasts : failure_lasts);
    });
}

void AddressChecks::fingerprint(ByteWriter& out) const {
    out.u32(static_cast<std::uint32_t>(checks_.size()));
    for (const auto& [peer, check] : checks_) {
        out.u64(static_cast<std::uint64_t>(peer));
        out.u8(check.over);
        out.u8(check.challenges);
        out.u8(check.answered.has_value());
        for (const PublicKey& key : check.claimed) out.raw(key.bytes);
    }
}

}  // namespace gossip
