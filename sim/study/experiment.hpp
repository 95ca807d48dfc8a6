#pragma once
// One run of `gossipctl sim`: the real seeds and peers over virtual time, messages said at random
// peers, faults drawn from the seed, and figures of what came of it.

#include "sim/checks/watch.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/study/flood_meter.hpp"
#include "sim/study/graph.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gossip::sim {

// What goes wrong beside lost and late messages, which are part of the network (LinkProfile).
struct Trouble {
    std::uint32_t crash_per_million{0};  // peers that crash for good, at any time of the run
    std::uint32_t pause_per_million{0};  // peers that stand still for a tenth of the run
    Duration partition{};                // for so long, half of the peers are cut off from the other half
};

struct ExperimentOptions {
    std::uint64_t seed{1};
    std::uint32_t seeds{3};
    std::uint32_t peers{100};
    std::uint32_t messages{10};
    bool grown{false};                             // the network stands from the start instead of registering
    Duration arrival{};                            // between two peers' starts; 0: all at once
    Duration duration = std::chrono::seconds(20);  // of the workload, after the bring-up
    Config config;                                 // its seeds are filled in
    NetworkOptions network;
    Trouble trouble;
    bool check{false};   // the invariants, at every step; needs a network that registers
    bool canary{false};  // see Watch
};

struct Metric {
    std::string name;
    double value{0};
    int decimals{0};
};

class Experiment {
public:
    explicit Experiment(ExperimentOptions options);

    enum class Phase : std::uint8_t { bringing_up, running, over, stuck, broken };
    // A broken invariant ends the run; one of liveness is looked for once the workload is over and all is mended,
    // after the figures and the trace's hash were taken.
    [[nodiscard]] const std::optional<Violation>& violation() const;
    // Lets at most so many events happen; true while there is more to come.
    bool advance(std::uint64_t events);
    [[nodiscard]] Phase phase() const { return phase_; }
    // Of the workload, 0 to 1.
    [[nodiscard]] double progress() const;
    [[nodiscard]] std::uint64_t events() const { return cluster_.sim().events(); }
    [[nodiscard]] std::uint64_t trace_hash() const { return last_hash_.value_or(cluster_.sim().trace_hash()); }
    [[nodiscard]] Time now() const { return cluster_.sim().now(); }
    // So far; complete once the phase is `over`.
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
    void say(std::uint32_t number);
    void add_spread(std::vector<Metric>& m) const;
    void add_overlay(std::vector<Metric>& m) const;
    void add_membership(std::vector<Metric>& m) const;

    ExperimentOptions options_;
    Cluster cluster_;
    FloodMeter meter_;
    std::optional<Watch> watch_;
    std::optional<std::uint64_t> last_hash_;
    std::optional<std::vector<Metric>> last_metrics_;
    Phase phase_{Phase::bringing_up};
    Time last_start_{};
    Time deadline_{};  // of the bring-up
    Time up_{};
    Time begun_{};  // the workload
    Time end_{};
};

}  // namespace gossip::sim
