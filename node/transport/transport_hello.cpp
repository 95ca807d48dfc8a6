// The handshake: who is at the other end, and which of two connections of one pair stays.

#include "node/base/clock.hpp"
#include "node/transport/transport_core.hpp"
#include "protocol/names.hpp"

#include <cstdio>

namespace gossip {
namespace {

// Accepted connections that may claim to be seeds at the same time: each may hold a seed's line.
constexpr std::size_t unproven_limit = 64;

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
    if (hello.cluster == options_.cluster || hello.role != Role::seed) return {};
    return "runs another seed list (" + fingerprint(hello.cluster) + ") than " + node_name(options_.self) + " (" +
           fingerprint(options_.cluster) + "): compare [[seed]] in both config files";
}

std::string TransportCore::refusal(const Hello& hello) const {
    if (hello.id == options_.self) return "claims to be this very node " + node_name(options_.self);
    if (std::string why = other_cluster(hello); !why.empty()) return why;
    if (hello.role == Role::seed && !is_seed(hello.id)) return "claims to be a seed but is not in the seed list";
    if (hello.role == Role::peer && is_seed(hello.id)) return "uses the address of a seed in the seed list";
    return {};
}

void TransportCore::on_hello(Channel& channel, const Hello& hello) {
    if (channel.dialled || channel.greeted) return offend(channel, "bad_hello", "sent HELLO out of place");
    if (const std::string why = refusal(hello); !why.empty()) {
        return offend(channel, "refused", node_name(hello.id) + " " + why);
    }
    channel.greeted = true;
    channel.key = hello.key;
    channel.key_only = hello.key_only;
    HelloAck ack{own_hello(channel), {}};
    ack.hello.key_only = false;
    ack.proof = crypto_.sign(options_.self, proof_text(hello.nonce, options_.self, hello.id));
    channel.connection->write(frame_of(ack));
    if (hello.key_only) return;  // it leads nowhere
    channel.connection->set_deadline(no_deadline);
    channel.awaits_proof = hello.role == Role::seed;
    lead_to(channel, hello.id, Trust::claimed);
    if (!channel.awaits_proof) return;
    channel.connection->set_deadline(steady_now() + options_.hello_deadline);
    watch_deadlines();
    limit_unproven();
}

void TransportCore::limit_unproven() {
    std::size_t unproven = 0;
    Channel* oldest = nullptr;
    for (auto& [serial, channel] : channels_) {
        if (!channel.awaits_proof || channel.connection->is_closing()) continue;
        ++unproven;
        if (oldest == nullptr) oldest = &channel;
    }
    if (unproven > unproven_limit) oldest->connection->close(CloseCause::local);
}

void TransportCore::on_hello_ack(Channel& channel, const HelloAck& ack) {
    if (!channel.dialled || channel.greeted) return offend(channel, "bad_hello", "sent HELLO_ACK out of place");
    if (ack.hello.id != channel.node) {
        return offend(channel, "wrong_node", "answers at this address as " + node_name(ack.hello.id));
    }
    if (const std::string why = other_cluster(ack.hello); !why.empty()) return offend(channel, "refused", why);
    channel.greeted = true;
    channel.key = ack.hello.key;
    if (!channel.connection->is_closing()) channel.connection->set_deadline(no_deadline);
    if (is_seed(channel.node)) {
        const Bytes signed_text = proof_text(channel.nonce, channel.node, options_.self);
        if (ack.hello.role != Role::seed || !crypto_.verify(ack.hello.key, signed_text, ack.proof)) {
            return offend(channel, "no_proof", "did not prove that it is this seed");
        }
        seed_keys_.learn(channel.node, ack.hello.key);
        channel.trust = Trust::seed;
    }
    if (channel.key_only) return channel.connection->close(CloseCause::local);
    const Signature proof = crypto_.sign(options_.self, proof_text(ack.hello.nonce, options_.self, channel.node));
    channel.connection->write_first(frame_of(HelloProof{proof}));
    settle_pair(channel.node);
}

void TransportCore::on_hello_proof(Channel& channel, const HelloProof& proof) {
    if (channel.dialled || !channel.greeted || channel.proof) {
        return offend(channel, "bad_hello", "sent HELLO_PROOF out of place");
    }
    channel.proof = proof.proof;
    if (channel.awaits_proof) return judge_proof(channel);
    settle_pair(channel.node);
}

// A proof that fails may have been made by the key of a new life: ask the seed's address once.
void TransportCore::judge_proof(Channel& channel) {
    if (seed_keys_.proves(crypto_, channel.node, options_.self, channel.nonce, *channel.proof)) {
        channel.awaits_proof = false;
        channel.connection->set_deadline(no_deadline);
        channel.trust = Trust::seed;
        release_held(channel);
        return settle_pair(channel.node);
    }
    if (channel.relearnt) return offend(channel, "no_proof", "claims to be a seed and cannot prove it");
    channel.relearnt = true;
    for (const auto& [serial, other] : channels_) {
        if (other.key_only && other.dialled && other.node == channel.node) return;  // asked already
    }
    dial(channel.node, true);
}

void TransportCore::on_key_dial_ended(NodeId seed) {
    for (auto& [serial, channel] : channels_) {
        const bool waits = channel.awaits_proof && channel.proof && channel.node == seed;
        if (waits && !channel.connection->is_closing()) judge_proof(channel);
    }
}

void TransportCore::release_held(Channel& channel) {
    for (Message& message : std::exchange(channel.held, {})) hand_on(channel, std::move(message));
}

// Whoever holds the private half of `key`, which alone says that both connections lead to one life.
bool TransportCore::owns_key(const Channel& accepted, const PublicKey& key) const {
    return accepted.proof && accepted.key == key &&
           crypto_.verify(key, proof_text(accepted.nonce, accepted.node, options_.self), *accepted.proof);
}

// Two nodes that dialled each other at once keep the connection of the one with the lower id; the
// other ends its own. What is on its way there arrives first: the successor is written to only
// when the other side has read it all.
void TransportCore::settle_pair(NodeId node) {
    Channel* dialled = nullptr;
    Channel* accepted = nullptr;
    for (auto& [serial, channel] : channels_) {
        if (channel.node != node || channel.key_only || !channel.greeted || channel.connection->is_closing()) continue;
        (channel.dialled ? dialled : accepted) = &channel;
    }
    if (node > options_.self || dialled == nullptr || accepted == nullptr || accepted->awaits_proof) return;
    if (!owns_key(*accepted, dialled->key)) return;
    routes_[node] = accepted->serial;
    accepted->replaces = dialled->serial;
    accepted->connection->cork();
    end(*dialled, true);
}

}  // namespace gossip
