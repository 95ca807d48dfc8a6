#pragma once
// A witness' own look at a suspect (PROTOCOL.md section 4). Whoever is asked probes for itself,
// whether it knows the suspect or not: a witness that answers "silent" from ignorance evicts the
// living. Up to `probes` pings, `probe_timeout` each; one more dial after a refusal, since a
// restarting process refuses for a moment; any frame ends it.

#include "protocol/config.hpp"
#include "protocol/membership.hpp"
#include "protocol/memory/slim_vector.hpp"

#include <optional>
#include <vector>

namespace gossip {

// Who waits for the finding, and the version of the suspect's record that made us its witness.
struct Asker {
    NodeId reply{};  // none: ourselves
    std::uint64_t version{0};
    bool stranger{false};  // it showed nobody's key, as protocol 0 cannot
};

struct Testimony {
    NodeId suspect{};
    Incarnation life{};
    Verdict verdict{};
    std::vector<Asker> askers;
};

class Probes {
public:
    static constexpr std::size_t limit = 64;                        // suspects at once
    static constexpr std::size_t for_strangers = 2;                 // of them, at the word of nobody known
    static constexpr std::size_t asker_limit = 256;                 // of one suspect
    static constexpr Duration fresh_for = std::chrono::seconds(2);  // a finding answers later askers too
    static constexpr Duration redial_after = std::chrono::milliseconds(100);

    // What the router has to do next: ping the suspect, set a timer, give testimony. Or nothing.
    struct Action {
        bool ping{false};
        std::optional<Duration> wait;
        std::uint32_t generation{0};
        std::optional<Testimony> testimony;
        bool busy{false};  // too much to do: not even begun
    };
    [[nodiscard]] Action ask(const LivenessConfig& config, NodeId suspect, Incarnation life, Asker asker, Time now);
    // Of a suspect with a life only what it proved counts; protocol 0, without lives, proves nothing.
    [[nodiscard]] Action heard(NodeId suspect, bool proven, Time now);
    [[nodiscard]] Action refused(NodeId suspect, Time now);
    [[nodiscard]] Action timer(const LivenessConfig& config, NodeId suspect, std::uint32_t generation, Time now);
    // Who asked about it lately: its refutation is passed on to them.
    [[nodiscard]] std::vector<Asker> askers(NodeId suspect) const;
    [[nodiscard]] std::size_t size() const { return probes_.size(); }

private:
    struct Probe {
        NodeId suspect{};
        Incarnation life{};
        std::vector<Asker> askers;
        std::uint32_t pings{0};
        std::uint32_t generation{0};
        std::uint32_t refused_ping{0};  // which one was refused first; 0 = none
        std::optional<Verdict> verdict;
        Time concluded{};
    };
    [[nodiscard]] Probe* find(NodeId suspect);
    [[nodiscard]] Action again(Probe& probe, Duration wait);
    [[nodiscard]] static Action conclude(Probe& probe, Verdict verdict, Time now);

    SlimVector<Probe> probes_;
    std::uint32_t generations_{0};
};

}  // namespace gossip
