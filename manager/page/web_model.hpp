#pragma once
// What the page of a running network knows: frames made as things happen, and a snapshot, so that a viewer that
// missed nothing, one that resumed and one that has just come show the same.

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
    // `news` is called after the feed has grown.
    WebModel(boost::asio::io_context& io, const ManagedNetwork& network, WebFeed& feed, std::function<void()> news);

    // Something was heard; null: something changed that no event tells.
    void take(const NodeEvent* event);
    // Everything as it is now, and the feed brought up to the same point.
    [[nodiscard]] std::string snapshot();

private:
    using Clock = std::chrono::steady_clock;

    void put(std::string_view kind, const std::string& json);
    void schedule_gathering();
    void schedule_compare();
    void compare();
    [[nodiscard]] RunStamp now() const { return {network_.now().time_since_epoch().count(), network_.wall_now()}; }

    const ManagedNetwork& network_;
    WebFeed& feed_;
    std::function<void()> news_;
    boost::asio::steady_timer compare_timer_;
    boost::asio::steady_timer gather_timer_;
    bool compare_due_{false};
    std::uint64_t version_{0};  // of the network's states and faults
    Clock::time_point not_before_{};
    std::map<std::string_view, std::deque<std::string>> past_;  // of each kind the last ones
    PageFrames frames_;
};

}  // namespace gossip
