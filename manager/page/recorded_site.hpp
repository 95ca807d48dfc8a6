#pragma once
// The page of something that does not run by itself: a run that is over, or the demo.

#include "manager/base/event_loop.hpp"
#include "manager/page/web_access.hpp"

#include <functional>
#include <string>

namespace gossip {

class RecordedSite {
public:
    // `source`: the JSON object that the page asks for first.
    using Source = std::function<std::string()>;
    // What is posted to /act, for those with the token; the answer is a new source, or why there is none.
    using Act = std::function<WebReply(const std::string& body)>;

    // Without `act` the page can only be looked at.
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
    WebFeed feed_;  // nothing happens meanwhile
    WebServer server_;
};

// Until Ctrl-C, which is how it is ended, or a signal; the exit code.
[[nodiscard]] int serve_until_ended(EventLoop& loop);

}  // namespace gossip
