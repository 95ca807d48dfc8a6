#pragma once
// The page of a running network: what each path serves, and to whom.

#include "manager/page/web_access.hpp"
#include "manager/page/web_model.hpp"
#include "manager/page/web_server.hpp"
#include "manager/shell/session.hpp"

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>

namespace gossip {

class WebSite {
public:
    // Made before the network starts, so that the page knows the run from its beginning.
    explicit WebSite(Session& session);
    ~WebSite();
    WebSite(const WebSite&) = delete;
    WebSite& operator=(const WebSite&) = delete;

    // Serves at `listen`, or at another port where that one is taken. The error is one line.
    std::optional<std::string> open(NodeId listen) { return serve_at(server_, listen, token_, url_); }
    // For the user's browser. The token follows the #, so that no request for a page carries it.
    [[nodiscard]] const std::string& url() const { return url_; }

private:
    struct Job;

    void answer(const WebRequest& request, const WebServer::Answer& reply);
    void command(const WebRequest& request, const WebServer::Answer& reply);
    void run_jobs();
    void observe(const NodeEvent* event);
    [[nodiscard]] WebReply get(const WebRequest& request);
    [[nodiscard]] std::string source();
    [[nodiscard]] WebReply events(const std::string& last_event_id);

    Session& session_;
    std::string url_;
    std::string token_;
    WebFeed feed_;
    WebServer server_;
    WebModel model_;
    std::list<std::unique_ptr<Job>> jobs_;
    boost::asio::steady_timer wake_;
};

}  // namespace gossip
