#include "manager/web_site.hpp"

#include "manager/web_assets.hpp"
#include "manager/web_json.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <random>

namespace gossip {
namespace {

constexpr std::uint16_t ports_tried = 20;
constexpr std::size_t jobs_limit = 16;

std::string random_hex(int words) {
    std::random_device device;
    std::string out;
    for (int i = 0; i < words; ++i) {
        char text[16];
        std::snprintf(text, sizeof text, "%08x", device());
        out += text;
    }
    return out;
}

WebReply refusal(unsigned status, std::string_view why) {
    return {status, "application/json", JsonObject().text("error", why).done() + "\n"};
}

std::string_view type_of(std::string_view name) {
    const std::string_view ending = name.substr(name.rfind('.') + 1);
    if (ending == "html") return "text/html; charset=utf-8";
    if (ending == "js") return "text/javascript; charset=utf-8";
    if (ending == "css") return "text/css; charset=utf-8";
    if (ending == "svg") return "image/svg+xml";
    return "text/plain; charset=utf-8";
}

// The port asked for, one of the next, or any.
std::variant<Fd, int> bind_near(NodeId& listen) {
    const Endpoint wanted = endpoint(listen);
    for (std::uint16_t i = 0; i < ports_tried && wanted.port + i <= 65535; ++i) {
        listen = node_id({wanted.ip, static_cast<std::uint16_t>(wanted.port + i)});
        auto bound = bind_listener(listen);
        if (const int* error = std::get_if<int>(&bound); error == nullptr || *error != EADDRINUSE) return bound;
    }
    return EADDRINUSE;
}

// In a time that does not tell how much of it was right.
bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

}  // namespace

// A command that somebody posted, and what it has printed.
struct WebSite::Job {
    Job(Session& session, const std::string& text, WebServer::Answer answer)
        : reply(std::move(answer)),
          work(session, RunRequest{"table", false, true, text},
               [this](std::string_view kind, std::string_view words) { (kind == "err" ? errors : output) += words; }) {}

    [[nodiscard]] WebReply result() const {
        const int code = work.exit_code();
        const std::string json = JsonObject()
                                     .flag("ok", code == 0)
                                     .number("code", code)
                                     .text("output", output)
                                     .text("errors", errors)
                                     .done();
        return {200, "application/json", json + "\n"};
    }

    WebServer::Answer reply;
    std::string output;
    std::string errors;
    RemoteJob work;
};

bool host_allowed(std::string_view host) {
    const std::size_t colon = host.find(':');
    if (colon != std::string_view::npos && !parse_count(host.substr(colon + 1))) return false;
    const std::string_view name = host.substr(0, colon);
    if (name == "localhost") return true;
    const auto address = parse_node(std::string(name) + ":1");
    return address && endpoint(*address).ip >> 24 == 127;
}

bool origin_allowed(std::string_view origin, std::string_view host) {
    constexpr std::string_view scheme = "http://";
    return origin.empty() || (origin.starts_with(scheme) && origin.substr(scheme.size()) == host);
}

WebSite::WebSite(Session& session)
    : session_(session),
      token_(random_hex(4)),
      feed_(random_hex(2)),
      server_(session.loop.io(), feed_,
              [this](const WebRequest& request, const WebServer::Answer& reply) { answer(request, reply); }),
      model_(session.loop.io(), session.network, feed_, [this] { server_.news(); }),
      wake_(session.loop.io()) {
    session.set_onlooker([this](const NodeEvent* event) { model_.take(event); });
    session.loop.on_idle(this, [this] { run_jobs(); });
}

WebSite::~WebSite() {
    session_.set_onlooker({});
    session_.loop.on_idle(this, {});
}

std::optional<std::string> WebSite::open(NodeId listen) {
    const NodeId wanted = listen;
    auto bound = bind_near(listen);
    if (const int* error = std::get_if<int>(&bound)) {
        return "no page: cannot listen on " + node_name(wanted) + ": " + std::strerror(*error) +
               "; set web.listen to another port";
    }
    server_.start(std::move(std::get<Fd>(bound)));
    url_ = "http://" + node_name(listen) + "/#token=" + token_;
    return std::nullopt;
}

void WebSite::answer(const WebRequest& request, const WebServer::Answer& reply) {
    if (!host_allowed(request.host)) return reply(refusal(403, "the page is served to this machine only (Host)"));
    if (!origin_allowed(request.origin, request.host)) {
        return reply(refusal(403, "another page may not ask here (Origin)"));
    }
    const bool is_command = request.path == "/command" || request.path == "/api/cmd";
    if (is_command && request.method == "POST") return command(request, reply);
    if (is_command) return reply(refusal(405, "a command is posted"));
    if (request.method != "GET") return reply(refusal(405, "only GET is understood here"));
    reply(get(request));
}

void WebSite::command(const WebRequest& request, const WebServer::Answer& reply) {
    if (!same(request.authorization, "Bearer " + token_)) {
        return reply(refusal(403, "a command needs the token from the address that gossipctl printed"));
    }
    if (jobs_.size() >= jobs_limit) return reply(refusal(503, "16 commands of the page are under way already"));
    jobs_.push_back(std::make_unique<Job>(session_, request.body, reply));
}

// Between batches of events: commands never run in a handler.
void WebSite::run_jobs() {
    std::optional<std::chrono::steady_clock::time_point> wake;
    for (auto job = jobs_.begin(); job != jobs_.end();) {
        if (!(*job)->work.advance(wake)) {
            ++job;
            continue;
        }
        (*job)->reply((*job)->result());
        job = jobs_.erase(job);
    }
    if (!wake || *wake == wake_.expiry()) return;  // to set it anew is itself an event, which would call us again
    wake_.expires_at(*wake);
    wake_.async_wait([](const boost::system::error_code&) {});  // the loop turns, and looks again
}

WebReply WebSite::get(const WebRequest& request) {
    if (request.path == "/state" || request.path == "/api/state") {
        return {200, "application/json", model_.snapshot() + "\n"};
    }
    if (request.path == "/events" || request.path == "/api/events") return events(request.last_event_id);
    const std::string name = request.path == "/" ? "index.html" : request.path.substr(1);
    const bool part = name.starts_with("report.");  // of exported runs, not of this page
    if (const auto asset = web_asset(name); asset && !part) {
        return {200, std::string(type_of(name)), std::string(*asset)};
    }
    return refusal(404, "there is nothing at " + printable(request.path));
}

// Goes on where the viewer was; who is new, was away for too long, or comes from an earlier run is told
// everything first.
WebReply WebSite::events(const std::string& last_event_id) {
    const auto known = feed_.number_of(last_event_id);
    if (known && feed_.holds(*known)) return {200, {}, {}, *known};
    const std::string state = model_.snapshot();
    const std::uint64_t newest = feed_.newest();
    return {200, {}, feed_.frame(newest, "state", state), newest};
}

}  // namespace gossip
