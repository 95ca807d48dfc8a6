#pragma once
// Nodes as child processes of this one.

#include "manager/hosts/control_link.hpp"
#include "manager/hosts/node_host.hpp"
#include "node/base/descriptor.hpp"

namespace gossip {

class LocalHost final : public NodeHost {
public:
    struct Settings {
        std::string log_dir;
        std::string state_dir;
        std::string seed_file;
        std::vector<std::string> arguments;  // --config and --set, for every node
    };
    explicit LocalHost(boost::asio::io_context& io) : io_(io) {}

    // Before the first node is started.
    void set_up(Settings settings) { settings_ = std::move(settings); }

    Listening listen(const std::vector<NodeId>& candidates, std::size_t count, WaitEnd& end) override;
    std::variant<StartedNode, std::string> start(NodeLaunch launch) override;
    [[nodiscard]] const std::string& log_dir() const override { return settings_.log_dir; }

private:
    [[nodiscard]] std::vector<std::string> arguments(const NodeLaunch& launch) const;

    boost::asio::io_context& io_;
    Settings settings_;
    std::map<NodeId, FileDescriptor> listeners_;
};

// The arguments of `gossipctl node` that are the same wherever it runs, inherited descriptors included.
[[nodiscard]] std::vector<std::string> node_arguments(NodeId id, Role role, bool bootstrap, Incarnation last_life);

struct NodeChild {
    std::shared_ptr<ControlLink> link;
    pid_t pid{0};
};
// A node as a child process; the error names the cause.
[[nodiscard]] std::variant<NodeChild, std::string> start_node(boost::asio::io_context& io, FileDescriptor listener,
                                                              std::vector<std::string> arguments,
                                                              const std::string& stderr_path,
                                                              ControlLink::Handlers handlers);

}  // namespace gossip
