#pragma once
// Starts, signals, watches and ends the node processes, and keeps the ClusterView told.

#include "manager/control_link.hpp"
#include "manager/managed_network.hpp"

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>
#include <set>

namespace gossip {

class Supervisor final : public ManagedNetwork {
public:
    Supervisor(EventLoop& loop, NetworkPlan plan, Observers observers);
    ~Supervisor() override;

    std::optional<StartFailure> start_network(WaitEnd& end) override;
    std::variant<std::vector<NodeId>, StartFailure> add_peers(std::size_t count, std::uint16_t port,
                                                              WaitEnd& end) override;
    std::variant<NodeId, StartFailure> launch_peer() override;
    std::optional<StartFailure> restart(const std::vector<NodeId>& ids, WaitEnd& end) override;
    void kill(NodeId id) override;
    void pause(NodeId id) override;
    void resume(NodeId id) override;
    void ask_to_stop(NodeId id) override;
    void shutdown(Duration grace) override;
    std::optional<std::uint64_t> send_faults(NodeId id) override;
    std::uint64_t say(NodeId id, const std::string& text) override;
    WaitEnd refresh(const std::vector<NodeId>& ids) override;
    [[nodiscard]] std::string log_path(NodeId id) const override;
    [[nodiscard]] std::string last_error_line(const ManagedNode& node) const override;
    [[nodiscard]] Time now() const override;
    [[nodiscard]] WallMs wall_now() const override;
    WaitEnd run_until(const std::function<bool()>& done, std::optional<Duration> timeout = std::nullopt) override {
        return loop_.run_until(done, timeout);
    }
    void call_after(Duration delay, std::function<void()> action) override;

private:
    struct Slot {
        NodeId id{};
        Fd listener;
    };
    using Slots = std::vector<Slot>;

    std::optional<StartFailure> prepare_folders();
    std::variant<Slots, StartFailure> bind_seeds();
    std::variant<Slot, StartFailure> bind_peer(std::uint16_t port);
    std::variant<Slots, StartFailure> bind_peers(std::size_t count, std::uint16_t port);
    std::variant<Slot, StartFailure> next_free_peer();
    std::optional<StartFailure> write_seed_file();
    std::optional<StartFailure> launch(Slot slot, Role role, const std::vector<std::string>& more);
    std::optional<StartFailure> launch_all(Slots& slots, Role role, const std::vector<std::string>& more,
                                           std::vector<NodeId>& ids);
    std::optional<StartFailure> await_ready(const std::vector<NodeId>& ids, WaitEnd& end);
    std::optional<StartFailure> relaunch(NodeId id);
    [[nodiscard]] std::vector<std::string> node_arguments(NodeId id, Role role) const;

    void handle_line(NodeId id, FromNode line);
    void handle_exit(NodeId id, ExitStatus status);
    void stop_group(Role role, Duration grace);
    void kill_all(Role role);
    bool any_running(Role role) const;

    EventLoop& loop_;
    std::map<NodeId, std::shared_ptr<ControlLink>> links_;
    std::list<boost::asio::steady_timer> timers_;
    std::uint16_t next_port_{0};
    bool shutting_down_{false};
};

}  // namespace gossip
