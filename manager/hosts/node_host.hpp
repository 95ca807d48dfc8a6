#pragma once
// Where nodes run: on this machine (LocalHost) or on another one, through its agent (AgentHost). The supervisor
// listens, starts, signals and talks in the same way wherever that is.

#include "manager/base/event_loop.hpp"
#include "manager/hosts/process.hpp"
#include "node/control/control.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct NodeEnd {
    ExitStatus status;
    std::string text;  // "SIGKILL", "exit code 1", "the agent of h1 ended: SIGKILL"
};

// One node's process.
class NodeLink {
public:
    struct Handlers {
        std::function<void(FromNode)> line;
        std::function<void(NodeEnd)> ended;  // everything it said has been told; the last call
    };
    NodeLink() = default;
    virtual ~NodeLink() = default;
    NodeLink(const NodeLink&) = delete;
    NodeLink& operator=(const NodeLink&) = delete;

    virtual void send(const ToNode& command) = 0;
    virtual void signal(int number) = 0;
    // SIGSTOP; `stands` says that it has taken effect.
    virtual void stop() = 0;
    [[nodiscard]] virtual bool stands() const = 0;
};

struct NodeLaunch {
    NodeId id{};  // listened on before
    Role role{};
    bool bootstrap{false};    // a seed whose seat is new
    Incarnation last_life{};  // of a peer that comes back
    NodeLink::Handlers handlers;
};

struct StartedNode {
    std::shared_ptr<NodeLink> link;
    std::int64_t pid{0};     // 0: it says so itself
    std::string error_path;  // its stderr
};

class NodeHost {
public:
    NodeHost() = default;
    virtual ~NodeHost() = default;
    NodeHost(const NodeHost&) = delete;
    NodeHost& operator=(const NodeHost&) = delete;

    // See bind_first. Reaches the host first where it has to; `end` other than done: the wait for it was cut short.
    virtual Listening listen(const std::vector<NodeId>& candidates, std::size_t count, WaitEnd& end) = 0;
    // The error names the cause.
    virtual std::variant<StartedNode, std::string> start(NodeLaunch launch) = 0;
    // Where the logs of its nodes can be read here.
    [[nodiscard]] virtual const std::string& log_dir() const = 0;
};

}  // namespace gossip
