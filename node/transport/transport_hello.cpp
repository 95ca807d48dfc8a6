// The handshake: who is at the other end, and which of two connections of one pair stays.

#include "node/base/clock.hpp"
#include "node/transport/transport_core.hpp"
#include "protocol/names.hpp"

#include <cstdio>

namespace gossip {
namespace {

// Accepted connections that have yet to prove what they claim: each may hold messages until then.
constexpr std::size_t unproven_seeds = 64;
constexpr std::size_t unproven_peers = 1024;

constexpr std::size_t peer_keys_limit = 4096;
constexpr std::uint32_t credentials_limit = 64;  // shown on one connection: each costs signature checks

template <class Handshake>
Frame frame_of(const Handshake& line) {
    return std::make_shared<const std::string>(encode(line, wall_now()));
}

std::string fingerprint(std::uint64_t cluster) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(cluster));
    return text.data();
}

}  // namespace

Hello TransportCore::own_hello(const Channel& channel) const {
    Hello hello;
    hello.role = options_.role;
    hello.id = options_.self;
    hello.cluster = options_.cluster;
    hello.key = crypto_.public_key(options_.self);
    hello.nonce = channel.nonce;
    if (handlers_.credential && !channel.key_only) hello.credential = handlers_.credential();
    hello.key_only = channel.key_only;
    return hello;
}

// A dial succeeded. HELLO goes out before what is already queued: no round trip is lost.
void TransportCore::greet(Channel& channel) {
    channel.connection->write_first(frame_of(own_hello(channel)));
    if (channel.connection->is_closing() || !(channel.key_only || is_seed(channel.node))) return;
    channel.connection->set_deadline(steady_now() + options_.hello_deadline);
    watch_deadlines();
}

std::string TransportCore::other_cluster(const Hello& hello) const {
    if (hello.cluster == options_.cluster) return {};
    return "has another list of seeds (" + fingerprint(hello.cluster) + ") than " + node_name(options_.self) + " (" +
           fingerprint(options_.cluster) + "): compare [[seed]] in both config files, order included";
}

std::string TransportCore::refusal(const Hello& hello) const {
    if (hello.id == options_.self) return "claims to be this very node " + node_name(options_.self);
    if (std::string why = other_cluster(hello); !why.empty()) return why;
    if (hello.role == Role::seed && !is_seed(hello.id)) return "claims to be a seed but is not in the seed list";
    if (hello.role == Role::peer && is_seed(hello.id)) return "uses the address of a seed in the seed list";
    return {};
}

// ---------------------------------------------------------------- the accepting side

void TransportCore::on_hello(Channel& channel, const Hello& hello) {
    if (channel.dialled || channel.greeted) return offend(channel, "bad_hello", "sent HELLO out of place");
    if (const std::string why = refusal(hello); !why.empty()) {
        return offend(channel, "refused", node_name(hello.id) + " " + why);
    }
    channel.greeted = true;
    channel.theirs = hello;
    HelloAck ack{own_hello(channel), {}};
    ack.proof = crypto_.sign(options_.self, proof_text(Side::acceptor, hello, ack.hello));
    channel.connection->write(frame_of(ack));
    channel.key_only = hello.key_only;
    if (hello.key_only) return;  // it leads nowhere
    channel.awaits_proof = true;
    if (hello.role == Role::seed) set_limits(channel, hello.id);
    channel.connection->set_deadline(steady_now() + options_.hello_deadline);
    watch_deadlines();
    limit_unproven(hello.role);
}

void TransportCore::limit_unproven(Role role) {
    std::size_t unproven = 0;
    Channel* oldest = nullptr;
    for (auto& [serial, channel] : channels_) {
        if (!channel.awaits_proof || channel.theirs.role != role || channel.connection->is_closing()) continue;
        ++unproven;
        if (oldest == nullptr) oldest = &channel;
    }
    const std::size_t limit = role == Role::seed ? unproven_seeds : unproven_peers;
    if (unproven > limit) oldest->connection->close(CloseCause::local);
}

void TransportCore::on_hello_proof(Channel& channel, const HelloProof& proof) {
    if (!channel.awaits_proof || channel.proved) return offend(channel, "bad_hello", "sent HELLO_PROOF out of place");
    const Bytes text = proof_text(Side::dialler, channel.theirs, own_hello(channel));
    if (!crypto_.verify(channel.theirs.key, text, proof.proof)) {
        return offend(channel, "no_proof", "did not prove that it holds its key");
    }
    channel.proved = true;
    identify(channel);
}

// The other side has proven its key: finds out whether it is a seed's, a member's or a stranger's.
void TransportCore::identify(Channel& channel) {
    if (channel.theirs.role == Role::seed) return identify_seed(channel);
    if (is_vouched(channel)) return admit(channel, Trust::proven);
    channel.awaits_proof = false;  // a stranger: heard on this connection, and answered there
    channel.connection->set_deadline(steady_now() + options_.idle_deadline);
    release_held(channel);
}

// A seed that lost its state has a new key. Where the key is not configured, its address is dialled once to learn it.
void TransportCore::identify_seed(Channel& channel) {
    const NodeId seed = channel.theirs.id;
    if (seed_keys_.is_key_of(seed, channel.theirs.key)) return admit(channel, Trust::seed);
    if (channel.relearnt || seed_keys_.configured(seed)) {
        return offend(channel, "no_proof", "claims to be the seed " + node_name(seed) + " and has another key");
    }
    channel.relearnt = true;
    hand_on_what_anybody_may_say(channel);
    for (const auto& [serial, other] : channels_) {
        if (other.key_only && other.dialled && other.node == seed) return;  // asked already
    }
    dial(seed, true);
}

// Hands on what needs no proof that a seed said it, so that a probe is answered even while this node cannot reach the
// seed that sent it. What counts from a seed only stays held.
void TransportCore::hand_on_what_anybody_may_say(Channel& channel) {
    std::vector<Message> orders;
    for (Message& message : std::exchange(channel.held, {})) {
        if (only_from_seeds(message)) {
            orders.push_back(std::move(message));
        } else {
            hand_on(channel, std::move(message));
        }
    }
    channel.held = std::move(orders);
}

void TransportCore::on_key_dial_ended(NodeId seed) {
    for (auto& [serial, channel] : channels_) {
        const bool waits = channel.awaits_proof && channel.proved && channel.theirs.id == seed;
        if (waits && !channel.connection->is_closing()) identify_seed(channel);
    }
}

void TransportCore::admit(Channel& channel, Trust trust) {
    channel.awaits_proof = false;
    channel.connection->set_deadline(no_deadline);
    lead_to(channel, channel.theirs.id, trust);
    note_key(channel);
    release_held(channel);
    settle_pair(channel.node);
}

void TransportCore::release_held(Channel& channel) {
    channel.held_bytes = 0;
    for (Message& message : std::exchange(channel.held, {})) hand_on(channel, std::move(message));
}

// ---------------------------------------------------------------- the dialling side

void TransportCore::on_hello_ack(Channel& channel, const HelloAck& ack) {
    if (!channel.dialled || channel.greeted) return offend(channel, "bad_hello", "sent HELLO_ACK out of place");
    if (ack.hello.id != channel.node) {
        return offend(channel, "wrong_node", "answers at this address as " + node_name(ack.hello.id));
    }
    if (const std::string why = other_cluster(ack.hello); !why.empty()) return offend(channel, "refused", why);
    channel.greeted = true;
    channel.theirs = ack.hello;
    const Hello ours = own_hello(channel);
    if (!crypto_.verify(ack.hello.key, proof_text(Side::acceptor, ours, ack.hello), ack.proof)) {
        return offend(channel, "no_proof", "did not prove that it holds its key");
    }
    channel.proved = true;
    if (!channel.connection->is_closing()) channel.connection->set_deadline(no_deadline);
    if (!trust_acceptor(channel)) return;
    if (channel.key_only) return channel.connection->close(CloseCause::local);
    const Signature proof = crypto_.sign(options_.self, proof_text(Side::dialler, ours, ack.hello));
    channel.connection->write_first(frame_of(HelloProof{proof}));
    if (channel.ends_greeted) return end(channel, false);
    settle_pair(channel.node);
}

// False when another key answers at this address: the node that held it has ended.
bool TransportCore::trust_acceptor(Channel& channel) {
    if (is_seed(channel.node)) {
        if (channel.theirs.role != Role::seed || !seed_keys_.learn(channel.node, channel.theirs.key)) {
            offend(channel, "no_proof", "did not prove that it is this seed");
            return false;
        }
        channel.trust = Trust::seed;
        return true;
    }
    if (is_vouched(channel)) {
        channel.trust = Trust::proven;
        note_key(channel);
        return true;
    }
    const auto known = peer_keys_.find(channel.node);
    if (known == peer_keys_.end() || known->second == channel.theirs.key) return true;
    peer_keys_.erase(known);
    complain(channel, "other_key", "is no longer who it was: another key answers at this address");
    channel.connection->close(CloseCause::refused);
    return false;
}

// ---------------------------------------------------------------- members

bool TransportCore::is_vouched(const Channel& channel) const {
    const Hello& who = channel.theirs;
    return channel.proved && who.role == Role::peer && handlers_.vouches &&
           handlers_.vouches(who.id, who.key, who.credential);
}

// Has proven a key that belongs to no listed node.
bool TransportCore::is_stranger(const Channel& channel) const {
    return channel.proved && !channel.awaits_proof && !channel.dialled && is_anonymous(channel.node);
}

// Remembers the peer's newest key, and closes the connections that proved an older one.
void TransportCore::note_key(const Channel& channel) {
    if (channel.trust != Trust::proven) return;
    if (peer_keys_.size() >= peer_keys_limit) peer_keys_.clear();
    peer_keys_[channel.node] = channel.theirs.key;
    for (auto& [serial, other] : channels_) {
        if (other.node != channel.node || !other.proved || other.theirs.key == channel.theirs.key) continue;
        other.connection->close(CloseCause::local);
    }
}

// A connection whose other end has become a member since it said HELLO.
Channel* TransportCore::admit_listed(NodeId node) {
    if (options_.role != Role::seed) return nullptr;  // a peer has no list: it is shown credentials
    for (auto& [serial, channel] : channels_) {
        if (!is_stranger(channel) || channel.theirs.id != node || channel.connection->is_closing()) continue;
        if (!is_vouched(channel)) continue;
        admit(channel, Trust::proven);
        return &channel;
    }
    return nullptr;
}

void TransportCore::on_credential(Channel& channel, const CredentialChanged& changed) {
    if (!channel.greeted || channel.key_only) return offend(channel, "bad_hello", "sent CREDENTIAL out of place");
    if (++channel.credentials > credentials_limit) return offend(channel, "bad_hello", "sent too many CREDENTIALs");
    channel.theirs.credential = changed.credential;
    look_again(channel);
}

// The key may have become a member's since it was proven.
void TransportCore::look_again(Channel& channel) {
    if (is_stranger(channel)) {
        if (is_vouched(channel)) admit(channel, Trust::proven);
    } else if (channel.dialled && channel.trust == Trust::address && is_vouched(channel)) {
        channel.trust = Trust::proven;
        note_key(channel);
    }
}

void TransportCore::show_credential() {
    if (closing_ || !handlers_.credential) return;
    const Frame frame = frame_of(CredentialChanged{handlers_.credential()});
    for (auto& [serial, channel] : channels_) {
        const bool told = channel.greeted && !channel.key_only && channel.theirs.role == Role::peer;
        if (told && !channel.connection->is_closing()) channel.connection->write(frame);
    }
    for (const NodeId seed : options_.seeds) settle_pair(seed);
    // Our credential brought the keys of the seeds, which the credentials of others are checked with.
    for (auto& [serial, channel] : channels_) {
        if (!channel.theirs.credential.signatures.empty() && !channel.connection->is_closing()) look_again(channel);
    }
}

// ---------------------------------------------------------------- two connections of one pair

// Until this node has a credential, those who accepted its connection know it as a stranger and answer there.
bool TransportCore::is_stranger_to_others() const {
    return options_.role == Role::peer && handlers_.credential && handlers_.credential().signatures.empty();
}

// Two nodes that dialled each other at once keep the connection of the one with the lower id; the
// other ends its own. What is on its way there arrives first: the successor is written to only
// when the other side has read it all.
void TransportCore::settle_pair(NodeId node) {
    Channel* dialled = nullptr;
    Channel* accepted = nullptr;
    for (auto& [serial, channel] : channels_) {
        if (channel.node != node || channel.key_only || !channel.proved || channel.connection->is_closing()) continue;
        (channel.dialled ? dialled : accepted) = &channel;
    }
    if (node > options_.self || dialled == nullptr || accepted == nullptr || is_stranger_to_others()) return;
    if (accepted->theirs.key != dialled->theirs.key) return;
    routes_[node] = accepted->serial;
    accepted->replaces = dialled->serial;
    accepted->connection->cork();
    end(*dialled, true);
}

}  // namespace gossip
