#pragma once
// Messages between nodes over TCP, one JSON object a line. Connections are opened on demand and
// shared by both directions; every queue, line and deadline has a bound (PROTOCOL.md section 6).

#include "node/transport/link_fault.hpp"
#include "node/transport/transport_counters.hpp"
#include "node/transport/transport_options.hpp"
#include "protocol/crypto.hpp"
#include "protocol/messages.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace gossip {

class TransportCore;

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
    // Sends the node's own credential, after it changed, to everyone it is connected with.
    void show_credential();
    // Replaces all faults of what is sent from here.
    void set_faults(std::uint64_t seed, const std::vector<FaultRule>& rules);
    // Flushes what is queued (bounded by `grace`), closes everything, then calls `done`.
    void shutdown(Duration grace, std::function<void()> done);
    [[nodiscard]] TransportCounters counters() const;

private:
    std::shared_ptr<TransportCore> core_;  // shared with the handlers of pending operations
};

}  // namespace gossip
