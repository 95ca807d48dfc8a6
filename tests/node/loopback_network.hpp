#pragma once
// Seeds and peers as Runtimes on one loop, over real sockets on ports the system picks.

#include "node/openssl_crypto.hpp"
#include "node/runtime.hpp"
#include "protocol/config.hpp"
#include "protocol/names.hpp"
#include "protocol/peer/peer_machine.hpp"
#include "protocol/seed/seed_machine.hpp"
#include "tests/node/temp_folder.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gossip {

// Timers for tests that wait: tenths of a second instead of the documents' seconds.
[[nodiscard]] Config quick_config();

class LoopbackNetwork {
public:
    struct Node {
        NodeId id{};
        Role role{};
        std::unique_ptr<Ed25519Crypto> crypto;
        std::unique_ptr<PeerContext> context;  // of a peer
        const SeedMachine* seed{nullptr};
        const PeerMachine* peer{nullptr};
        std::vector<Notice> notices;
        std::vector<std::string> delivered;  // texts of typed messages, ids of the others
        std::vector<std::string> offences;
        std::string failure;
        bool ended{false};
        std::unique_ptr<Runtime> runtime;

        [[nodiscard]] std::size_t count(NoticeKind kind) const;
    };

    // Picks the seeds' addresses; nothing runs yet. `config` is what all nodes get, but for them.
    explicit LoopbackNetwork(Config config, std::size_t seeds);

    Node& start_seed(std::size_t seat, bool bootstrap = true);
    Node& start_peer(Incarnation last_life = {});
    // As SIGKILL would: nothing is flushed, nobody is told. Its notices are kept.
    void kill(Node& node);

    // Runs the loop until `done`, or for `limit`; true when done.
    bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(60));
    void run_for(Duration time);

    [[nodiscard]] Config& config() { return config_; }
    [[nodiscard]] std::string journal_path(std::size_t seat) const;
    // All seeds that run hold `members` peers, under one epoch and digest.
    [[nodiscard]] bool agreed(std::size_t members) const;

private:
    Node& start(NodeId id, Role role, int listener, std::unique_ptr<Machine> machine, std::unique_ptr<Journal> journal,
                std::unique_ptr<Ed25519Crypto> crypto);

    TempFolder folder_;
    boost::asio::io_context io_{1};
    Config config_;
    std::map<NodeId, int> listeners_;  // bound and not yet handed out
    std::uint64_t draws_{1};

public:
    // In the order of their starts, the dead included. Last: they go before the loop they live in.
    std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace gossip
