#include "manager/hosts/agent_protocol.hpp"

#include "protocol/names.hpp"

#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <csignal>
#include <optional>

namespace gossip::agent {
namespace {

namespace json = boost::json;

constexpr std::string_view line_head = "{\"n\":";
constexpr std::string_view line_middle = ",\"l\":";

using Name = std::pair<std::string_view, int>;
constexpr std::array signals{Name{"KILL", SIGKILL}, Name{"TERM", SIGTERM}, Name{"STOP", SIGSTOP},
                             Name{"CONT", SIGCONT}};

// ---------------------------------------------------------------- writing

json::array names(const std::vector<NodeId>& ids) {
    json::array list;
    for (const NodeId id : ids) list.emplace_back(node_name(id));
    return list;
}

std::string line_of(const json::object& object) { return json::serialize(object) + "\n"; }

std::string text_of(const Setup& s) {
    return line_of({{"op", "setup"}, {"host", s.host}, {"dir", s.dir}, {"config", s.config}, {"seeds", s.seeds}});
}
std::string text_of(const Listen& l) {
    return line_of({{"op", "listen"}, {"seq", l.seq}, {"count", l.count}, {"candidates", names(l.candidates)}});
}
std::string text_of(const Start& s) {
    return line_of({{"op", "start"},
                    {"n", s.number},
                    {"id", node_name(s.id)},
                    {"last_life", static_cast<std::uint64_t>(s.last_life)}});
}
std::string text_of(const Signal& s) {
    std::string_view name;
    for (const auto& [word, number] : signals) {
        if (number == s.signal) name = word;
    }
    return line_of({{"op", "signal"}, {"n", s.number}, {"signal", name}});
}
std::string text_of(const AskLogs& a) { return line_of({{"op", "logs"}, {"seq", a.seq}}); }
std::string text_of(const AskClock& c) { return line_of({{"op", "clock"}, {"t", c.sent}}); }

std::string text_of(const NodeLine& l) {
    std::string out(line_head);
    out += std::to_string(l.number);
    out += line_middle;
    out += l.json;
    return out + "}\n";
}

std::string text_of(const Hello& h) {
    return line_of({{"agent", "hello"}, {"protocol", h.protocol}, {"version", h.version}});
}
std::string text_of(const Ready& r) { return line_of({{"agent", "ready"}, {"dir", r.dir}, {"clock", r.clock}}); }
std::string text_of(const Heard& h) {
    json::object object{{"agent", "listening"},
                        {"seq", h.seq},
                        {"bound", names(h.listening.bound)},
                        {"taken", names(h.listening.taken)}};
    if (!h.listening.problem.empty()) {
        object["at"] = node_name(h.listening.at);
        object["problem"] = h.listening.problem;
    }
    return line_of(object);
}
std::string text_of(const Stopped& s) { return line_of({{"agent", "stopped"}, {"n", s.number}}); }
std::string text_of(const Exited& e) {
    return line_of({{"agent", "exit"},
                    {"n", e.number},
                    {"signalled", e.status.signalled},
                    {"value", e.status.value},
                    {"errors", e.errors}});
}
std::string text_of(const Clock& c) { return line_of({{"agent", "clock"}, {"t", c.sent}, {"mono", c.mono_ns}}); }
std::string text_of(const LogText& l) { return line_of({{"agent", "log"}, {"id", node_name(l.id)}, {"text", l.text}}); }
std::string text_of(const LogsTold& l) { return line_of({{"agent", "logs"}, {"seq", l.seq}}); }
std::string text_of(const Trouble& t) { return line_of({{"agent", "error"}, {"text", t.text}}); }

// ---------------------------------------------------------------- reading

// Reads the fields of an object; the first that is absent or of the wrong type is remembered.
class Fields {
public:
    explicit Fields(const json::object& object) : object_(object) {}

    template <class T>
    T number(const char* key) {
        json::error_code error;
        const json::value* value = object_.if_contains(key);
        const T result = value == nullptr ? T{} : value->to_number<T>(error);
        if (value == nullptr || error) fail(key, "a number");
        return result;
    }
    bool flag(const char* key) {
        const json::value* value = object_.if_contains(key);
        if (value == nullptr || !value->is_bool()) return fail(key, "true or false"), false;
        return value->get_bool();
    }
    std::string text(const char* key) {
        const json::value* value = object_.if_contains(key);
        if (value == nullptr || !value->is_string()) return fail(key, "a text"), std::string();
        return std::string(value->get_string());
    }
    std::string text_if_any(const char* key) { return has(key) ? text(key) : std::string(); }
    NodeId node(const char* key) { return node_of(key, object_.if_contains(key)); }
    std::vector<NodeId> nodes(const char* key) {
        std::vector<NodeId> ids;
        const json::value* value = object_.if_contains(key);
        if (value == nullptr || !value->is_array()) return fail(key, "a list of addresses"), ids;
        for (const json::value& entry : value->get_array()) ids.push_back(node_of(key, &entry));
        return ids;
    }
    [[nodiscard]] bool has(const char* key) const { return object_.contains(key); }
    void fail(const char* key, const char* wanted) {
        if (problem_.empty()) problem_ = "\"" + std::string(key) + "\" must be " + wanted;
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    NodeId node_of(const char* key, const json::value* value) {
        const bool is_text = value != nullptr && value->is_string();
        const auto id = is_text ? parse_node(std::string_view(value->get_string())) : std::nullopt;
        if (!id) fail(key, "an address such as 10.0.0.11:7000");
        return id.value_or(NodeId::none);
    }
    const json::object& object_;
    std::string problem_;
};

// Of exactly the form in which it is written: the node's line is not looked into.
std::optional<NodeLine> node_line(std::string_view line) {
    if (!line.starts_with(line_head) || !line.ends_with('}')) return std::nullopt;
    NodeLine result;
    const char* const last = line.data() + line.size();
    const auto [end, error] = std::from_chars(line.data() + line_head.size(), last, result.number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view rest(end, static_cast<std::size_t>(last - end));
    if (!rest.starts_with(line_middle)) return std::nullopt;
    result.json = rest.substr(line_middle.size(), rest.size() - line_middle.size() - 1);
    return result;
}

Signal read_signal(Fields& in) {
    Signal result{in.number<std::uint64_t>("n"), 0};
    const std::string name = in.text("signal");
    for (const auto& [word, number] : signals) {
        if (word == name) result.signal = number;
    }
    if (result.signal == 0) in.fail("signal", "KILL, TERM, STOP or CONT");
    return result;
}

std::optional<Request> read_request(const std::string& op, Fields& in) {
    if (op == "setup") return Setup{in.text("host"), in.text("dir"), in.text("config"), in.text("seeds")};
    if (op == "listen") {
        return Listen{in.number<std::uint64_t>("seq"), in.number<std::size_t>("count"), in.nodes("candidates")};
    }
    if (op == "start") {
        return Start{in.number<std::uint64_t>("n"), in.node("id"), Incarnation{in.number<std::uint64_t>("last_life")}};
    }
    if (op == "signal") return read_signal(in);
    if (op == "logs") return AskLogs{in.number<std::uint64_t>("seq")};
    if (op == "clock") return AskClock{in.number<std::int64_t>("t")};
    return std::nullopt;
}

Heard read_heard(Fields& in) {
    Heard heard{in.number<std::uint64_t>("seq"), {in.nodes("bound"), in.nodes("taken"), {}, {}}};
    heard.listening.problem = in.text_if_any("problem");
    if (!heard.listening.problem.empty()) heard.listening.at = in.node("at");
    return heard;
}

std::optional<Report> read_report(const std::string& kind, Fields& in) {
    if (kind == "hello") return Hello{in.number<std::uint64_t>("protocol"), in.text("version")};
    if (kind == "ready") return Ready{in.text("dir"), in.text("clock")};
    if (kind == "listening") return read_heard(in);
    if (kind == "stopped") return Stopped{in.number<std::uint64_t>("n")};
    if (kind == "exit") {
        const ExitStatus status{in.flag("signalled"), in.number<int>("value")};
        return Exited{in.number<std::uint64_t>("n"), status, in.text("errors")};
    }
    if (kind == "clock") return Clock{in.number<std::int64_t>("t"), in.number<std::int64_t>("mono")};
    if (kind == "log") return LogText{in.node("id"), in.text("text")};
    if (kind == "logs") return LogsTold{in.number<std::uint64_t>("seq")};
    if (kind == "error") return Trouble{in.text("text")};
    return std::nullopt;
}

// `tag` names the key that says what a line is.
template <class Line, class Read>
std::variant<Line, std::string> decode(std::string_view line, const char* tag, Read read) {
    if (const auto passed_on = node_line(line)) return Line{*passed_on};
    json::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error);
    if (error || !value.is_object()) return std::string("not a JSON object");
    Fields in(value.get_object());
    const std::string kind = in.text(tag);
    if (!in.problem().empty()) return in.problem();
    auto result = read(kind, in);
    if (!result) return "unknown " + std::string(tag) + " \"" + kind + "\"";
    if (!in.problem().empty()) return kind + ": " + in.problem();
    return std::move(*result);
}

}  // namespace

std::string encode(const Request& request) {
    return std::visit([](const auto& value) { return text_of(value); }, request);
}
std::string encode(const Report& report) {
    return std::visit([](const auto& value) { return text_of(value); }, report);
}

std::variant<Request, std::string> decode_request(std::string_view line) {
    return decode<Request>(line, "op", read_request);
}
std::variant<Report, std::string> decode_report(std::string_view line) {
    return decode<Report>(line, "agent", read_report);
}

bool is_hello(std::string_view line) {
    const auto report = decode_report(line);
    const auto* known = std::get_if<Report>(&report);
    return known != nullptr && std::holds_alternative<Hello>(*known);
}

}  // namespace gossip::agent
