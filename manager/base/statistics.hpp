#pragma once
// Means with their uncertainty, and whether two of them differ. Of no samples there is no mean, and of one sample no
// deviation and no interval: these are then left out, never 0.

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace gossip {

struct Spread {
    std::size_t n{0};
    std::optional<double> mean;
    std::optional<double> deviation;   // of the samples
    std::optional<double> half_width;  // of the 95 % interval of the mean (Student's t)
    [[nodiscard]] std::optional<double> low() const;
    [[nodiscard]] std::optional<double> high() const;
};
[[nodiscard]] Spread spread_of(const std::vector<double>& samples);

// The probability that |t| is at least this, by chance alone.
[[nodiscard]] double student_p(double t, double degrees_of_freedom);

// Two means of samples whose deviations need not be equal: Welch, "The generalization of 'Student's' problem when
// several different population variances are involved" (Biometrika 34, 1947). Nothing below two values each.
[[nodiscard]] std::optional<double> welch_p(const std::vector<double>& a, const std::vector<double>& b);

// Whether the mean of paired differences is 0 (Student's t). Nothing below two of them.
[[nodiscard]] std::optional<double> paired_p(const std::vector<double>& differences);

// Which of many p values are below `level` when looking at all of them at once: Holm, "A simple sequentially
// rejective multiple test procedure" (Scandinavian Journal of Statistics 6, 1979). A comparison without a p value was
// not tested: it is not significant, and does not count as one of the tests.
[[nodiscard]] std::vector<bool> significant(const std::vector<std::optional<double>>& p_values, double level);

}  // namespace gossip
