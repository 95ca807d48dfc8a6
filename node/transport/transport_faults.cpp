// Faults on the way out: what the gate holds, dials that get no answer, ends that are not heard of.

#include "node/base/clock.hpp"
#include "node/transport/fault_gate.hpp"
#include "node/transport/link_fault.hpp"
#include "node/transport/transport_core.hpp"

namespace gossip {
namespace {

// How long an open connection lives on without acknowledgements; the simulator's stall_timeout.
constexpr auto stall_limit = std::chrono::seconds(10);

}  // namespace

void TransportCore::set_faults(std::uint64_t seed, const std::vector<FaultRule>& rules) {
    gate_.set(seed, options_.self, rules);
    for (auto& [serial, channel] : channels_) {
        const bool free_again = channel.dial_waits && !gate_.fault(channel.node).blocks();
        if (free_again && !channel.connection->is_closing()) start_dial(channel);
    }
    tell_unheard_losses();
    release_due();
}

void TransportCore::start_dial(Channel& channel) {
    const LinkFault& fault = gate_.fault(channel.node);
    channel.dial_waits = fault.blocks();
    if (channel.dial_waits) return;
    if (fault.delay == Duration::zero()) return channel.connection->dial(endpoint(channel.node));
    const auto timer = std::make_shared<boost::asio::steady_timer>(io_, 2 * fault.delay);
    timer->async_wait([weak = weak_from_this(), serial = channel.serial, timer](const boost::system::error_code&) {
        const auto self = weak.lock();
        Channel* late = self ? self->find(serial) : nullptr;
        if (late != nullptr && !late->connection->is_closed()) late->connection->dial(endpoint(late->node));
    });
}

void TransportCore::send_late(Channel& channel, Frame frame) {
    const NodeId to = channel.node;
    if (gate_.bytes_held(to) + frame->size() > options_.queue_bytes_limit) {
        return channel.connection->close(CloseCause::overflow);
    }
    gate_.push(to, std::move(frame), steady_now());
    release_due();
    watch_deadlines();
}

void TransportCore::release_due() { release(gate_.take_due(steady_now())); }

void TransportCore::release(std::vector<FaultGate::Released> released) {
    for (auto& [to, frame] : released) {
        if (!frame) {
            end_all(to);
            continue;
        }
        Channel* channel = route(to);
        if (channel == nullptr) channel = &dial(to, false);  // the one before was ended in order
        channel->connection->write(std::move(frame));
    }
    arm_gate();
}

void TransportCore::arm_gate() {
    const auto due = gate_.next_due();
    if (!due || closing_) return;
    gate_timer_.expires_at(*due);
    gate_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self && !self->closing_) self->release_due();
    });
}

bool TransportCore::end_stalled(Channel& channel, SteadyTime now) {
    const auto since = gate_.stalled_since(channel.node);
    if (!since || channel.connection->is_closing()) return false;
    if (now - *since >= stall_limit) channel.connection->close(CloseCause::timed_out);
    return true;
}

// The other side's end of file is a message as well: it does not get through a partition.
bool TransportCore::is_unheard(const Channel& channel, CloseCause cause) {
    if (cause != CloseCause::ended || !gate_.fault(channel.node).deaf) return false;
    unheard_losses_.insert(channel.node);
    return true;
}

void TransportCore::tell_unheard_losses() {
    for (auto node = unheard_losses_.begin(); node != unheard_losses_.end();) {
        if (gate_.fault(*node).deaf) {
            ++node;
            continue;
        }
        if (route(*node) == nullptr) handlers_.lost(*node, LossReason::closed);
        node = unheard_losses_.erase(node);
    }
}

}  // namespace gossip
