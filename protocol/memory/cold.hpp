#pragma once
// State that most machines of a large simulation never need (hot/cold splitting): made when it is first changed, and
// read as a default one before. Eight bytes a holder.

#include <memory>

namespace gossip {

template <class T>
class Cold {
public:
    // For looking: never allocates.
    [[nodiscard]] const T& operator*() const { return state_ ? *state_ : initial(); }
    [[nodiscard]] const T* operator->() const { return &**this; }
    // For changing: makes it if need be.
    [[nodiscard]] T& ensure() {
        if (!state_) state_ = std::make_unique<T>();
        return *state_;
    }
    [[nodiscard]] bool exists() const { return state_ != nullptr; }
    // For changing only what is there already: nullptr before the first ensure().
    [[nodiscard]] T* if_any() { return state_.get(); }

private:
    static const T& initial() {
        static const T state{};
        return state;
    }

    std::unique_ptr<T> state_;
};

}  // namespace gossip
