#pragma once
// What the page knows: each node and the whole as JSON, kept by comparing, so that a viewer that missed
// nothing, one that resumed and one that has just come show the same; and what happened, as it happens.

#include "manager/live_log.hpp"
#include "manager/managed_network.hpp"
#include "manager/web_feed.hpp"

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <map>

namespace gossip {

// The feed's events, each with a JSON object:
//   node     one node as it now is: id name role state listed epoch digest links suspects faults …
//   cluster  the list that a quorum agrees on, and how many seeds hold it
//   line     a notable event in words: mark, text, wall
//   notice   a step of membership or detection: kind node subject other epoch wall …
//   wave     a message said or received: message node from hop; left out where there are too many to be seen
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

    void take_lines(const NodeEvent& event);
    void take_wave(const NodeEvent& event);
    void take_notice(const NodeEvent& event);
    void gather();
    void schedule_compare();
    void compare();
    void compare_node(const NodeView& node, const Agreement& list);
    void tell_state(const NodeView& node);
    void add_line(char mark, const std::string& text);
    void remember(std::deque<std::string>& past, std::string_view kind, std::string json);
    bool wave_allowed();

    const ManagedNetwork& network_;
    WebFeed& feed_;
    std::function<void()> news_;
    boost::asio::steady_timer compare_timer_;
    boost::asio::steady_timer gather_timer_;
    bool compare_due_{false};
    Clock::time_point not_before_{};
    LiveLog live_;
    std::map<NodeId, std::string> nodes_;  // as the viewers know them
    std::map<NodeId, NodeState> states_;
    std::string cluster_;
    std::deque<std::string> lines_;  // the last ones, for who has just come
    std::deque<std::string> notices_;
    Clock::time_point wave_window_{};
    std::size_t waves_{0};
};

}  // namespace gossip
