#pragma once
// Power laws fitted to degrees.

#include "protocol/rng.hpp"

#include <cstdint>
#include <span>

namespace gossip::sim {

// The tail P(k) ~ k^-exponent for k >= from. `from` minimizes the Kolmogorov-Smirnov distance between the fitted and
// the real tail; the exponent is the maximum likelihood estimate (Clauset, Shalizi, Newman, "Power-law distributions
// in empirical data", 2009, eq. 3.7 and section 3.3).
struct PowerLaw {
    double exponent{0};  // 0: too few degrees for a fit
    std::size_t from{0};
    double distance{0};   // between the two tails, 0 to 1
    std::size_t tail{0};  // number of degrees it was fitted to
};
[[nodiscard]] PowerLaw fit_power_law(std::span<const std::uint32_t> degrees);

// The exponent of the tail that begins at `from`, by the same estimate; 0 if there is no tail.
[[nodiscard]] double tail_exponent(std::span<const std::uint32_t> degrees, std::size_t from);

// The share of synthetic data sets, drawn from the fitted law, that are as far from their own fit as the data (Clauset,
// Shalizi, Newman 2009, section 4.1). Below 0.1 the law is rejected. 1 without a law.
[[nodiscard]] double power_law_p(std::span<const std::uint32_t> degrees, const PowerLaw& law, std::size_t replicates,
                                 Rng rng);

}  // namespace gossip::sim
