#include "node/transport.hpp"

#include "node/transport_impl.hpp"
#include "protocol/names.hpp"

#include <boost/asio/post.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gossip {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto sweep_period = std::chrono::milliseconds(250);
constexpr auto accept_pause = std::chrono::milliseconds(100);  // out of descriptors: try again then

LossReason loss_reason(CloseCause cause) {
    switch (cause) {
        case CloseCause::refused: return LossReason::refused;
        case CloseCause::timed_out: return LossReason::timed_out;
        case CloseCause::overflow: return LossReason::slow;
        case CloseCause::line_too_long:
        case CloseCause::slow_line: return LossReason::offence;
        case CloseCause::ended:
        case CloseCause::local: return LossReason::closed;
    }
    return LossReason::closed;
}

}  // namespace

// ---------------------------------------------------------------- the public face

Transport::Transport(asio::io_context& io, TransportOptions options, const Crypto& crypto, TransportHandlers handlers)
    : impl_(std::make_shared<Impl>(io, std::move(options), crypto, std::move(handlers))) {}
Transport::~Transport() { impl_->abandon(); }
void Transport::serve(int listening_fd) { impl_->serve(listening_fd); }
void Transport::send(NodeId to, const Message& message) { impl_->send(to, message); }
void Transport::disconnect(NodeId node) { impl_->disconnect(node); }
void Transport::shutdown(Duration grace, std::function<void()> done) { impl_->shutdown(grace, std::move(done)); }
TransportCounters Transport::counters() const { return impl_->counters(); }

std::variant<int, std::string> listen_on(NodeId node, int backlog) {
    const auto problem = [&](const char* hint) {
        std::string text = node_name(node) + ": " + std::strerror(errno);
        return text + hint;
    };
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return problem("");
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(endpoint(node).ip);
    address.sin_port = htons(endpoint(node).port);
    const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (bound && ::listen(fd, backlog) == 0) return fd;
    const bool taken = errno == EADDRINUSE;
    std::string text = problem(taken ? " (is another node running there? choose another --listen)" : "");
    ::close(fd);
    return text;
}

// ---------------------------------------------------------------- connections

Transport::Impl::Impl(asio::io_context& io, TransportOptions options, const Crypto& crypto, TransportHandlers handlers)
    : io_(io),
      options_(std::move(options)),
      crypto_(crypto),
      handlers_(std::move(handlers)),
      acceptor_(io),
      accept_retry_(io),
      sweeper_(io),
      grace_(io) {}

void Transport::Impl::abandon() {
    handlers_ = {};
    on_shut_ = {};
    closing_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_retry_.cancel();
    sweeper_.cancel();
    grace_.cancel();
    for (auto& [serial, channel] : channels_) channel.connection->close(CloseCause::local);
}

TransportCounters Transport::Impl::counters() const {
    TransportCounters counters = counters_;
    counters.connections = channels_.size();
    for (const auto& [serial, channel] : channels_) {
        counters.bytes_sent += channel.connection->bytes_sent();
        counters.bytes_received += channel.connection->bytes_received();
    }
    return counters;
}

bool Transport::Impl::is_seed(NodeId node) const {
    return std::find(options_.seeds.begin(), options_.seeds.end(), node) != options_.seeds.end();
}

void Transport::Impl::serve(int listening_fd) {
    acceptor_.assign(tcp::v4(), listening_fd);
    acceptor_.non_blocking(true);
    accept();
}

void Transport::Impl::accept() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
        if (self->closing_ || error == asio::error::operation_aborted) return;
        if (!error) {
            self->on_accepted(std::move(socket));
            return self->accept();
        }
        self->make_room();
        self->accept_retry_.expires_after(accept_pause);
        self->accept_retry_.async_wait([self](const boost::system::error_code& stopped) {
            if (!stopped && !self->closing_) self->accept();
        });
    });
}

void Transport::Impl::on_accepted(tcp::socket socket) {
    if (channels_.size() >= options_.connection_limit) make_room();
    Channel& channel = add_channel(std::move(socket), false);
    channel.node = anonymous_id(channel.serial);
    routes_[channel.node] = channel.serial;
    channel.connection->set_deadline(std::chrono::steady_clock::now() + options_.hello_deadline);
    channel.connection->start_reading();
    watch_deadlines();
}

// The oldest connection whose owner never said who it is gives way.
void Transport::Impl::make_room() {
    for (auto& [serial, channel] : channels_) {
        if (channel.dialled || channel.greeted || channel.connection->is_closing()) continue;
        return channel.connection->close(CloseCause::local);
    }
}

Channel& Transport::Impl::add_channel(tcp::socket socket, bool dialled) {
    const std::uint64_t serial = next_serial_++;
    const std::weak_ptr<Impl> weak = weak_from_this();
    Connection::Handlers handlers;
    handlers.connected = [weak, serial](Connection&) {
        const auto self = weak.lock();
        if (!self) return;
        if (const auto found = self->channels_.find(serial); found != self->channels_.end()) {
            self->greet(found->second);
        }
    };
    handlers.line = [weak, serial](Connection&, std::string_view line) {
        if (const auto self = weak.lock()) self->on_line(serial, line);
    };
    handlers.line_begun = [weak](Connection&) {
        if (const auto self = weak.lock()) self->watch_deadlines();
    };
    handlers.closed = [weak, serial](Connection&, CloseCause cause) {
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

Channel& Transport::Impl::dial(NodeId to, bool key_only) {
    Channel& channel = add_channel(tcp::socket(io_), true);
    channel.node = to;
    channel.trust = Trust::claimed;
    channel.key_only = key_only;
    if (is_seed(to)) channel.connection->set_line_limit(options_.seed_line_limit);
    if (!key_only) routes_[to] = channel.serial;
    channel.connection->set_deadline(std::chrono::steady_clock::now() + options_.dial_deadline);
    channel.connection->dial(endpoint(to));
    watch_deadlines();
    return channel;
}

Channel* Transport::Impl::route(NodeId to) {
    const auto found = routes_.find(to);
    if (found == routes_.end()) return nullptr;
    Channel& channel = channels_.at(found->second);
    return channel.connection->is_closing() ? nullptr : &channel;
}

// From now on `channel` leads to `node`. A route in use is kept: sends to one node stay in order.
void Transport::Impl::lead_to(Channel& channel, NodeId node, Trust trust) {
    if (is_anonymous(channel.node)) routes_.erase(channel.node);
    channel.node = node;
    channel.trust = trust;
    if (is_seed(node)) channel.connection->set_line_limit(options_.seed_line_limit);
    if (route(node) == nullptr) routes_[node] = channel.serial;
}

void Transport::Impl::on_closed(std::uint64_t serial, CloseCause cause) {
    const auto found = channels_.find(serial);
    if (found == channels_.end()) return;
    const Channel channel = std::move(found->second);
    channels_.erase(found);
    counters_.bytes_sent += channel.connection->bytes_sent();
    counters_.bytes_received += channel.connection->bytes_received();
    if (cause == CloseCause::line_too_long) complain(channel, "line_too_long", "sent a line beyond the limit");
    if (cause == CloseCause::slow_line) complain(channel, "too_slow", "did not finish a line in time");
    if (const auto r = routes_.find(channel.node); r != routes_.end() && r->second == serial) routes_.erase(r);
    report_close(channel, cause);
    finish_shutdown();
}

// A node is lost with its last connection; another one that is still open takes over.
void Transport::Impl::report_close(const Channel& channel, CloseCause cause) {
    if (channel.key_only) {
        for (auto& [serial, other] : channels_) {
            if (other.awaits_proof && other.node == channel.node && other.proof) judge_proof(other);
        }
        return;
    }
    if (is_anonymous(channel.node) || closing_ || !handlers_.lost) return;
    for (auto& [serial, other] : channels_) {
        const bool usable = other.node == channel.node && !other.key_only && !other.awaits_proof;
        if (!usable || other.connection->is_closing()) continue;
        if (route(channel.node) == nullptr) routes_[channel.node] = serial;
        return;
    }
    // What was closed at the machine's own word is no news to it.
    if (channel.awaits_proof || (cause == CloseCause::local && !channel.offended)) return;
    handlers_.lost(channel.node, channel.offended ? LossReason::offence : loss_reason(cause));
}

Frame Transport::Impl::encoded(const Message& message) {
    const auto* gossip = std::get_if<msg::Gossip>(&message);
    if (gossip == nullptr) return std::make_shared<const std::string>(encode(message, crypto_, wall_now()));
    const bool same = encoded_frame_ && encoded_rumor_ == gossip->rumor.get() && encoded_hop_ == gossip->hop &&
                      encoded_repair_ == gossip->repair && encoded_sent_ == gossip->sent;
    if (same) return encoded_frame_;
    encoded_rumor_ = gossip->rumor.get();
    encoded_owner_ = gossip->rumor;
    encoded_hop_ = gossip->hop;
    encoded_repair_ = gossip->repair;
    encoded_sent_ = gossip->sent;
    encoded_frame_ = std::make_shared<const std::string>(encode(message, crypto_, wall_now()));
    return encoded_frame_;
}

void Transport::Impl::send(NodeId to, const Message& message) {
    if (closing_) return;
    Channel* channel = route(to);
    if (channel == nullptr) {
        if (is_anonymous(to)) return;  // it hung up: nobody waits for this answer
        channel = &dial(to, false);
    }
    ++counters_.messages_sent;
    channel->connection->write(encoded(message));
}

void Transport::Impl::disconnect(NodeId node) {
    for (auto& [serial, channel] : channels_) {
        if (channel.node == node) channel.connection->close_after_flush();
    }
}

void Transport::Impl::watch_deadlines() {
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

void Transport::Impl::sweep() {
    const SteadyTime now = std::chrono::steady_clock::now();
    bool waiting = false;
    for (auto& [serial, channel] : channels_) {
        Connection& connection = *channel.connection;
        if (connection.deadline() > now) {
            waiting = waiting || connection.deadline() != no_deadline;
        } else if (connection.mid_line()) {
            ++counters_.offences;
            connection.close(CloseCause::slow_line);
        } else {
            connection.close(channel.dialled ? CloseCause::timed_out : CloseCause::local);
        }
    }
    if (waiting) watch_deadlines();
}

void Transport::Impl::shutdown(Duration grace, std::function<void()> done) {
    closing_ = true;
    on_shut_ = std::move(done);
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_retry_.cancel();
    for (auto& [serial, channel] : channels_) channel.connection->close_after_flush();
    grace_.expires_after(grace);
    grace_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        for (auto& [serial, channel] : self->channels_) channel.connection->close(CloseCause::local);
    });
    asio::post(io_, [self = shared_from_this()] { self->finish_shutdown(); });
}

void Transport::Impl::finish_shutdown() {
    if (!on_shut_ || !channels_.empty()) return;
    grace_.cancel();
    sweeper_.cancel();
    std::exchange(on_shut_, {})();
}

}  // namespace gossip
