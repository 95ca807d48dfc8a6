// One message flooded over a grown pa-ring overlay, by the real machines on the simulator and, beside
// it, by the least a program can do: a loop over a timing wheel, one bit and a few integers a peer.
//
//   bench_flood [PEERS …]        prints deliveries (copies received) a second of both, and the ratio
//   bench_flood --pings PEERS    30 virtual seconds in which every peer pings one neighbour a second

#include "sim/cluster.hpp"
#include "sim/grown_overlay.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

using namespace gossip;
using namespace gossip::sim;

namespace {

using WallClock = std::chrono::steady_clock;

double seconds_since(WallClock::time_point start) {
    return std::chrono::duration<double>(WallClock::now() - start).count();
}

double resident_megabytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * 4096 / 1e6;
}

Config flood_config() {
    Config c;
    c.gossip.max_messages = 0;
    return c;
}

// ---------------------------------------------------------------- the floor

struct Floor {
    struct Event {
        std::uint32_t to;
        std::uint32_t from;
    };
    static constexpr std::size_t slots = 4096;  // of a microsecond: longer than any delay

    explicit Floor(const GrownOverlay& o, std::size_t peers) : overlay(o), seen(peers), wheel(slots) {}

    void push_to_others(std::uint32_t peer, std::uint32_t except) {
        for (const auto& end : overlay.of(peer)) {
            if (end.other == except) continue;
            rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
            const std::uint64_t delay = 100 + (rng >> 53);  // 0.1 to 2.1 ms
            wheel[(now + delay) % slots].push_back({end.other, peer});
            ++pending;
        }
    }
    std::uint64_t run() {
        std::uint64_t delivered = 0;
        std::vector<Event> due;
        seen[0] = 1;
        for (push_to_others(0, 0); pending > 0; ++now) {
            due.clear();
            due.swap(wheel[now % slots]);
            for (const Event& e : due) {
                ++delivered;
                --pending;
                if (seen[e.to] != 0) continue;
                seen[e.to] = 1;
                push_to_others(e.to, e.from);
            }
        }
        return delivered;
    }

    const GrownOverlay& overlay;
    std::vector<std::uint8_t> seen;
    std::vector<std::vector<Event>> wheel;
    std::uint64_t now{0};
    std::uint64_t pending{0};
    std::uint64_t rng{1};
};

double floor_rate(std::uint32_t peers, double& overlay_seconds) {
    std::vector<NodeId> ids;
    for (std::uint32_t i = 0; i < peers; ++i) ids.push_back(NodeId{0x7f0000010000 + std::uint64_t{i}});
    const Config config = flood_config();
    const auto built = WallClock::now();
    const GrownOverlay overlay(ids, config.overlay, Rng(1));
    overlay_seconds = seconds_since(built);
    Floor floor(overlay, peers);
    const auto start = WallClock::now();
    const std::uint64_t delivered = floor.run();
    return static_cast<double>(delivered) / seconds_since(start);
}

// ---------------------------------------------------------------- ours

ClusterOptions flood_options() {
    ClusterOptions o;
    o.config = flood_config();
    o.sim.quiet = true;
    return o;
}

struct Measured {
    double bring_up{0};
    double rate{0};
    double megabytes{0};
    std::uint64_t deliveries{0};
    std::uint64_t reached{0};
};

Measured flood(std::uint32_t peers) {
    Measured m;
    const auto begun = WallClock::now();
    Cluster cluster(flood_options());
    cluster.stand_up(peers, false);
    m.bring_up = seconds_since(begun);
    cluster.publish(cluster.peers()[0], "hello");
    const std::uint64_t before = cluster.sim().events();
    const auto start = WallClock::now();
    cluster.sim().run_for(std::chrono::milliseconds(60));
    const double spent = seconds_since(start);
    m.megabytes = resident_megabytes();
    std::uint64_t other = 0;  // ping rounds that fell into these milliseconds, not counted
    for (const NodeId p : cluster.peers()) {
        const PeerStatus status = cluster.peer(p)->status();
        m.reached += status.delivered;
        m.deliveries += status.delivered + status.duplicates;
    }
    other = cluster.sim().events() - before - m.deliveries;
    m.rate = static_cast<double>(m.deliveries) / spent;
    if (m.reached != peers - 1) std::printf("only %llu reached\n", static_cast<unsigned long long>(m.reached));
    std::printf("  (%llu other events, trace 0x%016llx)\n", static_cast<unsigned long long>(other),
                static_cast<unsigned long long>(cluster.sim().trace_hash()));
    return m;
}

void compare(std::uint32_t peers) {
    double overlay_seconds = 0;
    const Measured ours = flood(peers);
    const double floor = floor_rate(peers, overlay_seconds);
    std::printf(
        "flood  %9u peers  ours %6.2f M/s  floor %6.2f M/s  ratio %5.1f  %7.0f MB  %6.0f B/peer  "
        "overlay %.2f s  bring-up %.2f s\n",
        peers, ours.rate / 1e6, floor / 1e6, floor / ours.rate, ours.megabytes, ours.megabytes * 1e6 / peers,
        overlay_seconds, ours.bring_up);
    std::fflush(stdout);
}

// A ping round covers all links: six seconds between rounds is about one ping a peer and second.
void pings(std::uint32_t peers) {
    ClusterOptions o = flood_options();
    o.config.liveness.interval = std::chrono::seconds(6);
    Cluster cluster(o);
    cluster.stand_up(peers, false);
    const auto start = WallClock::now();
    cluster.sim().run_for(std::chrono::seconds(30));
    const double spent = seconds_since(start);
    std::printf("pings  %9u peers  30 virtual s in %.1f s  %.2f M events/s  %.0f MB\n", peers, spent,
                static_cast<double>(cluster.sim().events()) / spent / 1e6, resident_megabytes());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], "--pings") == 0) {
        pings(static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)));
        return 0;
    }
    std::vector<std::uint32_t> sizes;
    for (int i = 1; i < argc; ++i) sizes.push_back(static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10)));
    if (sizes.empty()) sizes = {10'000, 100'000, 1'000'000};
    for (const std::uint32_t peers : sizes) compare(peers);
    return 0;
}
