// Reads lines. The only tree built is Boost.JSON's, in one buffer that every line reuses.

#include "node/wire/wire_fields_seed.hpp"
#include "node/wire/wire_text.hpp"

#include "protocol/names.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <chrono>
#include <cmath>
#include <exception>
#include <optional>
#include <unordered_map>

namespace gossip {
namespace wire {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_limit = 12;  // our deepest message, a PROPOSE with statements, has 7
constexpr std::size_t rumor_text_limit = 4'096;
// Far beyond any real clock (year 6429), far below where adding two of them overflows.
constexpr WallMs wall_limit = WallMs{1} << 47;
constexpr std::int64_t duration_limit_ms = 24LL * 3600 * 1000;

// The first thing that is wrong; later ones are not looked for.
struct Problem {
    std::string text;
    [[nodiscard]] bool found() const { return !text.empty(); }
};

std::string_view view(const json::string& s) { return {s.data(), s.size()}; }

class JsonReader {
public:
    JsonReader(const json::object& object, Problem& problem) : object_(object), problem_(problem) {}

    template <class T>
    void need(std::string_view name, T& v) {
        const json::value* field = find(name);
        if (field == nullptr) return fail(name, "is missing");
        read(name, *field, v);
    }
    template <class T>
    void opt(std::string_view name, T& v, const T& absent = T{}) {
        const json::value* field = find(name);
        if (field == nullptr) {
            v = absent;
        } else {
            read(name, *field, v);
        }
    }
    template <class T>
    void list(std::string_view name, std::vector<T>& v, std::size_t limit = list_limit);
    void seconds(std::string_view name, WallMs& ms);
    // A time that is ours to write and nobody's to read.
    void now(std::string_view name) {
        WallMs ignored{0};
        if (find(name) != nullptr) seconds(name, ignored);
    }
    void host_port(NodeId& id);
    void peers(std::string_view name, std::vector<Member>& members);
    void text(std::string_view name, std::string& v, std::size_t limit);

    void fail(std::string_view name, std::string_view what) {
        if (problem_.found()) return;
        problem_.text = "field \"";
        problem_.text += name;
        problem_.text += "\" ";
        problem_.text += what;
    }

private:
    [[nodiscard]] const json::value* find(std::string_view name) const {
        return problem_.found() ? nullptr : object_.if_contains({name.data(), name.size()});
    }
    template <class T>
    void read(std::string_view name, const json::value& field, T& v) {
        if (const char* wrong = value(field, v)) fail(name, wrong);
    }

    // Each gives what is wrong, or null.
    const char* value(const json::value& j, bool& v);
    const char* value(const json::value& j, std::uint64_t& v);
    const char* value(const json::value& j, std::uint32_t& v) { return narrow(j, v, UINT32_MAX); }
    // Versions and seats alike.
    const char* value(const json::value& j, std::uint8_t& v) { return narrow(j, v, 31); }
    const char* value(const json::value& j, WallMs& v) { return narrow(j, v, static_cast<std::uint64_t>(wall_limit)); }
    const char* value(const json::value& j, Duration& v);
    const char* value(const json::value& j, Incarnation& v);
    const char* value(const json::value& j, std::string& v) { return string(j, v, text_limit); }
    const char* value(const json::value& j, NodeId& v);
    const char* value(const json::value& j, Ballot& v);
    const char* value(const json::value& j, RumorKey& v);
    const char* value(const json::value& j, Digest& v) { return hex(j, v.bytes); }
    const char* value(const json::value& j, Nonce& v) { return hex(j, v); }
    const char* value(const json::value& j, PublicKey& v) { return base64(j, v.bytes); }
    const char* value(const json::value& j, Signature& v) { return base64(j, v.bytes); }
    template <NamedEnum E>
    const char* value(const json::value& j, E& v);
    template <Described M>
    const char* value(const json::value& j, M& m);

    template <class T>
    const char* narrow(const json::value& j, T& v, std::uint64_t limit);
    const char* string(const json::value& j, std::string& v, std::size_t limit);
    const char* hex(const json::value& j, std::span<std::uint8_t> bytes);
    const char* base64(const json::value& j, std::span<std::uint8_t> bytes);

    const json::object& object_;
    Problem& problem_;
};

template <class T>
void JsonReader::list(std::string_view name, std::vector<T>& v, std::size_t limit) {
    v.clear();
    const json::value* field = find(name);
    if (field == nullptr) return;
    const json::array* items = field->if_array();
    if (items == nullptr) return fail(name, "is not an array");
    if (items->size() > limit) return fail(name, "has too many items");
    v.resize(items->size());
    for (std::size_t i = 0; i < v.size() && !problem_.found(); ++i) read(name, (*items)[i], v[i]);
}

void JsonReader::seconds(std::string_view name, WallMs& ms) {
    const json::value* field = find(name);
    if (field == nullptr) return fail(name, "is missing");
    double v = 0;
    if (field->is_double()) {
        v = field->get_double();
    } else if (field->is_int64()) {
        v = static_cast<double>(field->get_int64());
    } else {
        return fail(name, "is not a time in seconds");
    }
    // Boost.JSON reads 1e99999 as infinity; the comparison refuses it, and NaN.
    if (!(v >= 0 && v <= static_cast<double>(wall_limit / 1000))) return fail(name, "is out of range");
    ms = std::llround(v * 1000.0);
}

void JsonReader::host_port(NodeId& id) {
    std::string host;
    std::uint32_t port = 0;
    need("host", host);
    need("port", port);
    if (problem_.found()) return;
    const auto parsed = parse_node(host + ":" + std::to_string(port));
    if (!parsed) return fail("host", "and \"port\" are no IPv4 endpoint");
    id = *parsed;
}

void JsonReader::peers(std::string_view name, std::vector<Member>& members) {
    members.clear();
    const json::value* field = find(name);
    if (field == nullptr) return fail(name, "is missing");
    const json::object* entries = field->if_object();
    if (entries == nullptr) return fail(name, "is not an object");
    if (entries->size() > list_limit) return fail(name, "has too many items");
    for (const json::key_value_pair& entry : *entries) {
        const auto id = parse_node({entry.key().data(), entry.key().size()});
        const json::object* fields = entry.value().if_object();
        if (!id || fields == nullptr) return fail(name, "has an entry that is no peer");
        Member m{.id = *id};
        JsonReader io(*fields, problem_);
        io.opt("inc", m.incarnation);
        io.opt("v", m.protocol, ProtocolVersion{0});
        io.opt("key", m.key);
        io.opt("since", m.since);
        if (problem_.found()) return;
        members.push_back(m);
    }
}

void JsonReader::text(std::string_view name, std::string& v, std::size_t limit) {
    const json::value* field = find(name);
    if (field == nullptr) return;
    if (const char* wrong = string(*field, v, limit)) fail(name, wrong);
}

const char* JsonReader::value(const json::value& j, bool& v) {
    if (!j.is_bool()) return "is not true or false";
    v = j.get_bool();
    return nullptr;
}

// A number, or the same digits in a string when it is beyond 2^53.
const char* JsonReader::value(const json::value& j, std::uint64_t& v) {
    constexpr const char* wrong = "is not a whole number in range";
    if (j.is_uint64()) {
        v = j.get_uint64();
        return nullptr;
    }
    if (const std::int64_t* number = j.if_int64()) {
        if (*number < 0) return wrong;
        v = static_cast<std::uint64_t>(*number);
        return nullptr;
    }
    const json::string* digits = j.if_string();
    if (digits == nullptr) return wrong;
    const char* last = digits->data() + digits->size();
    const auto [end, error] = std::from_chars(digits->data(), last, v);
    return error == std::errc{} && end == last ? nullptr : wrong;
}

template <class T>
const char* JsonReader::narrow(const json::value& j, T& v, std::uint64_t limit) {
    std::uint64_t wide = 0;
    if (const char* wrong = value(j, wide)) return wrong;
    if (wide > limit) return "is out of range";
    v = static_cast<T>(wide);
    return nullptr;
}

const char* JsonReader::value(const json::value& j, Duration& v) {
    std::int64_t ms = 0;
    if (const char* wrong = narrow(j, ms, duration_limit_ms)) return wrong;
    v = std::chrono::milliseconds(ms);
    return nullptr;
}

const char* JsonReader::value(const json::value& j, Incarnation& v) {
    std::uint64_t number = 0;
    // Lives are compared and counted up from; the last few would wrap.
    if (const char* wrong = narrow(j, number, std::uint64_t{1} << 62)) return wrong;
    v = Incarnation{number};
    return nullptr;
}

const char* JsonReader::value(const json::value& j, NodeId& v) {
    const json::string* name = j.if_string();
    const auto id = name == nullptr ? std::nullopt : parse_node(view(*name));
    if (!id) return "is not IP:PORT";
    v = *id;
    return nullptr;
}

const char* JsonReader::value(const json::value& j, Ballot& v) {
    const json::array* pair = j.if_array();
    if (pair == nullptr || pair->size() != 2) return "is not [round, seat]";
    if (const char* wrong = value((*pair)[0], v.round)) return wrong;
    return value((*pair)[1], v.seat);
}

const char* JsonReader::value(const json::value& j, RumorKey& v) {
    std::array<std::uint8_t, 16> bytes{};
    if (const char* wrong = hex(j, bytes)) return wrong;
    v = {};
    for (std::size_t i = 0; i < 8; ++i) {
        v.hi = v.hi << 8 | bytes[i];
        v.lo = v.lo << 8 | bytes[8 + i];
    }
    return nullptr;
}

template <NamedEnum E>
const char* JsonReader::value(const json::value& j, E& v) {
    if (const json::string* name = j.if_string()) {
        for (std::size_t i = 0; i < EnumNames<E>::names.size(); ++i) {
            if (view(*name) != EnumNames<E>::names[i]) continue;
            v = static_cast<E>(i);
            return nullptr;
        }
    }
    return "is not one of the known words";
}

template <Described M>
const char* JsonReader::value(const json::value& j, M& m) {
    const json::object* object = j.if_object();
    if (object == nullptr) return "is not an object";
    JsonReader io(*object, problem_);
    Fields<M>::visit(io, m);
    return nullptr;
}

const char* JsonReader::string(const json::value& j, std::string& v, std::size_t limit) {
    const json::string* s = j.if_string();
    if (s == nullptr) return "is not a string";
    if (s->size() > limit) return "is too long";
    v.assign(s->data(), s->size());
    return nullptr;
}

const char* JsonReader::hex(const json::value& j, std::span<std::uint8_t> bytes) {
    const json::string* s = j.if_string();
    return s != nullptr && parse_hex(view(*s), bytes) ? nullptr : "is not hexadecimal of the right length";
}

const char* JsonReader::base64(const json::value& j, std::span<std::uint8_t> bytes) {
    const json::string* s = j.if_string();
    return s != nullptr && parse_base64(view(*s), bytes) ? nullptr : "is not base64 of the right length";
}

// Builds the rumor: origin and number come from the id, the key from its digest; msg_hash is not read.
msg::Gossip read_gossip(JsonReader& io, const Crypto& crypto) {
    msg::Gossip m;
    auto rumor = make_rumor();
    io.need("msg_id", rumor->id);
    io.need("sender", m.sender);
    io.opt("hop", m.hop);
    io.opt("ts", m.sent);
    io.opt("inc", rumor->incarnation);
    io.opt("typed", rumor->typed);
    io.text("text", rumor->text, rumor_text_limit);
    io.opt("born", rumor->born);
    io.opt("repair", m.repair);
    const auto name = parse_rumor_id(rumor->id);
    if (!name) {
        io.fail("msg_id", "is not <timestamp>:<IP>:<Port>:<Msg#>");
        return m;
    }
    rumor->origin = name->origin;
    rumor->number = name->number;
    rumor->key = rumor_key(crypto, rumor->id);
    m.rumor = std::move(rumor);
    return m;
}

using ReadFunction = Line (*)(JsonReader&, const Crypto&);

template <class M>
Line read_line(JsonReader& io, const Crypto& crypto) {
    if constexpr (std::is_same_v<M, msg::Gossip>) {
        return Message{read_gossip(io, crypto)};
    } else {
        M m;
        Fields<M>::visit(io, m);
        if constexpr (std::is_constructible_v<Message, M>) {
            return Message{std::move(m)};
        } else {
            return m;
        }
    }
}

using ReadTable = std::unordered_map<std::string_view, ReadFunction>;

template <std::size_t... I>
ReadTable make_read_table(std::index_sequence<I...>) {
    ReadTable table{{"HELLO", &read_line<Hello>},
                    {"HELLO_ACK", &read_line<HelloAck>},
                    {"HELLO_PROOF", &read_line<HelloProof>},
                    {"CREDENTIAL", &read_line<CredentialChanged>}};
    (table.emplace(message_name(Message{std::in_place_index<I>}),
                   &read_line<std::variant_alternative_t<I, MessageBody>>),
     ...);
    return table;
}

ReadFunction find_reader(std::string_view type) {
    static const ReadTable table = make_read_table(std::make_index_sequence<std::variant_size_v<MessageBody>>());
    const auto found = table.find(type);
    return found == table.end() ? nullptr : found->second;
}

Line read_payload(std::string_view type, ReadFunction reader, const json::object& payload, const Crypto& crypto) {
    Problem problem;
    JsonReader io(payload, problem);
    Line line = reader(io, crypto);
    if (!problem.found()) return line;
    return DecodeError{"bad_field", std::string(type) + ": " + problem.text};
}

Line read_envelope(const json::value& root, const Crypto& crypto) {
    const json::object* envelope = root.if_object();
    if (envelope == nullptr) return DecodeError{"bad_envelope", "the line is not a JSON object"};
    const json::value* type = envelope->if_contains("type");
    if (type == nullptr || !type->is_string()) return DecodeError{"bad_envelope", "\"type\" is not a string"};
    const std::string_view name = view(type->get_string());
    if (envelope->if_contains("timestamp") != nullptr) {
        Problem problem;
        WallMs ignored{0};
        JsonReader(*envelope, problem).seconds("timestamp", ignored);
        if (problem.found()) return DecodeError{"bad_envelope", problem.text};
    }
    const ReadFunction reader = find_reader(name);
    if (reader == nullptr) return UnknownType{printable(name, 40)};
    const json::value* payload = envelope->if_contains("payload");
    if (payload == nullptr) return read_payload(name, reader, json::object{}, crypto);
    if (!payload->is_object()) return DecodeError{"bad_envelope", "\"payload\" is not an object"};
    return read_payload(name, reader, payload->get_object(), crypto);
}

// Keeps its buffers from line to line: an ordinary line allocates nothing for its tree.
class Parser {
public:
    Line decode(std::string_view line, const Crypto& crypto) {
        json::monotonic_resource memory(buffer_.data(), buffer_.size());
        try {
            return decode_in(memory, line, crypto);
        } catch (const std::exception&) {
            // Boost.JSON throws only for sizes beyond its limits, which the line limits keep out.
            parser_.reset();
            return DecodeError{"bad_json", "the line is too large to read"};
        }
    }

private:
    Line decode_in(json::monotonic_resource& memory, std::string_view line, const Crypto& crypto) {
        json::error_code error;
        parser_.reset(&memory);
        parser_.write(line.data(), line.size(), error);
        // The value must be gone before its memory is.
        const std::optional<json::value> root = error ? std::nullopt : std::optional<json::value>(parser_.release());
        parser_.reset();
        if (!root) return DecodeError{"bad_json", "the line is not valid JSON: " + error.message()};
        return read_envelope(*root, crypto);
    }
    static json::parse_options options() {
        json::parse_options o;
        o.max_depth = depth_limit;
        return o;
    }
    std::array<unsigned char, 32 * 1024> buffer_{};
    std::array<unsigned char, 8 * 1024> stack_{};
    json::parser parser_{json::storage_ptr{}, options(), stack_.data(), stack_.size()};
};

}  // namespace
}  // namespace wire

Line decode(std::string_view line, const Crypto& crypto) {
    thread_local wire::Parser parser;
    return parser.decode(line, crypto);
}

}  // namespace gossip
