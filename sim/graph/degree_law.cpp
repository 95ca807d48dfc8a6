#include "sim/graph/degree_law.hpp"

#include <cmath>

namespace gossip::sim {
namespace {

// Γ(a) / Γ(b), as a logarithm.
double log_gamma_ratio(double a, double b) { return std::lgamma(a) - std::lgamma(b); }

}  // namespace

double grown_tail(double k, double links, double extra) {
    if (k <= links) return 1;
    const double step = 2 + extra / links;
    return std::exp(log_gamma_ratio(links + extra + step, links + extra) +
                    log_gamma_ratio(k + extra, k + extra + step));
}

}  // namespace gossip::sim
