#include "protocol/shared_message.hpp"

#include "protocol/memory/block_pool.hpp"

namespace gossip {
SharedMessage::SharedMessage(Message message)
    : kept_(std::visit([](auto& body) { return keep(std::move(body)); }, static_cast<MessageBody&>(message))) {}

const SharedMessage::Kept& SharedMessage::nothing() {
    static const KeptAs<Alternative<0>> none{Alternative<0>{}};
    return none;
}

const Message& SharedMessage::operator*() const {
    const Kept& k = kept();
    const auto whole = []<class T>(const T& body) { return new Message(T(body)); };
    if (k.whole == nullptr) k.whole = visit(whole);
    return *k.whole;
}

// A line of the cache where it needs no more: each delivery looks at one.
void* SharedMessage::room(std::size_t bytes) {
    return bytes == BlockPool::line_bytes ? block_pool().get_line() : block_pool().get(bytes);
}

template <class T>
void SharedMessage::end_as(Kept* kept) {
    static_cast<KeptAs<T>*>(kept)->~KeptAs<T>();
    if constexpr (sizeof(KeptAs<T>) == BlockPool::line_bytes) {
        block_pool().put_line(kept);
    } else {
        block_pool().put(kept, sizeof(KeptAs<T>));
    }
}

void SharedMessage::end(Kept* kept) {
    delete kept->whole;
    const auto of_its_kind = [kept]<std::size_t... I>(std::index_sequence<I...>) {
        static constexpr std::array<void (*)(Kept*), sizeof...(I)> ends{&SharedMessage::end_as<Alternative<I>>...};
        ends[kept->kind](kept);
    };
    of_its_kind(std::make_index_sequence<std::variant_size_v<MessageBody>>{});
}

}  // namespace gossip
