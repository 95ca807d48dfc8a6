#include "sim/swarm/fault_plan.hpp"

#include <algorithm>
#include <array>

namespace gossip::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, static_cast<std::size_t>(FaultClass::last_class)> class_names{
    "crash-seeds", "crash-peers", "mass-crash", "power-loss", "cut-step",    "lost-disk",  "dead-seeds",
    "slow-disk",   "partition",   "one-way",    "swizzle",    "pause-short", "pause-long", "reset",
    "drop",        "duplicate",   "tail",       "churn",      "skew",        "hostile",    "disk-error"};

Duration between(Rng& rng, Duration low, Duration high) { return low + rng.up_to(high - low); }

std::uint32_t between(Rng& rng, std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(rng.below(high - low + 1));
}

// ---------------------------------------------------------------- shape

std::uint32_t draw_seeds(Rng& rng) {
    constexpr std::array<std::uint32_t, 12> sizes{1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 5};
    return rng.pick(sizes);
}

void draw_liveness(Rng& rng, Config& c) {
    c.liveness.interval = between(rng, milliseconds(500), seconds(2));
    c.liveness.misses = between(rng, 2, 3);
    c.liveness.refute = between(rng, milliseconds(300), milliseconds(1500));
    c.liveness.probe_timeout = between(rng, milliseconds(200), milliseconds(400));
}

void draw_gossip(Rng& rng, Config& c) {
    c.gossip.interval = between(rng, milliseconds(500), seconds(3));
    c.gossip.first_after = between(rng, milliseconds(100), seconds(2));
    c.gossip.max_messages = between(rng, 1, 10);
    c.gossip.repair_interval = between(rng, seconds(1), seconds(3));
}

void draw_mode(Rng rng, Config& c) {
    constexpr std::array<std::string_view, 3> modes{"flood", "tree", "auto"};
    c.gossip.mode = find_spread(rng.pick(modes));
    c.gossip.copies = between(rng, 1, 2);
    c.gossip.tree_above = between(rng, 1, 200);  // low, because a run has few messages
}

void draw_seed_config(Rng& rng, Config& c) {
    c.seed.sync_interval = between(rng, milliseconds(500), seconds(2));
    c.seed.vote_timeout = between(rng, milliseconds(150), milliseconds(500));
    c.seed.probe_timeout = between(rng, milliseconds(250), milliseconds(500));
    c.seed.pending_after = between(rng, milliseconds(500), seconds(2));
    c.seed.lease = between(rng, seconds(2), seconds(6));
    c.seed.sample = between(rng, 4, 64);
    c.seed.history = rng.chance(400'000) ? between(rng, 2, 16) : 4096;
}

void draw_overlay(Rng& rng, Config& c) {
    constexpr std::array<std::string_view, 8> choices{"pa-ring", "pa-ring", "pa-ring", "pa-ring",
                                                      "pa-ring", "pa",      "zipf",    "random"};
    c.overlay.strategy = find_overlay(rng.pick(choices));
    if (rng.chance(300'000)) c.overlay.cap = between(rng, 8, 16);
}

FaultClasses draw_classes(Rng& rng) {
    FaultClasses classes;
    const std::uint32_t density = between(rng, 1, 5) * 100'000;  // so that runs have few or many classes
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(FaultClass::disk_error); ++i) {
        if (rng.chance(density)) classes.add(static_cast<FaultClass>(i));
    }
    return classes;
}

void draw_network(Rng& rng, const FaultClasses& classes, NetworkOptions& network) {
    LinkProfile& link = network.link;
    link.delay_max = between(rng, milliseconds(1), milliseconds(25));
    link.jitter_percent = between(rng, 0, 100);
    if (classes.has(FaultClass::tail)) {
        link.tail_per_million = between(rng, 1'000, 50'000);
        link.tail_factor = between(rng, 5, 60);
    }
    if (classes.has(FaultClass::reset)) link.reset_per_million = between(rng, 500, 20'000);
    if (classes.has(FaultClass::drop)) link.drop_per_million = between(rng, 500, 50'000);
    if (classes.has(FaultClass::duplicate)) link.duplicate_per_million = between(rng, 1'000, 150'000);
    network.stall_timeout = between(rng, seconds(3), seconds(12));
    network.dial_timeout = between(rng, seconds(1), seconds(3));
}

// ---------------------------------------------------------------- schedule

class Planner {
public:
    explicit Planner(FaultPlan& plan) : plan_(plan), shape_(plan.shape), draws_(plan.shape.seed) {}

    void plan() {
        plan_starts();
        plan_dead_seeds();
        plan_crashes();
        plan_mass_crash();
        plan_cuts();
        plan_lost_disks();
        plan_partitions(FaultClass::partition, FaultKind::cut_off);
        plan_partitions(FaultClass::one_way, FaultKind::cut_off_one_way);
        plan_swizzle();
        plan_pauses();
        plan_slow_disks();
        plan_disk_errors();
        plan_leaves();
        plan_messages();
        std::stable_sort(plan_.faults.begin(), plan_.faults.end(),
                         [](const Fault& a, const Fault& b) { return a.at < b.at; });
    }

private:
    [[nodiscard]] bool on(FaultClass c) const { return shape_.classes.has(c); }
    [[nodiscard]] Rng rng(FaultClass c) const {
        return draws_.stream(Purpose::schedule, static_cast<std::uint64_t>(c));
    }
    [[nodiscard]] std::uint32_t nodes() const { return shape_.seeds + shape_.peers; }
    [[nodiscard]] Time end() const { return Time{} + shape_.fault_phase; }
    [[nodiscard]] Time any_time(Rng& rng) const { return Time{} + between(rng, seconds(1), shape_.fault_phase); }
    [[nodiscard]] std::uint32_t any_peer(Rng& rng) const { return shape_.seeds + between(rng, 0, shape_.peers - 1); }
    [[nodiscard]] std::uint32_t any_seed(Rng& rng) const { return between(rng, 0, shape_.seeds - 1); }
    [[nodiscard]] std::uint32_t minority() const { return (shape_.seeds - 1) / 2; }
    [[nodiscard]] CrashKind crash_kind(Rng& rng) const {
        return on(FaultClass::power_loss) && rng.chance(600'000) ? CrashKind::power : CrashKind::process;
    }
    [[nodiscard]] Fault lasting(Rng& rng, FaultKind kind, std::uint32_t node, Duration shortest,
                                Duration longest) const {
        Fault f;
        f.kind = kind;
        f.node = node;
        f.at = any_time(rng);
        f.until = std::min(f.at + between(rng, shortest, longest), end());
        f.crash = crash_kind(rng);
        return f;
    }
    void add(Fault f) { plan_.faults.push_back(f); }

    void plan_starts() {
        Rng r = draws_.stream(Purpose::schedule, 1000);
        const std::uint32_t late = on(FaultClass::churn) ? between(r, 1, std::max(1U, shape_.peers / 2)) : 0;
        for (std::uint32_t i = 0; i < shape_.peers; ++i) {
            const bool is_late = i + late >= shape_.peers;
            plan_.peer_starts.push_back(is_late ? any_time(r) : Time{} + between(r, milliseconds(0), seconds(5)));
        }
        std::sort(plan_.peer_starts.begin(), plan_.peer_starts.end());
    }

    void plan_dead_seeds() {
        if (!on(FaultClass::dead_seeds) || minority() == 0) return;
        Rng r = rng(FaultClass::dead_seeds);
        const std::uint32_t count = between(r, 1, minority());
        for (std::uint32_t i = 0; i < count; ++i) {
            const std::uint32_t seed = (any_seed(r) + i) % shape_.seeds;
            if (std::count(plan_.dead_seeds.begin(), plan_.dead_seeds.end(), seed) > 0) continue;
            plan_.dead_seeds.push_back(seed);
            const bool isolated = r.chance(400'000);
            Fault f;
            f.kind = isolated ? FaultKind::cut_off : FaultKind::crash;
            f.node = seed;
            f.mask = std::uint64_t{1} << seed;
            f.at = any_time(r);
            add(f);
        }
    }

    void plan_crashes() {
        if (on(FaultClass::crash_seeds)) {
            Rng r = rng(FaultClass::crash_seeds);
            for (std::uint32_t i = between(r, 1, 2 * shape_.seeds); i > 0; --i) {
                add(lasting(r, FaultKind::crash, any_seed(r), milliseconds(10), seconds(12)));
            }
            if (r.chance(300'000)) crash_all_seeds(r);
        }
        if (!on(FaultClass::crash_peers)) return;
        Rng r = rng(FaultClass::crash_peers);
        for (std::uint32_t i = between(r, 1, std::max(2U, shape_.peers / 2)); i > 0; --i) {
            Fault f = lasting(r, FaultKind::crash, any_peer(r), milliseconds(10), seconds(20));
            if (r.chance(300'000)) crash_when_admitted(r, f);
            if (r.chance(400'000)) f.until = never;
            add(f);
        }
    }

    // While the seeds decide about it, or while nobody has a link to it yet.
    void crash_when_admitted(Rng& r, Fault& f) const {
        const Duration down = f.until - f.at;
        const Time start = plan_.peer_starts[f.node - shape_.seeds];
        f.at = std::min(start + between(r, milliseconds(5), milliseconds(500)), end());
        f.until = std::min(f.at + down, end());
    }

    void crash_all_seeds(Rng& r) {
        const Time at = any_time(r);
        for (std::uint32_t s = 0; s < shape_.seeds; ++s) {
            Fault f;
            f.kind = FaultKind::crash;
            f.node = s;
            f.at = at;
            f.until = std::min(at + between(r, milliseconds(100), seconds(5)), end());
            f.crash = crash_kind(r);
            add(f);
        }
    }

    void plan_mass_crash() {
        if (!on(FaultClass::mass_crash)) return;
        Rng r = rng(FaultClass::mass_crash);
        const Time at = any_time(r);
        const std::uint32_t share = between(r, 300'000, 1'000'000);
        for (std::uint32_t p = 0; p < shape_.peers; ++p) {
            if (!r.chance(share)) continue;
            Fault f;
            f.kind = FaultKind::crash;
            f.node = shape_.seeds + p;
            f.at = at + between(r, milliseconds(0), milliseconds(200));
            f.until = r.chance(500'000) ? never : std::min(at + between(r, seconds(1), seconds(10)), end());
            add(f);
        }
    }

    void plan_cuts() {
        if (!on(FaultClass::cut_step)) return;
        Rng r = rng(FaultClass::cut_step);
        for (std::uint32_t i = between(r, 1, 2 * shape_.seeds + 2); i > 0; --i) {
            const std::uint32_t node = r.chance(750'000) ? any_seed(r) : any_peer(r);
            add(lasting(r, FaultKind::cut_step, node, milliseconds(100), seconds(5)));
        }
    }

    // Seeds with lost disks and dead seeds together are a minority: the others must be able to decide the REPLACE.
    void plan_lost_disks() {
        const auto dead = static_cast<std::uint32_t>(plan_.dead_seeds.size());
        if (!on(FaultClass::lost_disk) || minority() <= dead) return;
        Rng r = rng(FaultClass::lost_disk);
        std::vector<std::uint32_t> chosen;
        for (std::uint32_t i = between(r, 1, minority() - dead); i > 0; --i) {
            const std::uint32_t seed = any_seed(r);
            const bool taken = std::count(chosen.begin(), chosen.end(), seed) > 0 ||
                               std::count(plan_.dead_seeds.begin(), plan_.dead_seeds.end(), seed) > 0;
            if (taken) continue;
            chosen.push_back(seed);
            add(lasting(r, FaultKind::lose_disk, seed, milliseconds(100), seconds(10)));
        }
    }

    void plan_partitions(FaultClass c, FaultKind kind) {
        if (!on(c)) return;
        Rng r = rng(c);
        for (std::uint32_t i = between(r, 1, 3); i > 0; --i) {
            Fault f = lasting(r, kind, 0, milliseconds(500), seconds(20));
            f.mask = draw_mask(r);
            add(f);
        }
    }

    std::uint64_t draw_mask(Rng& r) const {
        const std::uint64_t all = (std::uint64_t{1} << nodes()) - 1;
        const std::uint64_t seeds = (std::uint64_t{1} << shape_.seeds) - 1;
        switch (r.below(5)) {
            case 0:
                return r.next() & all;  // halves
            case 1:
                return r.next() & seeds;  // some seeds from everybody
            case 2:
                return std::uint64_t{1} << between(r, 0, nodes() - 1);  // one node
            case 3:
                return seeds;  // all seeds from all peers
            default:
                return (r.next() & r.next()) & all;  // a quarter
        }
    }

    void plan_swizzle() {
        if (!on(FaultClass::swizzle)) return;
        Rng r = rng(FaultClass::swizzle);
        const Time start = any_time(r);
        for (std::uint32_t n = 0; n < nodes(); ++n) {
            if (!r.chance(400'000)) continue;
            Fault f;
            f.kind = FaultKind::cut_off;
            f.mask = std::uint64_t{1} << n;
            f.at = std::min(start + between(r, milliseconds(0), seconds(5)), end());
            f.until = std::min(start + between(r, seconds(5), seconds(12)), end());
            add(f);
        }
    }

    void plan_pauses() {
        const Duration harmless = harmless_stall(shape_.config);
        if (on(FaultClass::pause_short)) {
            Rng r = rng(FaultClass::pause_short);
            for (std::uint32_t i = between(r, 1, 8); i > 0; --i) {
                add(lasting(r, FaultKind::pause, between(r, 0, nodes() - 1), milliseconds(20), harmless));
            }
        }
        if (!on(FaultClass::pause_long)) return;
        Rng r = rng(FaultClass::pause_long);
        for (std::uint32_t i = between(r, 1, 4); i > 0; --i) {
            add(lasting(r, FaultKind::pause, between(r, 0, nodes() - 1), harmless, seconds(25)));
        }
    }

    void plan_slow_disks() {
        if (!on(FaultClass::slow_disk)) return;
        Rng r = rng(FaultClass::slow_disk);
        for (std::uint32_t i = between(r, 1, shape_.seeds); i > 0; --i) {
            add(lasting(r, FaultKind::slow_disk, any_seed(r), seconds(1), seconds(20)));
        }
    }

    void plan_disk_errors() {
        if (!on(FaultClass::disk_error)) return;
        Rng r = rng(FaultClass::disk_error);
        for (std::uint32_t i = between(r, 1, shape_.seeds + 1); i > 0; --i) {
            Fault f = lasting(r, FaultKind::disk_error, any_seed(r), milliseconds(100), seconds(12));
            f.crash = r.chance(500'000) ? CrashKind::power : CrashKind::process;
            add(f);
        }
    }

    void plan_leaves() {
        if (!on(FaultClass::churn)) return;
        Rng r = rng(FaultClass::churn);
        for (std::uint32_t i = between(r, 0, std::max(1U, shape_.peers / 4)); i > 0; --i) {
            Fault f;
            f.kind = FaultKind::leave;
            f.node = any_peer(r);
            f.at = any_time(r);
            add(f);
        }
    }

    void plan_messages() {
        Rng r = draws_.stream(Purpose::workload);
        for (std::uint32_t i = between(r, 0, 30); i > 0; --i) {
            Fault f;
            f.kind = FaultKind::publish;
            f.node = any_peer(r);
            f.at = any_time(r);
            add(f);
        }
    }

    FaultPlan& plan_;
    const RunShape& shape_;
    Draws draws_;
};

}  // namespace

std::string to_string(const FaultClasses& classes) {
    std::string text;
    for (std::size_t i = 0; i < class_names.size(); ++i) {
        if (classes.has(static_cast<FaultClass>(i))) text += (text.empty() ? "" : " ") + std::string(class_names[i]);
    }
    return text.empty() ? "none" : text;
}

std::optional<FaultClasses> parse_fault_classes(std::string_view text) {
    FaultClasses classes;
    if (text == "none") return classes;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const auto name = std::find(class_names.begin(), class_names.end(), text.substr(0, end));
        if (name == class_names.end()) return std::nullopt;
        classes.add(static_cast<FaultClass>(name - class_names.begin()));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return classes;
}

Duration harmless_stall(const Config& config) {
    return config.liveness.interval * (config.liveness.misses - 1) * 8 / 10;
}

RunShape draw_shape(std::uint64_t seed) {
    Rng rng = Draws(seed).stream(Purpose::shape);
    RunShape s;
    s.seed = seed;
    s.seeds = draw_seeds(rng);
    s.peers = rng.chance(100'000) ? between(rng, 20, 30) : between(rng, 3, 12);
    s.classes = draw_classes(rng);
    // Classes added later have their own stream, so that they change no run in which they do not occur.
    if (Draws(seed).stream(Purpose::shape, 1).chance(200'000)) s.classes.add(FaultClass::disk_error);
    draw_mode(Draws(seed).stream(Purpose::shape, 2), s.config);
    s.fault_phase = between(rng, seconds(20), seconds(60));
    draw_liveness(rng, s.config);
    draw_gossip(rng, s.config);
    draw_seed_config(rng, s.config);
    draw_overlay(rng, s.config);
    draw_network(rng, s.classes, s.network);
    if (s.classes.has(FaultClass::skew)) s.wall_skew_ms = between(rng, 1, 5'000);
    return s;
}

FaultPlan draw_plan(const RunShape& shape) {
    FaultPlan plan;
    plan.shape = shape;
    Planner(plan).plan();
    return plan;
}

}  // namespace gossip::sim
