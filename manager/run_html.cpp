// A run as one page: manager/web/report.html with the live page's style, model and graph, d3 and the events in it.

#include "manager/live_log.hpp"
#include "manager/run_export.hpp"
#include "manager/terminal.hpp"
#include "manager/trace_view.hpp"
#include "manager/web_assets.hpp"
#include "manager/web_json.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace gossip {
namespace {

constexpr std::size_t events_limit = 400'000;  // a browser takes no more; what happens to gossip beyond is said
constexpr std::size_t curves_limit = 100;
constexpr std::int64_t gather_ns = 120'000'000;
constexpr std::size_t text_limit = 400;

// A JSON array that is written as it grows.
class Row {
public:
    explicit Row(std::int64_t us) : out_("[" + std::to_string(us)) {}
    Row& text(std::string_view value) {
        out_ += ",";
        wire::append_string(out_, value);
        return *this;
    }
    Row& number(std::int64_t value) { return out_ += "," + std::to_string(value), *this; }
    Row& raw(std::string_view json) { return out_ += ",", out_ += json, *this; }
    [[nodiscard]] std::string done() const { return out_ + "]"; }

private:
    std::string out_;
};

struct PageEvent {
    std::int64_t us{0};
    std::string json;
};

class PageEvents {
public:
    explicit PageEvents(const RunAnalysis& run) : run_(run) {
        std::int64_t index = 0;
        for (const auto& [id, node] : run.nodes()) nodes_[id] = index++;
        for (std::size_t i = 0; i < run.messages().size(); ++i) messages_[run.messages()[i].id] = i;
        view_.configure(run.began().seeds);
    }

    void take(const RunLine& line) {
        if (closed_) return;
        if (const auto* event = std::get_if<NodeEvent>(&line)) return take_event(*event);
        if (const auto* state = std::get_if<RunState>(&line)) return take_state(*state);
        if (const auto* command = std::get_if<RunCommand>(&line)) {
            add(command->at.mono_ns, row(command->at.mono_ns).text("c").text(shown(command->text)));
        } else if (const auto* failure = std::get_if<RunFailure>(&line)) {
            const std::string text = failure->word + ": " + shown(failure->text);
            add(failure->at.mono_ns, row(failure->at.mono_ns).text("x").text(text));
        } else if (const auto* fault = std::get_if<RunFault>(&line)) {
            add(fault->at.mono_ns, row(fault->at.mono_ns).text("f").text("fault: " + shown(fault->text)));
        } else if (std::holds_alternative<RunClosing>(line)) {
            closed_ = true;
        }
    }

    std::string json() {
        flush_lines(run_.end_ns());
        std::stable_sort(events_.begin(), events_.end(),
                         [](const PageEvent& a, const PageEvent& b) { return a.us < b.us; });
        std::string out;
        for (const PageEvent& event : events_) out += (out.empty() ? "" : ",\n") + event.json;
        return "[" + out + "]";
    }
    [[nodiscard]] std::int64_t opening_us() const { return first_registered_us_; }

private:
    [[nodiscard]] std::int64_t us(std::int64_t ns) const {
        return std::max<std::int64_t>(0, ns - run_.start_ns()) / 1000;
    }
    [[nodiscard]] Row row(std::int64_t ns) const { return Row(us(ns)); }
    [[nodiscard]] static std::string shown(const std::string& text) { return shortened(printable(text), text_limit); }
    [[nodiscard]] std::int64_t index(NodeId id) const {
        const auto at = nodes_.find(id);
        return at == nodes_.end() ? -1 : at->second;
    }
    void add(std::int64_t ns, const Row& row) { events_.push_back({us(ns), row.done()}); }

    void take_state(const RunState& state) {
        if (state.state == NodeState::starting) {
            view_.node_started(state.node, state.role);
        } else {
            view_.node_state(state.node, state.state);
        }
        add(state.at.mono_ns, row(state.at.mono_ns).text("s").number(index(state.node)).text(state_name(state.state)));
    }

    void take_event(const NodeEvent& event) {
        flush_lines(event.mono_ns);
        view_.apply(event);
        const bool was_gathering = live_.gathering();
        for (const LiveLine& line : live_.take(event, view_)) add_line(event.mono_ns, line);
        if (!was_gathering && live_.gathering()) gather_from_ = event.mono_ns;
        take_notice(event);
    }

    void flush_lines(std::int64_t now) {
        if (!live_.gathering() || now < gather_from_ + gather_ns) return;
        for (const LiveLine& line : live_.gathered(view_)) add_line(gather_from_ + gather_ns, line);
    }

    void add_line(std::int64_t ns, const LiveLine& line) {
        add(ns, row(ns).text("l").text(std::string(1, line.mark)).text(shown(line.text)));
    }

    void take_notice(const NodeEvent& event) {
        const Notice& n = event.notice;
        const std::int64_t by = index(event.node);
        const auto pair = [&](const char* kind, NodeId other) {
            if (index(other) >= 0) add(event.mono_ns, row(event.mono_ns).text(kind).number(by).number(index(other)));
        };
        switch (n.kind) {
            case NoticeKind::link_up:
                return pair("+", n.other);
            case NoticeKind::link_down:
                return pair("-", n.other);
            case NoticeKind::epoch_learned:
                return add(event.mono_ns,
                           row(event.mono_ns).text("e").number(by).number(static_cast<std::int64_t>(n.epoch)));
            case NoticeKind::epoch_applied:
                return take_list(event);
            case NoticeKind::suspected:
                pair("?", n.subject);
                break;
            case NoticeKind::suspicion_cancelled:
            case NoticeKind::peer_consensus:
                pair("!", n.subject);
                break;
            case NoticeKind::registration_complete:
                first_registered_us_ = std::max(first_registered_us_, up_ ? 0 : us(event.mono_ns));
                break;
            default:
                break;
        }
        if (n.rumor) return take_gossip(event);
        take_step(event);
    }

    void take_list(const NodeEvent& event) {
        std::string ids;
        for (const NodeId id : event.notice.ids) {
            if (index(id) >= 0) ids += (ids.empty() ? "" : ",") + std::to_string(index(id));
        }
        add(event.mono_ns, row(event.mono_ns)
                               .text("m")
                               .number(index(event.node))
                               .number(static_cast<std::int64_t>(event.notice.epoch))
                               .text(hex(event.notice.digest))
                               .raw("[" + ids + "]"));
    }

    void take_gossip(const NodeEvent& event) {
        const Notice& n = event.notice;
        const auto message = messages_.find(n.rumor->id);
        if (message == messages_.end() || events_.size() > events_limit) return;
        const auto number = static_cast<std::int64_t>(message->second);
        up_ = true;
        if (n.kind == NoticeKind::said || n.kind == NoticeKind::generated) {
            add(event.mono_ns, row(event.mono_ns).text("g").number(number).number(index(event.node)));
        } else if (n.kind == NoticeKind::delivered) {
            add(event.mono_ns, row(event.mono_ns)
                                   .text("d")
                                   .number(number)
                                   .number(index(event.node))
                                   .number(index(n.other))
                                   .number(n.hop)
                                   .number(n.yes ? 1 : 0));
        }
    }

    // A step of some node's life, in the log's words.
    void take_step(const NodeEvent& event) {
        const NodeId about = event.notice.subject == NodeId::none ? event.node : event.notice.subject;
        if (index(about) < 0 || log_level(event.notice.kind) == LogLevel::debug) return;
        add(event.mono_ns, row(event.mono_ns)
                               .text("p")
                               .number(index(event.node))
                               .number(index(about))
                               .text(shortened(step_text(event.notice), text_limit)));
    }

    const RunAnalysis& run_;
    ClusterView view_;
    LiveLog live_;
    std::int64_t gather_from_{0};
    std::map<NodeId, std::int64_t> nodes_;
    std::unordered_map<std::string, std::size_t> messages_;
    std::vector<PageEvent> events_;
    std::int64_t first_registered_us_{0};
    bool up_{false};
    bool closed_{false};
};

std::string nodes_json(const RunAnalysis& run) {
    std::string out;
    for (const auto& [id, node] : run.nodes()) {
        out += (out.empty() ? "" : ",") + JsonObject()
                                              .node("id", id)
                                              .text("name", short_name(id))
                                              .text("role", node.role == Role::seed ? "seed" : "peer")
                                              .done();
    }
    return "[" + out + "]";
}

std::string messages_json(const RunAnalysis& run) {
    std::map<NodeId, std::size_t> index;
    for (const auto& [id, node] : run.nodes()) index.emplace(id, index.size());
    std::string out;
    for (const RunMessage& m : run.messages()) {
        const auto origin = index.find(m.origin);
        out += (out.empty() ? "" : ",") +
               JsonObject()
                   .text("id", m.id)
                   .text("text", shortened(printable(m.text), text_limit))
                   .number("origin", origin == index.end() ? -1 : static_cast<std::int64_t>(origin->second))
                   .flag("typed", m.typed)
                   .count("targets", m.targets)
                   .count("duplicates", m.duplicates)
                   .done();
    }
    return "[" + out + "]";
}

// When each of a message's peers had it, in microseconds after it was said.
std::string curves_json(const RunAnalysis& run) {
    std::string out;
    const std::size_t from = run.messages().size() > curves_limit ? run.messages().size() - curves_limit : 0;
    for (std::size_t i = from; i < run.messages().size(); ++i) {
        const RunMessage& m = run.messages()[i];
        std::vector<std::int64_t> after;
        for (const RunReceipt& r : m.receipts) after.push_back(std::max<std::int64_t>(0, r.mono_ns - m.born_ns) / 1000);
        std::sort(after.begin(), after.end());
        std::string list;
        for (const std::int64_t us : after) list += (list.empty() ? "" : ",") + std::to_string(us);
        out += (out.empty() ? "" : ",") + JsonObject().count("message", i).raw("after", "[" + list + "]").done();
    }
    return "[" + out + "]";
}

std::string detections_json(const RunAnalysis& run) {
    std::string out;
    for (const RunDetection& d : run.detections()) {
        const auto after = [&](std::int64_t ns) { return ns == 0 ? 0 : (ns - d.ended_ns) / 1000; };
        out += (out.empty() ? "" : ",") + JsonObject()
                                              .text("name", short_name(d.node))
                                              .text("how", state_name(d.how))
                                              .number("at", (d.ended_ns - run.start_ns()) / 1000)
                                              .number("suspected", after(d.suspected_ns))
                                              .number("removed", after(d.removed_ns))
                                              .number("known", after(d.known_all_ns))
                                              .done();
    }
    return "[" + out + "]";
}

std::string asset(std::string_view name) { return std::string(web_asset(name).value_or("")); }

// One script of several modules: what they take from each other is all in one place then.
std::string as_one_module(const std::string& source) {
    std::istringstream in(source);
    std::string out;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("import ")) continue;
        out += (line.starts_with("export ") ? line.substr(7) : line) + "\n";
    }
    return out;
}

// Neither a script's nor the data's text ends the element it stands in.
std::string inside_script(std::string text) {
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\/");
    for (std::size_t at = 0; (at = text.find("<!--", at)) != std::string::npos; at += 5) text.replace(at, 4, "<\\!--");
    return text;
}

// In data a "<" has another spelling.
std::string inside_data(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
    return out;
}

std::string as_text(const std::string& text) {
    std::string out;
    for (const char c : text)
        out += c == '<' ? std::string("&lt;") : c == '&' ? std::string("&amp;") : std::string(1, c);
    return out;
}

void put(std::string& page, std::string_view place, std::string_view text) {
    if (const std::size_t at = page.find(place); at != std::string::npos) page.replace(at, place.size(), text);
}

std::string ended_text(const RunReading& reading) {
    if (!reading.exit_code) return "did not end in order";
    return "exit code " + std::to_string(*reading.exit_code);
}

}  // namespace

std::variant<HtmlPage, std::string> export_html(const std::string& folder, const RunAnalysis& run) {
    PageEvents events(run);
    auto read = read_run(folder, [&](const RunLine& line) { events.take(line); });
    if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
    const std::int64_t length = std::max<std::int64_t>(1, (run.end_ns() - run.start_ns()) / 1000);
    const std::string list = events.json();
    const std::string name = folder.substr(folder.find_last_of('/') + 1);
    const std::string data = JsonObject()
                                 .text("id", name)
                                 .text("seed", std::to_string(run.began().seed))
                                 .text("version", run.began().version)
                                 .text("ended", ended_text(std::get<RunReading>(read)))
                                 .number("length", length)
                                 .number("opening", std::min(length, events.opening_us()))
                                 .raw("nodes", nodes_json(run))
                                 .raw("messages", messages_json(run))
                                 .raw("curves", curves_json(run))
                                 .raw("detections", detections_json(run))
                                 .raw("events", list)
                                 .done();
    std::string page = asset("report.html");
    put(page, "@STYLE@", asset("style.css") + asset("report.css"));
    put(page, "@SCRIPT@",
        inside_script(
            as_one_module(asset("timeline.js") + asset("model.js") + asset("graph.js") + asset("report.js"))));
    put(page, "@D3@", inside_script(asset("d3.js")));
    put(page, "@LICENCE@", as_text(asset("licences.txt")));
    put(page, "@RUN@", inside_data(data));
    return HtmlPage{std::move(page)};
}

}  // namespace gossip
