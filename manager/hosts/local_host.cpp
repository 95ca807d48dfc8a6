#include "manager/hosts/local_host.hpp"

#include "manager/base/log_files.hpp"
#include "node/base/value_text.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

namespace gossip {
namespace {

class LocalLink final : public NodeLink {
public:
    explicit LocalLink(std::shared_ptr<ControlLink> control) : control_(std::move(control)) {}
    void send(const ToNode& command) override { control_->send(encode(command)); }
    void signal(int number) override { control_->signal(number); }
    void stop() override { control_->stop(); }
    [[nodiscard]] bool stands() const override { return true; }

private:
    std::shared_ptr<ControlLink> control_;
};

}  // namespace

std::vector<std::string> node_arguments(NodeId id, Role role, bool bootstrap, Incarnation last_life) {
    std::vector<std::string> out{"node",
                                 "--role",
                                 std::string(role_name(role)),
                                 "--listen",
                                 node_name(id),
                                 "--listen-fd",
                                 std::to_string(node_listen_fd),
                                 "--control-fd",
                                 std::to_string(node_control_fd)};
    if (bootstrap) out.emplace_back("--bootstrap");
    if (last_life != Incarnation::none) {
        out.insert(out.end(), {"--last-life", std::to_string(static_cast<std::uint64_t>(last_life))});
    }
    return out;
}

std::variant<NodeChild, std::string> start_node(boost::asio::io_context& io, FileDescriptor listener,
                                                std::vector<std::string> arguments, const std::string& stderr_path,
                                                ControlLink::Handlers handlers) {
    auto pair = control_pair();
    if (!pair) return "no control channel: " + std::string(std::strerror(errno));
    auto spawned = spawn(SpawnRequest{std::move(arguments), listener.get(), pair->second.get(), stderr_path});
    if (auto* error = std::get_if<std::string>(&spawned)) return std::move(*error);
    const pid_t pid = std::get<pid_t>(spawned);
    const auto link = std::make_shared<ControlLink>(io, std::move(pair->first), pid, std::move(handlers));
    link->start();
    return NodeChild{link, pid};
}

Listening LocalHost::listen(const std::vector<NodeId>& candidates, std::size_t count, WaitEnd& end) {
    end = WaitEnd::done;
    return bind_first(candidates, count, listeners_);
}

std::vector<std::string> LocalHost::arguments(const NodeLaunch& launch) const {
    std::vector<std::string> out = node_arguments(launch.id, launch.role, launch.bootstrap, launch.last_life);
    out.insert(out.end(), settings_.arguments.begin(), settings_.arguments.end());
    out.insert(out.end(), {"--seeds", settings_.seed_file, "--log-dir", settings_.log_dir});
    out.insert(out.end(), {"--state-dir", settings_.state_dir});
    return out;
}

std::variant<StartedNode, std::string> LocalHost::start(NodeLaunch launch) {
    auto listener = listeners_.extract(launch.id);
    if (listener.empty()) return "it does not listen";
    const std::string error_path = settings_.log_dir + "/" + file_stem(launch.id, launch.role) + ".err";
    ControlLink::Handlers handlers;
    handlers.line = [on_line = std::move(launch.handlers.line)](std::string_view line) {
        if (auto decoded = decode_from_node(line)) on_line(std::move(*decoded));
    };
    handlers.exited = [on_end = std::move(launch.handlers.ended)](ExitStatus status) {
        on_end({status, describe(status)});
    };
    auto started = start_node(io_, std::move(listener.mapped()), arguments(launch), error_path, std::move(handlers));
    if (auto* error = std::get_if<std::string>(&started)) return std::move(*error);
    auto& node = std::get<NodeChild>(started);
    return StartedNode{std::make_shared<LocalLink>(node.link), node.pid, error_path};
}

}  // namespace gossip
