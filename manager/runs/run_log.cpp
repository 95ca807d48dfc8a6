// Nodes' events are written as the lines of the control channel (node/control/control.cpp); the manager's own events
// have the same form.

#include "manager/runs/run_log.hpp"

#include "manager/base/json_object.hpp"
#include "node/base/value_text.hpp"
#include "protocol/notice_traits.hpp"

#include <boost/json.hpp>

namespace gossip {
namespace {

namespace json = boost::json;

// ---------------------------------------------------------------- writing

JsonObject stamped(std::string_view event, const RunStamp& at) {
    JsonObject object;
    object.text("event", event).number("t", at.mono_ns).number("wall", at.wall);
    return object;
}

std::string line_of(const JsonObject& object) { return object.done() + "\n"; }

bool is_frequent(NoticeKind kind) { return traits(kind).message == MessageStep::passed; }

// The control channel's line with only the message's id: the origin's event has the rest of the message.
std::string frequent(const NodeEvent& event) {
    const Notice& n = event.notice;
    JsonObject object = stamped("notice", {event.mono_ns, event.wall});
    object.node("node", event.node).text("kind", kind_name(n.kind));
    if (n.yes) object.flag("yes", true);
    if (n.count != 0) object.count("count", n.count);
    if (n.hop != 0) object.count("hop", n.hop);
    if (n.other != NodeId::none && !is_anonymous(n.other)) object.node("other", n.other);
    if (n.latency_ms != 0) object.number("latency", n.latency_ms);
    if (n.rumor) object.raw("rumor", JsonObject().text("id", n.rumor->id).done());
    return line_of(object);
}

std::string text_of(const NodeEvent& event) {
    if (is_frequent(event.notice.kind)) return frequent(event);
    return encode(FromNode{event});
}
std::string text_of(const RunBegan& r) {
    return line_of(stamped("run", r.at)
                       .number("schema", r.schema)
                       .text("version", r.version)
                       .text("seed", std::to_string(r.seed))  // JSON's numbers end at 2^53
                       .count("seeds", r.seeds)
                       .text("commit", r.commit)
                       .text("compiler", r.compiler));
}
std::string text_of(const RunState& r) {
    JsonObject object = stamped("state", r.at);
    object.node("node", r.node).text("role", role_name(r.role)).text("state", state_name(r.state));
    if (r.pid != 0) object.number("pid", r.pid);
    if (r.cause_ns) object.number("cause", *r.cause_ns);
    return line_of(object);
}
std::string text_of(const RunStatus& r) {
    const std::string status = encode(FromNode{r.status});
    return "{\"t\":" + std::to_string(r.at.mono_ns) + ",\"wall\":" + std::to_string(r.at.wall) + "," + status.substr(1);
}
std::string text_of(const RunFault& r) {
    JsonObject words;
    JsonObject cut;
    JsonObject impaired;
    for (const auto& [node, faults] : r.in_force) {
        words.text(node_name(node), faults.words);
        if (!faults.cut.empty()) cut.nodes(node_name(node), faults.cut);
        if (!faults.impaired.empty()) impaired.nodes(node_name(node), faults.impaired);
    }
    JsonObject line = stamped("fault", r.at).text("text", r.text).nodes("nodes", r.nodes);
    return line_of(line.raw("in_force", words.done()).raw("cut", cut.done()).raw("impaired", impaired.done()));
}
std::string text_of(const RunCommand& r) { return line_of(stamped("command", r.at).text("text", r.text)); }
std::string text_of(const RunFailure& r) {
    return line_of(stamped("failure", r.at).text("word", r.word).text("text", r.text));
}
std::string text_of(const RunLimit& r) { return line_of(stamped("limit", r.at).count("bytes", r.bytes)); }
std::string text_of(const RunClosing& r) { return line_of(stamped("closing", r.at)); }
std::string text_of(const RunEnded& r) {
    JsonObject object = stamped("end", r.at);
    object.number("exit_code", r.exit_code).count("dropped", r.dropped);
    if (!r.trace_hash.empty()) object.text("trace_hash", r.trace_hash);
    return line_of(object);
}

// ---------------------------------------------------------------- reading

std::string text_at(const json::object& o, const char* key) {
    const json::value* v = o.if_contains(key);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

std::int64_t number_at(const json::object& o, const char* key) {
    const json::value* v = o.if_contains(key);
    json::error_code error;
    const auto number = v == nullptr ? 0 : v->to_number<std::int64_t>(error);
    return error ? 0 : number;
}

RunStamp stamp_of(const json::object& o) { return {number_at(o, "t"), number_at(o, "wall")}; }

std::optional<RunLine> state_of(const json::object& o) {
    const auto node = parse_node(text_at(o, "node"));
    const auto state = parse_state(text_at(o, "state"));
    const auto role = parse_role(text_at(o, "role"));
    if (!node || !state || !role) return std::nullopt;
    RunState read{stamp_of(o), *node, *role, *state, number_at(o, "pid")};
    if (o.contains("cause")) read.cause_ns = number_at(o, "cause");
    return read;
}

std::set<NodeId> nodes_in(const json::value* nodes) {
    std::set<NodeId> found;
    if (nodes == nullptr || !nodes->is_array()) return found;
    for (const json::value& name : nodes->get_array()) {
        if (!name.is_string()) continue;
        if (const auto id = parse_node(std::string_view(name.get_string()))) found.insert(*id);
    }
    return found;
}

// Calls `take` with each node that the object names, and its value.
template <class Take>
void each_node(const json::object& o, const char* key, const Take& take) {
    const json::value* of = o.if_contains(key);
    if (of == nullptr || !of->is_object()) return;
    for (const auto& [name, value] : of->get_object()) {
        if (const auto id = parse_node(std::string_view(name))) take(*id, value);
    }
}

RunFault fault_of(const json::object& o) {
    RunFault fault{stamp_of(o), text_at(o, "text"), nodes_in(o.if_contains("nodes")), {}};
    each_node(o, "in_force", [&](NodeId id, const json::value& words) {
        if (words.is_string()) fault.in_force[id].words = words.get_string();
    });
    each_node(o, "cut", [&](NodeId id, const json::value& nodes) { fault.in_force[id].cut = nodes_in(&nodes); });
    each_node(o, "impaired",
              [&](NodeId id, const json::value& nodes) { fault.in_force[id].impaired = nodes_in(&nodes); });
    return fault;
}

std::optional<RunLine> began_of(const json::object& o) {
    const std::int64_t schema = number_at(o, "schema");
    if (schema < 1) return std::nullopt;
    const std::uint64_t seed = parse_count(text_at(o, "seed")).value_or(0);
    return RunBegan{stamp_of(o),
                    static_cast<int>(schema),
                    text_at(o, "version"),
                    seed,
                    static_cast<std::size_t>(number_at(o, "seeds")),
                    text_at(o, "commit"),
                    text_at(o, "compiler")};
}

std::optional<RunLine> line_from(const json::object& o) {
    const std::string event = text_at(o, "event");
    if (event == "run") return began_of(o);
    if (event == "state") return state_of(o);
    if (event == "fault") return fault_of(o);
    if (event == "command") return RunCommand{stamp_of(o), text_at(o, "text")};
    if (event == "failure") return RunFailure{stamp_of(o), text_at(o, "word"), text_at(o, "text")};
    if (event == "limit") return RunLimit{stamp_of(o), static_cast<std::uint64_t>(number_at(o, "bytes"))};
    if (event == "closing") return RunClosing{stamp_of(o)};
    if (event != "end") return std::nullopt;
    return RunEnded{stamp_of(o), static_cast<int>(number_at(o, "exit_code")),
                    static_cast<std::uint64_t>(number_at(o, "dropped")), text_at(o, "trace_hash")};
}

}  // namespace

std::string encode(const RunLine& line) {
    return std::visit([](const auto& value) { return text_of(value); }, line);
}

std::optional<RunLine> decode_run_line(std::string_view line) {
    auto from_node = decode_from_node(line);
    if (from_node && std::holds_alternative<NodeEvent>(*from_node)) return std::get<NodeEvent>(std::move(*from_node));
    json::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    const json::object& object = value.get_object();
    if (from_node && std::holds_alternative<NodeStatus>(*from_node)) {
        return RunStatus{stamp_of(object), std::get<NodeStatus>(std::move(*from_node))};
    }
    return line_from(object);
}

bool is_gossip(const RunLine& line) {
    const auto* event = std::get_if<NodeEvent>(&line);
    if (event == nullptr) return false;
    return traits(event->notice.kind).message != MessageStep::none;
}

std::optional<NodeState> parse_state(std::string_view name) {
    for (int s = 0; s <= static_cast<int>(NodeState::elsewhere); ++s) {
        if (state_name(static_cast<NodeState>(s)) == name) return static_cast<NodeState>(s);
    }
    return std::nullopt;
}

}  // namespace gossip
