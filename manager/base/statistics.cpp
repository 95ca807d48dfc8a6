#include "manager/base/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gossip {
namespace {

// Values that never vary: a rounding error of their mean is no difference.
constexpr double rounding = 1e-12;

double variance_of_mean(const Spread& s) { return *s.deviation * *s.deviation / static_cast<double>(s.n); }

}  // namespace

std::optional<double> Spread::low() const { return half_width ? std::optional(*mean - *half_width) : std::nullopt; }
std::optional<double> Spread::high() const { return half_width ? std::optional(*mean + *half_width) : std::nullopt; }

Spread spread_of(const std::vector<double>& samples) {
    Spread s;
    s.n = samples.size();
    if (s.n == 0) return s;
    const auto n = static_cast<double>(s.n);
    const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / n;
    s.mean = mean;
    if (s.n < 2) return s;
    double variance = 0;
    for (const double x : samples) variance += (x - mean) * (x - mean) / (n - 1);
    s.deviation = std::sqrt(variance);
    const double quantile = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
    s.half_width = quantile * *s.deviation / std::sqrt(n);
    return s;
}

double student_p(double t, double degrees_of_freedom) {
    if (std::isinf(t)) return 0;
    return 2 * boost::math::cdf(boost::math::students_t(degrees_of_freedom), -std::abs(t));
}

std::optional<double> welch_p(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() < 2 || b.size() < 2) return std::nullopt;
    const Spread first = spread_of(a);
    const Spread second = spread_of(b);
    const double difference = *second.mean - *first.mean;
    const double u = variance_of_mean(first);
    const double v = variance_of_mean(second);
    const double error = rounding * std::max(std::abs(*first.mean), std::abs(*second.mean));
    if (std::abs(difference) <= error) return 1;
    if (u + v <= error * error) return 0;
    const double freedom =
        (u + v) * (u + v) / (u * u / static_cast<double>(a.size() - 1) + v * v / static_cast<double>(b.size() - 1));
    return student_p(difference / std::sqrt(u + v), freedom);
}

std::optional<double> paired_p(const std::vector<double>& differences) {
    if (differences.size() < 2) return std::nullopt;
    const Spread s = spread_of(differences);
    if (*s.mean == 0) return 1;
    const double error = std::sqrt(variance_of_mean(s));
    if (error <= rounding * std::abs(*s.mean)) return 0;
    return student_p(*s.mean / error, static_cast<double>(s.n - 1));
}

std::vector<bool> significant(const std::vector<std::optional<double>>& p_values, double level) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < p_values.size(); ++i) {
        if (p_values[i]) order.push_back(i);
    }
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return *p_values[i]; });
    std::vector<bool> result(p_values.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (*p_values[order[i]] > level / static_cast<double>(order.size() - i)) break;
        result[order[i]] = true;
    }
    return result;
}

}  // namespace gossip
