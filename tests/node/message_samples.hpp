#pragma once
// Messages filled with values, and their equality, both by reflection over the structs themselves:
// independent of the wire's own list of fields, so a field forgotten there is found.

#include "protocol/crypto.hpp"
#include "protocol/messages.hpp"
#include "protocol/names.hpp"
#include "protocol/rng.hpp"

#include <boost/pfr.hpp>

#include <cstdlib>
#include <utility>

namespace gossip::samples {

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

template <class T>
concept Leaf = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> ||
    std::is_same_v<T, Duration> || std::is_same_v<T, Digest> || std::is_same_v<T, PublicKey> ||
    std::is_same_v<T, Signature> || std::is_same_v<T, RumorKey> || std::is_same_v<T, Ballot>;

class Filler {
public:
    // `plain`: small ordinary values, for golden lines; else everything the wire must carry.
    Filler(const Crypto& crypto, std::uint64_t seed, bool plain) : crypto_(crypto), rng_(seed), plain_(plain) {}

    template <std::size_t I = 0>
    Message message(std::size_t index) {
        if constexpr (I < std::variant_size_v<MessageBody>) {
            if (index != I) return message<I + 1>(index);
            std::variant_alternative_t<I, MessageBody> m;
            fill(m);
            return m;
        }
        std::abort();
    }

private:
    template <class T>
    void fill(T& v) {
        if constexpr (is_vector<T>::value) {
            v.resize(items<typename T::value_type>());
            for (auto& item : v) fill(item);
        } else if constexpr (std::is_same_v<T, RumorPtr>) {
            v = rumor();
        } else if constexpr (Leaf<T>) {
            leaf(v);
        } else {
            boost::pfr::for_each_field(v, [this](auto& field) { member(field); });
        }
    }
    template <class T>
    void member(T& field) {
        if constexpr (std::is_same_v<T, LinksRecord> || std::is_same_v<T, Certificate>) {
            if (!plain_ && rng_.below(5) == 0) return;
        }
        fill(field);
    }
    template <class T>
    std::size_t items() {
        constexpr bool one_at_most = std::is_same_v<T, Accepted> || std::is_same_v<T, LinksRecord>;
        if (plain_) return one_at_most ? 1 : 2;
        return rng_.below(one_at_most ? 2 : 4);
    }

    void leaf(bool& v) { v = plain_ || rng_.below(2) == 1; }
    void leaf(std::uint8_t& v) { v = static_cast<std::uint8_t>(plain_ ? 1 + rng_.below(2) : rng_.below(32)); }
    void leaf(std::uint32_t& v) {
        v = static_cast<std::uint32_t>(plain_ ? 1 + rng_.below(9) : rng_.next() >> shift(32));
    }
    void leaf(std::uint64_t& v) { v = plain_ ? 1 + rng_.below(99) : rng_.next() >> shift(0); }
    void leaf(WallMs& v) { v = plain_ ? now() : static_cast<WallMs>(rng_.below(1ULL << 47)); }
    void leaf(Duration& v) { v = std::chrono::milliseconds(plain_ ? 500 : rng_.below(86'400'000)); }
    void leaf(Incarnation& v) { v = Incarnation{plain_ ? static_cast<std::uint64_t>(now()) : rng_.next() >> shift(2)}; }
    void leaf(NodeId& v) {
        const auto port = static_cast<std::uint16_t>(plain_ ? 7000 + rng_.below(10) : 1 + rng_.below(65'535));
        v = node_id({plain_ ? 0x7f000001U : static_cast<std::uint32_t>(rng_.next()), port});
    }
    void leaf(Ballot& v) {
        leaf(v.round);
        leaf(v.seat);
    }
    void leaf(RumorKey& v) { v = {rng_.next(), rng_.next()}; }
    void leaf(Digest& v) { octets(v.bytes); }
    void leaf(PublicKey& v) { octets(v.bytes); }
    void leaf(Signature& v) { octets(v.bytes); }
    void leaf(std::string& v) {
        static constexpr std::array<std::string_view, 9> pieces{
            "word", " ", "\"", "\\", "\n\t\r", std::string_view("\0\x01\x1f", 3), "\x7f", "\u00e9\u2192", "\U0001f600"};
        v = "some text";
        if (plain_) return;
        v.clear();
        for (std::uint64_t n = rng_.below(12); n > 0; --n) v += pieces[rng_.below(pieces.size())];
    }
    template <class E>
    requires std::is_enum_v<E>
    void leaf(E& v) {
        constexpr std::uint64_t values = std::is_same_v<E, ReportStatus> ? 5 : std::is_same_v<E, ChangeKind> ? 4 : 3;
        v = static_cast<E>(rng_.below(values));
    }
    template <class Array>
    void octets(Array& bytes) {
        for (auto& b : bytes) b = static_cast<std::uint8_t>(rng_.next());
    }
    RumorPtr rumor() {
        auto r = make_rumor();
        leaf(r->origin);
        leaf(r->number);
        r->id = make_rumor_id(now(), r->origin, r->number);
        r->key = rumor_key(crypto_, r->id);
        leaf(r->incarnation);
        leaf(r->typed);
        leaf(r->text);
        leaf(r->born);
        return r;
    }
    WallMs now() { return 1'708'776'008'000 + static_cast<WallMs>(rng_.below(1000)); }
    std::uint64_t shift(std::uint64_t least) { return least + rng_.below(64 - least); }

    const Crypto& crypto_;
    Rng rng_;
    bool plain_;
};

template <class T>
bool same(const T& a, const T& b);

template <class T>
bool same_fields(const T& a, const T& b) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return (same(boost::pfr::get<I>(a), boost::pfr::get<I>(b)) && ...);
    }
    (std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
}

template <class T>
bool same(const T& a, const T& b) {
    if constexpr (is_vector<T>::value) {
        if (a.size() != b.size()) return false;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (!same(a[i], b[i])) return false;
        }
        return true;
    } else if constexpr (std::is_same_v<T, RumorPtr>) {
        return a != nullptr && b != nullptr && same(*a, *b);
    } else if constexpr (std::is_same_v<T, Message>) {
        if (a.index() != b.index()) return false;
        return std::visit([&](const auto& m) { return same(m, std::get<std::decay_t<decltype(m)>>(b)); }, a);
    } else if constexpr (std::is_same_v<T, Checked> || std::is_same_v<T, Users>) {
        return true;  // never travel
    } else if constexpr (Leaf<T>) {
        return a == b;
    } else {
        return same_fields(a, b);
    }
}

}  // namespace gossip::samples
