#include "manager/page/web_site.hpp"

#include "manager/base/json_object.hpp"
#include "manager/page/web_access.hpp"
#include "manager/page/web_metrics.hpp"
#include "manager/runs/page_strategies.hpp"
#include "manager/shell/remote_job.hpp"
#include "manager/shell/run_request.hpp"
#include "manager/shell/session.hpp"

namespace gossip {
namespace {

constexpr std::size_t jobs_limit = 16;

}  // namespace

// A posted command and its output.
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

WebSite::WebSite(Session& session)
    : session_(session),
      token_(random_hex(4)),
      feed_(random_hex(2)),
      server_(session.loop().io(), feed_,
              [this](const WebRequest& request, const WebServer::Answer& reply) { answer(request, reply); }),
      model_(session.loop().io(), session.network(), feed_, [this] { server_.news(); }),
      wake_(session.loop().io()) {
    session.set_onlooker([this](const NodeEvent* event) { observe(event); });
    session.loop().on_idle(this, [this] { run_jobs(); });
}

WebSite::~WebSite() {
    session_.set_onlooker({});
    session_.loop().on_idle(this, {});
}

void WebSite::observe(const NodeEvent* event) {
    const RunRecorder* recorder = session_.recorder();
    if (!session_.open()) return model_.end(recorder == nullptr ? "" : recorder->folder().path());
    model_.apply(event);
}

void WebSite::answer(const WebRequest& request, const WebServer::Answer& reply) {
    if (auto no = refuse_elsewhere(request)) return reply(std::move(*no));
    const bool is_command = request.path == "/api/cmd";
    if (is_command && request.method == "POST") return command(request, reply);
    if (is_command) return reply(refusal(405, "a command is posted"));
    if (request.method != "GET") return reply(refusal(405, "only GET is understood here"));
    reply(get(request));
}

void WebSite::command(const WebRequest& request, const WebServer::Answer& reply) {
    if (auto no = refuse_stranger(request, token_)) return reply(std::move(*no));
    if (jobs_.size() >= jobs_limit) return reply(refusal(503, "16 commands of the page are under way already"));
    jobs_.push_back(std::make_unique<Job>(session_, request.body, reply));
}

// Called between batches of events, because commands must not run inside a handler.
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
    if (!wake || *wake == wake_.expiry()) return;  // setting the timer again is an event that calls this function again
    wake_.expires_at(*wake);
    wake_.async_wait([](const boost::system::error_code&) {});  // the event loop then calls this function again
}

WebReply WebSite::get(const WebRequest& request) {
    if (request.path == "/api/state") return {200, "application/json", model_.snapshot() + "\n"};
    if (request.path == "/api/events") return events(request.last_event_id);
    if (request.path == "/api/source") return {200, "application/json", source() + "\n"};
    if (request.path == "/metrics") {
        return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(session_.network())};
    }
    return page_file(request.path);
}

// With the run from its beginning, while that is held; the viewer then asks for the events after it.
std::string WebSite::source() {
    JsonObject out;
    out.text("kind", "live").raw("strategies", strategies_json(session_.network().plan().config));
    if (!feed_.holds(0)) return out.done();
    model_.catch_up();
    return out.text("event", feed_.id(feed_.newest())).raw("frames", feed_.history()).done();
}

// Continues at the viewer's position. A viewer that is new, was away for too long or comes from an earlier run first
// gets a snapshot.
WebReply WebSite::events(const std::string& last_event_id) {
    const auto known = feed_.number_of(last_event_id);
    if (known && feed_.holds(*known)) return {200, {}, {}, *known};
    const std::string state = model_.snapshot();
    const std::uint64_t newest = feed_.newest();
    return {200, {}, feed_.frame(newest, "state", state), newest};
}

}  // namespace gossip
