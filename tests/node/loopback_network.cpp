#include "tests/node/loopback_network.hpp"

#include "node/base/clock.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/listener.hpp"
#include "node/transport/transport_options.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace gossip {
namespace {

using Listener = std::pair<NodeId, int>;

// A listening socket on a port the system picks.
Listener any_listener() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;  // or its port cannot be bound again while old connections linger
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        ::bind(fd, generic, size) == 0 && ::listen(fd, 64) == 0 && ::getsockname(fd, generic, &size) == 0;
    if (!bound) throw std::runtime_error("no listening socket");
    return {node_id({INADDR_LOOPBACK, ntohs(address.sin_port)}), fd};
}

}  // namespace

Config quick_config() {
    Config c;
    c.gossip.first_after = std::chrono::milliseconds(200);
    c.gossip.interval = std::chrono::milliseconds(300);
    c.gossip.repair_interval = std::chrono::milliseconds(500);
    c.gossip.max_messages = 3;
    c.gossip.origin_rate = 100;
    c.liveness.interval = std::chrono::seconds(1);
    c.liveness.refute = std::chrono::milliseconds(500);
    c.liveness.probe_timeout = std::chrono::milliseconds(300);
    c.seed.sync_interval = std::chrono::milliseconds(500);
    c.seed.probe_timeout = std::chrono::milliseconds(300);
    return c;
}

std::size_t LoopbackNetwork::Node::count(NoticeKind kind) const {
    return static_cast<std::size_t>(
        std::count_if(notices.begin(), notices.end(), [&](const Notice& n) { return n.kind == kind; }));
}

LoopbackNetwork::LoopbackNetwork(Config config, std::size_t seeds) : config_(std::move(config)) {
    config_.seeds.clear();
    for (std::size_t i = 0; i < seeds; ++i) {
        const Listener listener = any_listener();
        listeners_.insert(listener);
        config_.seeds.push_back(listener.first);
    }
}

std::string LoopbackNetwork::journal_path(std::size_t seat) const {
    return folder_.file("seed-" + std::to_string(seat) + ".journal");
}

LoopbackNetwork::Node& LoopbackNetwork::start_seed(std::size_t seat, bool bootstrap) {
    const NodeId id = config_.seeds.at(seat);
    int listener = -1;
    if (const auto waiting = listeners_.extract(id)) {
        listener = waiting.mapped();
    } else {
        auto bound = listen_on(id);
        if (const auto* error = std::get_if<std::string>(&bound)) throw std::runtime_error(*error);
        listener = std::get<FileDescriptor>(bound).release();
    }
    auto opened = Journal::open(io_, journal_path(seat), config_.seed.durable);
    if (const auto* error = std::get_if<std::string>(&opened)) throw std::runtime_error(*error);
    auto& journal = std::get<Journal::Opened>(opened);
    auto crypto = std::make_unique<Ed25519Crypto>();
    auto machine = std::make_unique<SeedMachine>(config_, *crypto, SeedOptions{id, mix64(++draws_) | 1, bootstrap},
                                                 Rng(++draws_), journal.contents.records);
    const SeedMachine* const seed = machine.get();
    Node& node = start(id, Role::seed, listener, std::move(machine), std::move(journal.journal), std::move(crypto));
    node.seed = seed;
    return node;
}

LoopbackNetwork::Node& LoopbackNetwork::start_peer(Incarnation last_life) {
    const auto [id, listener] = any_listener();
    auto crypto = std::make_unique<Ed25519Crypto>();
    auto context = std::make_unique<PeerContext>(config_, *crypto);
    auto machine = std::make_unique<PeerMachine>(*context, PeerOptions{id, last_life}, Rng(++draws_));
    const PeerMachine* const peer = machine.get();
    Node& node = start(id, Role::peer, listener, std::move(machine), nullptr, std::move(crypto));
    node.peer = peer;
    node.context = std::move(context);
    return node;
}

LoopbackNetwork::Node& LoopbackNetwork::start(NodeId id, Role role, int listener, std::unique_ptr<Machine> machine,
                                              std::unique_ptr<Journal> journal, std::unique_ptr<Ed25519Crypto> crypto) {
    Node& node = *nodes.emplace_back(std::make_unique<Node>());
    node.id = id;
    node.role = role;
    node.crypto = std::move(crypto);
    TransportOptions options;
    options.self = id;
    options.role = role;
    options.cluster = membership_fingerprint(config_);
    options.seeds = config_.seeds;
    RuntimeHandlers handlers;
    handlers.notice = [&node](Time, const Notice& n) { node.notices.push_back(n); };
    handlers.delivered = [&node](const Deliver& d) {
        node.delivered.push_back(d.rumor->typed ? d.rumor->text : d.rumor->id);
    };
    handlers.offence = [&node](const std::string& text) { node.offences.push_back(text); };
    handlers.failed = [&node](const std::string& text) { node.failure = text; };
    handlers.ended = [&node] { node.ended = true; };
    node.runtime = std::make_unique<Runtime>(io_, options, *node.crypto, std::move(machine), std::move(journal),
                                             std::move(handlers));
    node.runtime->start(listener);
    return node;
}

void LoopbackNetwork::kill(Node& node) {
    node.runtime.reset();
    node.seed = nullptr;
    node.peer = nullptr;
}

bool LoopbackNetwork::run_until(const std::function<bool()>& done, Duration limit) {
    const Time end = machine_now() + limit;
    while (!done()) {
        if (machine_now() >= end) return false;
        io_.restart();
        io_.run_one_for(std::chrono::milliseconds(50));
    }
    return true;
}

void LoopbackNetwork::run_for(Duration time) {
    run_until([] { return false; }, time);
}

bool LoopbackNetwork::agreed(std::size_t members) const {
    std::vector<SeedStatus> seeds;
    for (const auto& node : nodes) {
        if (node->seed != nullptr) seeds.push_back(node->seed->status());
    }
    return std::all_of(seeds.begin(), seeds.end(), [&](const SeedStatus& s) {
        return s.members == members && s.epoch == seeds.front().epoch && s.digest == seeds.front().digest;
    });
}

}  // namespace gossip
