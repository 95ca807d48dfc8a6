#pragma once
// Means with their uncertainty, and whether two of them differ.

#include <cstddef>
#include <vector>

namespace gossip {

struct Spread {
    double mean{0};
    double deviation{0};   // of the samples
    double half_width{0};  // of the 95 % interval of the mean (Student's t)
};
[[nodiscard]] Spread spread_of(const std::vector<double>& samples);

// The probability that |t| is at least this, by chance alone.
[[nodiscard]] double student_p(double t, double degrees_of_freedom);

// Two means of samples whose deviations need not be equal: Welch, "The generalization of 'Student's' problem when
// several different population variances are involved" (Biometrika 34, 1947). The samples have at least two values.
[[nodiscard]] double welch_p(const std::vector<double>& a, const std::vector<double>& b);

// Which of many p values are below `level` when looking at all of them at once: Holm, "A simple sequentially
// rejective multiple test procedure" (Scandinavian Journal of Statistics 6, 1979).
[[nodiscard]] std::vector<bool> significant(const std::vector<double>& p_values, double level);

}  // namespace gossip
