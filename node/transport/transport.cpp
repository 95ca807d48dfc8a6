#include "node/transport/transport.hpp"

#include "node/transport/transport_core.hpp"

#include <utility>

namespace gossip {

Transport::Transport(boost::asio::io_context& io, TransportOptions options, const Crypto& crypto,
                     TransportHandlers handlers)
    : core_(std::make_shared<TransportCore>(io, std::move(options), crypto, std::move(handlers))) {}
Transport::~Transport() { core_->abandon(); }
void Transport::serve(int listening_fd) { core_->serve(listening_fd); }
void Transport::send(NodeId to, const Message& message) { core_->send(to, message); }
void Transport::disconnect(NodeId node) { core_->disconnect(node); }
void Transport::show_credential() { core_->show_credential(); }
void Transport::set_faults(std::uint64_t seed, const std::vector<FaultRule>& rules) { core_->set_faults(seed, rules); }
void Transport::shutdown(Duration grace, std::function<void()> done) { core_->shutdown(grace, std::move(done)); }
TransportCounters Transport::counters() const { return core_->counters(); }

}  // namespace gossip
