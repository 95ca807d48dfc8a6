#pragma once
// The frames of a running network as they arise, and a snapshot for viewers that start in the middle: a viewer shows
// the same whether it saw all frames, resumed, or has just connected.

#include "manager/network/managed_network.hpp"
#include "manager/page/web_feed.hpp"
#include "manager/runs/page_frames.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <map>

namespace gossip {

class WebModel {
public:
    // Calls `news` after each frame added to the feed.
    WebModel(boost::asio::io_context& io, const ManagedNetwork& network, WebFeed& feed, std::function<void()> news);

    // Null: the network changed without an event.
    void apply(const NodeEvent* event);
    // The whole state, after bringing the feed up to the same point.
    [[nodiscard]] std::string snapshot();
    // Brings the feed up to the present.
    void catch_up();
    // The network is ended: the last frame says so, and where the run is recorded.
    void end(const std::string& run);

private:
    using Clock = std::chrono::steady_clock;

    void put(std::string_view kind, const std::string& json);
    void schedule_release();
    void schedule_compare();
    void compare();
    [[nodiscard]] RunStamp now() const { return {network_.now().time_since_epoch().count(), network_.wall_now()}; }

    const ManagedNetwork& network_;
    WebFeed& feed_;
    std::function<void()> news_;
    boost::asio::steady_timer compare_timer_;
    boost::asio::steady_timer release_timer_;
    bool compare_due_{false};
    bool ended_{false};
    std::uint64_t version_{0};  // of the network's states and faults
    Clock::time_point not_before_{};
    std::map<std::string_view, std::deque<std::string>> past_;  // of each kind the last ones
    PageFrames frames_;
};

}  // namespace gossip
