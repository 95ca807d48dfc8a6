#pragma once
// A histogram of 64-bit values in buckets of 1/64 relative width: quantiles of any number of samples in 30 KB, equal on
// every machine.

#include <array>
#include <bit>
#include <cstdint>

namespace gossip::sim {

class Histogram {
public:
    void add(std::uint64_t value) {
        ++counts_[bucket(value)];
        ++count_;
        sum_ += value;
        if (value > max_) max_ = value;
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t max() const { return max_; }
    [[nodiscard]] double mean() const {
        return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
    }
    // The `q`-quantile of the samples, at most 1.6 % too high.
    [[nodiscard]] std::uint64_t quantile(double q) const {
        const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(count_));
        std::uint64_t below = 0;
        for (std::size_t b = 0; b < counts_.size(); ++b) {
            below += counts_[b];
            if (below > rank || (below == count_ && count_ > 0)) return upper(b) < max_ ? upper(b) : max_;
        }
        return 0;
    }

private:
    static constexpr std::uint32_t fine_bits = 6;
    static constexpr std::uint64_t fine = std::uint64_t{1} << fine_bits;

    static std::size_t bucket(std::uint64_t v) {
        if (v < fine) return static_cast<std::size_t>(v);
        const auto shift = static_cast<std::uint32_t>(std::bit_width(v)) - 1 - fine_bits;
        return static_cast<std::size_t>((shift + 1) * fine + ((v >> shift) - fine));
    }
    static std::uint64_t upper(std::size_t bucket) {
        if (bucket < fine) return bucket;
        const std::uint64_t shift = bucket / fine - 1;
        return (((bucket % fine + fine) + 1) << shift) - 1;
    }

    std::array<std::uint64_t, (64 - fine_bits + 1) * fine> counts_{};
    std::uint64_t count_{0};
    std::uint64_t sum_{0};
    std::uint64_t max_{0};
};

}  // namespace gossip::sim
