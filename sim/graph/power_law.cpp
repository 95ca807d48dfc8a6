#include "sim/graph/power_law.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gossip::sim {
namespace {

constexpr std::size_t least_tail = 50;

// How many nodes have each degree.
std::vector<std::size_t> counts_of(std::span<const std::uint32_t> degrees) {
    std::vector<std::size_t> counts;
    for (const std::uint32_t d : degrees) {
        if (d >= counts.size()) counts.resize(d + 1);
        ++counts[d];
    }
    return counts;
}

struct Tail {
    std::size_t size{0};
    double logs{0};  // sum of ln(k / (from - 1/2))
    [[nodiscard]] double exponent() const { return 1 + static_cast<double>(size) / logs; }
};

Tail tail_from(const std::vector<std::size_t>& counts, std::size_t from) {
    Tail tail;
    const double base = static_cast<double>(from) - 0.5;
    for (std::size_t k = from; k < counts.size(); ++k) {
        tail.size += counts[k];
        tail.logs += static_cast<double>(counts[k]) * std::log(static_cast<double>(k) / base);
    }
    return tail;
}

PowerLaw fit_from(const std::vector<std::size_t>& counts, std::size_t from) {
    const Tail tail = tail_from(counts, from);
    if (tail.size < least_tail || counts.size() <= 2 * from) return {};  // too few, or too narrow for any law
    PowerLaw law{.exponent = tail.exponent(), .from = from, .tail = tail.size};
    // The estimate assumes the continuous law at half-integers.
    const double base = static_cast<double>(from) - 0.5;
    std::size_t above = law.tail;
    for (std::size_t k = from; k < counts.size(); ++k) {
        const double real = static_cast<double>(above) / static_cast<double>(law.tail);
        const double fitted = std::pow((static_cast<double>(k) - 0.5) / base, 1 - law.exponent);
        law.distance = std::max(law.distance, std::abs(real - fitted));
        above -= counts[k];
    }
    return law;
}

double uniform(Rng& rng) {
    constexpr double scale = 1.0 / 9007199254740992.0;  // 2^-53
    return (static_cast<double>(rng.next() >> 11) + 0.5) * scale;
}

// Draws from the law that fit_from fits: continuous, at half-integers.
std::uint32_t draw_from(const PowerLaw& law, double most, Rng& rng) {
    const double base = static_cast<double>(law.from) - 0.5;
    const double value = base * std::pow(uniform(rng), -1 / (law.exponent - 1)) + 0.5;
    return static_cast<std::uint32_t>(std::min(value, most));
}

}  // namespace

PowerLaw fit_power_law(std::span<const std::uint32_t> degrees) {
    const std::vector<std::size_t> counts = counts_of(degrees);
    PowerLaw best;
    for (std::size_t from = 1; from < counts.size(); ++from) {
        if (counts[from] == 0) continue;
        const PowerLaw law = fit_from(counts, from);
        if (law.exponent == 0) break;
        if (best.exponent == 0 || law.distance < best.distance) best = law;
    }
    return best;
}

double tail_exponent(std::span<const std::uint32_t> degrees, std::size_t from) {
    const Tail tail = tail_from(counts_of(degrees), from);
    return tail.size == 0 ? 0 : tail.exponent();
}

double power_law_p(std::span<const std::uint32_t> degrees, const PowerLaw& law, std::size_t replicates, Rng rng) {
    if (law.exponent == 0 || replicates == 0) return 1;
    std::vector<std::uint32_t> body;
    for (const std::uint32_t d : degrees) {
        if (d < law.from) body.push_back(d);
    }
    // Bounds the degrees drawn: the fit needs a table as large as the greatest one.
    const double most = 20.0 * std::max<double>(1, *std::max_element(degrees.begin(), degrees.end()));
    std::size_t farther = 0;
    std::vector<std::uint32_t> made(degrees.size());
    for (std::size_t r = 0; r < replicates; ++r) {
        for (std::uint32_t& d : made) {
            const bool tail = rng.below(degrees.size()) < law.tail;
            d = tail || body.empty() ? draw_from(law, most, rng) : rng.pick(body);
        }
        if (fit_power_law(made).distance >= law.distance) ++farther;
    }
    return static_cast<double>(farther) / static_cast<double>(replicates);
}

}  // namespace gossip::sim
