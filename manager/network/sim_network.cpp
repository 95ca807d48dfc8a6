#include "manager/network/sim_network.hpp"

#include "node/base/clock.hpp"
#include "node/wire/wire.hpp"
#include "protocol/notice_traits.hpp"
#include "protocol/quorum.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

namespace gossip {
namespace {

constexpr Duration glance = std::chrono::milliseconds(1);  // how often a condition is looked at

constexpr NodeId loopback(std::uint16_t port) { return node_id({0x7f000001, port}); }

std::size_t wire_size(const Message& message) {
    static const sim::SimCrypto crypto(1);
    const auto* passed_on = std::get_if<msg::Gossip>(&message);
    if (passed_on == nullptr || passed_on->sender != NodeId::none) {
        return encode(message, crypto, SimNetwork::midnight).size();
    }
    msg::Gossip named = *passed_on;
    named.sender = named.rumor->origin;  // an address like any other
    return encode(named, crypto, SimNetwork::midnight).size();
}

sim::ClusterOptions cluster_options(const SimNetworkOptions& options, const NetworkPlan& plan) {
    sim::ClusterOptions o;
    o.sim.seed = plan.seed;
    o.sim.network = options.network;
    o.sim.wall_at_zero = SimNetwork::midnight;
    o.config = plan.config;
    return o;
}

sim::Impairment impairment_of(const LinkFault& f) {
    return {f.delay, f.jitter, f.loss, f.duplicate, f.reorder, f.bytes_per_second};
}

}  // namespace

SimNetwork::SimNetwork(EventLoop& loop, SimNetworkOptions options, NetworkPlan plan, Observers observers)
    : ManagedNetwork(std::move(plan), std::move(observers)),
      loop_(loop),
      cluster_(cluster_options(options, plan_)),
      progress_(options.progress ? options.progress : [](const sim::Simulator&, bool) {}),
      logs_(options.log_folder, plan_.log_level),
      next_port_(plan_.peer_ports.first) {
    cluster_.sim().network().set_size_of(wire_size);
    rules_ = sim::rules_under(options.network.link, false);
    if (options.check) watch_.emplace(cluster_, rules_, options.canary);
    cluster_.sim().observe(this);
}

WallMs SimNetwork::wall_now() const {
    return midnight + std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
}

std::string SimNetwork::log_path(NodeId id) const {
    const NodeView* node = view_.find(id);
    return logs_.file(node == nullptr ? Role::peer : node->role, id);
}

std::string SimNetwork::last_error_line(const ManagedNode&) const { return {}; }

// ---------------------------------------------------------------- starting

void SimNetwork::launch(NodeId id, Role role) {
    ManagedNode node;
    node.id = id;
    node.role = role;
    node.ready = true;
    node.started = now();
    nodes_[id] = std::move(node);
    node_started(id, role);
    set_state(id, NodeState::alive);
    cluster_.start(id);
    if (role == Role::seed && !ended(id)) read_status(id);  // a recovered list is in no event
}

std::optional<StartFailure> SimNetwork::start_network(WaitEnd& end) {
    end = WaitEnd::done;
    for (const NodeId seed : plan_.config.seeds) launch(seed, Role::seed);
    auto peers = add_peers({plan_.initial_peers, 0, {}}, end);
    if (auto* problem = std::get_if<StartFailure>(&peers)) return std::move(*problem);
    return std::nullopt;
}

// As the supervisor: ports not used before come first.
std::variant<NodeId, StartFailure> SimNetwork::next_free_peer() {
    for (int round = 0; round < 2; ++round) {
        const bool reuse = round == 1;
        if (reuse) next_port_ = plan_.peer_ports.first;
        for (; next_port_ <= plan_.peer_ports.last && next_port_ != 0; ++next_port_) {
            const NodeId id = loopback(next_port_);
            if (nodes_.contains(id) && (!reuse || !ended(id))) continue;
            ++next_port_;
            return id;
        }
    }
    return StartFailure{"no free port in " + std::to_string(plan_.peer_ports.first) + "-" +
                        std::to_string(plan_.peer_ports.last) + "; see ports.peers"};
}

std::variant<NodeId, StartFailure> SimNetwork::choose_peer(std::uint16_t port) {
    if (port == 0) return next_free_peer();
    const NodeId id = loopback(port);
    const bool seed = std::ranges::find(plan_.config.seeds, id) != plan_.config.seeds.end();
    if (seed || (nodes_.contains(id) && !ended(id))) return StartFailure{short_name(id) + " is running already"};
    return id;
}

std::variant<std::vector<NodeId>, StartFailure> SimNetwork::add_peers(const PeerRequest& request, WaitEnd& end) {
    end = WaitEnd::done;
    if (!request.host.empty()) return StartFailure{"a simulated network is on no host; leave out --host"};
    std::uint16_t port = request.port;
    std::vector<NodeId> ids;
    for (std::size_t i = 0; i < request.count; ++i) {
        auto id = choose_peer(port);
        if (auto* problem = std::get_if<StartFailure>(&id)) return std::move(*problem);
        ids.push_back(std::get<NodeId>(id));
        if (port != 0) ++port;
    }
    for (const NodeId id : ids) {
        if (!nodes_.contains(id)) cluster_.add_peer(id);
        launch(id, Role::peer);
    }
    return ids;
}

std::variant<NodeId, StartFailure> SimNetwork::launch_peer() {
    WaitEnd end{};
    auto ids = add_peers({}, end);
    if (auto* problem = std::get_if<StartFailure>(&ids)) return std::move(*problem);
    return std::get<std::vector<NodeId>>(ids).front();
}

std::optional<StartFailure> SimNetwork::restart(const std::vector<NodeId>& ids, WaitEnd& end) {
    end = WaitEnd::done;
    for (const NodeId id : ids) {
        if (!ended(id)) kill(id);
    }
    for (const NodeId id : ids) launch(id, nodes_[id].role);
    return std::nullopt;
}

// ---------------------------------------------------------------- what nodes do

void SimNetwork::on_wire(Time, NodeId from, NodeId, const SharedMessage&) {
    ++nodes_[from].status.transport.messages_sent;
}

void SimNetwork::on_step(Time now, NodeId id, const Event& event, const Effects& effects) {
    if (std::holds_alternative<Received>(event)) ++nodes_[id].status.transport.messages_received;
    for (const Notice& notice : effects.notices) take_notice(now, id, notice);
    if (std::holds_alternative<Publish>(event)) answer_say(id, effects);
}

void SimNetwork::take_notice(Time now, NodeId id, const Notice& notice) {
    ++version_;
    const NodeEvent event{now.time_since_epoch().count(), wall_now(), id, notice};
    logs_.notice(event.wall, nodes_[id].role, id, notice);
    view_.apply(event);
    observers_.event(event);
    if (traits(notice.kind).read_by(notice_reader::status)) read_status(id);
}

void SimNetwork::on_stopped(Time now, NodeId id, sim::StopKind how) {
    ManagedNode& node = nodes_[id];
    being_said_.erase(id);
    if (how == sim::StopKind::finished) {
        Notice stopped{NoticeKind::stopped};
        stopped.role = node.role;
        take_notice(now, id, stopped);
    }
    const bool died = how == sim::StopKind::fatal && !node.end_expected;
    node.end_text = died ? "it found an invariant broken" : how == sim::StopKind::crashed ? "SIGKILL" : "exit code 0";
    set_state(id, died ? NodeState::died : how == sim::StopKind::crashed ? NodeState::killed : NodeState::left);
    if (died) observers_.died(node);
}

void SimNetwork::read_status(NodeId id) {
    NodeStatus& status = nodes_[id].status;
    status.id = id;
    if (const SeedMachine* seed = cluster_.seed(id)) {
        status.seed = seed->status();
        status.members = seed->members();
    } else if (const PeerMachine* peer = cluster_.peer(id)) {
        status.peer = peer->status();
    }
    status.transport.fault_lost = cluster_.sim().lost(id);
    status.transport.fault_held = cluster_.sim().held(id);
    ++version_;
    view_.apply(status);
    record_status(status);
    observers_.changed();
}

WaitEnd SimNetwork::refresh(const std::vector<NodeId>& ids) {
    for (const NodeId id : ids) {
        if (nodes_.contains(id) && view_.find(id)->state == NodeState::alive) read_status(id);
    }
    return WaitEnd::done;
}

// ---------------------------------------------------------------- what is done to them

// From now on a live peer may look dead; by impaired links even to seeds that do reach it.
void SimNetwork::disturb(bool probes_too) {
    rules_.accuracy_expected = false;
    if (probes_too) rules_.probes_reliable = false;
    if (watch_) watch_->set_rules(rules_);
}

void SimNetwork::kill(NodeId id) {
    disturb(false);
    nodes_[id].end_expected = true;
    nodes_[id].struck_ns = now().time_since_epoch().count();
    cluster_.crash(id);
}

void SimNetwork::pause(NodeId id) {
    disturb(false);
    nodes_[id].struck_ns = now().time_since_epoch().count();
    cluster_.sim().pause(id);
    set_state(id, NodeState::paused);
}

void SimNetwork::resume(NodeId id) {
    cluster_.sim().resume(id);
    set_state(id, NodeState::alive);
}

void SimNetwork::ask_to_stop(NodeId id) {
    nodes_[id].end_expected = true;
    cluster_.sim().resume(id);  // a paused one could not hear it
    set_state(id, NodeState::leaving);
    cluster_.sim().feed(id, LeaveRequested{});
}

bool SimNetwork::at_rest() const {
    const auto stands_still = [](const auto& entry) { return entry.second.state == NodeState::paused; };
    const auto& nodes = view_.nodes();
    return faults().empty() && std::none_of(nodes.begin(), nodes.end(), stands_still) &&
           cluster_.live_seeds().size() >= majority(cluster_.seeds().size());
}

// Liveness is only promised where nothing is broken any more and a quorum of seeds is up.
std::string SimNetwork::await_convergence(WaitEnd& end) {
    constexpr Duration glance = std::chrono::milliseconds(200);
    end = WaitEnd::done;
    if (!watch_ || !at_rest()) return {};
    const auto core = cluster_.live_seeds();
    const Time limit = now() + sim::Watch::heal_limit(cluster_.config());
    sim::Unmet unmet = watch_->still_unmet(core);
    while (!unmet.none() && !watch_->violation() && now() < limit && end != WaitEnd::interrupted &&
           end != WaitEnd::terminated) {
        end = run_until([] { return false; }, glance);
        unmet = watch_->still_unmet(core);
    }
    if (watch_->violation()) return "invariant " + to_string(*watch_->violation());
    if (unmet.none() || end == WaitEnd::interrupted || end == WaitEnd::terminated) return {};
    return "invariant " + to_string(sim::Violation{unmet.invariant, now(), unmet.nodes, "not healed: " + unmet.text});
}

// Nobody is left to see how they leave.
void SimNetwork::shutdown(Duration) {}

std::uint64_t SimNetwork::say(NodeId id, const std::string& text) {
    const std::uint64_t seq = next_seq_++;
    if (nodes_[id].role == Role::seed) {
        keep_reply({seq, false, "a seed does not gossip; say it at a peer"});
        return seq;
    }
    being_said_[id].push_back(seq);
    cluster_.publish(id, text);
    return seq;
}

void SimNetwork::answer_say(NodeId id, const Effects& effects) {
    auto& waiting = being_said_[id];
    if (waiting.empty()) return;
    NodeReply reply{waiting.front(), true, {}};
    waiting.pop_front();
    for (const Notice& n : effects.notices) {
        if (n.kind == NoticeKind::publish_refused) reply.ok = false, reply.text = n.text;
        if (n.kind == NoticeKind::said) reply.text = n.rumor->id;
    }
    ++version_;
    keep_reply(std::move(reply));
}

std::optional<std::uint64_t> SimNetwork::send_faults(NodeId id) {
    const auto links_of = [id](const auto& table) {
        const auto first = table.lower_bound({id, NodeId::none});
        auto last = first;
        while (last != table.end() && last->first.first == id) ++last;
        return std::map<FaultTable::Link, LinkFault>(first, last);
    };
    const auto wanted = links_of(faults().links());
    for (const auto& [link, before] : links_of(applied_)) {
        if (wanted.contains(link)) continue;
        apply_fault(link.first, link.second, before, {});
        applied_.erase(link);
    }
    for (const auto& [link, fault] : wanted) {
        apply_fault(link.first, link.second, std::exchange(applied_[link], fault), fault);
    }
    if (ended(id)) return std::nullopt;
    log_faults(id);
    const std::uint64_t seq = next_seq_++;
    keep_reply({seq, true, {}});
    return seq;
}

void SimNetwork::apply_fault(NodeId from, NodeId to, const LinkFault& before, const LinkFault& after) {
    sim::Simulator& sim = cluster_.sim();
    const sim::Impairment impairment = impairment_of(after);
    disturb(!(impairment == sim::Impairment{}));
    sim.impair(from, to, impairment);
    if (after.cut && !before.cut) sim.block(from, to);
    if (!after.cut && before.cut) sim.unblock(from, to);
}

void SimNetwork::log_faults(NodeId id) {
    const auto rules = faults().rules_of(id);
    const auto say_so = [&](const std::string& text) {
        logs_.info(wall_now(), nodes_[id].role, id, "FAULTS: " + text);
    };
    if (rules.empty()) say_so("none any more");
    for (const FaultRule& rule : rules) {
        std::string names;
        for (const NodeId node : rule.nodes) names += (names.empty() ? "" : ", ") + node_name(node);
        say_so(fault_text(rule.fault) + " to " + names);
    }
}

// ---------------------------------------------------------------- time

void SimNetwork::call_after(Duration delay, std::function<void()> action) {
    cluster_.sim().at(now() + delay, std::move(action));
}

// A millisecond may hold events without end: of timers of a nanosecond, of links without latency.
bool SimNetwork::pass_some(Time end, std::optional<WaitEnd>& cut_short) {
    constexpr std::uint64_t events_at_once = 1'000;
    const auto next = cluster_.sim().next_time();
    if (!next || *next > end) return false;
    const Time look = std::chrono::floor<std::chrono::milliseconds>(*next) + glance;
    while (!cluster_.sim().run_some(std::min(look, end), events_at_once)) {
        if ((cut_short = loop_.poll())) return false;
    }
    if (watch_ && watch_->violation() && !broken_) {
        broken_ = true;
        ++version_;
        observers_.broken("invariant " + to_string(*watch_->violation()));
    }
    return !broken_;
}

WaitEnd SimNetwork::run_until(const std::function<bool()>& done, std::optional<Duration> timeout) {
    const WaitEnd end = simulate_until(done, timeout);
    progress_(cluster_.sim(), false);
    return end;
}

WaitEnd SimNetwork::simulate_until(const std::function<bool()>& done, std::optional<Duration> timeout) {
    constexpr auto signals_every = std::chrono::milliseconds(5);
    const Time end = timeout ? now() + *timeout : Time::max();
    std::uint64_t seen = version_;
    auto looked = std::chrono::steady_clock::now();
    if (done()) return WaitEnd::done;
    std::optional<WaitEnd> cut_short = loop_.poll();
    if (cut_short) return *cut_short;
    while (pass_some(end, cut_short)) {
        if (std::exchange(seen, version_) != version_ && done()) return WaitEnd::done;
        const auto wall = std::chrono::steady_clock::now();
        if (wall - looked < signals_every) continue;
        looked = wall;
        progress_(cluster_.sim(), true);
        if ((cut_short = loop_.poll())) return *cut_short;
    }
    if (cut_short) return *cut_short;
    if (timeout && !broken_) cluster_.sim().run_until(end);
    return done() ? WaitEnd::done : WaitEnd::timed_out;
}

}  // namespace gossip
