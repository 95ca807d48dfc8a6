#include "protocol/seed/address_checks.hpp"

#include "protocol/canonical.hpp"
#include "protocol/trust/credential.hpp"

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

AddressChecks::Result AddressChecks::result(const Change& add, Time now, Time wanted_since) const {
    const auto at = checks_.find(add.peer);
    if (at == checks_.end()) return Result::none;
    const Check& check = at->second;
    const Duration age = now - check.ended;
    if (check.answered == add.key && age <= answer_lasts) return Result::answered;
    if (check.running) return Result::running;
    return age <= failure_lasts && check.begun >= wanted_since ? Result::failed : Result::none;
}

bool AddressChecks::begin(SeedTurn& t, const Change& add) {
    if (result(add, t.now) == Result::answered) {
        t.raise(fact::AddressChecked{add.peer});
        return true;
    }
    if (checks_.size() >= limit) forget_old(t.now);
    if (checks_.size() >= limit && !checks_.contains(add.peer)) return false;
    Check& check = checks_[add.peer];
    if (check.running) return true;
    check.generation = ++generations_;
    check.nonce = fresh_nonce(t, add.peer, check.generation);
    check.challenges = 0;
    check.running = true;
    check.begun = t.now;
    challenge(t, add.peer, check);
    return true;
}

void AddressChecks::challenge(SeedTurn& t, NodeId peer, Check& check) {
    ++check.challenges;
    t.send(peer, msg::Challenge{check.nonce});
    t.timer(t.now + t.config.seed.probe_timeout / challenges_limit,
            {TimerKind::address_check, check.generation, static_cast<std::uint64_t>(peer)});
}

bool AddressChecks::awaited(SeedTurn& t, const std::vector<Change>& adds, Time wanted_since) {
    bool running = false;
    for (const Change& add : adds) {
        if (result(add, t.now, wanted_since) == Result::none) (void)begin(t, add);
        running = running || result(add, t.now, wanted_since) == Result::running;
    }
    return running;
}

void AddressChecks::on_answer(SeedTurn& t, const msg::ChallengeAnswer& m) {
    const auto at = checks_.find(m.peer);
    if (at == checks_.end() || !at->second.running) return;
    const Bytes text = challenge_bytes(t.config, t.self, m.peer, at->second.nonce);
    if (t.crypto.verify(m.key, text, m.signature)) conclude(t, m.peer, at->second, m.key);
}

void AddressChecks::handle_link_lost(SeedTurn& t, const LinkLost& event) {
    if (event.reason != LossReason::refused && event.reason != LossReason::timed_out) return;
    const auto at = checks_.find(event.node);
    if (at != checks_.end() && at->second.running) conclude(t, event.node, at->second, {});
}

void AddressChecks::handle_timeout(SeedTurn& t, const TimerTag& tag) {
    const auto at = checks_.find(NodeId{tag.key});
    if (at == checks_.end() || !at->second.running || at->second.generation != tag.generation) return;
    if (at->second.challenges < challenges_limit) return challenge(t, at->first, at->second);
    conclude(t, at->first, at->second, {});
}

void AddressChecks::conclude(SeedTurn& t, NodeId peer, Check& check, const std::optional<PublicKey>& answered) {
    check.running = false;
    check.ended = t.now;
    check.answered = answered;
    t.raise(fact::AddressChecked{peer});
}

void AddressChecks::forget_old(Time now) {
    std::erase_if(checks_, [now](const auto& entry) {
        const Check& check = entry.second;
        return !check.running && now - check.ended > (check.answered ? answer_lasts : failure_lasts);
    });
}

void AddressChecks::fingerprint(ByteWriter& out) const {
    out.u32(static_cast<std::uint32_t>(checks_.size()));
    for (const auto& [peer, check] : checks_) {
        out.u64(static_cast<std::uint64_t>(peer));
        out.u8(check.running);
        out.u8(check.challenges);
        out.raw(check.answered.value_or(PublicKey{}).bytes);
    }
}

}  // namespace gossip
