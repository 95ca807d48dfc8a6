#pragma once
// A vector of trivially copyable values with room for N of them inside the object; it allocates when there are more.
// For lists of mostly one or two items in objects that exist by the million.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace gossip {

template <class T, std::uint32_t N>
requires std::is_trivially_copyable_v<T>
class InlineVector {
public:
    InlineVector() : inside_{} {}
    InlineVector(const InlineVector& other) : InlineVector() { *this = other; }
    InlineVector(InlineVector&& other) noexcept { take(other); }
    InlineVector& operator=(const InlineVector& other) {
        if (this == &other) return *this;
        size_ = 0;
        while (capacity_ < other.size_) grow();
        std::copy(other.begin(), other.end(), begin());
        size_ = other.size_;
        return *this;
    }
    InlineVector& operator=(InlineVector&& other) noexcept {
        if (this == &other) return *this;
        release();
        take(other);
        return *this;
    }
    ~InlineVector() { release(); }

    [[nodiscard]] T* begin() { return capacity_ > N ? heap_ : inside_; }
    [[nodiscard]] T* end() { return begin() + size_; }
    [[nodiscard]] const T* begin() const { return capacity_ > N ? heap_ : inside_; }
    [[nodiscard]] const T* end() const { return begin() + size_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    // The allocated items; null while they are inside.
    [[nodiscard]] const T* outside() const { return capacity_ > N ? heap_ : nullptr; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] T& operator[](std::size_t i) { return begin()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return begin()[i]; }

    T* insert(T* before, const T& value) {
        const auto at = before - begin();
        const T kept = value;
        if (size_ == capacity_) grow();
        T* const place = begin() + at;
        std::copy_backward(place, end(), end() + 1);
        *place = kept;
        ++size_;
        return place;
    }
    void push_back(const T& value) { insert(end(), value); }
    void erase(T* at) {
        std::copy(at + 1, end(), at);
        --size_;
    }

private:
    void grow() {
        const std::uint32_t wider = capacity_ * 2;
        T* const fresh = new T[wider];
        std::copy(begin(), end(), fresh);
        release();
        heap_ = fresh;
        capacity_ = wider;
    }
    void release() {
        if (capacity_ > N) delete[] heap_;
    }
    void take(InlineVector& other) {
        if (other.capacity_ > N) {
            heap_ = other.heap_;
        } else {
            std::copy_n(other.inside_, N, inside_);
        }
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, N);
    }

    std::uint32_t size_{0};
    std::uint32_t capacity_{N};
    union {
        T inside_[N];
        T* heap_;
    };
};

}  // namespace gossip
