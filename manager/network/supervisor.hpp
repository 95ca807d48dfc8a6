#pragma once
// Starts, signals, watches and ends the node processes, and keeps the ClusterView told.

#include "manager/hosts/agent_host.hpp"
#include "manager/hosts/local_host.hpp"
#include "manager/network/managed_network.hpp"
#include "manager/network/run_home.hpp"
#include "node/base/clock.hpp"
#include "node/config/seed_list_file.hpp"
#include "node/config/settings.hpp"

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
    std::variant<std::vector<NodeId>, StartFailure> add_peers(const PeerRequest& request, WaitEnd& end) override;
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
    WaitEnd refresh_logs(const std::vector<NodeId>& ids) override;
    [[nodiscard]] std::string log_folder() const override { return home_ ? home_->logs() : plan_.log_dir; }
    [[nodiscard]] std::string log_path(NodeId id) const override;
    [[nodiscard]] std::string last_error_line(const ManagedNode& node) const override;
    [[nodiscard]] Time now() const override;
    [[nodiscard]] WallMs wall_now() const override;
    WaitEnd run_until(const std::function<bool()>& done, std::optional<Duration> timeout = std::nullopt) override {
        return loop_.run_until(done, timeout);
    }
    void call_after(Duration delay, std::function<void()> action) override;

private:
    using Ids = std::vector<NodeId>;

    std::optional<StartFailure> open_home();
    std::optional<StartFailure> show_logs(const Ids& seeds, const Ids& peers);
    std::optional<StartFailure> expect(Role role, const Ids& ids, const std::string& host);
    std::variant<Ids, StartFailure> bind_seeds();
    std::variant<Ids, StartFailure> bind_peers(const PeerRequest& request, WaitEnd& end);
    [[nodiscard]] Ids peer_candidates(const PeerRequest& request) const;
    std::optional<StartFailure> pin_seed_keys();
    [[nodiscard]] SeedList seed_list() const { return {plan_.config.seeds, plan_.config.seed_keys}; }
    std::optional<StartFailure> start_on_hosts(Ids& ids, WaitEnd& end);
    std::optional<StartFailure> launch(NodeLaunch launch, const std::string& host);
    std::optional<StartFailure> launch_peers(const Ids& bound, const std::string& host, Ids& ids);
    std::optional<StartFailure> await_ready(const Ids& ids, WaitEnd& end);
    std::optional<StartFailure> relaunch(NodeId id, WaitEnd& end);
    NodeHost& host(const std::string& name);
    AgentHost& agent(const HostSettings& settings);
    void close_agents();

    void handle_line(NodeId id, FromNode line);
    void handle_end(NodeId id, const NodeEnd& end);
    void stop_group(Role role, Duration grace);
    void kill_all(Role role);
    bool any_running(Role role) const;

    EventLoop& loop_;
    std::optional<RunHome> home_;
    LocalHost here_;
    std::map<std::string, std::unique_ptr<AgentHost>> agents_;
    std::map<NodeId, std::shared_ptr<NodeLink>> links_;
    std::list<boost::asio::steady_timer> timers_;
    std::uint32_t next_port_{0};
    bool shutting_down_{false};
};

}  // namespace gossip
