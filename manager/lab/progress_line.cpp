#include "manager/lab/progress_line.hpp"

#include "protocol/types.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace gossip {
namespace {

constexpr auto redraw_every = std::chrono::milliseconds(200);

std::string bar(double share) {
    constexpr int width = 20;
    const int full = static_cast<int>(std::lround(share * width));
    char percent[16];
    std::snprintf(percent, sizeof percent, "] %3.0f %%  ", share * 100);
    return "[" + std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(width - full), '-') + percent;
}

}  // namespace

ProgressLine::ProgressLine() : shown_(isatty(STDERR_FILENO) == 1), start_(Clock::now()), last_(start_) {}

void ProgressLine::begin() {
    start_ = Clock::now();
    events_ = 0;
}

void ProgressLine::show(const std::string& what, double virtual_s, std::uint64_t events, std::optional<double> share) {
    const auto now = Clock::now();
    if (!shown_ || now - last_ < redraw_every) return;
    const double passed = in_seconds(now - last_);
    const double rate = static_cast<double>(events - std::min(events_, events)) / passed / 1e6;
    last_ = now;
    events_ = events;
    std::string line = what + "  " + (share ? bar(*share) : "");
    char text[96];
    std::snprintf(text, sizeof text, "virtual %.3f s  %.2f M events/s", virtual_s, rate);
    line += text;
    if (share && *share > 0) {
        const double spent = in_seconds(now - start_);
        std::snprintf(text, sizeof text, "  %.0f s left", spent / *share * (1 - *share));
        line += text;
    }
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressLine::clear() {
    if (std::exchange(drawn_, false)) std::fputs("\r\033[K", stderr);
}

}  // namespace gossip
