// What a line may do: the messages handed on, and the price of an offence.

#include "node/base/clock.hpp"
#include "node/transport/transport_core.hpp"
#include "node/wire/wire_text.hpp"
#include "protocol/names.hpp"

#include <type_traits>

namespace gossip {
namespace {

constexpr std::size_t held_limit = 1000;  // messages that wait for a proof
constexpr std::size_t peer_held_bytes = 256 * 1024;
constexpr std::size_t complaint_limit = 1024;  // sources remembered
constexpr auto complaint_period = std::chrono::seconds(10);

template <class M, class... Ms>
constexpr bool one_of = (std::is_same_v<M, Ms> || ...);

// Answered over the connection it came by, which may be the asker's only one.
bool expects_answer(const Message& message) {
    return std::visit(
        []<class M>(const M&) {
            return one_of<M, msg::RegisterRequest, msg::GetPeerList, msg::GetCandidates, msg::GetDelta, msg::Ping,
                          msg::SuspectQuery>;
        },
        message);
}

}  // namespace

// Counts only when a seed says it. All else counts once the sender has proven any key, so that a probe is answered
// even while this node cannot reach the seed that sent it. MEMBERSHIP carries a signature of its own.
bool TransportCore::only_from_seeds(const Message& message) {
    return std::visit(
        []<class M>(const M&) {
            return one_of<M, msg::RegisterAck, msg::RegisterNack, msg::RegisterPending, msg::PeerList, msg::Candidates,
                          msg::LeaseAck, msg::ReportAck, msg::Deltas, msg::Propose, msg::Vote, msg::Nack, msg::Behind,
                          msg::Commit, msg::Ack, msg::Learn, msg::Sync, msg::Fetch, msg::Decisions, msg::SnapshotPart,
                          msg::RemovalCase, msg::CaseOpinion, msg::SeatQuery, msg::SeatAnswer, msg::Challenge>;
        },
        message);
}

std::string TransportCore::source(const Channel& channel) const {
    return is_anonymous(channel.node) ? channel.connection->remote() : node_name(channel.node);
}

// Logged at most once per source and kind in ten seconds.
void TransportCore::complain(const Channel& channel, const std::string& code, const std::string& text) {
    const SteadyTime now = steady_now();
    // Who has not proven its id is identified by its host's address: its port differs each time.
    const std::string who = source(channel);
    const std::string key = (is_anonymous(channel.node) ? who.substr(0, who.find(':')) : who) + ' ' + code;
    if (complaints_.size() >= complaint_limit) complaints_.clear();
    const auto [entry, fresh] = complaints_.try_emplace(key, now);
    if (!fresh && now - entry->second < complaint_period) return;
    entry->second = now;
    if (handlers_.offence) handlers_.offence(who + " " + text + " [" + code + "]");
}

void TransportCore::offend(Channel& channel, const std::string& code, const std::string& text) {
    ++counters_.offences;
    complain(channel, code, text);
    channel.offended = true;
    const Message error = msg::Error{code, text};
    channel.connection->write(std::make_shared<const std::string>(encode(error, crypto_, wall_now())));
    if (channel.connection->is_closing()) return channel.connection->close(CloseCause::local);
    end(channel, false);
}

void TransportCore::on_line(std::uint64_t serial, std::string_view line) {
    Channel* channel = find(serial);
    if (channel == nullptr || closing_) return;
    channel->heard = true;
    extend_deadline(*channel);
    Line parsed = decode(line, crypto_);
    std::visit(Overloaded{[&](Message& m) { on_message(*channel, std::move(m), line.size()); },
                          [&](Hello& hello) { on_hello(*channel, hello); },
                          [&](HelloAck& ack) { on_hello_ack(*channel, ack); },
                          [&](HelloProof& proof) { on_hello_proof(*channel, proof); },
                          [&](CredentialChanged& changed) { on_credential(*channel, changed); },
                          [&](UnknownType& unknown) { on_unknown_type(*channel, unknown); },
                          [&](DecodeError& error) { offend(*channel, error.code, error.text); }},
               parsed);
}

// Only who is not known can idle too long; what was dialled and answers has no deadline any more.
void TransportCore::extend_deadline(Channel& channel) {
    const bool known = channel.greeted && !channel.key_only && !is_stranger(channel);
    if (channel.connection->is_closing() || known) return;
    const SteadyTime idle = steady_now() + options_.idle_deadline;
    channel.connection->set_deadline(channel.dialled ? no_deadline : idle);
    if (!channel.dialled) watch_deadlines();
}

void TransportCore::on_unknown_type(Channel& channel, const UnknownType& unknown) {
    ++counters_.unknown_types;
    complain(channel, "unknown_type", "sent a message of unknown type " + unknown.type);
}

void TransportCore::on_message(Channel& channel, Message message, std::size_t bytes) {
    if (const auto* error = std::get_if<msg::Error>(&message)) {
        complain(
            channel, "error",
            "answered with an error: " + wire::printable(error->code, 40) + ": " + wire::printable(error->text, 200));
    }
    if (options_.role == Role::seed) look_again(channel);
    const bool waits = channel.awaits_proof && (!channel.proved || only_from_seeds(message));
    if (!waits) return hand_on(channel, std::move(message));
    channel.held_bytes += bytes;
    const bool seed = channel.theirs.role == Role::seed;
    if (channel.held.size() >= held_limit || channel.held_bytes > (seed ? options_.seed_line_limit : peer_held_bytes)) {
        return offend(channel, "no_proof", "sent too much before it proved who it is");
    }
    channel.held.push_back(std::move(message));
}

void TransportCore::hand_on(Channel& channel, Message message) {
    ++counters_.messages_received;
    channel.connection->keep_when_half_closed(is_anonymous(channel.node) && expects_answer(message));
    if (handlers_.received) handlers_.received(channel.node, channel.trust, std::move(message));
}

}  // namespace gossip
