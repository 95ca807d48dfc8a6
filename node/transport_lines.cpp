// What a line may do: the handshake, the messages handed on, and the price of an offence.

#include "node/transport_impl.hpp"
#include "protocol/names.hpp"

namespace gossip {
namespace {

constexpr std::size_t held_limit = 1000;        // messages that wait for a proof
constexpr std::size_t complaint_limit = 1024;   // sources remembered
constexpr auto complaint_period = std::chrono::seconds(10);

}  // namespace

WallMs Transport::Impl::wall_now() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string Transport::Impl::source(const Channel& channel) const { return node_name(channel.node); }

// Said once per source and kind in ten seconds; counted always.
void Transport::Impl::complain(const Channel& channel, const std::string& code, const std::string& text) {
    ++counters_.offences;
    const SteadyTime now = std::chrono::steady_clock::now();
    // One anonymous source is as good as another: its serial would make each the first.
    const std::string key = (is_anonymous(channel.node) ? "anonymous" : source(channel)) + ' ' + code;
    const auto [entry, fresh] = complaints_.try_emplace(key, now);
    if (!fresh && now - entry->second < complaint_period) return;
    entry->second = now;
    if (complaints_.size() > complaint_limit) complaints_.clear();
    if (handlers_.offence) handlers_.offence(source(channel) + " " + text + " [" + code + "]");
}

void Transport::Impl::offend(Channel& channel, const std::string& code, const std::string& text) {
    complain(channel, code, text);
    channel.offended = true;
    const Message error = msg::Error{code, text};
    channel.connection->write(std::make_shared<const std::string>(encode(error, crypto_, wall_now())));
    channel.connection->close_after_flush();
}

void Transport::Impl::on_line(std::uint64_t serial, std::string_view line) {
    const auto found = channels_.find(serial);
    if (found == channels_.end() || closing_) return;
    Channel& channel = found->second;
    if (!channel.heard || is_anonymous(channel.node)) {
        const bool idle_ends = !channel.dialled && !channel.greeted;
        channel.connection->set_deadline(
            idle_ends ? std::chrono::steady_clock::now() + options_.idle_deadline : no_deadline);
        if (idle_ends) watch_deadlines();
    }
    channel.heard = true;
    Line parsed = decode(line, crypto_);
    std::visit(Overloaded{[&](Message& m) { on_message(channel, std::move(m)); },
                          [&](Hello& hello) { on_hello(channel, hello); },
                          [&](HelloAck& ack) { on_hello_ack(channel, ack); },
                          [&](HelloProof& proof) { on_hello_proof(channel, proof); },
                          [&](UnknownType& unknown) {
                              ++counters_.unknown_types;
                              complain(channel, "unknown_type", "sent a message of unknown type " + unknown.type);
                          },
                          [&](DecodeError& error) { offend(channel, error.code, error.text); }},
               parsed);
}

void Transport::Impl::on_message(Channel& channel, Message message) {
    if (const auto* error = std::get_if<msg::Error>(&message)) {
        complain(channel, "error", "answered with an error: " + error->code + ": " + error->text);
    }
    if (channel.awaits_proof) {
        if (channel.held.size() >= held_limit) return offend(channel, "no_proof", "sent too much before its proof");
        channel.held.push_back(std::move(message));
        return;
    }
    ++counters_.messages_received;
    if (handlers_.received) handlers_.received(channel.node, channel.trust, std::move(message));
}

// ---------------------------------------------------------------- handshake

Hello Transport::Impl::own_hello(const Channel& channel) const {
    Hello hello;
    hello.role = options_.role;
    hello.id = options_.self;
    hello.cluster = options_.cluster;
    hello.key = crypto_.public_key();
    hello.nonce = channel.nonce;
    hello.key_only = channel.key_only;
    return hello;
}

// A dial succeeded. HELLO goes out before what is already queued: no round trip is lost.
void Transport::Impl::greet(Channel& channel) {
    channel.connection->write_first(std::make_shared<const std::string>(encode(own_hello(channel), wall_now())));
    if (channel.key_only || is_seed(channel.node)) {
        channel.connection->set_deadline(std::chrono::steady_clock::now() + options_.hello_deadline);
        watch_deadlines();
    }
}

std::string Transport::Impl::refusal(const Hello& hello) const {
    if (is_anonymous(hello.id) || hello.id == NodeId::none) return "named no endpoint";
    if (hello.id == options_.self) return "claims to be this very node " + node_name(options_.self);
    if (hello.cluster != options_.cluster && hello.role == Role::seed) {
        return "runs another seed list than ours: compare [[seed]] in both config files";
    }
    if ((hello.role == Role::seed) != is_seed(hello.id)) {
        return hello.role == Role::seed ? "claims to be a seed but is not in the seed list"
                                        : "uses the address of a seed in the seed list";
    }
    return {};
}

void Transport::Impl::on_hello(Channel& channel, const Hello& hello) {
    if (channel.dialled || channel.greeted) return offend(channel, "bad_hello", "sent HELLO out of place");
    if (const std::string why = refusal(hello); !why.empty()) {
        return offend(channel, "refused", node_name(hello.id) + " " + why);
    }
    channel.greeted = true;
    channel.connection->set_deadline(no_deadline);
    HelloAck ack{own_hello(channel), {}};
    if (options_.role == Role::seed) ack.proof = crypto_.sign(proof_text(hello.nonce, options_.self, hello.id));
    channel.connection->write(std::make_shared<const std::string>(encode(ack, wall_now())));
    if (hello.key_only) {
        channel.node = anonymous_id(channel.serial);  // it leads nowhere
        return;
    }
    if (hello.role == Role::peer) return lead_to(channel, hello.id, Trust::claimed);
    routes_.erase(channel.node);
    channel.node = hello.id;
    channel.trust = Trust::claimed;
    channel.awaits_proof = true;
    channel.connection->set_line_limit(options_.seed_line_limit);
    channel.connection->set_deadline(std::chrono::steady_clock::now() + options_.hello_deadline);
    watch_deadlines();
}

void Transport::Impl::on_hello_ack(Channel& channel, const HelloAck& ack) {
    if (!channel.dialled || channel.greeted) return offend(channel, "bad_hello", "sent HELLO_ACK out of place");
    channel.greeted = true;
    channel.connection->set_deadline(no_deadline);
    if (ack.hello.id != channel.node) {
        return offend(channel, "wrong_node", "answers at this address as " + node_name(ack.hello.id));
    }
    if (is_seed(channel.node)) {
        const Bytes signed_text = proof_text(channel.nonce, channel.node, options_.self);
        if (ack.hello.role != Role::seed || !crypto_.verify(ack.hello.key, signed_text, ack.proof)) {
            return offend(channel, "no_proof", "did not prove that it is this seed");
        }
        seed_keys_.learn(channel.node, ack.hello.key);
        channel.trust = Trust::seed;
    }
    if (channel.key_only) return channel.connection->close(CloseCause::local);
    if (options_.role == Role::seed) {
        const HelloProof proof{crypto_.sign(proof_text(ack.hello.nonce, options_.self, channel.node))};
        channel.connection->write(std::make_shared<const std::string>(encode(proof, wall_now())));
    }
}

void Transport::Impl::on_hello_proof(Channel& channel, const HelloProof& proof) {
    if (!channel.awaits_proof || channel.proof) return offend(channel, "bad_hello", "sent HELLO_PROOF out of place");
    channel.proof = proof.proof;
    judge_proof(channel);
}

// A proof that fails may have been made by the key of a new life: ask the seed's address once.
void Transport::Impl::judge_proof(Channel& channel) {
    if (seed_keys_.proves(crypto_, channel.node, options_.self, channel.nonce, *channel.proof)) {
        channel.awaits_proof = false;
        channel.connection->set_deadline(no_deadline);
        lead_to(channel, channel.node, Trust::seed);
        return release_held(channel);
    }
    if (channel.relearnt) return offend(channel, "no_proof", "claims to be a seed and cannot prove it");
    channel.relearnt = true;
    dial(channel.node, true);
}

void Transport::Impl::release_held(Channel& channel) {
    const std::uint64_t serial = channel.serial;
    for (Message& message : std::exchange(channel.held, {})) {
        const auto found = channels_.find(serial);
        if (found == channels_.end()) return;
        on_message(found->second, std::move(message));
    }
}

}  // namespace gossip
