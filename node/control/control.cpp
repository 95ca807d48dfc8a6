// The JSON form of the control channel: short keys, and only what differs from the default.

#include "node/control/control.hpp"

#include "node/base/escape.hpp"
#include "node/base/value_text.hpp"
#include "protocol/names.hpp"
#include "protocol/notice_traits.hpp"

#include <boost/json.hpp>

namespace gossip {
namespace {

namespace json = boost::json;

std::uint64_t number_of(NodeId id) { return static_cast<std::uint64_t>(id); }

// ---------------------------------------------------------------- writing

json::value id_value(NodeId id) { return is_anonymous(id) ? json::value(number_of(id)) : json::value(node_name(id)); }

json::array names(const std::vector<NodeId>& ids) {
    json::array list;
    for (const NodeId id : ids) list.emplace_back(id_value(id));
    return list;
}

// An object that leaves out what has its default value.
class Sparse {
public:
    void put(const char* key, std::uint64_t value) {
        if (value != 0) object_[key] = value;
    }
    void put_signed(const char* key, std::int64_t value) {
        if (value != 0) object_[key] = value;
    }
    void put(const char* key, NodeId id) {
        if (id != NodeId::none) object_[key] = id_value(id);
    }
    // JSON must be UTF-8: other bytes in a text would make the whole line invalid.
    void put(const char* key, const std::string& text) {
        if (!text.empty()) object_[key] = escape_text(text);
    }
    void put(const char* key, const std::vector<NodeId>& ids) {
        if (!ids.empty()) object_[key] = names(ids);
    }
    void flag(const char* key, bool value) {
        if (value) object_[key] = true;
    }
    void put(const char* key, json::value value) { object_[key] = std::move(value); }
    json::object take() { return std::move(object_); }

private:
    json::object object_;
};

json::object rumor_object(const Rumor& r) {
    Sparse o;
    o.put("id", r.id);
    o.put("origin", r.origin);
    o.put("inc", static_cast<std::uint64_t>(r.incarnation));
    o.put("n", r.number);
    o.flag("typed", r.typed);
    o.put("text", r.text);
    o.put_signed("born", r.born);
    return o.take();
}

json::object to_object(const NodeEvent& e) {
    const Notice& n = e.notice;
    Sparse o;
    o.put("event", json::value("notice"));
    o.put("t", json::value(e.mono_ns));  // 0 is a time: that of a simulation's first events
    o.put("wall", json::value(e.wall));
    o.put("node", e.node);
    o.put("kind", json::value(kind_name(n.kind)));
    o.flag("yes", n.yes);
    o.flag("add", n.add);
    o.put("verdict", static_cast<std::uint64_t>(n.verdict));
    o.put("link", static_cast<std::uint64_t>(n.link));
    o.put("proposal", std::uint64_t{n.proposal});
    o.put("count", std::uint64_t{n.count});
    o.put("of", std::uint64_t{n.of});
    o.put("need", std::uint64_t{n.need});
    o.put("hop", std::uint64_t{n.hop});
    o.put("subject", n.subject);
    o.put("other", n.other);
    o.put("inc", static_cast<std::uint64_t>(n.incarnation));
    o.put("epoch", n.epoch);
    o.put_signed("latency", n.latency_ms);
    if (n.digest != Digest{}) o.put("digest", hex(n.digest, 32));
    if (n.rumor) o.put("rumor", json::value(rumor_object(*n.rumor)));
    o.put("ids", n.ids);
    o.put("text", notice_text(n));
    return o.take();
}

json::object to_object(const NodeReady& r) {
    return {{"event", "ready"}, {"id", node_name(r.id)}, {"role", role_name(r.role)}, {"pid", r.pid}};
}

json::object to_object(const NodeReply& r) {
    return {{"event", "reply"}, {"seq", r.seq}, {"ok", r.ok}, {"text", escape_text(r.text)}};
}

json::object seed_object(const SeedStatus& s) {
    return {{"seat", s.seat},       {"life", s.life},       {"epoch", s.epoch},   {"digest", hex(s.digest, 32)},
            {"members", s.members}, {"pending", s.pending}, {"voting", s.voting}, {"quorum", s.quorum}};
}

json::object peer_object(const PeerStatus& p) {
    return {{"inc", static_cast<std::uint64_t>(p.incarnation)},
            {"registered", p.registered},
            {"active", p.active},
            {"epoch", p.epoch},
            {"digest", hex(p.digest, 32)},
            {"links", names(p.links)},
            {"preferential", names(p.preferential)},
            {"suspects", p.suspects},
            {"delivered", p.delivered},
            {"duplicates", p.duplicates},
            {"gossip_sent", p.gossip_sent},
            {"stored", p.stored}};
}

json::array member_list(const std::vector<Member>& members) {
    json::array list;
    for (const Member& m : members) {
        list.push_back({{"id", node_name(m.id)},
                        {"inc", static_cast<std::uint64_t>(m.incarnation)},
                        {"protocol", m.protocol},
                        {"since", m.since}});
    }
    return list;
}

json::object to_object(const NodeStatus& s) {
    const TransportCounters& c = s.transport;
    json::object o{{"event", "status"}, {"seq", s.seq}, {"id", node_name(s.id)}};
    if (s.seed) o["seed"] = seed_object(*s.seed);
    if (s.peer) o["peer"] = peer_object(*s.peer);
    if (s.seed) o["members"] = member_list(s.members);
    o["transport"] = {{"messages_sent", c.messages_sent}, {"messages_received", c.messages_received},
                      {"bytes_sent", c.bytes_sent},       {"bytes_received", c.bytes_received},
                      {"connections", c.connections},     {"offences", c.offences},
                      {"unknown_types", c.unknown_types}};
    if (c.fault_lost > 0) o["transport"].as_object()["fault_lost"] = c.fault_lost;
    if (c.fault_held > 0) o["transport"].as_object()["fault_held"] = c.fault_held;
    if (s.events_lost > 0) o["events_lost"] = s.events_lost;
    if (s.resident > 0) o["rss"] = s.resident;
    return o;
}

json::object to_object(const SayCommand& c) { return {{"cmd", "say"}, {"seq", c.seq}, {"text", c.text}}; }
json::object to_object(const StatusCommand& c) { return {{"cmd", "status"}, {"seq", c.seq}}; }
json::object to_object(const LeaveCommand&) { return {{"cmd", "leave"}}; }

json::object rule_object(const FaultRule& rule) {
    const LinkFault& f = rule.fault;
    Sparse o;
    o.put("to", rule.nodes);
    o.flag("cut", f.cut);
    o.flag("deaf", f.deaf);
    o.put_signed("delay", f.delay.count());
    o.put_signed("jitter", f.jitter.count());
    o.put("loss", std::uint64_t{f.loss});
    o.put("duplicate", std::uint64_t{f.duplicate});
    o.put("reorder", std::uint64_t{f.reorder});
    o.put("rate", f.bytes_per_second);
    return o.take();
}

json::object to_object(const FaultCommand& c) {
    json::array rules;
    for (const FaultRule& rule : c.rules) rules.emplace_back(rule_object(rule));
    return {{"cmd", "faults"}, {"seq", c.seq}, {"seed", c.seed}, {"rules", std::move(rules)}};
}

template <class Variant>
std::string line_of(const Variant& line) {
    return json::serialize(std::visit([](const auto& value) { return to_object(value); }, line)) + '\n';
}

// ---------------------------------------------------------------- reading

// Reads the fields of an object; what is absent keeps its default, what has the wrong type fails.
class Reader {
public:
    explicit Reader(const json::object& object) : object_(object) {}

    template <class T>
    T number(const char* key) {
        const json::value* v = object_.if_contains(key);
        if (v == nullptr) return T{};
        json::error_code error;
        const T value = v->to_number<T>(error);
        if (error) ok_ = false;
        return value;
    }
    bool flag(const char* key) {
        const json::value* v = object_.if_contains(key);
        if (v != nullptr && !v->is_bool()) ok_ = false;
        return v != nullptr && v->is_bool() && v->get_bool();
    }
    std::string text(const char* key) {
        const json::value* v = object_.if_contains(key);
        if (v != nullptr && !v->is_string()) ok_ = false;
        return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
    }
    NodeId node(const char* key) {
        const json::value* v = object_.if_contains(key);
        return v == nullptr ? NodeId::none : node_of(*v);
    }
    std::vector<NodeId> nodes(const char* key) {
        std::vector<NodeId> ids;
        for (const json::value& v : array(key)) ids.push_back(node_of(v));
        return ids;
    }
    const json::array& array(const char* key) {
        static const json::array empty;
        const json::value* v = object_.if_contains(key);
        if (v != nullptr && !v->is_array()) ok_ = false;
        return v != nullptr && v->is_array() ? v->get_array() : empty;
    }
    const json::object* object(const char* key) {
        const json::value* v = object_.if_contains(key);
        if (v != nullptr && !v->is_object()) ok_ = false;
        return v != nullptr ? v->if_object() : nullptr;
    }
    Digest digest(const char* key);
    void fail() { ok_ = false; }
    [[nodiscard]] bool ok() const { return ok_; }

private:
    NodeId node_of(const json::value& v) {
        if (v.is_uint64()) return NodeId{v.get_uint64()};
        if (v.is_int64()) return NodeId{static_cast<std::uint64_t>(v.get_int64())};
        const auto id = v.is_string() ? parse_node(std::string_view(v.get_string())) : std::nullopt;
        if (!id) ok_ = false;
        return id.value_or(NodeId::none);
    }
    const json::object& object_;
    bool ok_{true};
};

Digest Reader::digest(const char* key) {
    const std::string digits = text(key);
    Digest digest;
    if (digits.empty()) return digest;
    const auto nibble = [](char c) { return std::string_view("0123456789abcdef").find(c); };
    if (digits.size() != 2 * digest.bytes.size()) ok_ = false;
    for (std::size_t i = 0; ok_ && i < digest.bytes.size(); ++i) {
        const std::size_t high = nibble(digits[2 * i]);
        const std::size_t low = nibble(digits[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) ok_ = false;
        digest.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return digest;
}

RumorPtr read_rumor(Reader& parent) {
    const json::object* object = parent.object("rumor");
    if (object == nullptr) return nullptr;
    Reader in(*object);
    Rumor rumor;
    rumor.id = in.text("id");
    rumor.origin = in.node("origin");
    rumor.incarnation = Incarnation{in.number<std::uint64_t>("inc")};
    rumor.number = in.number<std::uint64_t>("n");
    rumor.typed = in.flag("typed");
    rumor.text = in.text("text");
    rumor.born = in.number<std::int64_t>("born");
    if (!in.ok()) parent.fail();
    return make_rumor(std::move(rumor));
}

template <class E>
E read_enum(Reader& in, const char* key, E last) {
    const auto value = in.number<std::uint64_t>(key);
    if (value > static_cast<std::uint64_t>(last)) in.fail();
    return static_cast<E>(value);
}

std::optional<FromNode> read_event(Reader& in) {
    NodeEvent e;
    Notice& n = e.notice;
    const auto kind = kind_named(in.text("kind"));
    if (!kind) return std::nullopt;
    n.kind = *kind;
    e.mono_ns = in.number<std::int64_t>("t");
    e.wall = in.number<std::int64_t>("wall");
    e.node = in.node("node");
    n.yes = in.flag("yes");
    n.add = in.flag("add");
    n.verdict = read_enum(in, "verdict", Verdict::refused);
    n.link = read_enum(in, "link", LinkKind::implied);
    n.proposal = in.number<std::uint32_t>("proposal");
    n.count = in.number<std::uint32_t>("count");
    n.of = in.number<std::uint32_t>("of");
    n.need = in.number<std::uint32_t>("need");
    n.hop = in.number<std::uint32_t>("hop");
    n.subject = in.node("subject");
    n.other = in.node("other");
    n.incarnation = Incarnation{in.number<std::uint64_t>("inc")};
    n.epoch = in.number<Epoch>("epoch");
    n.latency_ms = in.number<std::int64_t>("latency");
    n.digest = in.digest("digest");
    n.rumor = read_rumor(in);
    n.ids = in.nodes("ids");
    set_notice_text(n, in.text("text"));
    return e;
}

SeedStatus read_seed(Reader in, bool& ok) {
    SeedStatus s;
    s.seat = in.number<Seat>("seat");
    s.life = in.number<SeatLife>("life");
    s.epoch = in.number<Epoch>("epoch");
    s.digest = in.digest("digest");
    s.members = in.number<std::size_t>("members");
    s.pending = in.number<std::size_t>("pending");
    s.voting = in.flag("voting");
    s.quorum = in.flag("quorum");
    ok = ok && in.ok();
    return s;
}

PeerStatus read_peer(Reader in, bool& ok) {
    PeerStatus p;
    p.incarnation = Incarnation{in.number<std::uint64_t>("inc")};
    p.registered = in.flag("registered");
    p.active = in.flag("active");
    p.epoch = in.number<Epoch>("epoch");
    p.digest = in.digest("digest");
    p.links = in.nodes("links");
    p.preferential = in.nodes("preferential");
    p.suspects = in.number<std::uint32_t>("suspects");
    p.delivered = in.number<std::uint64_t>("delivered");
    p.duplicates = in.number<std::uint64_t>("duplicates");
    p.gossip_sent = in.number<std::uint64_t>("gossip_sent");
    p.stored = in.number<std::size_t>("stored");
    ok = ok && in.ok();
    return p;
}

Member read_member(const json::value& value, bool& ok) {
    Member m;
    const json::object* object = value.if_object();
    if (object == nullptr) {
        ok = false;
        return m;
    }
    Reader in(*object);
    m.id = in.node("id");
    m.incarnation = Incarnation{in.number<std::uint64_t>("inc")};
    m.protocol = in.number<ProtocolVersion>("protocol");
    m.since = in.number<Epoch>("since");
    ok = ok && in.ok();
    return m;
}

TransportCounters read_counters(Reader in) {
    TransportCounters c;
    c.messages_sent = in.number<std::uint64_t>("messages_sent");
    c.messages_received = in.number<std::uint64_t>("messages_received");
    c.bytes_sent = in.number<std::uint64_t>("bytes_sent");
    c.bytes_received = in.number<std::uint64_t>("bytes_received");
    c.connections = in.number<std::uint64_t>("connections");
    c.offences = in.number<std::uint64_t>("offences");
    c.unknown_types = in.number<std::uint64_t>("unknown_types");
    c.fault_lost = in.number<std::uint64_t>("fault_lost");
    c.fault_held = in.number<std::uint64_t>("fault_held");
    return c;
}

std::optional<FromNode> read_status(Reader& in) {
    NodeStatus s;
    bool ok = true;
    s.seq = in.number<std::uint64_t>("seq");
    s.id = in.node("id");
    s.events_lost = in.number<std::uint64_t>("events_lost");
    s.resident = in.number<std::uint64_t>("rss");
    if (const auto* o = in.object("seed")) s.seed = read_seed(Reader(*o), ok);
    if (const auto* o = in.object("peer")) s.peer = read_peer(Reader(*o), ok);
    for (const json::value& m : in.array("members")) s.members.push_back(read_member(m, ok));
    if (const auto* o = in.object("transport")) s.transport = read_counters(Reader(*o));
    if (!ok) return std::nullopt;
    return s;
}

std::optional<FromNode> read_from_node(Reader& in) {
    const std::string event = in.text("event");
    if (event == "notice") return read_event(in);
    if (event == "status") return read_status(in);
    if (event == "reply") return NodeReply{in.number<std::uint64_t>("seq"), in.flag("ok"), in.text("text")};
    if (event != "ready") return std::nullopt;
    const auto role = parse_role(in.text("role"));
    if (!role) return std::nullopt;
    return NodeReady{in.node("id"), *role, in.number<std::int64_t>("pid")};
}

FaultRule read_rule(const json::value& value, bool& ok) {
    FaultRule rule;
    const json::object* object = value.if_object();
    if (object == nullptr) {
        ok = false;
        return rule;
    }
    Reader in(*object);
    LinkFault& f = rule.fault;
    rule.nodes = in.nodes("to");
    f.cut = in.flag("cut");
    f.deaf = in.flag("deaf");
    f.delay = Duration(in.number<std::int64_t>("delay"));
    f.jitter = Duration(in.number<std::int64_t>("jitter"));
    f.loss = in.number<std::uint32_t>("loss");
    f.duplicate = in.number<std::uint32_t>("duplicate");
    f.reorder = in.number<std::uint32_t>("reorder");
    f.bytes_per_second = in.number<std::uint64_t>("rate");
    ok = ok && in.ok() && f.delay >= Duration::zero() && f.jitter >= Duration::zero();
    return rule;
}

std::optional<ToNode> read_faults(Reader& in) {
    FaultCommand command{in.number<std::uint64_t>("seq"), in.number<std::uint64_t>("seed"), {}};
    bool ok = true;
    for (const json::value& rule : in.array("rules")) command.rules.push_back(read_rule(rule, ok));
    if (!ok) return std::nullopt;
    return command;
}

std::optional<ToNode> read_to_node(Reader& in) {
    const std::string command = in.text("cmd");
    if (command == "say") return SayCommand{in.number<std::uint64_t>("seq"), in.text("text")};
    if (command == "status") return StatusCommand{in.number<std::uint64_t>("seq")};
    if (command == "leave") return LeaveCommand{};
    if (command == "faults") return read_faults(in);
    return std::nullopt;
}

template <class Read>
auto decode_line(std::string_view line, Read read) -> decltype(read(std::declval<Reader&>())) {
    json::error_code error;
    const json::value value = json::parse({line.data(), line.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    Reader in(value.get_object());
    auto result = read(in);
    if (!in.ok()) return std::nullopt;
    return result;
}

}  // namespace

std::string encode(const FromNode& line) { return line_of(line); }
std::string encode(const ToNode& line) { return line_of(line); }

std::optional<FromNode> decode_from_node(std::string_view line) { return decode_line(line, read_from_node); }
std::optional<ToNode> decode_to_node(std::string_view line) { return decode_line(line, read_to_node); }

}  // namespace gossip
