#pragma once
// A value shared by many holders until one of them changes it: a copy is made on the first write. A list that a
// million peers received is stored once. Eight bytes per holder. The count is not atomic: not for several threads.

#include <cstdint>
#include <utility>

namespace gossip {

template <class T>
class CopyOnWrite {
public:
    CopyOnWrite() = default;
    explicit CopyOnWrite(T value) : shared_(new Shared{std::move(value)}) {}
    CopyOnWrite(const CopyOnWrite& other) : shared_(other.shared_) {
        if (shared_ != nullptr) ++shared_->holders;
    }
    CopyOnWrite(CopyOnWrite&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    CopyOnWrite& operator=(CopyOnWrite other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~CopyOnWrite() {
        if (shared_ != nullptr && --shared_->holders == 0) destroy(shared_);
    }

    [[nodiscard]] const T& operator*() const { return shared_ != nullptr ? shared_->value : default_value(); }
    [[nodiscard]] const T* operator->() const { return &**this; }
    // For writing: from now on no other holder has it.
    [[nodiscard]] T& mutable_value() {
        if (shared_ == nullptr) shared_ = new Shared{T{}};
        if (shared_->holders > 1) {
            --shared_->holders;
            shared_ = new Shared{shared_->value};
        }
        return shared_->value;
    }
    [[nodiscard]] bool shared_with(const CopyOnWrite& other) const { return shared_ == other.shared_; }
    friend bool operator==(const CopyOnWrite& a, const CopyOnWrite& b) { return a.shared_with(b) || *a == *b; }

private:
    struct Shared {
        T value;
        std::uint64_t holders{1};
    };
    // Not inlined, so that the destructor stays small: few holders are the last one.
    [[gnu::noinline]] static void destroy(const Shared* shared) { delete shared; }
    static const T& default_value() {
        static const T value{};
        return value;
    }
    Shared* shared_{nullptr};  // null: a default-constructed T
};

}  // namespace gossip
