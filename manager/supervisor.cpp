#include "manager/supervisor.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace gossip {
namespace {

namespace fs = std::filesystem;

constexpr Duration ready_timeout = std::chrono::seconds(20);
constexpr Duration status_timeout = std::chrono::seconds(1);

StartFailure failure(std::string text) { return StartFailure{std::move(text)}; }

NodeId with_port(NodeId id, std::uint16_t port) { return node_id({endpoint(id).ip, port}); }

constexpr NodeId loopback(std::uint16_t port) { return node_id({0x7f000001, port}); }

}  // namespace

Supervisor::Supervisor(EventLoop& loop, NetworkPlan plan, Observers observers)
    : ManagedNetwork(std::move(plan), std::move(observers)), loop_(loop), next_port_(plan_.peer_ports.first) {
    raise_descriptor_limit();
}

// Whatever went wrong before: no process of ours outlives us.
Supervisor::~Supervisor() {
    for (auto& [id, link] : links_) {
        if (!ended(id)) link->signal(SIGKILL);
    }
}

Time Supervisor::now() const {
    return Time{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

WallMs Supervisor::wall_now() const {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

void Supervisor::call_after(Duration delay, std::function<void()> action) {
    const auto timer = timers_.emplace(timers_.end(), loop_.io());
    timer->expires_after(delay);
    timer->async_wait([this, timer, action = std::move(action)](const boost::system::error_code& error) {
        if (error) return;  // the network is gone
        timers_.erase(timer);
        action();
    });
}

std::string Supervisor::log_path(NodeId id) const {
    const NodeView* node = view_.find(id);
    return plan_.log_dir + "/" + file_stem(id, node == nullptr ? Role::peer : node->role) + ".log";
}

// ---------------------------------------------------------------- starting

std::optional<StartFailure> Supervisor::prepare_folders() {
    std::error_code error;
    if (plan_.fresh_state) fs::remove_all(plan_.state_dir, error);
    fs::create_directories(plan_.state_dir, error);
    if (error) return failure("cannot make the folder " + plan_.state_dir + ": " + error.message());
    for (const auto& entry : fs::directory_iterator(plan_.log_dir, error)) {
        const std::string name = entry.path().filename().string();
        const bool node_file = name.starts_with("seed-") || name.starts_with("peer-");
        if (node_file && (name.ends_with(".log") || name.ends_with(".err"))) fs::remove(entry.path(), error);
    }
    if (!plan_.shared_log) return std::nullopt;
    const std::string path = plan_.log_dir + "/outputfile.txt";
    if (fs::hard_link_count(path, error) > 1) fs::remove(path, error);  // an earlier run's folder keeps it
    std::ofstream shared(path, std::ios::trunc);
    if (!shared) return failure("cannot write " + path);
    return std::nullopt;
}

std::variant<Supervisor::Slots, StartFailure> Supervisor::bind_seeds() {
    Slots slots;
    std::set<NodeId> taken(plan_.config.seeds.begin(), plan_.config.seeds.end());
    for (NodeId& seed : plan_.config.seeds) {
        const NodeId wanted = seed;
        auto bound = bind_listener(seed);
        // Next free one that no other seed is configured for.
        while (std::holds_alternative<int>(bound) && std::get<int>(bound) == EADDRINUSE &&
               endpoint(seed).port < 65535) {
            do seed = with_port(seed, static_cast<std::uint16_t>(endpoint(seed).port + 1));
            while (taken.contains(seed) && endpoint(seed).port < 65535);
            bound = bind_listener(seed);
        }
        if (const int* error = std::get_if<int>(&bound)) {
            return failure("seed " + node_name(wanted) + ": cannot listen: " + std::strerror(*error));
        }
        if (seed != wanted) {
            observers_.remark("port " + std::to_string(endpoint(wanted).port) + " is taken; this seed listens on " +
                              std::to_string(endpoint(seed).port));
        }
        taken.insert(seed);
        slots.push_back({seed, std::move(std::get<Fd>(bound))});
    }
    return slots;
}

std::variant<Supervisor::Slot, StartFailure> Supervisor::bind_peer(std::uint16_t port) {
    if (port == 0) return next_free_peer();
    const NodeId id = loopback(port);
    if (nodes_.contains(id) && !ended(id)) return failure(short_name(id) + " is running already");
    auto bound = bind_listener(id);
    if (const int* error = std::get_if<int>(&bound)) {
        return failure("peer " + node_name(id) + ": cannot listen: " + std::strerror(*error));
    }
    return Slot{id, std::move(std::get<Fd>(bound))};
}

// Ports not used before come first: a new peer is not taken for the return of a dead one.
std::variant<Supervisor::Slot, StartFailure> Supervisor::next_free_peer() {
    for (int round = 0; round < 2; ++round) {
        const bool reuse = round == 1;
        if (reuse) next_port_ = plan_.peer_ports.first;
        for (; next_port_ <= plan_.peer_ports.last && next_port_ != 0; ++next_port_) {
            const NodeId id = loopback(next_port_);
            if (nodes_.contains(id) && (!reuse || !ended(id))) continue;
            auto bound = bind_listener(id);
            if (const int* error = std::get_if<int>(&bound)) {
                if (*error != EADDRINUSE) return failure("peer " + node_name(id) + ": " + std::strerror(*error));
                observers_.remark("port " + std::to_string(next_port_) + " is taken; trying the next");
                continue;
            }
            ++next_port_;
            return Slot{id, std::move(std::get<Fd>(bound))};
        }
    }
    return failure("no free port in " + std::to_string(plan_.peer_ports.first) + "-" +
                   std::to_string(plan_.peer_ports.last) + "; see ports.peers");
}

// The seeds as they really listen, for the nodes to read.
std::optional<StartFailure> Supervisor::write_seed_file() {
    const std::string path = plan_.state_dir + "/seeds.txt";
    std::ofstream file(path, std::ios::trunc);
    for (const NodeId seed : plan_.config.seeds) file << node_name(seed) << "\n";
    file.close();
    if (!file) return failure("cannot write " + path);
    return std::nullopt;
}

std::vector<std::string> Supervisor::node_arguments(NodeId id, Role role) const {
    std::vector<std::string> out{"node", "--role", role == Role::seed ? "seed" : "peer", "--listen", node_name(id)};
    out.insert(out.end(), plan_.node_arguments.begin(), plan_.node_arguments.end());
    const std::vector<std::string> rest{
        "--seeds",     plan_.state_dir + "/seeds.txt", "--set",        "seeds.state_dir=" + plan_.state_dir,
        "--listen-fd", std::to_string(node_listen_fd), "--control-fd", std::to_string(node_control_fd)};
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
}

std::optional<StartFailure> Supervisor::launch(Slot slot, Role role, const std::vector<std::string>& more) {
    auto pair = control_pair();
    if (!pair) return failure(short_name(slot.id) + ": no control channel: " + std::strerror(errno));
    SpawnRequest request;
    request.arguments = node_arguments(slot.id, role);
    request.arguments.insert(request.arguments.end(), more.begin(), more.end());
    request.listen_fd = slot.listener.get();
    request.control_fd = pair->second.get();
    request.stderr_path = plan_.log_dir + "/" + file_stem(slot.id, role) + ".err";
    auto spawned = spawn(request);
    if (const auto* error = std::get_if<std::string>(&spawned)) return failure(short_name(slot.id) + ": " + *error);
    auto& child = std::get<Child>(spawned);
    const NodeId id = slot.id;
    ManagedNode node;
    node.id = id;
    node.role = role;
    node.pid = child.pid;
    node.started = now();
    node.error_path = request.stderr_path;
    const auto link = std::make_shared<ControlLink>(
        loop_.io(), std::move(pair->first), std::move(child.pidfd),
        ControlLink::Handlers{[this, id](FromNode line) { handle_line(id, std::move(line)); },
                              [this, id](ExitStatus status) { handle_exit(id, status); }});
    link->start();
    links_[id] = link;
    nodes_[id] = std::move(node);
    node_started(id, role);
    observers_.changed();
    return std::nullopt;
}

std::optional<StartFailure> Supervisor::await_ready(const std::vector<NodeId>& ids, WaitEnd& end) {
    const auto settled = [&] {
        return std::all_of(ids.begin(), ids.end(), [&](NodeId id) { return nodes_[id].ready || ended(id); });
    };
    end = loop_.run_until(settled, ready_timeout);
    if (end == WaitEnd::interrupted || end == WaitEnd::terminated) return std::nullopt;
    for (const NodeId id : ids) {
        const ManagedNode& node = nodes_[id];
        if (node.ready && !ended(id)) continue;
        if (!ended(id)) return failure(short_name(id) + " did not become ready in 20 s");
        const std::string why = last_error_line(node);
        return failure(short_name(id) + " ended at its start (" + node.end_text + ")" +
                       (why.empty() ? "" : ": " + why));
    }
    end = WaitEnd::done;
    return std::nullopt;
}

std::optional<StartFailure> Supervisor::start_network(WaitEnd& end) {
    if (auto problem = prepare_folders()) return problem;
    auto seeds = bind_seeds();
    if (auto* problem = std::get_if<StartFailure>(&seeds)) return std::move(*problem);
    if (auto problem = write_seed_file()) return problem;
    auto peers = bind_peers(plan_.initial_peers, 0);
    if (auto* problem = std::get_if<StartFailure>(&peers)) return std::move(*problem);
    std::vector<std::string> first_start;
    if (plan_.fresh_state) first_start = {"--bootstrap"};
    std::vector<NodeId> ids;
    if (auto problem = launch_all(std::get<Slots>(seeds), Role::seed, first_start, ids)) return problem;
    if (auto problem = launch_all(std::get<Slots>(peers), Role::peer, {}, ids)) return problem;
    return await_ready(ids, end);
}

// All ports first: when one cannot be had, nothing has been started.
std::variant<Supervisor::Slots, StartFailure> Supervisor::bind_peers(std::size_t count, std::uint16_t port) {
    Slots slots;
    for (std::size_t i = 0; i < count; ++i) {
        auto slot = bind_peer(port);
        if (auto* problem = std::get_if<StartFailure>(&slot)) return std::move(*problem);
        slots.push_back(std::move(std::get<Slot>(slot)));
        if (port != 0) ++port;
    }
    return slots;
}

std::optional<StartFailure> Supervisor::launch_all(Slots& slots, Role role, const std::vector<std::string>& more,
                                                   std::vector<NodeId>& ids) {
    for (Slot& slot : slots) {
        const NodeId id = slot.id;
        if (auto problem = launch(std::move(slot), role, more)) return problem;
        ids.push_back(id);
    }
    return std::nullopt;
}

std::variant<std::vector<NodeId>, StartFailure> Supervisor::add_peers(std::size_t count, std::uint16_t port,
                                                                      WaitEnd& end) {
    auto slots = bind_peers(count, port);
    if (auto* problem = std::get_if<StartFailure>(&slots)) return std::move(*problem);
    std::vector<NodeId> ids;
    auto problem = launch_all(std::get<Slots>(slots), Role::peer, {}, ids);
    if (!problem) problem = await_ready(ids, end);
    if (!problem) return ids;
    for (const NodeId id : ids) kill(id);
    return std::move(*problem);
}

std::variant<NodeId, StartFailure> Supervisor::launch_peer() {
    auto slot = bind_peer(0);
    if (auto* problem = std::get_if<StartFailure>(&slot)) return std::move(*problem);
    const NodeId id = std::get<Slot>(slot).id;
    if (auto problem = launch(std::move(std::get<Slot>(slot)), Role::peer, {})) return std::move(*problem);
    return id;
}

std::optional<StartFailure> Supervisor::relaunch(NodeId id) {
    const Role role = nodes_[id].role;
    auto bound = bind_listener(id);
    if (const int* error = std::get_if<int>(&bound)) {
        return failure(short_name(id) + ": cannot listen on its port again: " + std::strerror(*error));
    }
    std::vector<std::string> more;
    const Incarnation last = view_.find(id)->incarnation;
    if (role == Role::peer && last != Incarnation::none) {
        more = {"--last-life", std::to_string(static_cast<std::uint64_t>(last))};
    }
    return launch({id, std::move(std::get<Fd>(bound))}, role, more);
}

std::optional<StartFailure> Supervisor::restart(const std::vector<NodeId>& ids, WaitEnd& end) {
    for (const NodeId id : ids) {
        if (!ended(id)) kill(id);
    }
    const auto all_ended = [&] { return std::all_of(ids.begin(), ids.end(), [&](NodeId id) { return ended(id); }); };
    end = loop_.run_until(all_ended);
    if (end != WaitEnd::done) return std::nullopt;
    for (const NodeId id : ids) {
        if (auto problem = relaunch(id)) return problem;
    }
    return await_ready(ids, end);
}

// ---------------------------------------------------------------- what nodes say

void Supervisor::handle_line(NodeId id, FromNode line) {
    ++version_;
    ManagedNode& node = nodes_[id];
    if (std::holds_alternative<NodeReady>(line)) {
        node.ready = true;
        if (view_.find(id)->state == NodeState::starting) set_state(id, NodeState::alive);
        if (!faults().empty()) send_faults(id);
        // A recovered seed's list is not in any event.
        if (node.role == Role::seed) links_[id]->send(StatusCommand{next_seq_++});
    } else if (auto* event = std::get_if<NodeEvent>(&line)) {
        event->node = id;
        view_.apply(*event);
        observers_.event(*event);
        if (event->notice.kind == NoticeKind::caught_up || event->notice.kind == NoticeKind::seed_recovered) {
            links_[id]->send(StatusCommand{next_seq_++});
        }
    } else if (auto* status = std::get_if<NodeStatus>(&line)) {
        status->id = id;
        view_.apply(*status);
        record_status(*status);
        node.status = std::move(*status);
        observers_.changed();
    } else if (auto* reply = std::get_if<NodeReply>(&line)) {
        keep_reply(std::move(*reply));
    }
}

void Supervisor::handle_exit(NodeId id, ExitStatus status) {
    ++version_;
    ManagedNode& node = nodes_[id];
    node.end_text = describe(status);
    const NodeState before = view_.find(id)->state;
    const bool killed = status.signalled && status.value == SIGKILL;
    const bool late = killed && before == NodeState::leaving;
    std::error_code error;
    if (fs::file_size(node.error_path, error) == 0 && !error) fs::remove(node.error_path, error);
    if (node.end_expected || shutting_down_) {
        set_state(id, killed && !late ? NodeState::killed : NodeState::left);
        return;
    }
    set_state(id, NodeState::died);
    if (node.ready) observers_.died(node);
}

std::string Supervisor::last_error_line(const ManagedNode& node) const {
    std::ifstream file(node.error_path);
    std::string last;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty()) last = printable(line);
    }
    return last.substr(0, 300);
}

// ---------------------------------------------------------------- faults and ends

void Supervisor::kill(NodeId id) {
    ManagedNode& node = nodes_[id];
    node.end_expected = true;
    links_[id]->signal(SIGKILL);
}

void Supervisor::pause(NodeId id) {
    links_[id]->stop(static_cast<pid_t>(nodes_[id].pid));
    set_state(id, NodeState::paused);
}

void Supervisor::resume(NodeId id) {
    links_[id]->signal(SIGCONT);
    set_state(id, NodeState::alive);
}

void Supervisor::ask_to_stop(NodeId id) {
    ManagedNode& node = nodes_[id];
    node.end_expected = true;
    set_state(id, NodeState::leaving);
    links_[id]->signal(SIGTERM);  // the node leaves in order; a second one would end it at once
    links_[id]->signal(SIGCONT);  // a paused one could not hear it
}

std::optional<std::uint64_t> Supervisor::send_faults(NodeId id) {
    const auto node = nodes_.find(id);
    if (node == nodes_.end() || ended(id)) return std::nullopt;
    const std::uint64_t seq = next_seq_++;
    links_[id]->send(FaultCommand{seq, plan_.seed, faults().rules_of(id)});
    return seq;
}

bool Supervisor::any_running(Role role) const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [&](const auto& entry) { return entry.second.role == role && !ended(entry.first); });
}

void Supervisor::kill_all(Role role) {
    for (auto& [id, node] : nodes_) {
        if (node.role == role && !ended(id)) links_[id]->signal(SIGKILL);
    }
}

void Supervisor::stop_group(Role role, Duration grace) {
    for (auto& [id, node] : nodes_) {
        if (node.role == role && !ended(id)) ask_to_stop(id);
    }
    const auto gone = [&] { return !any_running(role); };
    const WaitEnd end = loop_.run_until(gone, grace);
    if (end == WaitEnd::done) return;
    std::vector<NodeId> late;
    for (const auto& [id, node] : nodes_) {
        if (node.role == role && !ended(id)) late.push_back(id);
    }
    const std::string why = end == WaitEnd::interrupted ? "interrupted: " : "";
    observers_.remark(why + short_names(late) + " had not ended; killed");
    kill_all(role);
    loop_.run_until(gone, std::chrono::seconds(5));
}

void Supervisor::shutdown(Duration grace) {
    shutting_down_ = true;
    loop_.ignore_termination();
    stop_group(Role::peer, grace);
    stop_group(Role::seed, grace);
}

// ---------------------------------------------------------------- questions

std::uint64_t Supervisor::say(NodeId id, const std::string& text) {
    const std::uint64_t seq = next_seq_++;
    links_[id]->send(SayCommand{seq, text});
    return seq;
}

WaitEnd Supervisor::refresh(const std::vector<NodeId>& ids) {
    std::map<NodeId, std::uint64_t> asked;
    for (const NodeId id : ids) {
        const auto it = nodes_.find(id);
        if (it == nodes_.end() || view_.find(id)->state != NodeState::alive) continue;
        asked[id] = next_seq_;
        links_[id]->send(StatusCommand{next_seq_++});
    }
    return loop_.run_until(
        [&] {
            return std::all_of(asked.begin(), asked.end(), [&](const auto& question) {
                return nodes_[question.first].status.seq >= question.second || ended(question.first);
            });
        },
        status_timeout);
}

}  // namespace gossip
