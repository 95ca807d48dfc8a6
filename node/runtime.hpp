#pragma once
// Drives one machine over real time, sockets and disk: the other driver beside sim/simulator, and the
// only caller of step() on the real side. Several may live on one loop.

#include "node/storage/journal.hpp"
#include "node/timer_queue.hpp"
#include "node/transport/link_fault.hpp"
#include "node/transport/transport.hpp"
#include "node/transport/transport_counters.hpp"
#include "node/transport/transport_options.hpp"
#include "protocol/crypto.hpp"
#include "protocol/machine.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace gossip {

struct RuntimeHandlers {
    std::function<void(Time now, const Notice& notice)> notice;
    std::function<void(const Deliver& delivery)> delivered;
    std::function<void(const std::string& text)> offence;  // another node broke the protocol
    std::function<void()> ended;                           // left in order, every queue flushed
    std::function<void(const std::string& text)> failed;   // it cannot go on; the process must end
};

class Runtime {
public:
    // `crypto` outlives the runtime; `journal` is null for a peer.
    Runtime(boost::asio::io_context& io, TransportOptions options, const Crypto& crypto,
            std::unique_ptr<Machine> machine, std::unique_ptr<Journal> journal, RuntimeHandlers handlers);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    // Takes over a listening socket and feeds Started.
    void start(int listening_fd);
    // Queues the event. The loop steps the machine, which is never re-entered.
    void feed(Event event);

    void set_faults(std::uint64_t seed, const std::vector<FaultRule>& rules) { transport_.set_faults(seed, rules); }

    [[nodiscard]] const Machine& machine() const { return *machine_; }
    [[nodiscard]] TransportCounters counters() const { return transport_.counters(); }

private:
    void drain();
    bool take_events(std::size_t most);
    void finish_turn();
    void step(const Event& event);
    void perform();
    void report();
    void send(Send& send);
    void release_held();
    void arm_timer();
    void fire_timers();
    void end();
    void fail(const std::string& text);
    [[nodiscard]] TransportHandlers transport_handlers();

    boost::asio::io_context& io_;
    RuntimeHandlers handlers_;
    std::unique_ptr<Machine> machine_;
    std::unique_ptr<Journal> journal_;
    Transport transport_;
    TimerQueue timers_;
    boost::asio::steady_timer wake_;
    Time armed_for_{Time::max()};
    std::deque<Event> inbox_;
    Effects effects_;
    // Sends that wait for the disk, and later sends to the same node, which must not overtake them.
    std::map<NodeId, std::deque<Send>> held_;
    std::size_t held_count_{0};
    AppendSeq persisted_{0};
    bool draining_{false};  // a turn is running, or posted to the loop
    bool appended_{false};
    bool ending_{false};  // it left or failed: the machine steps no more
    // Handlers posted to the loop hold this weakly: they may outlive the runtime.
    std::shared_ptr<Runtime*> alive_{std::make_shared<Runtime*>(this)};
};

}  // namespace gossip
