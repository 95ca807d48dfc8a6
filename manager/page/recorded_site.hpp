#pragma once
// The page of a finished run, a lesson or the demo: nothing happens unless the viewer acts.

#include "manager/base/event_loop.hpp"
#include "manager/page/web_access.hpp"

#include <functional>
#include <string>

namespace gossip {

class RecordedSite {
public:
    // `source`: the JSON object that the page requests first.
    using Source = std::function<std::string()>;
    // Handles what a viewer with the token posts to /act; returns the new source, or why there is none.
    using Act = std::function<WebReply(const std::string& body)>;

    // Without `act` the page is read-only.
    RecordedSite(EventLoop& loop, Source source, Act act = {});
    RecordedSite(const RecordedSite&) = delete;
    RecordedSite& operator=(const RecordedSite&) = delete;

    [[nodiscard]] std::optional<std::string> open(NodeId listen) { return serve_at(server_, listen, token_, url_); }
    [[nodiscard]] std::string url() const { return act_ ? url_ : url_.substr(0, url_.find('#')); }

private:
    [[nodiscard]] WebReply answer(const WebRequest& request) const;

    Source source_;
    Act act_;
    std::string token_;
    std::string url_;
    WebFeed feed_;  // stays empty
    WebServer server_;
};

// Serves until Ctrl-C or a signal; returns the exit code.
[[nodiscard]] int serve_until_ended(EventLoop& loop);

}  // namespace gossip
