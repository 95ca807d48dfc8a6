// Writes lines straight into a string: no tree is built, a GOSSIP costs one allocation.

#include "node/wire/wire_fields_seed.hpp"
#include "node/wire/wire_text.hpp"

#include "protocol/assert.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace gossip {
namespace wire {
namespace {

// JavaScript, and Python through floats, read numbers beyond this inexactly.
constexpr std::uint64_t exact_limit = std::uint64_t{1} << 53;

class JsonWriter {
public:
    JsonWriter(std::string& out, WallMs now) : out_(out), now_(now) {}

    template <class T>
    void need(std::string_view name, const T& v) {
        key(name);
        value(v);
    }
    template <class T>
    void opt(std::string_view name, const T& v) {
        if constexpr (requires { is_absent(v); }) {
            if (!is_absent(v)) need(name, v);
        } else {
            opt(name, v, T{});
        }
    }
    template <class T>
    void opt(std::string_view name, const T& v, const T& absent) {
        if (v != absent) need(name, v);
    }
    template <class T>
    void list(std::string_view name, const std::vector<T>& v, std::size_t = 0) {
        if (v.empty()) return;
        key(name);
        out_ += '[';
        for (const T& item : v) {
            if (&item != v.data()) out_ += ',';
            value(item);
        }
        out_ += ']';
    }
    void seconds(std::string_view name, WallMs ms) {
        key(name);
        append_seconds(ms);
    }
    void now(std::string_view name) { seconds(name, now_); }
    void host_port(NodeId id) {
        need("host", ip_string(id));
        need("port", std::uint32_t{endpoint(id).port});
    }
    void peers(std::string_view name, const std::vector<Member>& members);

    // An object whose fields `body` writes.
    template <class F>
    void braces(F&& body) {
        out_ += '{';
        fresh_ = true;
        body();
        out_ += '}';
        fresh_ = false;
    }
    template <class F>
    void nested(std::string_view name, F&& body) {
        key(name);
        braces(body);
    }

private:
    void key(std::string_view name) {
        if (!fresh_) out_ += ',';
        fresh_ = false;
        out_ += '"';
        out_ += name;
        out_ += "\":";
    }
    void append_number(std::uint64_t v) {
        std::array<char, 20> digits;
        const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr;
        out_.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
    }
    void append_seconds(WallMs ms) {
        std::array<char, 32> text;
        const auto v = std::max<WallMs>(ms, 0);
        std::snprintf(text.data(), text.size(), "%lld.%03lld", static_cast<long long>(v / 1000),
                      static_cast<long long>(v % 1000));
        out_ += text.data();
    }

    void value(bool v) { out_ += v ? "true" : "false"; }
    void value(std::uint8_t v) { append_number(v); }
    void value(std::uint32_t v) { append_number(v); }
    void value(std::uint64_t v) {
        if (v > exact_limit) out_ += '"';
        append_number(v);
        if (v > exact_limit) out_ += '"';
    }
    void value(WallMs v) { append_number(static_cast<std::uint64_t>(std::max<WallMs>(v, 0))); }
    void value(Duration v) { value(std::chrono::duration_cast<std::chrono::milliseconds>(v).count()); }
    void value(Incarnation v) { value(static_cast<std::uint64_t>(v)); }
    void value(std::string_view v) { append_string(out_, v); }
    void value(NodeId v) {
        quoted([&] { out_ += node_name(v); });
    }
    void value(Ballot v) {
        out_ += '[';
        value(v.round);
        out_ += ',';
        value(v.seat);
        out_ += ']';
    }
    void value(const Digest& v) {
        quoted([&] { append_hex(out_, v.bytes); });
    }
    void value(const Nonce& v) {
        quoted([&] { append_hex(out_, v); });
    }
    void value(const PublicKey& v) {
        quoted([&] { append_base64(out_, v.bytes); });
    }
    void value(const Signature& v) {
        quoted([&] { append_base64(out_, v.bytes); });
    }
    void value(const RumorKey& v) {
        std::array<std::uint8_t, 16> bytes;
        for (std::size_t i = 0; i < 8; ++i) {
            bytes[i] = static_cast<std::uint8_t>(v.hi >> (56 - 8 * i));
            bytes[8 + i] = static_cast<std::uint8_t>(v.lo >> (56 - 8 * i));
        }
        quoted([&] { append_hex(out_, bytes); });
    }
    template <NamedEnum E>
    void value(E v) {
        const auto index = static_cast<std::size_t>(v);
        GOSSIP_ASSERT(index < EnumNames<E>::names.size());
        quoted([&] { out_ += EnumNames<E>::names[index]; });
    }
    template <Described M>
    void value(const M& m) {
        braces([&] { Fields<M>::visit(*this, m); });
    }
    template <class F>
    void quoted(F&& body) {
        out_ += '"';
        body();
        out_ += '"';
    }

    std::string& out_;
    WallMs now_;
    bool fresh_{true};  // no field written yet in the innermost object
};

void JsonWriter::peers(std::string_view name, const std::vector<Member>& members) {
    const auto fields = [this](const Member& m) {
        host_port(m.id);
        // An incarnation is the wall clock of a life's start, which is what 000 means by `joined`.
        seconds("joined", static_cast<WallMs>(m.incarnation));
        opt("inc", m.incarnation);
        opt("v", m.protocol, ProtocolVersion{0});
        opt("key", m.key);
        opt("since", m.since);
    };
    nested(name, [&] {
        for (const Member& m : members) nested(node_name(m.id), [&] { fields(m); });
    });
}

// GOSSIP's msg_hash is written for 000's peers and never read; origin and number are in the id.
void write_gossip(JsonWriter& io, const msg::Gossip& m, const Crypto& crypto) {
    GOSSIP_ASSERT(m.rumor != nullptr);
    const Rumor& r = *m.rumor;
    io.need("msg_id", r.id);                   // [000]
    io.need("msg_hash", crypto.digest(r.id));  // [000]
    io.need("sender", m.sender);               // [000]
    io.opt("hop", m.hop);
    io.opt("ts", m.sent);
    io.opt("inc", r.incarnation);
    io.opt("typed", r.typed);
    io.opt("text", r.text);
    io.opt("born", r.born);
    io.opt("repair", m.repair);
}

template <class F>
std::string envelope(std::string_view type, WallMs now, F&& payload) {
    std::string line;
    line.reserve(320);
    JsonWriter io(line, now);
    io.braces([&] {
        io.need("type", type);
        io.now("timestamp");
        io.nested("payload", [&] { payload(io); });
    });
    line += '\n';
    return line;
}

template <class M>
std::string plain(std::string_view type, WallMs now, const M& m) {
    return envelope(type, now, [&](JsonWriter& io) { Fields<M>::visit(io, m); });
}

}  // namespace
}  // namespace wire

std::string encode(const Message& message, const Crypto& crypto, WallMs now) {
    const std::string_view type = message_name(message);
    if (const auto* m = std::get_if<msg::Gossip>(&message)) {
        return wire::envelope(type, now, [&](wire::JsonWriter& io) { wire::write_gossip(io, *m, crypto); });
    }
    const auto write = [&](const auto& m) -> std::string {
        if constexpr (wire::Described<decltype(m)>) return wire::plain(type, now, m);
        return {};
    };
    return std::visit(write, message);
}

std::string encode(const Hello& hello, WallMs now) { return wire::plain("HELLO", now, hello); }
std::string encode(const HelloAck& ack, WallMs now) { return wire::plain("HELLO_ACK", now, ack); }
std::string encode(const HelloProof& proof, WallMs now) { return wire::plain("HELLO_PROOF", now, proof); }
std::string encode(const CredentialChanged& changed, WallMs now) { return wire::plain("CREDENTIAL", now, changed); }

}  // namespace gossip
