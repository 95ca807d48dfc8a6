#pragma once
// One run of `gossipctl sim`: seeds and peers in virtual time, messages published by random peers, faults drawn from
// the seed, and the resulting metrics.

#include "sim/checks/watch.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/study/flood_meter.hpp"
#include "sim/study/removal_meter.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gossip::sim {

// Faults of nodes and a partition. Lost and late messages are part of the LinkProfile.
struct FaultRates {
    std::uint32_t crash_per_million{0};  // peers that crash and do not return, at any time of the workload
    std::uint32_t pause_per_million{0};  // peers that pause for a tenth of the workload
    Duration partition{};                // how long one half of the peers is cut off from the other
};

struct ExperimentOptions {
    std::uint64_t seed{1};
    std::uint32_t seeds{3};
    std::uint32_t peers{100};
    std::uint32_t messages{10};
    bool grown{false};                             // warm start: peers do not register (see Cluster)
    Duration arrival{};                            // between two peers' starts; 0: all at once
    Duration duration = std::chrono::seconds(20);  // of the workload, after the bring-up
    Config config;                                 // without seeds
    NetworkOptions network;
    FaultRates faults;
    bool check{false};   // check the invariants at every step; not with `grown`
    bool canary{false};  // see Watch
};

// docs/FIGURES.md defines each.
struct Metric {
    std::string name;
    std::optional<double> value;  // nothing: this run did not measure it
    int decimals{0};
};

class Experiment {
public:
    explicit Experiment(ExperimentOptions options);

    enum class Phase : std::uint8_t { bringing_up, running, over, stuck, broken };
    // A violation ends the run. Liveness is checked after the workload, when faults have ended and the metrics and the
    // trace hash were taken.
    [[nodiscard]] const std::optional<Violation>& violation() const;
    // Runs at most so many events; true while the experiment goes on.
    bool advance(std::uint64_t events);
    [[nodiscard]] Phase phase() const { return phase_; }
    // The share of the workload that is done, 0 to 1.
    [[nodiscard]] double progress() const;
    [[nodiscard]] std::uint64_t events() const { return cluster_.sim().events(); }
    [[nodiscard]] std::uint64_t trace_hash() const { return last_hash_.value_or(cluster_.sim().trace_hash()); }
    [[nodiscard]] Time now() const { return cluster_.sim().now(); }
    // So far; final once the phase is `over`.
    [[nodiscard]] std::vector<Metric> metrics() const { return last_metrics_ ? *last_metrics_ : current_metrics(); }

private:
    [[nodiscard]] std::vector<Metric> current_metrics() const;
    void finish();
    void heal();
    void begin_bring_up();
    void watch_bring_up(std::uint64_t events);
    void begin_workload();
    void schedule_messages();
    void schedule_crashes();
    void schedule_pauses();
    void schedule_partition();
    void split(bool cut);
    void publish(std::uint32_t number);
    void add_spread(std::vector<Metric>& m) const;
    void add_overlay(std::vector<Metric>& m) const;
    void add_membership(std::vector<Metric>& m) const;

    ExperimentOptions options_;
    Cluster cluster_;
    FloodMeter meter_;
    RemovalMeter removals_;
    std::optional<Watch> watch_;
    std::optional<std::uint64_t> last_hash_;
    std::optional<std::vector<Metric>> last_metrics_;
    Phase phase_{Phase::bringing_up};
    Time last_start_{};
    Time deadline_{};  // of the bring-up
    Time up_{};        // end of the bring-up
    Time begun_{};     // start of the workload
    Time end_{};       // of the workload
};

}  // namespace gossip::sim
