#include "manager/network/supervisor.hpp"

#include "manager/base/log_files.hpp"
#include "manager/base/terminal.hpp"
#include "node/base/process_limits.hpp"
#include "node/identity.hpp"
#include "protocol/notice_traits.hpp"

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
constexpr Duration stop_timeout = std::chrono::seconds(5);  // of a host far away
constexpr Duration status_timeout = std::chrono::seconds(1);

StartFailure failure(std::string text) { return StartFailure{std::move(text)}; }

NodeId with_port(NodeId id, std::uint16_t port) { return node_id({endpoint(id).ip, port}); }

}  // namespace

Supervisor::Supervisor(EventLoop& loop, NetworkPlan plan, Observers observers)
    : ManagedNetwork(std::move(plan), std::move(observers)),
      loop_(loop),
      here_(loop.io()),
      next_port_(plan_.peer_ports.first) {
    raise_descriptor_limit();
    forbid_core_dumps();  // seeds' keys are made here
}

// Whatever went wrong before: no process of ours outlives us.
Supervisor::~Supervisor() {
    for (auto& [id, link] : links_) {
        if (!ended(id)) link->signal(SIGKILL);
    }
}

Time Supervisor::now() const { return machine_now(); }

WallMs Supervisor::wall_now() const { return gossip::wall_now(); }

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
    const auto node = nodes_.find(id);
    if (node == nodes_.end()) return log_folder() + "/" + file_stem(id, Role::peer) + ".log";
    const std::string dir = node->second.host.empty() ? log_folder() : log_folder() + "/" + node->second.host;
    return dir + "/" + file_stem(id, node->second.role) + ".log";
}

// ---------------------------------------------------------------- starting

std::optional<StartFailure> Supervisor::open_home() {
    auto home = RunHome::open(plan_);
    if (auto* problem = std::get_if<std::string>(&home)) return failure(std::move(*problem));
    home_ = std::get<RunHome>(std::move(home));
    here_.set_up({home_->logs(), home_->state(), home_->seed_file(), plan_.node_arguments});
    return std::nullopt;
}

// log.dir shows this network from now on.
std::optional<StartFailure> Supervisor::show_logs(const Ids& seeds, const Ids& peers) {
    LogView::Names names;
    for (const NodeId id : seeds) names.push_back(file_stem(id, Role::seed) + ".log");
    for (const NodeId id : peers) names.push_back(file_stem(id, Role::peer) + ".log");
    for (const HostSettings& host : plan_.hosts) names.push_back(host.name);
    if (plan_.shared_log) names.emplace_back("outputfile.txt");
    if (std::string problem = home_->view().take_over(names); !problem.empty()) return failure(std::move(problem));
    return std::nullopt;
}

// Nodes are about to be started: their files go on the list of the folder, and log.dir shows their logs.
std::optional<StartFailure> Supervisor::expect(Role role, const Ids& ids, const std::string& host) {
    if (std::string problem = home_->expect(role, ids, host); !problem.empty()) return failure(std::move(problem));
    if (!host.empty()) return std::nullopt;  // log.dir shows the host's folder
    LogView::Names names;
    for (const NodeId id : ids) names.push_back(file_stem(id, role) + ".log");
    if (const std::string problem = home_->view().show(names); !problem.empty()) {
        observers_.remark(problem + "; the log itself is in " + home_->logs());
    }
    return std::nullopt;
}

std::variant<Supervisor::Ids, StartFailure> Supervisor::bind_seeds() {
    std::set<NodeId> taken(plan_.config.seeds.begin(), plan_.config.seeds.end());
    for (NodeId& seed : plan_.config.seeds) {
        const NodeId wanted = seed;
        // Next free one that no other seed is configured for.
        Ids candidates{wanted};
        for (std::uint32_t port = endpoint(wanted).port + 1U; port <= 65535; ++port) {
            const NodeId next = with_port(wanted, static_cast<std::uint16_t>(port));
            if (!taken.contains(next)) candidates.push_back(next);
        }
        WaitEnd end{};
        const Listening heard = here_.listen(candidates, 1, end);
        if (heard.bound.empty()) {
            const std::string why = heard.problem.empty() ? std::strerror(EADDRINUSE) : heard.problem;
            return failure("seed " + node_name(wanted) + ": cannot listen: " + why);
        }
        seed = heard.bound.front();
        if (seed != wanted) {
            observers_.remark("port " + std::to_string(endpoint(wanted).port) + " is taken; this seed listens on " +
                              std::to_string(endpoint(seed).port));
        }
        taken.insert(seed);
    }
    return plan_.config.seeds;
}

// Ports not used before come first: a new peer is not taken for the return of a dead one. A port in use on one host
// is not given on another, so that it names one node.
Supervisor::Ids Supervisor::peer_candidates(const PeerRequest& request) const {
    const HostSettings* const host = plan_.host(request.host);
    const NodeId address = host == nullptr ? plan_.peer_address : host->address;
    Ids candidates;
    for (std::uint32_t i = 0; request.port != 0 && i < request.count && request.port + i <= 65535; ++i) {
        candidates.push_back(with_port(address, static_cast<std::uint16_t>(request.port + i)));
    }
    if (request.port != 0) return candidates;
    std::set<std::uint16_t> used;
    std::set<std::uint16_t> running;
    for (const auto& [id, node] : nodes_) {
        used.insert(endpoint(id).port);
        if (!ended(id)) running.insert(endpoint(id).port);
    }
    const auto add = [&](std::uint32_t first, const std::set<std::uint16_t>& without) {
        for (std::uint32_t port = first; port <= plan_.peer_ports.last; ++port) {
            const auto number = static_cast<std::uint16_t>(port);
            if (!without.contains(number)) candidates.push_back(with_port(address, number));
        }
    };
    add(next_port_, used);
    const std::set<NodeId> fresh(candidates.begin(), candidates.end());
    for (const NodeId id : fresh) running.insert(endpoint(id).port);
    add(plan_.peer_ports.first, running);
    return candidates;
}

// All ports first: when one cannot be had, nothing has been started.
std::variant<Supervisor::Ids, StartFailure> Supervisor::bind_peers(const PeerRequest& request, WaitEnd& end) {
    const Ids candidates = peer_candidates(request);
    for (const NodeId id : candidates) {
        if (nodes_.contains(id) && !ended(id)) return failure(short_name(id) + " is running already");
    }
    const Listening heard = host(request.host).listen(candidates, request.count, end);
    if (end != WaitEnd::done) return Ids{};
    if (const auto agent = agents_.find(request.host); agent != agents_.end()) {
        if (const std::string news = agent->second->take_news(); !news.empty()) observers_.remark(news);
    }
    if (!heard.problem.empty()) {
        const bool of_host = heard.at == NodeId::none;
        return failure(of_host ? heard.problem : "peer " + node_name(heard.at) + ": cannot listen: " + heard.problem);
    }
    if (request.port != 0 && heard.bound.empty()) {
        const NodeId at = heard.taken.empty() ? candidates.back() : heard.taken.front();
        return failure("peer " + node_name(at) + ": cannot listen: " + std::strerror(EADDRINUSE));
    }
    const std::string where = request.host.empty() ? "" : " on " + request.host;
    for (const NodeId id : heard.taken) {
        observers_.remark("port " + std::to_string(endpoint(id).port) + " is taken" + where + "; trying the next");
    }
    if (heard.bound.empty() && request.count > 0) {
        return failure("no free port in " + std::to_string(plan_.peer_ports.first) + "-" +
                       std::to_string(plan_.peer_ports.last) + where + "; see ports.peers");
    }
    const std::uint32_t last = heard.bound.empty() ? 0 : endpoint(heard.bound.back()).port;
    if (request.port == 0 && last != 0) next_port_ = last + 1;
    return heard.bound;
}

// Each seed's key is made before any node starts, so that all of them know all keys: nobody else can pass for a seed.
std::optional<StartFailure> Supervisor::pin_seed_keys() {
    std::vector<PublicKey>& keys = plan_.config.seed_keys;
    keys.clear();
    for (const NodeId seed : plan_.config.seeds) {
        auto opened = open_identity(identity_path(home_->state(), Role::seed, seed));
        if (auto* error = std::get_if<std::string>(&opened)) return failure(std::move(*error));
        keys.push_back(std::get<Identity>(opened).key);
    }
    return std::nullopt;
}

NodeHost& Supervisor::host(const std::string& name) {
    const HostSettings* const settings = plan_.host(name);
    if (settings == nullptr) return here_;
    return agent(*settings);
}

AgentHost& Supervisor::agent(const HostSettings& settings) {
    auto& agent = agents_[settings.name];
    if (agent) return *agent;
    const std::string shared = plan_.shared_log ? log_folder() + "/outputfile.txt" : "";
    agent = std::make_unique<AgentHost>(loop_, AgentHost::Settings{settings, log_folder() + "/" + settings.name, shared,
                                                                   plan_.toml, seed_list_text(seed_list())});
    return *agent;
}

std::optional<StartFailure> Supervisor::launch(NodeLaunch launch, const std::string& host_name) {
    const NodeId id = launch.id;
    const Role role = launch.role;
    launch.handlers = {[this, id](FromNode line) { handle_line(id, std::move(line)); },
                       [this, id](const NodeEnd& end) { handle_end(id, end); }};
    auto started = host(host_name).start(std::move(launch));
    if (const auto* error = std::get_if<std::string>(&started)) return failure(short_name(id) + ": " + *error);
    const auto& [link, pid, error_path] = std::get<StartedNode>(started);
    ManagedNode node;
    node.id = id;
    node.role = role;
    node.pid = pid;
    node.started = now();
    node.error_path = error_path;
    node.host = host_name;
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
    end = WaitEnd::done;
    if (auto problem = open_home()) return problem;
    auto seeds = bind_seeds();
    if (auto* problem = std::get_if<StartFailure>(&seeds)) return std::move(*problem);
    if (auto problem = expect(Role::seed, std::get<Ids>(seeds), {})) return problem;
    if (auto problem = pin_seed_keys()) return problem;
    if (std::string problem = home_->write_seeds(seed_list()); !problem.empty()) return failure(problem);
    auto peers = bind_peers({plan_.initial_peers, 0, {}}, end);
    if (auto* problem = std::get_if<StartFailure>(&peers)) return std::move(*problem);
    if (auto problem = show_logs(std::get<Ids>(seeds), std::get<Ids>(peers))) return problem;
    Ids ids;
    for (const NodeId id : std::get<Ids>(seeds)) {
        if (auto problem = launch({id, Role::seed, plan_.state_dir.empty(), {}, {}}, {})) return problem;
        ids.push_back(id);
    }
    if (auto problem = launch_peers(std::get<Ids>(peers), {}, ids)) return problem;
    if (auto problem = start_on_hosts(ids, end); problem || end != WaitEnd::done) return problem;
    return await_ready(ids, end);
}

// All agents at once: a connection takes its time.
std::optional<StartFailure> Supervisor::start_on_hosts(Ids& ids, WaitEnd& end) {
    for (const HostSettings& settings : plan_.hosts) {
        if (settings.peers > 0) agent(settings).begin();
    }
    for (const HostSettings& settings : plan_.hosts) {
        if (settings.peers == 0) continue;
        auto bound = bind_peers({settings.peers, 0, settings.name}, end);
        if (auto* problem = std::get_if<StartFailure>(&bound)) return std::move(*problem);
        if (end != WaitEnd::done) return std::nullopt;
        if (auto problem = launch_peers(std::get<Ids>(bound), settings.name, ids)) return problem;
    }
    return std::nullopt;
}

std::optional<StartFailure> Supervisor::launch_peers(const Ids& bound, const std::string& host_name, Ids& ids) {
    if (auto problem = expect(Role::peer, bound, host_name)) return problem;
    for (const NodeId id : bound) {
        if (auto problem = launch({id, Role::peer, false, {}, {}}, host_name)) return problem;
        ids.push_back(id);
    }
    return std::nullopt;
}

std::variant<std::vector<NodeId>, StartFailure> Supervisor::add_peers(const PeerRequest& request, WaitEnd& end) {
    auto bound = bind_peers(request, end);
    if (end != WaitEnd::done || std::holds_alternative<StartFailure>(bound)) return bound;
    Ids ids;
    auto problem = launch_peers(std::get<Ids>(bound), request.host, ids);
    if (!problem) problem = await_ready(ids, end);
    if (!problem) return ids;
    for (const NodeId id : ids) kill(id);
    return std::move(*problem);
}

std::variant<NodeId, StartFailure> Supervisor::launch_peer() {
    WaitEnd end{};
    auto bound = bind_peers({}, end);
    if (auto* problem = std::get_if<StartFailure>(&bound)) return std::move(*problem);
    Ids ids;
    if (auto problem = launch_peers(std::get<Ids>(bound), {}, ids)) return std::move(*problem);
    return ids.front();
}

std::optional<StartFailure> Supervisor::relaunch(NodeId id, WaitEnd& end) {
    const Role role = nodes_[id].role;
    const std::string where = nodes_[id].host;
    const Listening heard = host(where).listen({id}, 1, end);
    if (end != WaitEnd::done) return std::nullopt;
    if (heard.bound.empty()) {
        const std::string why = heard.problem.empty() ? std::strerror(EADDRINUSE) : heard.problem;
        return failure(short_name(id) + ": cannot listen on its port again: " + why);
    }
    const Incarnation last = role == Role::peer ? view_.find(id)->incarnation : Incarnation::none;
    return launch({id, role, false, last, {}}, where);
}

std::optional<StartFailure> Supervisor::restart(const std::vector<NodeId>& ids, WaitEnd& end) {
    for (const NodeId id : ids) {
        if (!ended(id)) kill(id);
    }
    const auto all_ended = [&] { return std::all_of(ids.begin(), ids.end(), [&](NodeId id) { return ended(id); }); };
    end = loop_.run_until(all_ended);
    if (end != WaitEnd::done) return std::nullopt;
    for (const NodeId id : ids) {
        if (auto problem = relaunch(id, end); problem || end != WaitEnd::done) return problem;
    }
    return await_ready(ids, end);
}

// ---------------------------------------------------------------- what nodes say

void Supervisor::handle_line(NodeId id, FromNode line) {
    ++version_;
    ManagedNode& node = nodes_[id];
    if (std::holds_alternative<NodeReady>(line)) {
        node.ready = true;
        node.pid = std::get<NodeReady>(line).pid;
        if (view_.find(id)->state == NodeState::starting) set_state(id, NodeState::alive);
        if (!faults().empty()) send_faults(id);
        // A recovered seed's list is not in any event.
        if (node.role == Role::seed) links_[id]->send(StatusCommand{next_seq_++});
    } else if (auto* event = std::get_if<NodeEvent>(&line)) {
        event->node = id;
        view_.apply(*event);
        observers_.event(*event);
        if (traits(event->notice.kind).read_by(notice_reader::status)) links_[id]->send(StatusCommand{next_seq_++});
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

void Supervisor::handle_end(NodeId id, const NodeEnd& end) {
    ++version_;
    ManagedNode& node = nodes_[id];
    const ExitStatus status = end.status;
    node.end_text = end.text;
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
    node.struck_ns = now().time_since_epoch().count();
    links_[id]->signal(SIGKILL);
}

void Supervisor::pause(NodeId id) {
    nodes_[id].struck_ns = now().time_since_epoch().count();
    links_[id]->stop();
    const auto effective = [&] { return links_[id]->stands() || ended(id); };
    if (!effective()) loop_.run_until(effective, stop_timeout);
    if (ended(id)) return;
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
    close_agents();
}

void Supervisor::close_agents() {
    for (auto& [name, agent] : agents_) agent->close();
    const auto gone = [&] {
        return std::all_of(agents_.begin(), agents_.end(), [](const auto& entry) { return entry.second->gone(); });
    };
    if (loop_.run_until(gone, std::chrono::seconds(2)) == WaitEnd::done) return;
    for (auto& [name, agent] : agents_) agent->kill();
    loop_.run_until(gone, std::chrono::seconds(2));
}

// ---------------------------------------------------------------- questions

std::uint64_t Supervisor::say(NodeId id, const std::string& text) {
    const std::uint64_t seq = next_seq_++;
    links_[id]->send(SayCommand{seq, text});
    return seq;
}

WaitEnd Supervisor::refresh_logs(const std::vector<NodeId>& ids) {
    std::map<AgentHost*, std::uint64_t> asked;
    for (const NodeId id : ids) {
        const auto node = nodes_.find(id);
        const auto agent = node == nodes_.end() ? agents_.end() : agents_.find(node->second.host);
        if (agent != agents_.end() && !asked.contains(agent->second.get())) {
            asked[agent->second.get()] = agent->second->ask_logs();
        }
    }
    if (asked.empty()) return WaitEnd::done;
    const auto here = [&] {
        return std::all_of(asked.begin(), asked.end(), [](const auto& a) { return a.first->has_logs(a.second); });
    };
    return loop_.run_until(here, stop_timeout);
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
