#pragma once
// What one node process holds: its loop, its identity, its machine and runtime, its log, and the
// control channel when a manager started it.

#include "node/base/descriptor.hpp"
#include "node/config/settings.hpp"
#include "node/control/control_channel.hpp"
#include "node/log.hpp"
#include "node/openssl_crypto.hpp"
#include "node/options.hpp"
#include "node/runtime.hpp"
#include "protocol/peer/peer_context.hpp"
#include "protocol/peer/peer_machine.hpp"
#include "protocol/seed/seed_machine.hpp"

#include <boost/asio/signal_set.hpp>

#include <memory>
#include <string>
#include <variant>

namespace gossip {

struct NodeStartFailure {
    int exit_code{5};
    std::string text;
};

class NodeProcess {
public:
    [[nodiscard]] static std::variant<std::unique_ptr<NodeProcess>, NodeStartFailure> start(
        const NodeOptionsGiven& given);

    // Runs the loop until the node left or has to end; the process' exit code.
    int run();

private:
    using Problem = std::optional<NodeStartFailure>;

    NodeProcess(const NodeOptionsGiven& given, LoadedConfig config);
    [[nodiscard]] Problem check_place() const;
    [[nodiscard]] Problem check_exposure() const;
    [[nodiscard]] Problem open_log();
    [[nodiscard]] Problem open_key();
    [[nodiscard]] Problem listen();
    [[nodiscard]] Problem make_runtime();
    [[nodiscard]] std::variant<std::unique_ptr<Journal>, std::string> open_journal(std::vector<Record>& records);
    [[nodiscard]] RuntimeHandlers handlers();
    void join_manager();
    void on_notice(Time now, const Notice& notice);
    void on_command(const ToNode& command);
    void answer_status(std::uint64_t seq);
    void say(const SayCommand& command);
    void set_faults(const FaultCommand& command);
    void await_signals();
    void watch_for_seeds();
    void leave();
    void fail(const std::string& text);

    NodeOptionsGiven given_;
    LoadedConfig config_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_};
    boost::asio::steady_timer patience_{io_};
    std::unique_ptr<Ed25519Crypto> crypto_;  // once the key file is read
    std::unique_ptr<PeerContext> context_;
    std::unique_ptr<NodeLog> log_;
    std::shared_ptr<ControlChannel> control_;
    const SeedMachine* seed_{nullptr};  // owned by the runtime; one of the two is set
    const PeerMachine* peer_{nullptr};
    std::unique_ptr<Runtime> runtime_;
    std::string said_id_;          // of the message it took last
    std::string publish_problem_;  // why the machine refused the message it was just given
    FileDescriptor listener_;      // until the runtime takes it over
    bool heard_of_seed_{false};
    bool leaving_{false};
    int exit_code_{0};
};

}  // namespace gossip
