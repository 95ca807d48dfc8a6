#include "manager/page/web_server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

namespace gossip {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t connection_limit = 64;
constexpr std::size_t header_limit = 16 * 1024;
constexpr std::size_t body_limit = 64 * 1024;
constexpr std::size_t chunk = 64 * 1024;                     // written to a viewer at once
constexpr int send_buffer = 128 * 1024;                      // what the kernel buffers for a viewer that does not read
constexpr auto request_deadline = std::chrono::seconds(30);  // also how long an idle connection is kept
constexpr auto write_deadline = std::chrono::seconds(10);
constexpr auto heartbeat_period = std::chrono::seconds(15);

// The page runs no code from other servers, and no other page can embed it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> safety{{
    {"Content-Security-Policy",
     "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
}};

WebRequest read_request(http::request<http::string_body>&& request) {
    const auto field = [&](http::field name) { return std::string(request[name]); };
    const std::string target(request.target());
    WebRequest out;
    out.method = std::string(request.method_string());
    out.path = target.substr(0, target.find('?'));
    // Of two, another reader might take the other one.
    if (request.count(http::field::host) == 1) out.host = field(http::field::host);
    out.origin = field(http::field::origin);
    out.authorization = field(http::field::authorization);
    out.last_event_id = std::string(request["Last-Event-ID"]);
    // A page cannot set that header for its first request.
    constexpr std::string_view after = "?after=";
    const std::size_t query = target.find(after);
    if (out.last_event_id.empty() && query != std::string::npos)
        out.last_event_id = target.substr(query + after.size());
    out.body = std::move(request.body());
    return out;
}

http::response<http::string_body> make_response(WebReply&& reply, unsigned version, bool keep_alive) {
    http::response<http::string_body> response{http::int_to_status(reply.status), version};
    response.set(http::field::content_type, reply.type);
    for (const auto& [name, value] : safety) response.set(name, value);
    response.keep_alive(keep_alive);
    response.body() = std::move(reply.body);
    response.prepare_payload();
    return response;
}

// The body has no length and ends with the connection.
std::string stream_header() {
    std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n";
    for (const auto& [name, value] : safety) text.append(name).append(": ").append(value).append("\r\n");
    return text + "\r\nretry: 1000\n\n";
}

std::optional<WebReply> reply_to_bad(const error_code& error) {
    const auto say = [](unsigned status, std::string_view text) {
        return WebReply{status, "text/plain; charset=utf-8", std::string(text) + "\n"};
    };
    if (error == http::error::body_limit) return say(413, "a command has at most 64 KiB");
    if (error == http::error::header_limit) return say(431, "the request's header is too long");
    const bool malformed = error.category() == make_error_code(http::error::end_of_stream).category();
    if (!malformed || error == http::error::end_of_stream || error == http::error::partial_message) return {};
    return say(400, "this is not an HTTP request");
}

}  // namespace

struct WebServer::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& context, const WebFeed& events, Handler site)
        : io(context), feed(events), handler(std::move(site)), acceptor(io), retry(io), heartbeat(io) {}

    void accept();
    void take(tcp::socket socket);
    bool make_room();
    void beat();
    void publish();
    void close();

    asio::io_context& io;
    const WebFeed& feed;
    Handler handler;
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    asio::steady_timer heartbeat;
    std::deque<std::shared_ptr<Connection>> connections;  // oldest first
    bool publishing{false};
    bool closed{false};
};

// One connection. It answers requests in turn; once it requested the events it is a viewer.
class WebServer::Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(tcp::socket socket, std::shared_ptr<Impl> server)
        : stream_(std::move(socket)), server_(std::move(server)) {}

    void await_request() {
        parser_.emplace();
        parser_->header_limit(header_limit);
        parser_->body_limit(body_limit);
        stream_.expires_after(request_deadline);
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](const error_code& error, std::size_t) {
            self->take_request(error);
        });
    }

    // Sends a viewer the new events, unless a write is in progress. Disconnects it when the ring dropped its next
    // event.
    void publish() {
        if (!position_) return;
        if (!server_->feed.holds(*position_)) return close();
        if (!writing_) write_events();
    }

    // Keeps the connection alive for the viewer and for proxies in between.
    void beat() {
        if (!position_ || writing_) return;
        out_ = ":\n\n";
        write_out();
    }

    void close() {
        error_code ignored;
        stream_.socket().close(ignored);
        position_.reset();
        std::erase(server_->connections, shared_from_this());
    }

    // A request is being carried out for it.
    [[nodiscard]] bool is_answered() const { return answering_; }

private:
    void take_request(const error_code& error) {
        if (error) {
            auto reply = reply_to_bad(error);
            if (!reply) return close();
            keep_alive_ = false;
            return send(std::move(*reply));
        }
        auto request = parser_->release();
        keep_alive_ = request.keep_alive();
        version_ = request.version();
        stream_.expires_never();
        if (server_->closed) return close();
        answering_ = true;
        server_->handler(read_request(std::move(request)),
                         [self = shared_from_this()](WebReply reply) { self->send(std::move(reply)); });
    }

    void send(WebReply reply) {
        answering_ = false;
        if (server_->closed) return close();
        if (reply.follow) return follow(std::move(reply));
        response_ = make_response(std::move(reply), version_, keep_alive_);
        stream_.expires_after(write_deadline);
        http::async_write(stream_, response_, [self = shared_from_this()](const error_code& error, std::size_t) {
            if (error || !self->keep_alive_) return self->finish();
            self->await_request();
        });
    }

    // Ends the sending direction first, so that the client receives all data.
    void finish() {
        error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        close();
    }

    void follow(WebReply reply) {
        position_ = reply.follow;
        stream_.expires_never();
        await_end();
        out_ = stream_header() + reply.body;
        write_out();
    }

    // A viewer sends nothing; reading detects that it disconnected.
    void await_end() {
        stream_.async_read_some(asio::buffer(discarded_),
                                [self = shared_from_this()](const error_code& error, std::size_t) {
                                    if (error) return self->close();
                                    self->await_end();
                                });
    }

    void write_events() {
        out_.clear();
        server_->feed.read(*position_, chunk, out_);
        if (!out_.empty()) write_out();
    }

    void write_out() {
        writing_ = true;
        stream_.expires_after(write_deadline);  // for this write; the pending read has no deadline
        asio::async_write(stream_, asio::buffer(out_),
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->writing_ = false;
                              if (error) return self->close();
                              self->publish();
                          });
    }

    beast::tcp_stream stream_;
    std::shared_ptr<Impl> server_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
    bool keep_alive_{false};
    bool answering_{false};
    unsigned version_{11};
    // of a viewer
    std::optional<std::uint64_t> position_;  // the last event it was sent
    std::string out_;
    bool writing_{false};
    std::array<char, 512> discarded_{};
};

void WebServer::Impl::accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
        if (self->closed) return;
        if (!error) {
            self->take(std::move(socket));
            return self->accept();
        }
        // Most likely no descriptors are left; others will be closed.
        self->retry.expires_after(std::chrono::milliseconds(200));
        self->retry.async_wait([self](const error_code& cancelled) {
            if (!cancelled && !self->closed) self->accept();
        });
    });
}

void WebServer::Impl::take(tcp::socket socket) {
    if (connections.size() >= connection_limit && !make_room()) return;  // the socket's destructor closes it
    error_code ignored;
    socket.set_option(asio::socket_base::send_buffer_size(send_buffer), ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    const auto connection = std::make_shared<Connection>(std::move(socket), shared_from_this());
    connections.push_back(connection);
    connection->await_request();
}

// The oldest gives way: a viewer comes back by itself, and whoever holds all connections shuts nobody out.
bool WebServer::Impl::make_room() {
    const auto oldest = std::ranges::find_if(connections, [](const auto& one) { return !one->is_answered(); });
    if (oldest == connections.end()) return false;
    const auto kept_alive = *oldest;
    kept_alive->close();
    return true;
}

void WebServer::Impl::beat() {
    heartbeat.expires_after(heartbeat_period);
    heartbeat.async_wait([self = shared_from_this()](const error_code& error) {
        if (error || self->closed) return;
        for (const auto& connection : std::deque(self->connections)) connection->beat();
        self->beat();
    });
}

void WebServer::Impl::publish() {
    for (const auto& connection : std::deque(connections)) connection->publish();
}

void WebServer::Impl::close() {
    closed = true;
    error_code ignored;
    acceptor.close(ignored);
    retry.cancel();
    heartbeat.cancel();
    for (const auto& connection : std::deque(connections)) connection->close();
    handler = {};
}

WebServer::WebServer(asio::io_context& io, const WebFeed& feed, Handler handler)
    : impl_(std::make_shared<Impl>(io, feed, std::move(handler))) {}

WebServer::~WebServer() { impl_->close(); }

void WebServer::start(FileDescriptor listener) {
    impl_->acceptor.assign(tcp::v4(), listener.release());
    impl_->accept();
    impl_->beat();
}

void WebServer::news() {
    if (std::exchange(impl_->publishing, true)) return;
    asio::post(impl_->io, [server = impl_] {
        server->publishing = false;
        if (!server->closed) server->publish();
    });
}

}  // namespace gossip
