#include "protocol/messages.hpp"

#include <cstddef>
#include <new>

namespace gossip {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool recycles = false;  // what is used after its end is to be found
#else
constexpr bool recycles = true;
#endif

// Blocks of one size, given back and handed out again: messages come and go by the million, in any order, and
// the heap would join and split them each time.
template <std::size_t Size>
class SpareBlocks {
public:
    SpareBlocks() = default;
    SpareBlocks(const SpareBlocks&) = delete;
    SpareBlocks& operator=(const SpareBlocks&) = delete;
    ~SpareBlocks() {
        while (first_ != nullptr) ::operator delete(take());
    }
    [[nodiscard]] void* get() { return first_ != nullptr ? take() : ::operator new(Size); }
    void put(void* block) {
        if constexpr (recycles) {
            first_ = new (block) Spare{first_};
        } else {
            ::operator delete(block);
        }
    }

private:
    struct Spare {
        Spare* next;
    };
    void* take() {
        Spare* const block = first_;
        first_ = block->next;
        return block;
    }
    Spare* first_{nullptr};
};

template <class T>
struct Recycler {
    using value_type = T;
    Recycler() = default;
    template <class Other>
    Recycler(const Recycler<Other>&) {}  // NOLINT(google-explicit-constructor): as allocators are

    [[nodiscard]] T* allocate(std::size_t) { return static_cast<T*>(spare().get()); }
    void deallocate(T* block, std::size_t) { spare().put(block); }
    friend bool operator==(const Recycler&, const Recycler&) { return true; }

private:
    static SpareBlocks<sizeof(T)>& spare() {
        thread_local SpareBlocks<sizeof(T)> blocks;
        return blocks;
    }
};

}  // namespace

Message::Message() = default;
Message::Message(const Message& other) = default;
Message::Message(Message&& other) noexcept = default;
Message& Message::operator=(const Message& other) = default;
Message& Message::operator=(Message&& other) noexcept = default;
Message::~Message() = default;

SharedMessage::SharedMessage(Message message)
    : kept_(std::allocate_shared<const Message>(Recycler<Message>(), std::move(message))) {}

const Message& SharedMessage::nothing() {
    static const Message none;
    return none;
}

}  // namespace gossip
