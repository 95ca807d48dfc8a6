#pragma once
// A histogram of 64-bit values in buckets of 1/1024 relative width: quantiles of any number of samples in 450 KB, equal
// on every machine. Quantiles are nearest-rank: the smallest sample that a share `q` of the samples does not exceed.

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace gossip::sim {

// The place, from 1, of the `q`-quantile among n > 0 samples in ascending order.
[[nodiscard]] inline std::uint64_t nearest_rank(double q, std::uint64_t n) {
    constexpr double rounding = 1e-9;  // 0.07 * 100 is a little more than 7
    const double place = std::ceil(q * static_cast<double>(n) - rounding);
    return place < 1 ? 1 : static_cast<std::uint64_t>(place);
}

class Histogram {
public:
    void add(std::uint64_t value) {
        ++counts_[bucket(value)];
        ++count_;
        sum_ += value;
        if (value > max_) max_ = value;
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    // Nothing without samples.
    [[nodiscard]] std::optional<std::uint64_t> max() const { return count_ == 0 ? std::nullopt : std::optional(max_); }
    [[nodiscard]] std::optional<double> mean() const {
        if (count_ == 0) return std::nullopt;
        return static_cast<double>(sum_) / static_cast<double>(count_);
    }
    // The `q`-quantile of the samples, at most 0.1 % too high.
    [[nodiscard]] std::optional<std::uint64_t> quantile(double q) const {
        if (count_ == 0) return std::nullopt;
        const std::uint64_t rank = nearest_rank(q, count_);
        std::uint64_t upto = 0;
        std::size_t b = 0;
        while ((upto += counts_[b]) < rank) ++b;
        return upper(b) < max_ ? upper(b) : max_;
    }

private:
    static constexpr std::uint32_t fine_bits = 10;
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

    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>((64 - fine_bits + 1) * fine);
    std::uint64_t count_{0};
    std::uint64_t sum_{0};
    std::uint64_t max_{0};
};

}  // namespace gossip::sim
