#pragma once
// A broadcast message, and the pointer by which all who hold it share it.

#include "protocol/types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace gossip {

// Marks that this process computed the fields which derive from a message's id. A copy is unmarked: it may be
// changed, so its fields have to be computed again.
class Checked {
public:
    Checked() = default;
    Checked(const Checked&) {}
    Checked& operator=(const Checked&) {
        marked_ = false;
        return *this;
    }
    void mark() { marked_ = true; }
    explicit operator bool() const { return marked_; }

private:
    bool marked_{false};
};

// How many pointers share an object, counted in the object. A copy starts at 0: no pointer shares it yet.
class Users {
public:
    Users() = default;
    Users(const Users&) {}
    Users& operator=(const Users&) { return *this; }
    void add() const { ++count_; }
    void leave() const { --count_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }

private:
    mutable std::uint32_t count_{0};
};

// A pointer to an object with a member `users`; the last pointer deletes the object. Half as large as
// std::shared_ptr, because a million simulated peers keep each message. Not for sharing between threads.
template <class T>
class Shared {
public:
    Shared() = default;
    Shared(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as any pointer
    explicit Shared(T* object) : object_(object) {
        if (object_ != nullptr) object_->users.add();
    }
    Shared(const Shared& other) : Shared(other.object_) {}
    Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Shared() {
        if (object_ == nullptr) return;
        object_->users.leave();
        if (object_->users.count() == 0) end(object_);
    }
    operator Shared<const T>() const  // NOLINT(google-explicit-constructor): as T* to const T*
        requires(!std::is_const_v<T>) {
        return Shared<const T>(object_);
    }

    [[nodiscard]] T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    [[nodiscard]] std::uint32_t use_count() const { return object_ == nullptr ? 0 : object_->users.count(); }
    friend bool operator==(const Shared& a, const Shared& b) { return a.object_ == b.object_; }

private:
    [[gnu::noinline]] static void end(T* object) { delete object; }

    T* object_{nullptr};
};

// A broadcast message: immutable, shared by everything in this process that holds it.
struct Rumor {
    std::string id;             // <timestamp>:<IP>:<Port>:<Msg#>; part of the identity, never re-formatted
    RumorKey key;               // computed from id on receipt
    NodeId origin{};            // parsed from id
    Incarnation incarnation{};  // of the origin; 0 from protocol 0
    std::uint64_t number{0};    // Msg#, from 1 within (origin, incarnation, typed)
    bool typed{false};          // `say`: has a counter of its own
    std::string text;           // payload, UTF-8
    WallMs born{0};             // the origin's wall clock; 0 when unknown
    Checked checked;
    Users users;
};
using RumorPtr = Shared<const Rumor>;
static_assert(sizeof(RumorPtr) == 8);

// A rumor that can still be filled in; everybody else gets it as a RumorPtr.
[[nodiscard]] inline Shared<Rumor> make_rumor(Rumor like = {}) { return Shared<Rumor>(new Rumor(std::move(like))); }

}  // namespace gossip
