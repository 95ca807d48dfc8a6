#pragma once
// Messages between nodes over TCP, one JSON object a line. Connections are opened on demand and
// shared by both directions; every queue, line and deadline has a bound (PROTOCOL.md section 6).

#include "node/control/control.hpp"
#include "node/transport/fault_gate.hpp"
#include "protocol/crypto.hpp"
#include "protocol/machine.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct TransportOptions {
    NodeId self{};
    Role role{};
    std::uint64_t cluster{0};   // membership_fingerprint: a seed with another one is refused
    std::vector<NodeId> seeds;  // whose role has to be proven
    std::size_t peer_line_limit = 64 * 1024;
    std::size_t seed_line_limit = 1024 * 1024;
    std::size_t queue_bytes_limit = 1024 * 1024;  // per connection; beyond it the slow peer is cut
    std::size_t connection_limit = 4096;
    Duration hello_deadline = std::chrono::seconds(5);  // first whole line after accept
    Duration line_deadline = std::chrono::seconds(10);  // a line, from its first byte; never extended
    Duration dial_deadline = std::chrono::seconds(3);
    Duration idle_deadline = std::chrono::minutes(2);
};

struct TransportHandlers {
    std::function<void(NodeId from, Trust trust, Message message)> received;
    std::function<void(NodeId node, LossReason reason)> lost;
    // Something to log once: a bad line, an unknown type, a deadline. `warning` text names the offender.
    std::function<void(const std::string& text)> offence;
};

class Transport {
public:
    Transport(boost::asio::io_context& io, TransportOptions options, const Crypto& crypto, TransportHandlers handlers);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    // Takes over a bound, listening IPv4 TCP socket.
    void serve(int listening_fd);
    // Queues; dials when there is no connection. What cannot be sent comes back as `lost`.
    void send(NodeId to, const Message& message);
    void disconnect(NodeId node);
    // Replaces all faults of what is sent from here.
    void set_faults(std::uint64_t seed, const std::vector<FaultRule>& rules);
    // Flushes what is queued (bounded by `grace`), closes everything, then calls `done`.
    void shutdown(Duration grace, std::function<void()> done);
    [[nodiscard]] TransportCounters counters() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;  // shared with the handlers of pending operations
};

// Binds and listens; the error names the endpoint and the cause ("address already in use").
[[nodiscard]] std::variant<int, std::string> listen_on(NodeId endpoint, int backlog = 512);

}  // namespace gossip
