#pragma once
// A message as it travels within this process: immutable, one object for all whom it goes to, in the room that
// its own kind takes (a variant has room for the largest). Not for sharing between threads.

#include "protocol/memory/block_pool.hpp"
#include "protocol/memory/prefetch.hpp"
#include "protocol/messages.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

namespace gossip {

class SharedMessage {
public:
    SharedMessage() = default;       // the message of a default
    SharedMessage(Message message);  // NOLINT(google-explicit-constructor): to send a message is to share it
    template <class T>
    requires is_alternative<std::remove_cvref_t<T>, MessageBody> SharedMessage(
        T&& body)  // NOLINT(google-explicit-constructor): as Message
        : kept_(keep(std::forward<T>(body))) {}
    SharedMessage(const SharedMessage& other) : kept_(other.kept_) {
        if (kept_ != nullptr) ++kept_->users;
    }
    SharedMessage(SharedMessage&& other) noexcept : kept_(std::exchange(other.kept_, nullptr)) {}
    SharedMessage& operator=(SharedMessage other) noexcept {
        std::swap(kept_, other.kept_);
        return *this;
    }
    ~SharedMessage() {
        if (kept_ != nullptr && --kept_->users == 0) end(kept_);
    }

    // Its place in MessageBody.
    [[nodiscard]] std::size_t index() const { return kept().kind; }
    template <class T>
    [[nodiscard]] const T* get_if() const {
        return kept().kind == kind_of<T> ? &static_cast<const KeptAs<T>&>(kept()).body : nullptr;
    }
    template <class F>
    decltype(auto) visit(F&& f) const {
        return table<F>(std::make_index_sequence<std::variant_size_v<MessageBody>>{})[index()](f, kept());
    }

    // As a variant, which is made when somebody first asks for it.
    [[nodiscard]] const Message& operator*() const;
    [[nodiscard]] const Message* get() const { return &**this; }
    operator const Message&() const { return **this; }  // NOLINT(google-explicit-constructor): it is one

    // As a number, for entries that must be plain: in use until the number was given to `adopt`, once.
    [[nodiscard]] std::uint64_t detach() && { return reinterpret_cast<std::uintptr_t>(std::exchange(kept_, nullptr)); }
    [[nodiscard]] static SharedMessage adopt(std::uint64_t detached) {
        SharedMessage message;
        message.kept_ = reinterpret_cast<Kept*>(static_cast<std::uintptr_t>(detached));
        return message;
    }
    // What was detached, looked at meanwhile.
    template <class F>
    static auto look(std::uint64_t detached, F&& f) {
        SharedMessage message = adopt(detached);
        const auto answer = f(std::as_const(message));
        message.kept_ = nullptr;
        return answer;
    }
    [[gnu::always_inline]] static void prefetch(std::uint64_t detached) {
        gossip::prefetch(reinterpret_cast<const void*>(detached));
    }

private:
    struct Kept {
        explicit Kept(std::size_t k) : kind(static_cast<std::uint32_t>(k)) {}
        std::uint32_t users{1};
        std::uint32_t kind;
        mutable const Message* whole{nullptr};
    };
    template <class T>
    struct KeptAs : Kept {
        template <class From>
        explicit KeptAs(From&& from) : Kept(kind_of<T>), body(std::forward<From>(from)) {}
        T body;
    };
    template <std::size_t I>
    using Alternative = std::variant_alternative_t<I, MessageBody>;

    template <class T, std::size_t I = 0>
    static constexpr std::size_t find_kind() {
        if constexpr (std::same_as<T, Alternative<I>>) {
            return I;
        } else {
            return find_kind<T, I + 1>();
        }
    }
    template <class T>
    static constexpr std::size_t kind_of = find_kind<T>();

    template <class T, class F>
    static decltype(auto) call(F& f, const Kept& kept) {
        return f(static_cast<const KeptAs<T>&>(kept).body);
    }
    template <class F, std::size_t... I>
    static const auto& table(std::index_sequence<I...>) {
        using Call = decltype(&call<Alternative<0>, std::remove_reference_t<F>>);
        static constexpr std::array<Call, sizeof...(I)> calls{&call<Alternative<I>, std::remove_reference_t<F>>...};
        return calls;
    }
    template <class T>
    static Kept* keep(T&& body) {
        using Here = KeptAs<std::remove_cvref_t<T>>;
        static_assert(alignof(Here) <= BlockPool::alignment);
        return new (room(sizeof(Here))) Here(std::forward<T>(body));
    }
    template <class T>
    static void end_as(Kept* kept);

    [[nodiscard]] const Kept& kept() const { return kept_ != nullptr ? *kept_ : nothing(); }
    static const Kept& nothing();
    static void* room(std::size_t bytes);
    static void end(Kept* kept);

    Kept* kept_{nullptr};
};
static_assert(sizeof(SharedMessage) == 8);

}  // namespace gossip
