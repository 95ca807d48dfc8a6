#pragma once
// A value that many hold in common until one of them changes it: what a million peers were told alike is
// kept once. Not for sharing between threads.

#include <memory>
#include <utility>

namespace gossip {

template <class T>
class CopyOnWrite {
public:
    CopyOnWrite() = default;
    explicit CopyOnWrite(T value) : value_(std::make_shared<T>(std::move(value))) {}

    [[nodiscard]] const T& operator*() const { return value_ ? *value_ : nothing(); }
    [[nodiscard]] const T* operator->() const { return &**this; }
    // For changing: ours alone from now on.
    [[nodiscard]] T& own() {
        if (!value_ || value_.use_count() > 1) value_ = std::make_shared<T>(**this);
        return *value_;
    }
    friend bool operator==(const CopyOnWrite& a, const CopyOnWrite& b) { return *a == *b; }

private:
    static const T& nothing() {
        static const T empty{};
        return empty;
    }
    std::shared_ptr<T> value_;  // none: a T of its default
};

}  // namespace gossip
