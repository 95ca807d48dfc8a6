#pragma once
// Events that wait in the queue, at addresses that stay: a machine is handed the event in place, and a
// message that goes to many nodes is kept once.

#include "protocol/machine.hpp"
#include "sim/event_queue.hpp"
#include "sim/trace.hpp"

#include <memory>
#include <vector>

namespace gossip::sim {

class Bodies {
public:
    // Made in place: an E from these.
    template <class E, class... Args>
    [[nodiscard]] BodyIndex add(Args&&... args) {
        const BodyIndex index = free_.empty() ? grow() : free_.back();
        free_.pop_back();
        Body& body = at(index);
        body.event.emplace<E>(std::forward<Args>(args)...);
        body.hash = event_hash(body.event);
        body.users = 1;
        return index;
    }
    [[nodiscard]] BodyIndex add(Event event) {
        return std::visit([this](auto& e) { return add<std::remove_cvref_t<decltype(e)>>(std::move(e)); }, event);
    }
    void share(BodyIndex index) { ++at(index).users; }
    void release(BodyIndex index) {
        Body& body = at(index);
        if (--body.users > 0) return;
        body.event.emplace<Started>();  // lets go of what it held
        free_.push_back(index);
    }
    [[nodiscard]] const Event& operator[](BodyIndex index) const { return blocks_[index / block][index % block].event; }

    // Its event_hash, computed once for all its users.
    [[nodiscard]] std::uint64_t hash(BodyIndex index) const { return blocks_[index / block][index % block].hash; }

    void prefetch(BodyIndex index) const { __builtin_prefetch(&blocks_[index / block][index % block]); }
    // Once the body itself is there: its message, of which the kind is said at the end.
    void prefetch_message(BodyIndex index) const {
        const auto* received = std::get_if<Received>(&(*this)[index]);
        if (received == nullptr) return;
        const auto* message = reinterpret_cast<const char*>(received->message.get());
        __builtin_prefetch(message);
        __builtin_prefetch(message + sizeof(Message) - 1);
    }

private:
    static constexpr std::size_t block = 256;
    struct alignas(64) Body {  // a line of the cache
        Event event;
        std::uint64_t hash{0};
        std::uint32_t users{0};
    };
    [[nodiscard]] Body& at(BodyIndex index) { return blocks_[index / block][index % block]; }
    // The new indices are on the free list, the returned one last.
    BodyIndex grow() {
        const auto first = static_cast<BodyIndex>(blocks_.size() * block);
        blocks_.push_back(std::make_unique<Body[]>(block));
        for (std::size_t i = block; i > 0; --i) free_.push_back(first + static_cast<BodyIndex>(i - 1));
        return first;
    }

    std::vector<std::unique_ptr<Body[]>> blocks_;
    std::vector<BodyIndex> free_;
};

}  // namespace gossip::sim
