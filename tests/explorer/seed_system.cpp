#include "seed_system.hpp"

#include "protocol/assert.hpp"
#include "protocol/names.hpp"
#include "protocol/trust/credential.hpp"

#include <algorithm>
#include <memory>

namespace gossip::explorer {
namespace {

constexpr Duration jump = std::chrono::hours(1);
constexpr WallMs wall_at_start = 1'700'000'000'000;

// The timers that drive consensus. Anti-entropy, leases and reminders do not fire: they would add states but no
// behavior of the consensus.
bool drives_consensus(TimerKind kind) { return kind == TimerKind::vote_round || kind == TimerKind::propose_hold; }

Bytes fingerprint_bytes(const SeedMachine& machine) {
    ByteWriter out;
    machine.fingerprint(out);
    return out.take();
}

// True if the timer fired without effect.
bool idle_firing(const SeedNode& before, const SeedNode& after) {
    return before.timers.size() > after.timers.size() && before.sent == after.sent &&
           before.observed.proposed == after.observed.proposed &&
           fingerprint_bytes(*before.machine) == fingerprint_bytes(*after.machine);
}

}  // namespace

SeedSystem::SeedSystem(SeedOptionsOfSearch options) : options_(std::move(options)) {
    GOSSIP_ASSERT(options_.seeds >= 1 && options_.seeds <= 8 && options_.requests.size() <= 8);
    for (std::size_t seat = 0; seat < options_.seeds; ++seat) {
        config_.seeds.push_back(node_id({0x7f000001, static_cast<std::uint16_t>(6000 + seat)}));
        crypto_.emplace_back(6000 + seat);
    }
}

SeedSystem::Node SeedSystem::start(std::size_t seat) {
    Node node;
    node.disk = std::make_shared<const std::vector<Record>>();
    boot(seat, node, true, nullptr);
    for (std::uint32_t k = 0; options_.at_once && k < options_.requests.size(); ++k) {
        if (options_.requests[k].seat != seat) continue;
        if (auto asked = stepped(seat, node, {EventKind::request, k}, nullptr)) node = std::move(*asked);
    }
    forget_the_irrelevant(seat, node);
    return node;
}

// ---------------------------------------------------------------- what may happen

void SeedSystem::own_events(const Node& node, std::vector<LocalEvent>& out) const {
    const Seat seat = node.machine->status().seat;
    for (std::uint32_t k = 0; k < options_.requests.size(); ++k) {
        const bool open = options_.requests[k].seat == seat && (node.requested >> k & 1U) == 0;
        if (open) out.push_back({EventKind::request, k});
    }
    for (const ArmedTimer& timer : node.timers) {
        out.push_back({EventKind::timer, static_cast<std::uint32_t>(timer.tag.kind)});
    }
    if (!node.unsynced.empty()) out.push_back({EventKind::sync, 0});
    if (node.crashes >= options_.crashes) return;
    for (std::uint32_t kept = 0; kept <= node.unsynced.size(); ++kept) out.push_back({EventKind::crash, kept});
}

bool SeedSystem::admissible(WorldView<SeedSystem> world) const {
    std::uint32_t crashes = 0;
    for (const Node* node : world) crashes += node->crashes;
    return crashes <= options_.crashes;
}

// ---------------------------------------------------------------- one step

std::optional<SeedSystem::Node> SeedSystem::step(std::size_t seat, const Node& before, LocalEvent event) {
    return stepped(seat, before, event, nullptr);
}

std::optional<SeedSystem::Node> SeedSystem::stepped(std::size_t seat, const Node& before, LocalEvent event,
                                                    std::string* words) {
    Node node = before;
    if (event.kind == EventKind::crash) {
        restart(seat, node, event.arg, words);
        return node;
    }
    auto machine = std::make_shared<SeedMachine>(*before.machine);
    Turn turn{static_cast<Seat>(seat), node, *machine, words};
    if (event.kind == EventKind::deliver) {
        const Letter& letter = messages_[event.arg];
        feed(turn, Received{id(letter.from), Trust::seed, letter.message});
    }
    if (event.kind == EventKind::request) ask(turn, event.arg);
    if (event.kind == EventKind::timer) fire(turn, static_cast<TimerKind>(event.arg));
    if (event.kind == EventKind::sync) sync(turn);
    while (options_.disk == DiskMode::eager && !node.unsynced.empty()) sync(turn);
    node.machine = std::move(machine);
    if (event.kind == EventKind::timer && idle_firing(before, node)) return std::nullopt;
    if (!within_bounds(seat, node)) return std::nullopt;
    forget_the_irrelevant(seat, node);
    return node;
}

bool SeedSystem::within_bounds(std::size_t seat, const Node& node) const {
    if (calm_) return true;
    const std::vector<EpochBallot>& proposed = node.observed.proposed;
    const std::size_t ballots = seat < options_.proposers ? options_.ballots : 0;
    if (proposed.size() > ballots || node.unsynced.size() > options_.unsynced) return false;
    return proposed.empty() || proposed.back().epoch <= options_.epochs;
}

// Clears what can no longer matter within the bounds, so that states that differ only in it are equal.
void SeedSystem::forget_the_irrelevant(std::size_t seat, Node& node) const {
    if (calm_) return;
    const std::size_t ballots = seat < options_.proposers ? options_.ballots : 0;
    if (node.observed.proposed.size() == ballots) node.timers.clear();
    bool asks_left = false;
    for (std::size_t k = 0; k < options_.requests.size(); ++k) {
        asks_left = asks_left || (options_.requests[k].seat == seat && (node.requested >> k & 1U) == 0);
    }
    node.busy = node.busy && asks_left;
}

void SeedSystem::ask(Turn& turn, std::uint32_t request) {
    turn.node.requested = static_cast<std::uint8_t>(turn.node.requested | 1U << request);
    feed(turn, request_event(options_.requests[request]));
}

void SeedSystem::feed(Turn& turn, const Event& event) {
    Effects effects;
    const Epoch before = turn.machine.status().epoch;
    turn.machine.step(turn.node.now, event, effects);
    if (turn.machine.status().epoch < before) turn.node.observed.broken = "S3: the epoch went back";
    drain(turn, effects);
}

void SeedSystem::drain(Turn& turn, Effects& effects) {
    Node& node = turn.node;
    const AppendSeq synced = node.unsynced.empty() ? 0 : node.unsynced.front().seq - 1;
    for (const SetTimer& timer : effects.timers) {
        if (!drives_consensus(timer.tag.kind)) continue;
        std::erase_if(node.timers, [&](const ArmedTimer& t) { return t.tag.kind == timer.tag.kind; });
        node.timers.push_back({timer.tag});
        std::sort(node.timers.begin(), node.timers.end());
    }
    for (Append& append : effects.appends) node.unsynced.push_back(std::move(append));
    observe(turn, effects);
    for (Send& send : effects.sends) {
        const bool waits = !node.unsynced.empty() && send.after >= std::max(synced + 1, node.unsynced.front().seq);
        if (waits) {
            node.held.push_back(std::move(send));
        } else {
            release(turn, send);
        }
    }
}

// All appended records become durable; then the machine gets Persisted and held sends leave.
void SeedSystem::sync(Turn& turn) {
    Node& node = turn.node;
    std::vector<Record> disk = *node.disk;
    for (Append& append : node.unsynced) {
        if (append.compact) disk.clear();
        if (append.type == RecordType::accepted) {
            const auto record = decode_accepted(append.body);
            if (record) insert_sorted(node.observed.accepted, {record->accepted.epoch, record->accepted.ballot});
        }
        disk.push_back({append.type, std::move(append.body)});
    }
    const AppendSeq upto = node.unsynced.back().seq;
    node.unsynced.clear();
    node.disk = std::make_shared<const std::vector<Record>>(std::move(disk));
    const Epoch durable = node.durable.epoch;
    if (!read_back(crypto_[turn.seat], config_.seed.history, node)) {
        node.observed.broken = "S12: recovery refuses the journal that the seed wrote";
    }
    if (node.durable.epoch < durable) node.observed.broken = "S3: the epoch on disk went back";
    for (const Send& send : std::exchange(node.held, {})) release(turn, send);
    feed(turn, Persisted{upto});
}

// A proposer that gives up a round retries immediately: idling first would show no new behavior.
void SeedSystem::fire(Turn& turn, TimerKind kind) {
    const auto due = std::find_if(turn.node.timers.begin(), turn.node.timers.end(),
                                  [&](const ArmedTimer& t) { return t.tag.kind == kind; });
    if (due == turn.node.timers.end()) return;
    const TimerTag tag = due->tag;
    turn.node.timers.erase(due);
    turn.node.now += jump;
    turn.node.busy = false;
    feed(turn, TimerFired{tag});
    if (kind == TimerKind::vote_round) fire(turn, TimerKind::propose_hold);
}

// ---------------------------------------------------------------- start and restart

void SeedSystem::restart(std::size_t seat, Node& node, std::size_t kept, std::string* words) {
    std::vector<Record> disk = *node.disk;
    for (std::size_t i = 0; i < kept && i < node.unsynced.size(); ++i) {
        if (node.unsynced[i].compact) disk.clear();
        disk.push_back({node.unsynced[i].type, node.unsynced[i].body});
    }
    node.disk = std::make_shared<const std::vector<Record>>(std::move(disk));
    ++node.crashes;
    boot(seat, node, false, words);
}

// Exploration begins after the seeds' first contact: each has received an old SYNC from every other, which tells it
// their lives and that they are reachable.
void SeedSystem::boot(std::size_t seat, Node& node, bool first, std::string* words) {
    node.now = Time{} + jump;
    node.timers.clear();
    node.unsynced.clear();
    node.held.clear();
    node.requested = 0;
    node.busy = false;
    if (!read_back(crypto_[seat], config_.seed.history, node)) {
        node.observed.broken = "S12: recovery refuses a prefix of the journal";
    }
    const SeedOptions options{id(seat), 100 + seat, first};
    auto machine = std::make_shared<SeedMachine>(config_, crypto_[seat], options, Rng(seat), *node.disk);
    if (machine->status().epoch != node.durable.epoch) node.observed.broken = "S12: restarted at another epoch";
    const std::vector<MessageId> sent = node.sent;
    Turn turn{static_cast<Seat>(seat), node, *machine, words};
    feed(turn, Started{wall_at_start});
    while (!node.unsynced.empty()) sync(turn);
    for (std::size_t other = 0; other < size(); ++other) {
        if (other == seat) continue;
        feed(turn, Received{id(other), Trust::seed, msg::Sync{0, {}, 100 + other, {}, crypto_[other].public_key()}});
        while (!node.unsynced.empty()) sync(turn);
    }
    node.sent = sent;
    node.machine = std::move(machine);
}

Event SeedSystem::request_event(const ClientRequest& request) const {
    const sim::SimCrypto crypto(request.peer);
    const NodeId peer = node_id({0x7f000001, request.peer});
    Change change;
    change.kind = request.kind;
    change.peer = peer;
    change.incarnation = request.incarnation;
    if (request.kind == ChangeKind::leave) {
        return Received{peer, Trust::proven,
                        msg::Leave{peer, request.incarnation, crypto.sign(canonical_bytes(change))}};
    }
    change.key = crypto.public_key();
    const Signature signature = crypto.sign(canonical_bytes(change));
    return Received{peer, Trust::proven, msg::RegisterRequest{peer, request.incarnation, 1, change.key, signature}};
}

// ---------------------------------------------------------------- what leaves a node

void SeedSystem::release(Turn& turn, const Send& send) {
    const auto to = std::find(config_.seeds.begin(), config_.seeds.end(), send.to);
    if (const auto* challenge = send.message.get_if<msg::Challenge>()) return answer(turn, send.to, *challenge);
    if (to == config_.seeds.end()) return observe_answer(turn, send.message);
    if (carries(calm_ ? Network::full : options_.network, send.message))
        post(turn, static_cast<std::size_t>(to - config_.seeds.begin()), send.message);
}

// Peers listen at their addresses, and answer at once.
void SeedSystem::answer(Turn& turn, NodeId peer, const msg::Challenge& challenge) {
    const sim::SimCrypto crypto(endpoint(peer).port);
    const Bytes text = challenge_bytes(config_, id(turn.seat), peer, challenge.nonce);
    const msg::ChallengeAnswer said{peer, crypto.public_key(), crypto.sign(text)};
    feed(turn, Received{peer, Trust::address, said});
}

void SeedSystem::post(Turn& turn, std::size_t to, const Message& message) {
    Node& node = turn.node;
    const Bytes bytes = Bytes{static_cast<char>(turn.seat), static_cast<char>(to)} + message_bytes(message);
    const auto [it, fresh] = known_.try_emplace(bytes, static_cast<MessageId>(messages_.size()));
    if (fresh) messages_.push_back({turn.seat, static_cast<Seat>(to), message, facts_of(message)});
    if (turn.words != nullptr) *turn.words += "     -> S" + std::to_string(to) + " " + text_of(message) + "\n";
    if (!insert_sorted(node.sent, it->second)) return;
    const MessageFacts& facts = messages_[it->second].facts;
    const EpochBallot slot{facts.epoch, facts.ballot};
    using Type = MessageFacts::Type;
    if (facts.type == Type::vote || facts.type == Type::ack) node.busy = true;
    if (facts.type == Type::commit) insert_sorted(node.observed.committed, slot);
    if (facts.type == Type::learn) insert_sorted(node.observed.decided, slot);
}

std::string SeedSystem::words_of(const LocalEvent& event, const Node& node) const {
    switch (event.kind) {
        case EventKind::deliver: {
            const Letter& letter = messages_[event.arg];
            return "gets " + text_of(letter.message) + " from S" + std::to_string(letter.from);
        }
        case EventKind::request: {
            const ClientRequest& request = options_.requests[event.arg];
            return std::string("is asked to ") + (request.kind == ChangeKind::add ? "add " : "let go ") +
                   std::to_string(request.peer) + "@" + std::to_string(static_cast<std::uint64_t>(request.incarnation));
        }
        case EventKind::timer:
            return static_cast<TimerKind>(event.arg) == TimerKind::vote_round ? "gives up its round"
                                                                              : "has waited long enough";
        case EventKind::sync:
            return "syncs " + std::to_string(node.unsynced.size()) + " records";
        case EventKind::crash:
            return "crashes (of " + std::to_string(node.unsynced.size()) + " unsynced records " +
                   std::to_string(event.arg) + " survive) and restarts";
    }
    return {};
}

std::string SeedSystem::describe(std::size_t seat, const Node& before, LocalEvent event) {
    std::string words = "S" + std::to_string(seat) + " " + words_of(event, before) + "\n";
    if (!stepped(seat, before, event, &words)) words += "     (beyond the bounds of this search)\n";
    return words;
}

}  // namespace gossip::explorer
