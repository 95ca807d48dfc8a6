#pragma once
// Nodes on another machine: its agent, which ssh or another command starts there, and what is told and heard through
// it. Their logs are written here as they come, so that everything that reads logs finds them.

#include "manager/base/host_clock.hpp"
#include "manager/hosts/agent_protocol.hpp"
#include "manager/hosts/control_link.hpp"
#include "manager/hosts/node_host.hpp"
#include "node/config/settings.hpp"

#include <boost/asio/steady_timer.hpp>

namespace gossip {

class AgentHost final : public NodeHost {
public:
    struct Settings {
        HostSettings host;
        std::string log_dir;     // of its nodes' logs here
        std::string shared_log;  // outputfile.txt; empty: none
        std::string config;      // config.toml for its nodes
        std::string seeds;       // seeds.txt for them
    };
    AgentHost(EventLoop& loop, Settings settings);
    // Ends the agent, and with it its nodes.
    ~AgentHost() override;

    // Starts the agent unless it runs; does not wait.
    void begin();
    // Until the agent can be used, or why it cannot. Several hosts that begin together wait for each other's time only.
    [[nodiscard]] std::string await(WaitEnd& end);

    Listening listen(const std::vector<NodeId>& candidates, std::size_t count, WaitEnd& end) override;
    std::variant<StartedNode, std::string> start(NodeLaunch launch) override;
    [[nodiscard]] const std::string& log_dir() const override { return settings_.log_dir; }
    // The agent is told that nothing more comes, and ends; `gone` when it has.
    void close();
    void kill();
    // Once after the agent was started: where its nodes' logs are.
    // Of its files there, once it is ready.
    [[nodiscard]] const std::string& folder_there() const { return folder_there_; }
    [[nodiscard]] std::string take_news() { return std::exchange(news_, {}); }
    [[nodiscard]] bool gone() const { return link_ == nullptr; }

    void send(const agent::Request& request);
    void stop(std::uint64_t number);
    // Everything its nodes have written to their logs by now; `has_logs` of the number says that it is here.
    std::uint64_t ask_logs();
    [[nodiscard]] bool has_logs(std::uint64_t seq) const { return logs_told_ >= seq || !ready_; }
    [[nodiscard]] bool stands(std::uint64_t number) const;

private:
    struct Node {
        NodeLink::Handlers handlers;
        std::string error_path;
        bool stands{false};
    };

    [[nodiscard]] std::vector<std::string> command() const;
    void take(std::string_view line);
    void pass_over(std::string_view line);
    void on_closed();
    void on_exit(ExitStatus status);
    void fail(const std::string& text);
    [[nodiscard]] std::string last_words() const;
    void ask_clock();
    void await_clock();

    void handle(const agent::Hello& hello);
    void handle(const agent::Ready& ready);
    void handle(const agent::Heard& heard);
    void handle(const agent::Stopped& stopped);
    void handle(const agent::Exited& exited);
    void handle(const agent::Clock& clock);
    void handle(const agent::LogText& log);
    void handle(const agent::LogsTold& told) { logs_told_ = told.seq; }
    void handle(const agent::Trouble& trouble);
    void handle(const agent::NodeLine& line);
    void correct(NodeEvent& event) const;

    EventLoop& loop_;
    Settings settings_;
    std::string error_path_;  // the command's stderr
    std::shared_ptr<ControlLink> link_;
    boost::asio::steady_timer clock_timer_;
    boost::asio::steady_timer end_timer_;
    HostClock clock_;
    bool same_clock_{false};
    bool greeted_{false};
    bool ready_{false};
    std::string passed_over_;  // the last line before it greeted
    std::string folder_there_;
    std::string news_;
    std::string problem_;  // why it cannot be used
    std::uint64_t next_number_{1};
    std::uint64_t next_seq_{1};
    std::uint64_t logs_told_{0};
    std::map<std::uint64_t, Node> nodes_;
    std::map<std::uint64_t, Listening> answers_;
};

}  // namespace gossip
