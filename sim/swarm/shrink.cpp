#include "sim/swarm/shrink.hpp"

#include <algorithm>
#include <array>

namespace gossip::sim {
namespace {

constexpr std::array on_the_network{FaultClass::reset, FaultClass::drop, FaultClass::duplicate,
                                    FaultClass::tail,  FaultClass::skew, FaultClass::hostile};

FaultPlan without_class(FaultPlan plan, FaultClass c) {
    LinkProfile& link = plan.shape.network.link;
    plan.shape.classes.remove(c);
    if (c == FaultClass::reset) link.reset_per_million = 0;
    if (c == FaultClass::drop) link.drop_per_million = 0;
    if (c == FaultClass::duplicate) link.duplicate_per_million = 0;
    if (c == FaultClass::tail) link.tail_per_million = 0;
    if (c == FaultClass::skew) plan.shape.wall_skew_ms = 0;
    return plan;
}

FaultPlan without_kind(FaultPlan plan, FaultKind kind) {
    std::erase_if(plan.faults, [kind](const Fault& f) { return f.kind == kind; });
    return plan;
}

FaultPlan without_faults(FaultPlan plan, std::size_t from, std::size_t count) {
    const auto first = plan.faults.begin() + static_cast<std::ptrdiff_t>(from);
    plan.faults.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, plan.faults.size() - from)));
    return plan;
}

FaultPlan with_gentle_crashes(FaultPlan plan) {
    plan.shape.classes.remove(FaultClass::power_loss);
    for (Fault& f : plan.faults) f.crash = CrashKind::process;
    return plan;
}

class Shrinker {
public:
    Shrinker(FaultPlan plan, Violation violation, const ShrinkTask& task)
        : best_{std::move(plan), std::move(violation), 1}, task_(task) {}

    Shrunk run() {
        bool smaller = true;
        while (smaller && !task_.out_of_time()) {
            smaller = cut();
            smaller = drop_classes() || smaller;
            smaller = drop_faults() || smaller;
            smaller = drop_nodes() || smaller;
        }
        return std::move(best_);
    }

private:
    // Runs the candidate; it becomes the best plan if it violates the same invariant.
    bool accept(const FaultPlan& candidate) {
        if (task_.out_of_time()) return false;
        ++best_.tried;
        auto violation = task_.run(candidate);
        if (!violation || violation->invariant != best_.violation.invariant) return false;
        best_.plan = candidate;
        best_.violation = std::move(*violation);
        task_.progress(best_.plan);
        return true;
    }

    bool cut() {
        constexpr Duration margin = std::chrono::milliseconds(1);
        const Time end = best_.violation.at + margin;
        return end < Time{} + best_.plan.shape.fault_phase && accept(cut_after(best_.plan, end));
    }

    bool drop_classes() {
        bool smaller = false;
        for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(last_fault_kind); ++kind) {
            FaultPlan candidate = without_kind(best_.plan, static_cast<FaultKind>(kind));
            const bool differs = candidate.faults.size() < best_.plan.faults.size();
            if (differs && accept(candidate)) smaller = true;
        }
        for (const FaultClass c : on_the_network) {
            if (best_.plan.shape.classes.has(c) && accept(without_class(best_.plan, c))) smaller = true;
        }
        const bool loses_power = std::any_of(best_.plan.faults.begin(), best_.plan.faults.end(),
                                             [](const Fault& f) { return f.crash == CrashKind::power; });
        if (loses_power && accept(with_gentle_crashes(best_.plan))) smaller = true;
        if (best_.plan.faults.empty()) forget_classes();
        return smaller;
    }

    // Fault classes relax the rules of the checkers, so classes without faults are removed.
    void forget_classes() {
        FaultPlan candidate = best_.plan;
        for (std::uint8_t c = 0; c < static_cast<std::uint8_t>(FaultClass::last_class); ++c) {
            const bool network = std::ranges::find(on_the_network, static_cast<FaultClass>(c)) != on_the_network.end();
            if (!network) candidate.shape.classes.remove(static_cast<FaultClass>(c));
        }
        if (candidate.shape.classes.bits() != best_.plan.shape.classes.bits()) static_cast<void>(accept(candidate));
    }

    bool drop_faults() {
        bool smaller = false;
        for (std::size_t chunk = std::max<std::size_t>(best_.plan.faults.size() / 2, 1);; chunk /= 2) {
            for (std::size_t from = 0; from < best_.plan.faults.size();) {
                if (accept(without_faults(best_.plan, from, chunk)))
                    smaller = true;
                else
                    from += chunk;
            }
            if (chunk <= 1) return smaller;
        }
    }

    // From the last node to the first, so peers before seeds: a failure mostly needs a quorum.
    bool drop_nodes() {
        bool smaller = false;
        for (std::uint32_t node = best_.plan.shape.seeds + best_.plan.shape.peers; node-- > 0;) {
            const RunShape& s = best_.plan.shape;
            const bool last_of_its_kind = node < s.seeds ? s.seeds == 1 : s.peers == 1;
            if (!last_of_its_kind && accept(without_node(best_.plan, node))) smaller = true;
        }
        return smaller;
    }

    Shrunk best_;
    const ShrinkTask& task_;
};

}  // namespace

FaultPlan without_node(const FaultPlan& plan, std::uint32_t node) {
    FaultPlan out = plan;
    const bool seed = node < plan.shape.seeds;
    const auto moved = [node](std::uint32_t n) { return n > node ? n - 1 : n; };
    if (seed) {
        --out.shape.seeds;
        std::erase(out.dead_seeds, node);
        for (std::uint32_t& dead : out.dead_seeds) dead = moved(dead);
    } else {
        --out.shape.peers;
        out.peer_starts.erase(out.peer_starts.begin() + (node - plan.shape.seeds));
    }
    const std::uint64_t below = (std::uint64_t{1} << node) - 1;
    const auto on_this = [node](const Fault& f) { return !is_split(f.kind) && f.node == node; };
    std::erase_if(out.faults, on_this);
    for (Fault& f : out.faults) {
        f.node = moved(f.node);
        f.mask = (f.mask & below) | ((f.mask >> 1) & ~below);
    }
    std::erase_if(out.faults, [](const Fault& f) { return is_split(f.kind) && f.mask == 0; });
    return out;
}

FaultPlan cut_after(const FaultPlan& plan, Time end) {
    FaultPlan out = plan;
    out.shape.fault_phase = end - Time{};
    std::erase_if(out.faults, [end](const Fault& f) { return f.at > end; });
    for (Fault& f : out.faults) {
        if (f.until != never) f.until = std::min(f.until, end);
    }
    for (std::uint32_t peer = out.shape.peers; peer-- > 0 && out.shape.peers > 1;) {
        if (out.peer_starts[peer] > end) out = without_node(out, out.shape.seeds + peer);
    }
    return out;
}

std::optional<Shrunk> shrink(const FaultPlan& plan, const ShrinkTask& task) {
    auto violation = task.run(plan);
    if (!violation) return std::nullopt;
    return Shrinker(plan, std::move(*violation), task).run();
}

}  // namespace gossip::sim
