#include "manager/base/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace gossip {
namespace {

// Two-sided 95 % quantile of Student's t; the table ends where the normal law does as well.
double student_quantile(std::size_t degrees_of_freedom) {
    constexpr std::array table{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                               2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                               2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
    return degrees_of_freedom <= table.size() ? table[degrees_of_freedom - 1] : 1.960;
}

// The continued fraction of the incomplete beta function (Abramowitz, Stegun 1964, 26.5.8), from its front by
// Lentz' method.
double beta_fraction(double a, double b, double x) {
    constexpr double tiny = 1e-300;
    constexpr double enough = 1e-15;
    const auto guarded = [](double value) { return std::abs(value) < tiny ? tiny : value; };
    double c = 1;
    double d = 1 / guarded(1 - (a + b) * x / (a + 1));
    double result = d;
    for (int m = 1; m < 500; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (const double term : {even, odd}) {
            d = 1 / guarded(1 + term * d);
            c = guarded(1 + term / c);
            result *= c * d;
        }
        if (std::abs(c * d - 1) < enough) break;
    }
    return result;
}

// I_x(a, b)
double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front =
        std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
    // The fraction converges quickly on this side of the mean only.
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

Spread spread_of(const std::vector<double>& samples) {
    Spread s;
    if (samples.empty()) return s;
    const auto n = static_cast<double>(samples.size());
    for (const double x : samples) s.mean += x;
    s.mean /= n;
    if (samples.size() < 2) return s;
    for (const double x : samples) s.deviation += (x - s.mean) * (x - s.mean) / (n - 1);
    s.deviation = std::sqrt(s.deviation);
    s.half_width = student_quantile(samples.size() - 1) * s.deviation / std::sqrt(n);
    return s;
}

double student_p(double t, double degrees_of_freedom) {
    if (std::isinf(t)) return 0;
    return incomplete_beta(degrees_of_freedom / 2, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t));
}

double welch_p(const std::vector<double>& a, const std::vector<double>& b) {
    const Spread first = spread_of(a);
    const Spread second = spread_of(b);
    const double difference = second.mean - first.mean;
    const double u = first.deviation * first.deviation / static_cast<double>(a.size());
    const double v = second.deviation * second.deviation / static_cast<double>(b.size());
    // Values that never vary: a rounding error of their mean is no difference.
    const double rounding = 1e-12 * std::max(std::abs(first.mean), std::abs(second.mean));
    if (std::abs(difference) <= rounding) return 1;
    if (u + v <= rounding * rounding) return 0;
    const double freedom =
        (u + v) * (u + v) / (u * u / static_cast<double>(a.size() - 1) + v * v / static_cast<double>(b.size() - 1));
    return student_p(difference / std::sqrt(u + v), freedom);
}

std::vector<bool> significant(const std::vector<double>& p_values, double level) {
    std::vector<std::size_t> order(p_values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t j) { return p_values[i] < p_values[j]; });
    std::vector<bool> result(p_values.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (p_values[order[i]] > level / static_cast<double>(order.size() - i)) break;
        result[order[i]] = true;
    }
    return result;
}

}  // namespace gossip
