#pragma once
// How far a simulation is, on stderr and only for a person: one line, rewritten in place a few times a second.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace gossip {

class ProgressLine {
public:
    ProgressLine();  // shown when stderr is a terminal
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    // A new piece of work: events and the time that it takes count from here.
    void begin();
    // "run 3/20 running  [#####-----]  50 %  virtual 12.300 s  1.25 M events/s  4 s left"; `share` of the work, 0 to 1.
    void show(const std::string& what, double virtual_s, std::uint64_t events, std::optional<double> share);
    // Before anything else is printed.
    void clear();

private:
    using Clock = std::chrono::steady_clock;

    bool shown_;
    bool drawn_{false};
    Clock::time_point start_;
    Clock::time_point last_;
    std::uint64_t events_{0};  // at the last drawing
};

}  // namespace gossip
