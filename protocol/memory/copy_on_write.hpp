#pragma once
// A value that many hold in common until one of them changes it: what a million peers were told alike is
// kept once. Eight bytes a holder. Not for sharing between threads.

#include <cstdint>
#include <utility>

namespace gossip {

template <class T>
class CopyOnWrite {
public:
    CopyOnWrite() = default;
    explicit CopyOnWrite(T value) : kept_(new Kept{std::move(value)}) {}
    CopyOnWrite(const CopyOnWrite& other) : kept_(other.kept_) {
        if (kept_ != nullptr) ++kept_->holders;
    }
    CopyOnWrite(CopyOnWrite&& other) noexcept : kept_(std::exchange(other.kept_, nullptr)) {}
    CopyOnWrite& operator=(CopyOnWrite other) noexcept {
        std::swap(kept_, other.kept_);
        return *this;
    }
    ~CopyOnWrite() {
        if (kept_ != nullptr && --kept_->holders == 0) end(kept_);
    }

    [[nodiscard]] const T& operator*() const { return kept_ != nullptr ? kept_->value : nothing(); }
    [[nodiscard]] const T* operator->() const { return &**this; }
    // For changing: ours alone from now on.
    [[nodiscard]] T& own() {
        if (kept_ == nullptr) kept_ = new Kept{T{}};
        if (kept_->holders > 1) {
            --kept_->holders;
            kept_ = new Kept{kept_->value};
        }
        return kept_->value;
    }
    [[nodiscard]] bool shared_with(const CopyOnWrite& other) const { return kept_ == other.kept_; }
    friend bool operator==(const CopyOnWrite& a, const CopyOnWrite& b) { return a.shared_with(b) || *a == *b; }

private:
    struct Kept {
        T value;
        std::uint64_t holders{1};
    };
    // Apart, and the destructor small: many are destroyed, and few of them are the last.
    [[gnu::noinline]] static void end(const Kept* kept) { delete kept; }
    static const T& nothing() {
        static const T empty{};
        return empty;
    }
    Kept* kept_{nullptr};  // none: a T of its default
};

}  // namespace gossip
