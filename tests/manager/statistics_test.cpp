#include "manager/base/statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace gossip;

TEST_CASE("statistics: Student's law, where it has a closed form") {
    constexpr double pi = 3.14159265358979323846;
    for (const double t : {0.1, 0.5, 1.0, 2.0, 7.0, 40.0}) {
        CHECK(student_p(t, 1) == doctest::Approx(1 - 2 * std::atan(t) / pi).epsilon(1e-10));
        CHECK(student_p(t, 2) == doctest::Approx(1 - t / std::sqrt(2 + t * t)).epsilon(1e-9));
        CHECK(student_p(-t, 2) == student_p(t, 2));
    }
    CHECK(student_p(0, 5) == doctest::Approx(1));
    CHECK(student_p(1.959964, 1e7) == doctest::Approx(0.05).epsilon(1e-4));  // the normal law's quantile
    CHECK(student_p(2.228, 10) == doctest::Approx(0.05).epsilon(1e-3));      // every table has this one
}

TEST_CASE("statistics: the interval of a mean is exact for any number of samples") {
    // Quantiles of Student's t at 97.5 %, from SciPy 1.11: t.ppf(0.975, n - 1).
    for (const auto& [n, quantile] : {std::pair{2, 12.706204736432095},
                                      {11, 2.2281388519649385},
                                      {32, 2.0395134463964077},
                                      {100, 1.9842169515086827},
                                      {1000, 1.9623414611334487}}) {
        std::vector<double> samples;
        for (int i = 0; i < n; ++i) samples.push_back(i % 2);
        const Spread s = spread_of(samples);
        CHECK(*s.half_width == doctest::Approx(quantile * *s.deviation / std::sqrt(n)).epsilon(1e-9));
    }
}

TEST_CASE("statistics: what was not measured is not 0") {
    CHECK(!spread_of({}).mean);
    const Spread one = spread_of({3});
    CHECK(one.mean == 3);
    CHECK(!one.deviation);
    CHECK(!one.half_width);
    CHECK(!one.low());
    CHECK(!welch_p({1}, {1, 2}));
    CHECK(!paired_p({1}));
    CHECK(paired_p({0, 0}) == 1);
    CHECK(paired_p({2, 2, 2}) == 0);
    CHECK(*paired_p({1, 2, 3}) == doctest::Approx(student_p(2 * std::sqrt(3), 2)));
}

TEST_CASE("statistics: Welch's test") {
    // t = 2, each variance 2.5 of 5: 8 degrees of freedom, as Student's test would have.
    CHECK(*welch_p({1, 2, 3, 4, 5}, {3, 4, 5, 6, 7}) == doctest::Approx(student_p(2, 8)));
    // Unequal variances: 1 of 3 and 100 of 3 -> (101/3)^2 / ((1/3)^2/2 + (100/3)^2/2) degrees of freedom.
    const double freedom = 101.0 * 101 / 9 / ((1.0 + 10000) / 18);
    CHECK(*welch_p({-1, 0, 1}, {0, 10, 20}) == doctest::Approx(student_p(10 / std::sqrt(101.0 / 3), freedom)));
    CHECK(welch_p({4, 4, 4}, {4, 4}) == 1);
    CHECK(welch_p({4, 4, 4}, {5, 5}) == 0);
    CHECK(welch_p({0.1, 0.1, 0.1}, {0.1, 0.1}) == 1);
}

TEST_CASE("statistics: of many tests some are small by chance, and Holm's procedure knows") {
    CHECK(significant({0.04, 0.5, 0.9}, 0.05) == std::vector<bool>{false, false, false});
    CHECK(significant({0.001, 0.02, 0.9}, 0.05) == std::vector<bool>{true, true, false});
    CHECK(significant({0.9, 0.001, 0.04}, 0.05) == std::vector<bool>{false, true, false});
    CHECK(significant({}, 0.05).empty());
    // What was not tested is not significant, and makes the others' bar no higher.
    CHECK(significant({std::nullopt, 0.03, std::nullopt}, 0.05) == std::vector<bool>{false, true, false});
}

TEST_CASE("statistics: what never varies has no width") {
    const Spread s = spread_of(std::vector<double>(20, 0.1));
    CHECK(*s.mean == doctest::Approx(0.1));
    CHECK(*s.half_width < 1e-15);
}
