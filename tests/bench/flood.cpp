// One message flooded over a grown pa-ring overlay, by the real machines on the simulator and, beside
// it, by the least a program can do: a loop over a timing wheel, one bit and a few integers a peer.
//
//   bench_flood [PEERS …]        prints deliveries (copies received) a second of both, and the ratio
//   bench_flood --pings PEERS    30 virtual seconds in which every peer pings one neighbour a second

#include "sim/cluster/cluster.hpp"
#include "sim/cluster/grown_overlay.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

using namespace gossip;
using namespace gossip::sim;

namespace {

// Of this process alone, so that others on the machine do not count.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

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
    const double built = cpu_seconds();
    const GrownOverlay overlay(ids, config.overlay, Rng(1));
    overlay_seconds = cpu_seconds() - built;
    Floor floor(overlay, peers);
    const double start = cpu_seconds();
    const std::uint64_t delivered = floor.run();
    return static_cast<double>(delivered) / (cpu_seconds() - start);
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
    double first{0};  // deliveries a second of the first message
    double later{0};  // and of the next ones, when every part of the machines has been used
    double megabytes{0};
    std::uint64_t reached{0};
};

std::uint64_t copies_received(const Cluster& cluster) {
    std::uint64_t copies = 0;
    for (const NodeId p : cluster.peers()) {
        const PeerStatus status = cluster.peer(p)->status();
        copies += status.delivered + status.duplicates;
    }
    return copies;
}

double flood_once(Cluster& cluster, std::size_t origin) {
    const std::uint64_t before = copies_received(cluster);
    cluster.publish(cluster.peers()[origin], "hello");
    const double start = cpu_seconds();
    cluster.sim().run_for(std::chrono::milliseconds(60));
    const double spent = cpu_seconds() - start;
    return static_cast<double>(copies_received(cluster) - before) / spent;
}

Measured flood(std::uint32_t peers) {
    constexpr std::size_t later = 4;
    Measured m;
    const double begun = cpu_seconds();
    Cluster cluster(flood_options());
    cluster.start_grown(peers, false);
    m.bring_up = cpu_seconds() - begun;
    m.first = flood_once(cluster, 0);
    m.megabytes = resident_megabytes();
    for (const NodeId p : cluster.peers()) m.reached += cluster.peer(p)->status().delivered;
    for (std::size_t i = 1; i <= later; ++i) m.later += flood_once(cluster, i * peers / (later + 1)) / later;
    return m;
}

bool compare(std::uint32_t peers) {
    double overlay_seconds = 0;
    const Measured ours = flood(peers);
    const double floor = floor_rate(peers, overlay_seconds);
    std::printf(
        "%9u peers  ours %5.2f M/s (later %5.2f)  floor %6.2f M/s  ratio %5.1f  %6.0f MB %6.0f B/peer  "
        "overlay %.2f s  bring-up %.2f s\n",
        peers, ours.first / 1e6, ours.later / 1e6, floor / 1e6, floor / ours.first, ours.megabytes,
        ours.megabytes * 1e6 / peers, overlay_seconds, ours.bring_up);
    std::fflush(stdout);
    if (ours.reached != peers - 1) std::printf("FAILED: %llu reached\n", static_cast<unsigned long long>(ours.reached));
    return ours.reached == peers - 1;
}

// A ping round covers all links: six seconds between rounds is about one ping a peer and second.
void pings(std::uint32_t peers) {
    ClusterOptions o = flood_options();
    o.config.liveness.interval = std::chrono::seconds(6);
    Cluster cluster(o);
    cluster.start_grown(peers, false);
    const double start = cpu_seconds();
    cluster.sim().run_for(std::chrono::seconds(30));
    const double spent = (cpu_seconds() - start);
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
    bool good = true;
    for (const std::uint32_t peers : sizes) good = compare(peers) && good;
    return good ? 0 : 1;
}
