// One scenario on both drivers: Runtimes over real sockets, disks and clocks, and the simulator. Step by
// step, every node must tell the same story. Compared is what a step settles, not in which order the
// network happened to bring it about.

#include "protocol/notice_traits.hpp"
#include "sim/cluster/cluster.hpp"
#include "tests/node/loopback_network.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <sstream>

using namespace gossip;

namespace {

constexpr std::size_t seeds = 3;
constexpr std::size_t peers = 4;  // with c = 3 the overlay is complete, whatever was drawn

Config scenario_config() {
    Config c = quick_config();
    c.gossip.max_messages = 0;
    return c;
}

// A driver with the scenario's nodes. Nodes are numbered: the seeds by seat, then the peers by start.
class Stage {
public:
    virtual ~Stage() = default;
    virtual void start(std::size_t node) = 0;
    virtual void kill(std::size_t node) = 0;
    virtual void tell(std::size_t node, Event event) = 0;
    virtual bool run_until(const std::function<bool()>& done) = 0;
    // Every notice of this node so far, of all its lives.
    [[nodiscard]] virtual const std::vector<Notice>& notices(std::size_t node) const = 0;
    [[nodiscard]] virtual std::vector<NodeId> ids() const = 0;
};

class RealStage final : public Stage {
public:
    RealStage() : network_(scenario_config(), seeds) {}

    void start(std::size_t node) override {
        if (node >= nodes_.size()) nodes_.resize(node + 1);
        nodes_[node] = node < seeds ? &network_.start_seed(node, fresh(node)) : &network_.start_peer();
    }
    void kill(std::size_t node) override {
        network_.kill(*nodes_[node]);
        earlier_[node] = nodes_[node]->notices;
    }
    void tell(std::size_t node, Event event) override { nodes_[node]->runtime->feed(std::move(event)); }
    bool run_until(const std::function<bool()>& done) override { return network_.run_until(done); }
    const std::vector<Notice>& notices(std::size_t node) const override {
        std::vector<Notice>& all = joined_[node];
        const auto before = earlier_.find(node);
        all = before == earlier_.end() ? std::vector<Notice>{} : before->second;
        const auto& now = nodes_[node]->notices;
        if (before == earlier_.end() || nodes_[node]->runtime) all.insert(all.end(), now.begin(), now.end());
        return all;
    }
    std::vector<NodeId> ids() const override {
        std::vector<NodeId> all;
        for (const auto* node : nodes_) all.push_back(node->id);
        return all;
    }

private:
    [[nodiscard]] bool fresh(std::size_t node) const { return !earlier_.contains(node); }

    LoopbackNetwork network_;
    std::vector<LoopbackNetwork::Node*> nodes_;
    std::map<std::size_t, std::vector<Notice>> earlier_;
    mutable std::map<std::size_t, std::vector<Notice>> joined_;
};

class SimulatedStage final : public Stage, private sim::Observer {
public:
    SimulatedStage() : cluster_(options()) { cluster_.sim().observe(this); }

    void start(std::size_t node) override {
        cluster_.start(node < seeds || has(node) ? id(node) : cluster_.add_peer());
    }
    void kill(std::size_t node) override { cluster_.crash(id(node)); }
    void tell(std::size_t node, Event event) override { cluster_.sim().feed(id(node), std::move(event)); }
    bool run_until(const std::function<bool()>& done) override {
        return cluster_.run_until(done, std::chrono::seconds(60));
    }
    const std::vector<Notice>& notices(std::size_t node) const override { return notices_[id(node)]; }
    std::vector<NodeId> ids() const override {
        std::vector<NodeId> all(cluster_.seeds().begin(), cluster_.seeds().end());
        all.insert(all.end(), cluster_.peers().begin(), cluster_.peers().end());
        return all;
    }

private:
    static sim::ClusterOptions options() {
        sim::ClusterOptions o;
        o.config = scenario_config();
        o.seeds = seeds;
        return o;
    }
    [[nodiscard]] bool has(std::size_t node) const { return node < seeds + cluster_.peers().size(); }
    [[nodiscard]] NodeId id(std::size_t node) const { return ids()[node]; }
    void on_step(Time, NodeId node, const Event&, const Effects& effects) override {
        auto& all = notices_[node];
        all.insert(all.end(), effects.notices.begin(), effects.notices.end());
    }

    sim::Cluster cluster_;
    mutable std::map<NodeId, std::vector<Notice>> notices_;
};

// What a step settles at a node, however the network's delays fall.
bool settles(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::seed_started:
        case NoticeKind::seed_recovered:
        case NoticeKind::seed_voting:
        case NoticeKind::member_added:
        case NoticeKind::member_removed:
        case NoticeKind::epoch_applied:
        case NoticeKind::peer_started:
        case NoticeKind::registering:
        case NoticeKind::registration_complete:
        case NoticeKind::peer_active:
        case NoticeKind::link_up:
        case NoticeKind::link_down:
        case NoticeKind::epoch_learned:
        case NoticeKind::said:
        case NoticeKind::delivered:
        case NoticeKind::forwarded:
        case NoticeKind::leaving:
            return true;
        default:
            return false;
    }
}

// The step's facts of each node in words, with numbered nodes for addresses.
class Story {
public:
    explicit Story(Stage& stage) : stage_(stage) {}

    void step(const std::string& title, const std::function<void()>& act, const std::function<bool()>& settled) {
        act();
        const bool came = stage_.run_until(settled);
        lines_.push_back("== " + title + (came ? "" : ": never settled"));
        // Who hears a message twice is chance, how often it is heard twice is not.
        if (const std::size_t twice = total(NoticeKind::duplicate)) {
            lines_.push_back("   heard again: " + std::to_string(twice));
        }
        for (std::size_t node = 0; node < stage_.ids().size(); ++node) tell(node);
    }
    [[nodiscard]] std::string text() const {
        std::string all;
        for (const std::string& line : lines_) all += line + "\n";
        return all;
    }
    // Facts of a kind since the step began.
    [[nodiscard]] std::size_t fresh(std::size_t node, NoticeKind kind) const {
        const auto& all = stage_.notices(node);
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(told(node));
        return static_cast<std::size_t>(std::count_if(from, all.end(), [kind](auto& n) { return n.kind == kind; }));
    }
    [[nodiscard]] std::size_t total(NoticeKind kind) const {
        std::size_t sum = 0;
        for (std::size_t node = 0; node < stage_.ids().size(); ++node) sum += fresh(node, kind);
        return sum;
    }

private:
    [[nodiscard]] std::size_t told(std::size_t node) const {
        const auto at = told_.find(node);
        return at == told_.end() ? 0 : at->second;
    }
    [[nodiscard]] std::string name(NodeId id) const {
        const std::vector<NodeId> ids = stage_.ids();
        const auto at = std::find(ids.begin(), ids.end(), id);
        if (at == ids.end()) return id == NodeId::none ? "-" : "?";
        const auto index = static_cast<std::size_t>(at - ids.begin());
        return index < seeds ? "s" + std::to_string(index) : "p" + std::to_string(index - seeds);
    }
    [[nodiscard]] std::string words(const Notice& n) const {
        std::ostringstream out;
        out << "   " << kind_name(n.kind);
        if (n.subject != NodeId::none) out << " " << name(n.subject);
        if (n.epoch != 0) out << " epoch " << n.epoch;
        if (n.kind == NoticeKind::link_up || n.kind == NoticeKind::link_down) out << " with " << name(n.other);
        if (n.kind == NoticeKind::member_removed) out << " " << notice_text(n);
        if (n.kind == NoticeKind::epoch_applied || n.kind == NoticeKind::seed_recovered) out << " of " << n.count;
        if (n.kind == NoticeKind::forwarded) out << " to " << n.count;
        if (n.rumor) out << " \"" << n.rumor->text << "\"";
        return out.str();
    }
    void tell(std::size_t node) {
        const auto& all = stage_.notices(node);
        std::map<std::string, std::size_t> facts;
        for (std::size_t i = told(node); i < all.size(); ++i) {
            if (settles(all[i].kind)) ++facts[words(all[i])];
        }
        told_[node] = all.size();
        if (!facts.empty()) lines_.push_back(name(stage_.ids()[node]) + ":");
        for (const auto& [fact, count] : facts) {
            lines_.push_back(fact + (count > 1 ? " x" + std::to_string(count) : ""));
        }
    }

    Stage& stage_;
    std::map<std::size_t, std::size_t> told_;
    std::vector<std::string> lines_;
};

std::string play(Stage& stage) {
    Story story(stage);
    const auto all = [](std::size_t from, std::size_t to, const auto& holds) {
        for (std::size_t node = from; node < to; ++node) {
            if (!holds(node)) return false;
        }
        return true;
    };
    const auto each = [&](std::size_t from, std::size_t to, NoticeKind kind, std::size_t times = 1) {
        return all(from, to, [&](std::size_t node) { return story.fresh(node, kind) >= times; });
    };
    // Of 2E - (n - 1) sends in the complete overlay all but n - 1 are second copies.
    constexpr std::size_t duplicates = peers * (peers - 1) - 2 * (peers - 1);
    constexpr std::size_t first = seeds;         // the first peer
    constexpr std::size_t last = seeds + peers;  // one past the last
    story.step(
        "three seeds start",
        [&] {
            for (std::size_t seat = 0; seat < seeds; ++seat) stage.start(seat);
        },
        [&] { return each(0, seeds, NoticeKind::seed_voting); });
    for (std::size_t node = first; node < last; ++node) {
        const std::size_t known = node - first;
        story.step(
            "p" + std::to_string(known) + " joins", [&] { stage.start(node); },
            [&] {
                return each(0, seeds, NoticeKind::epoch_applied) && each(first, node, NoticeKind::epoch_learned) &&
                       each(node, node + 1, NoticeKind::registration_complete) &&
                       each(node, node + 1, NoticeKind::link_up, known) && each(first, node, NoticeKind::link_up);
            });
    }
    story.step(
        "p0 speaks", [&] { stage.tell(first, Publish{"hello"}); },
        [&] {
            return each(first + 1, last, NoticeKind::delivered) && story.total(NoticeKind::duplicate) == duplicates;
        });
    story.step(
        "s2 dies and p1 speaks",
        [&] {
            stage.kill(2);
            stage.tell(first + 1, Publish{"again"});
        },
        [&] {
            return each(first, first + 1, NoticeKind::delivered) && each(first + 2, last, NoticeKind::delivered) &&
                   story.total(NoticeKind::duplicate) == duplicates;
        });
    story.step(
        "s2 comes back", [&] { stage.start(2); }, [&] { return each(2, 3, NoticeKind::seed_voting); });
    story.step(
        "p3 is killed", [&] { stage.kill(last - 1); },
        [&] {
            return each(0, seeds, NoticeKind::member_removed) && each(first, last - 1, NoticeKind::epoch_learned) &&
                   each(first, last - 1, NoticeKind::link_down);
        });
    story.step(
        "p2 leaves", [&] { stage.tell(last - 2, LeaveRequested{}); },
        [&] {
            return each(0, seeds, NoticeKind::member_removed) && each(first, last - 2, NoticeKind::epoch_learned) &&
                   each(first, last - 2, NoticeKind::link_down) && each(last - 2, last - 1, NoticeKind::leaving);
        });
    return story.text();
}

}  // namespace

TEST_CASE("the same scenario tells the same story over real sockets and over virtual time") {
    RealStage real;
    SimulatedStage simulated;
    const std::string over_sockets = play(real);
    const std::string over_virtual_time = play(simulated);
    CHECK(over_sockets == over_virtual_time);
    CHECK(over_sockets.find("never settled") == std::string::npos);
    CHECK(over_sockets.find("heard again: 6") != std::string::npos);
}
