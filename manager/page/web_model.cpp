#include "manager/page/web_model.hpp"

#include <algorithm>
#include <array>

namespace gossip {
namespace {

constexpr auto compare_delay = std::chrono::milliseconds(50);
constexpr int compare_share = 20;  // comparing takes at most 1/20 of the manager's time
// How many frames of each kind a new viewer gets.
constexpr std::array<std::pair<std::string_view, std::size_t>, 5> kept{
    {{"line", 200}, {"notice", 500}, {"wave", 1500}, {"change", 200}, {"fault", 100}}};
constexpr std::size_t waves_a_second = 500;

std::string joined(const std::deque<std::string>& objects) {
    std::string out;
    for (const std::string& object : objects) out += (out.empty() ? "" : ",") + object;
    return "[" + out + "]";
}

PageFrames::Facts facts_of(const ManagedNetwork& network) {
    const auto pid = [&network](NodeId id) {
        const ManagedNode* node = network.find(id);
        return node == nullptr ? 0 : node->pid;
    };
    return {pid, [&network](NodeId id) { return network.faults().faults_of(id); }};
}

}  // namespace

WebModel::WebModel(boost::asio::io_context& io, const ManagedNetwork& network, WebFeed& feed,
                   std::function<void()> news)
    : network_(network),
      feed_(feed),
      news_(std::move(news)),
      compare_timer_(io),
      release_timer_(io),
      frames_(network.view(), facts_of(network), waves_a_second,
              [this](std::string_view kind, const std::string& json) { put(kind, json); }) {
    compare();
}

void WebModel::put(std::string_view kind, const std::string& json) {
    feed_.add(kind, json);
    for (const auto& [name, most] : kept) {
        if (name != kind) continue;
        std::deque<std::string>& past = past_[name];
        past.push_back(json);
        if (past.size() > most) past.pop_front();
    }
    news_();
}

void WebModel::end(const std::string& run) {
    if (ended_) return;
    catch_up();
    ended_ = true;
    put("ended", JsonObject().number("t", now().mono_ns / 1000).number("wall", now().wall).text("run", run).done());
}

void WebModel::apply(const NodeEvent* event) {
    if (ended_) return;
    if (event == nullptr && std::exchange(version_, network_.version()) != network_.version())
        frames_.compare_states(now());
    if (event == nullptr || frames_.apply(*event)) schedule_compare();
    if (frames_.release_due()) schedule_release();
}

void WebModel::schedule_release() {
    const Duration left{*frames_.release_due() - now().mono_ns};
    if (release_timer_.expiry() > Clock::now()) return;
    release_timer_.expires_after(std::max(left, Duration::zero()) + std::chrono::milliseconds(1));
    release_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !ended_ && frames_.release_due()) frames_.release(now());
    });
}

void WebModel::schedule_compare() {
    if (std::exchange(compare_due_, true)) return;
    compare_timer_.expires_at(std::max(Clock::now() + compare_delay, not_before_));
    compare_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !ended_) compare();
    });
}

void WebModel::compare() {
    const auto start = Clock::now();
    compare_due_ = false;
    frames_.compare(now());
    const auto end = Clock::now();
    not_before_ = end + compare_share * (end - start);
}

void WebModel::catch_up() {
    if (compare_due_ && !ended_) compare();
}

std::string WebModel::snapshot() {
    catch_up();
    JsonObject out;
    const RunStamp at = now();
    out.text("event", feed_.id(feed_.newest())).number("t", at.mono_ns / 1000).number("wall", at.wall);
    out.raw("cluster", frames_.cluster_json()).raw("nodes", frames_.nodes_json());
    for (const auto& [name, most] : kept) out.raw(std::string(name) + "s", joined(past_[name]));
    return out.done();
}

}  // namespace gossip
