#include "manager/web_model.hpp"

#include "manager/terminal.hpp"
#include "manager/web_json.hpp"

#include <algorithm>

namespace gossip {
namespace {

constexpr auto compare_delay = std::chrono::milliseconds(50);
constexpr auto gather_delay = std::chrono::milliseconds(120);
constexpr int compare_share = 20;  // comparing takes at most one part in so many of the manager's time
constexpr std::size_t lines_kept = 200;
constexpr std::size_t notices_kept = 500;
constexpr std::size_t waves_a_second = 500;

bool is_step(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::proposal_opened:
        case NoticeKind::vote_cast:
        case NoticeKind::approved:
        case NoticeKind::rejected:
        case NoticeKind::outcome_unknown:
        case NoticeKind::report_received:
        case NoticeKind::case_opinion:
        case NoticeKind::member_added:
        case NoticeKind::member_removed:
        case NoticeKind::no_quorum:
        case NoticeKind::quorum_back:
        case NoticeKind::registration_complete:
        case NoticeKind::removed_self:
        case NoticeKind::leaving:
        case NoticeKind::suspected:
        case NoticeKind::statement_given:
        case NoticeKind::peer_consensus:
        case NoticeKind::suspicion_cancelled:
        case NoticeKind::refuted:
        case NoticeKind::dead_reported:
        case NoticeKind::isolated:
        case NoticeKind::isolation_over:
            return true;
        default:
            return false;
    }
}

std::string notice_json(const NodeEvent& event) {
    const Notice& n = event.notice;
    JsonObject json;
    json.text("kind", kind_name(n.kind)).node("node", event.node);
    if (n.subject != NodeId::none) json.node("subject", n.subject);
    if (n.other != NodeId::none) json.node("other", n.other);
    if (n.epoch != 0) json.count("epoch", n.epoch);
    if (n.need != 0) json.count("need", n.need);
    if (n.count != 0) json.count("count", n.count);
    if (n.of != 0) json.count("of", n.of);
    if (!n.text.empty()) json.text("text", n.text);
    return json.flag("yes", n.yes).flag("add", n.add).number("wall", event.wall).number("ns", event.mono_ns).done();
}

std::string node_json(const NodeView& node, const ManagedNode* process, bool listed, const std::string& faults) {
    JsonObject json;
    json.node("id", node.id).text("name", short_name(node.id));
    json.text("role", node.role == Role::seed ? "seed" : "peer").text("state", state_name(node.state));
    json.count("epoch", node.epoch).text("digest", hex(node.digest));
    if (node.role == Role::seed) {
        json.flag("voting", node.voting).count("members", node.members.size());
    } else {
        const bool runs = is_running(node.state);
        json.flag("listed", listed).flag("registered", node.registered);
        json.count("degree", runs ? node.links.size() : 0).nodes("suspects", node.suspects);
        json.nodes("links", runs ? node.links : std::set<NodeId>{});
    }
    if (process != nullptr && is_running(node.state)) json.number("pid", process->pid);
    if (!faults.empty()) json.text("faults", faults);
    return json.done();
}

std::string cluster_json(const ClusterView& view, const Agreement& list) {
    JsonObject json;
    json.count("seeds", view.seed_count()).count("need", list.need).count("supporters", list.supporters);
    json.flag("quorum", list.quorum()).count("epoch", list.epoch).text("digest", hex(list.digest));
    return json.count("members", list.members().size()).done();
}

WallMs wall_now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::string joined(const std::deque<std::string>& objects) {
    std::string out;
    for (const std::string& object : objects) out += (out.empty() ? "" : ",") + object;
    return "[" + out + "]";
}

}  // namespace

WebModel::WebModel(boost::asio::io_context& io, const ManagedNetwork& network, WebFeed& feed,
                   std::function<void()> news)
    : network_(network), feed_(feed), news_(std::move(news)), compare_timer_(io), gather_timer_(io) {
    compare();
    lines_.clear();  // how it started is no news
}

void WebModel::remember(std::deque<std::string>& past, std::string_view kind, std::string json) {
    feed_.add(kind, json);
    const std::size_t most = &past == &lines_ ? lines_kept : notices_kept;
    past.push_back(std::move(json));
    if (past.size() > most) past.pop_front();
    news_();
}

void WebModel::add_line(char mark, const std::string& text) {
    remember(lines_, "line",
             JsonObject().text("mark", std::string(1, mark)).text("text", text).number("wall", wall_now()).done());
}

void WebModel::take(const NodeEvent* event) {
    if (event != nullptr) {
        take_lines(*event);
        take_wave(*event);
        if (is_step(event->notice.kind)) remember(notices_, "notice", notice_json(*event));
    }
    schedule_compare();
}

void WebModel::take_lines(const NodeEvent& event) {
    const bool was_gathering = live_.gathering();
    for (const LiveLine& line : live_.take(event, network_.view())) add_line(line.mark, line.text);
    if (event.notice.kind == NoticeKind::said && event.notice.rumor) {
        add_line('>', short_name(event.node) + " says \"" + shortened(printable(event.notice.rumor->text), 200) + "\"");
    }
    if (was_gathering || !live_.gathering()) return;
    gather_timer_.expires_after(gather_delay);
    gather_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        for (const LiveLine& line : live_.gathered(network_.view())) add_line(line.mark, line.text);
    });
}

bool WebModel::wave_allowed() {
    const auto now = Clock::now();
    if (now - wave_window_ >= std::chrono::seconds(1)) {
        wave_window_ = now;
        waves_ = 0;
    }
    return waves_++ < waves_a_second;
}

void WebModel::take_wave(const NodeEvent& event) {
    const Notice& n = event.notice;
    const bool begins = n.kind == NoticeKind::said || n.kind == NoticeKind::generated;
    if (!n.rumor || (!begins && n.kind != NoticeKind::delivered) || !wave_allowed()) return;
    JsonObject json;
    json.text("message", n.rumor->id).node("node", event.node).flag("typed", n.rumor->typed);
    if (begins) {
        json.text("text", n.rumor->text);
    } else {
        json.node("from", n.other).count("hop", n.hop);
    }
    feed_.add("wave", json.number("ns", event.mono_ns).done());
    news_();
}

void WebModel::schedule_compare() {
    if (std::exchange(compare_due_, true)) return;
    compare_timer_.expires_at(std::max(Clock::now() + compare_delay, not_before_));
    compare_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) compare();
    });
}

void WebModel::tell_state(const NodeView& node) {
    const auto [known, fresh] = states_.try_emplace(node.id, node.state);
    const NodeState before = std::exchange(known->second, node.state);
    if (fresh || before == node.state) return;
    const std::string name = short_name(node.id);
    if (node.state == NodeState::killed) add_line('!', name + " killed");
    if (node.state == NodeState::died) add_line('!', name + " died that nobody killed");
    if (node.state == NodeState::paused) add_line('!', name + " paused");
    if (node.state == NodeState::left) add_line('-', name + " stopped");
    if (node.state == NodeState::alive && before == NodeState::paused) add_line('=', name + " resumed");
    if (node.state == NodeState::starting) add_line('+', name + " starts again");
}

void WebModel::compare_node(const NodeView& node, const Agreement& list) {
    std::string json =
        node_json(node, network_.find(node.id), list.members().contains(node.id), network_.faults().summary(node.id));
    std::string& known = nodes_[node.id];
    if (known == json) return;
    known = std::move(json);
    feed_.add("node", known);
}

void WebModel::compare() {
    const auto start = Clock::now();
    compare_due_ = false;
    const std::uint64_t newest = feed_.newest();
    const ClusterView& view = network_.view();
    const Agreement list = view.agreement();
    for (const auto& [id, node] : view.nodes()) {
        tell_state(node);
        compare_node(node, list);
    }
    if (std::string json = cluster_json(view, list); json != cluster_) {
        cluster_ = std::move(json);
        feed_.add("cluster", cluster_);
    }
    if (feed_.newest() != newest) news_();
    const auto end = Clock::now();
    not_before_ = end + compare_share * (end - start);
}

std::string WebModel::snapshot() {
    if (compare_due_) compare();
    std::string nodes;
    for (const auto& [id, json] : nodes_) nodes += (nodes.empty() ? "" : ",") + json;
    JsonObject out;
    out.text("event", feed_.id(feed_.newest())).number("wall", wall_now()).raw("cluster", cluster_);
    out.raw("nodes", "[" + nodes + "]").raw("lines", joined(lines_)).raw("notices", joined(notices_));
    return out.done();
}

}  // namespace gossip
