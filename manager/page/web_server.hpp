#pragma once
// HTTP/1.1 for the page, on the manager's event loop. It knows connections, limits and deadlines; what is
// served is the site's business. web_server.cpp is the only file that knows Boost.Beast.

#include "manager/page/web_feed.hpp"
#include "node/base/descriptor.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace gossip {

struct WebRequest {
    std::string method;
    std::string path;
    std::string host;
    std::string origin;
    std::string authorization;
    std::string last_event_id;
    std::string body;
};

struct WebReply {
    unsigned status{200};
    std::string type{"application/json"};
    std::string body;
    // The body is followed by the feed's events behind this one, for as long as the viewer keeps up.
    std::optional<std::uint64_t> follow{};
};

class WebServer {
public:
    // May be called later, not necessarily from within the handler.
    using Answer = std::function<void(WebReply)>;
    using Handler = std::function<void(const WebRequest&, Answer)>;

    // The feed outlives the server.
    WebServer(boost::asio::io_context& io, const WebFeed& feed, Handler handler);
    ~WebServer();
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    // Serves on a socket that listens already.
    void start(FileDescriptor listener);
    // The feed has grown.
    void news();

private:
    struct Impl;
    class Connection;
    std::shared_ptr<Impl> impl_;
};

}  // namespace gossip
