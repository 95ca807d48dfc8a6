#pragma once
// The agent: what a manager on another machine asks for is done with child processes here, and what they say is
// handed on. Docs: docs/decisions/007-nodes-on-other-hosts.md

#include "manager/hosts/agent_protocol.hpp"
#include "manager/hosts/control_link.hpp"
#include "manager/hosts/log_tail.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file_lock.hpp"

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <optional>

namespace gossip {

class Agent {
public:
    // Takes over both descriptors.
    Agent(boost::asio::io_context& io, int in, int out);
    // Until the manager is gone, or says something that cannot be understood; the exit code. Its nodes have ended with
    // the process: their death signal, and their lifeline.
    int run();

private:
    struct Node {
        NodeId id{};
        pid_t pid{0};
        std::shared_ptr<ControlLink> link;
        std::string error_path;
    };

    void read();
    void on_read(const boost::system::error_code& error, std::size_t bytes);
    void take(std::string_view line);
    void report(const agent::Report& report);
    void write();
    void give_up(const std::string& text);

    void handle(const agent::Setup& setup);
    void handle(const agent::Listen& listen);
    void handle(const agent::Start& start);
    void handle(const agent::Signal& signal);
    void handle(const agent::AskClock& ask);
    void handle(const agent::AskLogs& ask);
    void handle(const agent::NodeLine& line);

    std::string prepare_folder(const agent::Setup& setup);
    void handle_exit(std::uint64_t number, ExitStatus status);
    void await_logs();
    void hand_on_logs();
    bool hand_on_log(NodeId id);
    void hold_nodes(bool held);

    boost::asio::io_context& io_;
    boost::asio::posix::stream_descriptor in_;
    boost::asio::posix::stream_descriptor out_;
    boost::asio::steady_timer log_timer_;
    std::string input_;
    std::string waiting_;
    std::string in_flight_;
    std::uint64_t lines_read_{0};
    bool held_{false};
    std::optional<int> exit_code_;
    std::string dir_;  // empty until it is set up
    FileLock lock_;
    std::map<NodeId, FileDescriptor> listeners_;
    std::map<std::uint64_t, Node> nodes_;
    std::map<NodeId, LogTail> logs_;
};

// Of XDG's folder for state: ~/.local/state/gossipctl/NAME.
[[nodiscard]] std::string default_agent_folder(const std::string& host);
// Names CLOCK_MONOTONIC of this machine (and time namespace) since it was booted: equal names, equal clocks.
[[nodiscard]] std::string monotonic_clock_name();

}  // namespace gossip
