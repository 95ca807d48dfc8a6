#include "node/runtime.hpp"

#include "node/base/clock.hpp"
#include "protocol/assert.hpp"
#include "protocol/log_text.hpp"
#include "protocol/names.hpp"

#include <boost/asio/post.hpp>

#include <iterator>

namespace gossip {
namespace {

namespace asio = boost::asio;

constexpr auto leave_grace = std::chrono::milliseconds(500);  // to flush what is queued at the end

// Events handled in one turn at most, so that timers and signals are served during a flood.
constexpr std::size_t turn_limit = 1024;

// Sends that wait for a slow disk at most. Further ones are dropped, as a network may drop them.
constexpr std::size_t held_limit = 16'384;

// Calls `act` on the runtime unless it has been destroyed by then.
template <class Act>
auto guarded(const std::shared_ptr<Runtime*>& alive, Act act) {
    return [weak = std::weak_ptr<Runtime*>(alive), act](auto&&... arguments) {
        if (const auto runtime = weak.lock()) act(**runtime, std::forward<decltype(arguments)>(arguments)...);
    };
}

}  // namespace

Runtime::Runtime(asio::io_context& io, TransportOptions options, const Crypto& crypto, std::unique_ptr<Machine> machine,
                 std::unique_ptr<Journal> journal, RuntimeHandlers handlers)
    : io_(io),
      handlers_(std::move(handlers)),
      machine_(std::move(machine)),
      journal_(std::move(journal)),
      transport_(io, std::move(options), crypto, transport_handlers()),
      wake_(io) {
    if (!journal_) return;
    journal_->set_handlers({.persisted = guarded(alive_, [](Runtime& r, AppendSeq upto) { r.feed(Persisted{upto}); }),
                            .failed = guarded(alive_, [](Runtime& r, const std::string& text) { r.fail(text); })});
}

Runtime::~Runtime() = default;

TransportHandlers Runtime::transport_handlers() {
    return {.received =
                [this](NodeId from, Trust trust, Message message) {
                    feed(Received{from, trust, std::move(message)});
                },
            .lost =
                [this](NodeId node, LossReason reason) {
                    feed(LinkLost{node, reason});
                },
            .credential = [this] { return machine_->credential(); },
            .vouches = [this](NodeId node, const PublicKey& key,
                              const Credential& shown) { return machine_->vouches(node, key, shown); },
            .offence =
                [this](const std::string& text) {
                    if (handlers_.offence) handlers_.offence(text);
                }};
}

void Runtime::start(int listening_fd) {
    transport_.serve(listening_fd);
    feed(Started{wall_now()});
}

void Runtime::feed(Event event) {
    inbox_.push_back(std::move(event));
    if (draining_) return;
    draining_ = true;
    asio::post(io_, guarded(alive_, [](Runtime& r) { r.drain(); }));
}

void Runtime::drain() {
    const bool more = take_events(turn_limit);
    finish_turn();
    if (!more) return;
    draining_ = true;
    asio::post(io_, guarded(alive_, [](Runtime& r) { r.drain(); }));
}

// Returns true when events are left.
bool Runtime::take_events(std::size_t most) {
    for (; most > 0 && !inbox_.empty() && !ending_; --most) {
        const Event event = std::move(inbox_.front());
        inbox_.pop_front();
        step(event);
    }
    return !inbox_.empty() && !ending_;
}

void Runtime::finish_turn() {
    draining_ = false;
    if (std::exchange(appended_, false)) journal_->commit();  // one sync for all of this turn
    if (!ending_) arm_timer();
}

void Runtime::step(const Event& event) {
    if (const auto* persisted = std::get_if<Persisted>(&event)) persisted_ = persisted->upto;
    effects_.clear();
    machine_->step(machine_now(), event, effects_);
    report();
    if (effects_.fatal) {
        return fail(effects_.notices.empty() ? "an invariant is broken" : log_text(effects_.notices.back()));
    }
    perform();
    if (std::holds_alternative<Persisted>(event)) release_held();
    if (effects_.finished) end();
}

void Runtime::perform() {
    for (const Append& record : effects_.appends) {
        GOSSIP_ASSERT(journal_ != nullptr);
        journal_->append(record);
        appended_ = true;
    }
    for (Send& s : effects_.sends) send(s);
    for (const SetTimer& timer : effects_.timers) timers_.push(timer);
    for (const Disconnect& d : effects_.disconnects) transport_.disconnect(d.node);
    if (effects_.credential_changed) transport_.show_credential();
}

void Runtime::report() {
    if (handlers_.delivered) {
        for (const Deliver& delivery : effects_.deliveries) handlers_.delivered(delivery);
    }
    if (handlers_.notice) {
        for (const Notice& notice : effects_.notices) handlers_.notice(machine_now(), notice);
    }
}

void Runtime::send(Send& send) {
    const auto waiting = held_.find(send.to);
    if (waiting == held_.end() && send.after <= persisted_) return transport_.send(send.to, send.message);
    if (held_count_ >= held_limit) return;
    ++held_count_;
    held_[send.to].push_back(std::move(send));
}

void Runtime::release_held() {
    for (auto entry = held_.begin(); entry != held_.end();) {
        std::deque<Send>& queue = entry->second;
        for (; !queue.empty() && queue.front().after <= persisted_; --held_count_) {
            transport_.send(queue.front().to, queue.front().message);
            queue.pop_front();
        }
        entry = queue.empty() ? held_.erase(entry) : std::next(entry);
    }
}

void Runtime::arm_timer() {
    const auto due = timers_.next_due();
    if (!due || *due >= armed_for_) return;
    armed_for_ = *due;
    wake_.expires_at(to_steady(*due));
    wake_.async_wait([weak = std::weak_ptr<Runtime*>(alive_)](const boost::system::error_code& error) {
        const auto runtime = weak.lock();
        if (error || !runtime) return;
        // Posts twice: the first handler runs before those of the next poll, the second after them. Data that waits
        // in the sockets is therefore handled before a timer fires, and a process that was stopped for a while
        // does not suspect others of the silence that its own pause caused.
        asio::io_context& io = (*runtime)->io_;
        asio::post(io, [&io, runtime_alive = std::weak_ptr<Runtime*>(runtime)] {
            const auto still = runtime_alive.lock();
            if (still) asio::post(io, guarded(still, [](Runtime& r) { r.fire_timers(); }));
        });
    });
}

void Runtime::fire_timers() {
    armed_for_ = Time::max();
    const Time reached = machine_now();
    draining_ = true;
    take_events(inbox_.size());
    while (!ending_) {
        const auto tag = timers_.pop_due(reached);
        if (!tag) break;
        step(TimerFired{*tag});
    }
    drain();
}

// Sends nothing more: after a failed sync it is unknown what the disk holds.
void Runtime::fail(const std::string& text) {
    if (std::exchange(ending_, true)) return;
    wake_.cancel();
    if (handlers_.failed) handlers_.failed(text);
}

void Runtime::end() {
    if (std::exchange(ending_, true)) return;
    wake_.cancel();
    transport_.shutdown(leave_grace, guarded(alive_, [](Runtime& r) {
                            if (r.handlers_.ended) r.handlers_.ended();
                        }));
}

}  // namespace gossip
