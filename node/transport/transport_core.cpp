#include "node/transport/transport_core.hpp"

#include "protocol/names.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto sweep_period = std::chrono::milliseconds(250);
constexpr auto accept_pause = std::chrono::milliseconds(100);  // out of descriptors: try again then
constexpr auto farewell = std::chrono::seconds(2);             // for the other side to read and end, too
constexpr std::size_t seed_queue_lines = 8;                    // snapshot parts to a seed that fell behind

LossReason loss_reason(CloseCause cause) {
    switch (cause) {
        case CloseCause::refused:
            return LossReason::refused;
        case CloseCause::timed_out:
            return LossReason::timed_out;
        case CloseCause::overflow:
            return LossReason::slow;
        case CloseCause::ended:
        case CloseCause::local:
            return LossReason::closed;
    }
    return LossReason::closed;
}

SteadyTime from_now(Duration d) { return steady_now() + d; }

bool out_of_resources(const boost::system::error_code& error) {
    namespace errc = boost::system::errc;
    return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
           error == errc::no_buffer_space || error == errc::not_enough_memory;
}

}  // namespace

// ---------------------------------------------------------------- connections

TransportCore::TransportCore(asio::io_context& io, TransportOptions options, const Crypto& crypto,
                             TransportHandlers handlers)
    : io_(io),
      options_(std::move(options)),
      crypto_(crypto),
      handlers_(std::move(handlers)),
      acceptor_(io),
      accept_retry_(io),
      sweeper_(io),
      grace_(io),
      gate_timer_(io) {
    for (std::size_t seat = 0; seat < options_.seed_keys.size() && seat < options_.seeds.size(); ++seat) {
        const PublicKey& key = options_.seed_keys[seat];
        if (key != PublicKey{}) seed_keys_.configure(options_.seeds[seat], key);
    }
}

void TransportCore::abandon() {
    // One of them may be on the stack right now: they end with this turn of the loop.
    asio::post(io_, [ended = std::exchange(handlers_, {})] {});
    on_shut_ = {};
    closing_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_retry_.cancel();
    sweeper_.cancel();
    grace_.cancel();
    gate_timer_.cancel();
    for (auto& [serial, channel] : channels_) channel.connection->close(CloseCause::local);
}

TransportCounters TransportCore::counters() const {
    TransportCounters counters = counters_;
    counters.connections = channels_.size();
    counters.fault_lost = gate_.messages_lost();
    counters.fault_held = gate_.messages_held();
    for (const auto& [serial, channel] : channels_) {
        counters.bytes_sent += channel.connection->bytes_sent();
        counters.bytes_received += channel.connection->bytes_received();
    }
    return counters;
}

bool TransportCore::is_seed(NodeId node) const {
    return std::find(options_.seeds.begin(), options_.seeds.end(), node) != options_.seeds.end();
}

void TransportCore::serve(int listening_fd) {
    acceptor_.assign(tcp::v4(), listening_fd);
    acceptor_.non_blocking(true);
    accept();
}

// ---------------------------------------------------------------- opening

void TransportCore::accept() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
        if (self->closing_ || error == asio::error::operation_aborted) return;
        if (!error) {
            self->on_accepted(std::move(socket));
            return self->accept();
        }
        // make_room has closed a connection each time, so this ends.
        if (out_of_resources(error) && self->make_room()) return self->accept();
        self->retry_accept();
    });
}

void TransportCore::retry_accept() {
    accept_retry_.expires_after(accept_pause);
    accept_retry_.async_wait([self = shared_from_this()](const boost::system::error_code& stopped) {
        if (!stopped && !self->closing_) self->accept();
    });
}

void TransportCore::on_accepted(tcp::socket socket) {
    if (channels_.size() >= options_.connection_limit && !make_room()) return;
    Channel& channel = add_channel(std::move(socket), false);
    channel.node = anonymous_id(channel.serial);
    routes_[channel.node] = channel.serial;
    channel.connection->set_deadline(from_now(options_.hello_deadline));
    channel.connection->start_reading();
    watch_deadlines();
}

// Closes the oldest connection whose other end has not proven who it is. False when there is none.
bool TransportCore::make_room() {
    for (auto& [serial, channel] : channels_) {
        const bool known = channel.dialled || !is_anonymous(channel.node);
        if (known || channel.connection->is_closed()) continue;
        channel.connection->close(CloseCause::local);
        return true;
    }
    return false;
}

Channel& TransportCore::add_channel(tcp::socket socket, bool dialled) {
    const std::uint64_t serial = next_serial_++;
    // Calls `act` with this connection's channel while both it and the transport exist.
    const auto with_channel = [weak = weak_from_this(), serial](auto act) {
        return [weak, serial, act](Connection&) {
            const auto self = weak.lock();
            Channel* channel = self ? self->find(serial) : nullptr;
            if (channel != nullptr) act(*self, *channel);
        };
    };
    Connection::Handlers handlers;
    handlers.connected = with_channel([](TransportCore& self, Channel& channel) { self.greet(channel); });
    handlers.line_begun = with_channel([](TransportCore& self, Channel&) { self.watch_deadlines(); });
    handlers.line_too_long = with_channel([](TransportCore& self, Channel& channel) {
        self.offend(channel, "line_too_long",
                    "sent a line of more than " + std::to_string(channel.connection->line_limit()) + " bytes");
    });
    handlers.half_closed = with_channel([](TransportCore& self, Channel& channel) {
        channel.connection->set_deadline(from_now(self.options_.hello_deadline));
        self.watch_deadlines();
    });
    handlers.line = [weak = weak_from_this(), serial](Connection&, std::string_view line) {
        if (const auto self = weak.lock()) self->on_line(serial, line);
    };
    handlers.closed = [weak = weak_from_this(), serial](Connection&, CloseCause cause) {
        if (const auto self = weak.lock()) self->on_closed(serial, cause);
    };
    const Connection::Limits limits{options_.peer_line_limit, options_.queue_bytes_limit, options_.line_deadline};
    Channel channel;
    channel.connection = std::make_shared<Connection>(std::move(socket), limits, std::move(handlers));
    channel.serial = serial;
    channel.dialled = dialled;
    channel.nonce = fresh_nonce();
    return channels_.emplace(serial, std::move(channel)).first->second;
}

Channel& TransportCore::dial(NodeId to, bool key_only) {
    Channel& channel = add_channel(tcp::socket(io_), true);
    channel.node = to;
    channel.trust = Trust::address;
    channel.key_only = key_only;
    set_limits(channel, channel.node);
    if (!key_only) routes_[to] = channel.serial;
    channel.connection->set_deadline(from_now(options_.dial_deadline));
    start_dial(channel);
    watch_deadlines();
    return channel;
}

// ---------------------------------------------------------------- who leads where

Channel* TransportCore::find(std::uint64_t serial) {
    const auto found = channels_.find(serial);
    return found == channels_.end() ? nullptr : &found->second;
}

Channel* TransportCore::route(NodeId to) {
    const auto found = routes_.find(to);
    if (found == routes_.end()) return is_anonymous(to) ? nullptr : admit_listed(to);
    Channel& channel = channels_.at(found->second);
    return channel.connection->is_closing() ? nullptr : &channel;
}

// From now on `channel` leads to `node`. A route in use is kept: sends to one node stay in order.
void TransportCore::lead_to(Channel& channel, NodeId node, Trust trust) {
    if (is_anonymous(channel.node)) routes_.erase(channel.node);
    channel.node = node;
    channel.trust = trust;
    set_limits(channel, channel.node);
    if (route(node) == nullptr) routes_[node] = channel.serial;
}

// The longest line and the longest queue of a connection with `node`.
void TransportCore::set_limits(Channel& channel, NodeId node) {
    if (!is_seed(node)) return;
    const std::size_t queue = options_.role == Role::seed ? seed_queue_lines * options_.seed_line_limit : 0;
    channel.connection->set_limits(options_.seed_line_limit, std::max(queue, options_.queue_bytes_limit));
}

// Bytes of a line that the other side reads: it follows the rule of set_limits, too.
std::size_t TransportCore::send_limit(const Channel& channel) const {
    const bool from_seed = options_.role == Role::seed;
    const bool to_reader_of_seeds = is_seed(channel.node) || !channel.dialled;
    return from_seed && to_reader_of_seeds ? options_.seed_line_limit : options_.peer_line_limit;
}

// ---------------------------------------------------------------- closing

void TransportCore::on_closed(std::uint64_t serial, CloseCause cause) {
    const auto found = channels_.find(serial);
    if (found == channels_.end()) return;
    const Channel channel = std::move(found->second);
    channels_.erase(found);
    counters_.bytes_sent += channel.connection->bytes_sent();
    counters_.bytes_received += channel.connection->bytes_received();
    if (const auto r = routes_.find(channel.node); r != routes_.end() && r->second == serial) routes_.erase(r);
    for (auto& [other_serial, other] : channels_) {
        if (other.replaces != serial) continue;
        other.replaces = 0;
        other.connection->uncork();
    }
    if (channel.key_only) {
        if (channel.dialled) on_key_dial_ended(channel.node);
    } else {
        report_close(channel, cause);
    }
    finish_shutdown();
}

// Not reported when another open connection leads to the same life of the node: that one is used from now on.
void TransportCore::report_close(const Channel& channel, CloseCause cause) {
    if (is_anonymous(channel.node) || closing_ || !handlers_.lost) return;
    bool goes_on = false;
    for (auto& [serial, other] : channels_) {
        if (other.node != channel.node || other.key_only || other.connection->is_closing()) continue;
        if (route(channel.node) == nullptr) routes_[channel.node] = serial;
        goes_on = goes_on || (channel.greeted && other.greeted && channel.theirs.key == other.theirs.key);
    }
    if (goes_on && cause != CloseCause::overflow) return;
    // The machine asked for this close itself.
    if (cause == CloseCause::local && !channel.offended) return;
    if (route(channel.node) == nullptr) gate_.forget_held(channel.node);
    if (is_unheard(channel, cause)) return;
    unheard_losses_.erase(channel.node);
    handlers_.lost(channel.node, channel.offended ? LossReason::offence : loss_reason(cause));
}

// In order: what is queued still goes out.
void TransportCore::end(Channel& channel, bool deliver) {
    if (channel.connection->is_closing()) return;
    const bool unproven = channel.dialled && !channel.greeted && !channel.offended && !channel.ends_greeted;
    if (unproven) {
        channel.ends_greeted = true;
        channel.connection->set_deadline(from_now(farewell));
        return watch_deadlines();
    }
    channel.connection->finish(deliver);
    channel.connection->set_deadline(from_now(farewell));
    watch_deadlines();
}

void TransportCore::disconnect(NodeId node) {
    if (gate_.bytes_held(node) == 0) return end_all(node);
    gate_.push(node, nullptr, steady_now());
}

void TransportCore::end_all(NodeId node) {
    for (auto& [serial, channel] : channels_) {
        if (channel.node == node && !channel.key_only) end(channel, false);
    }
}

void TransportCore::shutdown(Duration grace, std::function<void()> done) {
    on_shut_ = std::move(done);
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_retry_.cancel();
    release(gate_.take_all());
    for (auto& [serial, channel] : channels_) end(channel, false);
    closing_ = true;
    grace_.expires_after(grace);
    grace_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        for (auto& [serial, channel] : self->channels_) channel.connection->close(CloseCause::local);
    });
    asio::post(io_, [self = shared_from_this()] { self->finish_shutdown(); });
}

void TransportCore::finish_shutdown() {
    if (!on_shut_ || !channels_.empty()) return;
    grace_.cancel();
    sweeper_.cancel();
    gate_timer_.cancel();
    std::exchange(on_shut_, {})();
}

// ---------------------------------------------------------------- sending

Frame TransportCore::encoded(const Message& message) {
    const auto* gossip = std::get_if<msg::Gossip>(&message);
    if (gossip == nullptr) return std::make_shared<const std::string>(encode(message, crypto_, wall_now()));
    const NodeId sender = gossip->sender == NodeId::none ? options_.self : gossip->sender;
    const bool same = encoded_frame_ && encoded_.rumor == gossip->rumor && encoded_.sender == sender &&
                      encoded_.hop == gossip->hop && encoded_.repair == gossip->repair && encoded_.sent == gossip->sent;
    if (same) return encoded_frame_;
    encoded_ = *gossip;
    encoded_.sender = sender;
    encoded_frame_ = std::make_shared<const std::string>(encode(encoded_, crypto_, wall_now()));
    return encoded_frame_;
}

void TransportCore::send(NodeId to, const Message& message) {
    if (closing_) return;
    Channel* channel = route(to);
    if (channel == nullptr) {
        if (is_anonymous(to)) return;  // it hung up: nobody waits for this answer
        channel = &dial(to, false);
    }
    Frame frame = encoded(message);
    if (frame->size() - 1 > send_limit(*channel)) return refuse_to_send(*channel, message, frame->size());
    ++counters_.messages_sent;
    if (gate_.affects(to)) return send_late(*channel, std::move(frame));
    channel->connection->write(std::move(frame));
}

// The other side would close the connection on such a line.
void TransportCore::refuse_to_send(const Channel& channel, const Message& message, std::size_t bytes) {
    std::string text = "a ";
    text += message_name(message);
    text += " of " + std::to_string(bytes) + " bytes to it is beyond the line limit of " +
            std::to_string(send_limit(channel)) + " and was not sent";
    complain(channel, "not_sent", text);
}

// ---------------------------------------------------------------- deadlines

void TransportCore::watch_deadlines() {
    if (sweeping_ || closing_) return;
    sweeping_ = true;
    sweeper_.expires_after(sweep_period);
    sweeper_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->sweeping_ = false;
        self->sweep();
    });
}

void TransportCore::sweep() {
    const SteadyTime now = steady_now();
    bool waiting = false;
    for (auto& [serial, channel] : channels_) {
        if (channel.connection->is_closed()) continue;
        if (channel.connection->deadline() <= now) end_overdue(channel);
        waiting = end_stalled(channel, now) || waiting || channel.connection->deadline() != no_deadline;
    }
    if (waiting) watch_deadlines();
}

void TransportCore::end_overdue(Channel& channel) {
    Connection& connection = *channel.connection;
    if (connection.is_closing()) return connection.close(CloseCause::local);
    if (channel.ends_greeted) return end(channel, false);  // it says no HELLO
    if (connection.mid_line()) return offend(channel, "too_slow", "did not finish a line in time");
    if (channel.dialled) return connection.close(CloseCause::timed_out);
    if (channel.awaits_proof) return offend(channel, "no_proof", "did not prove in time who it is");
    if (!channel.heard) return offend(channel, "silent", "said nothing in time");
    connection.close(CloseCause::local);
}

}  // namespace gossip
