#include "protocol/canonical.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>

using namespace gossip;

namespace {

// The naive twin of the encoding: plain concatenation, nothing shared with the code under test.
Bytes little_endian(std::uint64_t v, int size) {
    Bytes out;
    for (int i = 0; i < size; ++i, v /= 256) out += static_cast<char>(v % 256);
    return out;
}

Bytes counted(const Bytes& s) { return little_endian(s.size(), 4) + s; }

template <std::size_t N>
std::array<std::uint8_t, N> pattern(std::uint8_t first) {
    std::array<std::uint8_t, N> a{};
    for (std::size_t i = 0; i < N; ++i) a[i] = static_cast<std::uint8_t>(first + i);
    return a;
}

template <std::size_t N>
Bytes plain(const std::array<std::uint8_t, N>& a) {
    Bytes out;
    for (const std::uint8_t b : a) out += static_cast<char>(b);
    return out;
}

Change sample_change() {
    return {ChangeKind::replace,
            NodeId{0x0102030405060708},
            Incarnation{0x1112131415161718},
            7,
            PublicKey{pattern<32>(0x80)},
            3,
            0x2122232425262728,
            0x3132333435363738};
}

Bytes twin(const Change& c) {
    return little_endian(static_cast<std::uint64_t>(c.kind), 1) + little_endian(static_cast<std::uint64_t>(c.peer), 8) +
           little_endian(static_cast<std::uint64_t>(c.incarnation), 8) + little_endian(c.protocol, 1) +
           plain(c.key.bytes) + little_endian(c.seat, 1) + little_endian(c.old_life, 8) + little_endian(c.new_life, 8);
}

Bytes written(const Change& c) {
    ByteWriter out;
    write(out, c);
    return out.take();
}

Bytes written(const Batch& batch) {
    ByteWriter out;
    write(out, batch);
    return out.take();
}

// Every mutation of one field, applied to its own copy of `base`, must give bytes of its own.
template <class T>
void check_each_field_counts(const T& base, const std::vector<std::function<void(T&)>>& mutations) {
    std::set<Bytes> seen{canonical_bytes(base)};
    for (std::size_t i = 0; i < mutations.size(); ++i) {
        CAPTURE(i);
        T changed = base;
        mutations[i](changed);
        CHECK(seen.insert(canonical_bytes(changed)).second);
    }
}

LinksRecord sample_links() {
    return {NodeId{1}, Incarnation{2}, 3, {NodeId{4}, NodeId{5}}, {NodeId{6}}, Signature{pattern<64>(1)}};
}

}  // namespace

TEST_CASE("integers are little endian at every width, the extremes included") {
    for (const std::uint64_t v : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xff}, std::uint64_t{0x100},
                                  std::uint64_t{0x12345678}, ~std::uint64_t{0}, std::uint64_t{0x8000000000000000}}) {
        ByteWriter out;
        out.u8(static_cast<std::uint8_t>(v));
        out.u32(static_cast<std::uint32_t>(v));
        out.u64(v);
        CHECK(out.bytes() == little_endian(v, 1) + little_endian(v, 4) + little_endian(v, 8));
        ByteReader in(out.bytes());
        CHECK(in.u8() == static_cast<std::uint8_t>(v));
        CHECK(in.u32() == static_cast<std::uint32_t>(v));
        CHECK_FALSE(in.at_end());
        CHECK(in.u64() == v);
        CHECK(in.at_end());
    }
}

TEST_CASE("texts and arrays come back as they were written") {
    const Bytes awkward("\0\xff\n", 3);
    ByteWriter out;
    out.text("");
    out.text(awkward);
    out.raw(pattern<5>(250));
    CHECK(out.bytes() == counted("") + counted(awkward) + plain(pattern<5>(250)));
    ByteReader in(out.bytes());
    CHECK(in.text().empty());
    CHECK(in.text() == awkward);
    CHECK(in.raw<5>() == pattern<5>(250));
    CHECK(in.at_end());
}

TEST_CASE("past the end a reader yields zeros, stays not ok and never recovers") {
    for (const std::size_t size : {0U, 1U, 3U}) {
        const Bytes bytes(size, '\x7f');
        ByteReader in(bytes);
        CHECK(in.u32() == 0);
        CHECK_FALSE(in.ok());
        CHECK_FALSE(in.at_end());
        CHECK(in.u8() == 0);
        CHECK(in.u64() == 0);
        CHECK(in.text().empty());
        CHECK(in.raw<2>() == std::array<std::uint8_t, 2>{});
        CHECK_FALSE(in.ok());
    }
}

// Exhaustive over small sizes: a count is believed exactly when its items can be there, so a hostile
// length never makes anybody allocate.
TEST_CASE("a count is believed only when that many items fit into what is left") {
    for (std::uint32_t claimed = 0; claimed <= 20; ++claimed) {
        for (std::size_t item = 1; item <= 5; ++item) {
            for (std::size_t left = 0; left <= 20; ++left) {
                const Bytes bytes = little_endian(claimed, 4) + Bytes(left, 'x');
                ByteReader in(bytes);
                const bool fits = claimed * item <= left;
                REQUIRE(in.count(item) == (fits ? claimed : 0));
                REQUIRE(in.ok() == fits);
            }
        }
    }
    ByteReader huge("\xff\xff\xff\xff....");
    CHECK(huge.count(1000) == 0);
    CHECK_FALSE(huge.ok());
}

TEST_CASE("a change has one layout, given field by field by the naive twin") {
    CHECK(written(sample_change()) == twin(sample_change()));
    CHECK(written(Change{}) == twin(Change{}));
    CHECK(canonical_bytes(sample_change()) == counted("gossip/change") + twin(sample_change()));
}

TEST_CASE("changes and batches survive the round trip; every shorter prefix is refused") {
    Change add{ChangeKind::add, NodeId{9}, Incarnation{1}};
    Change remove{ChangeKind::remove, NodeId{9}, Incarnation{1}};
    for (const Batch& batch : {Batch{}, Batch{add}, Batch{sample_change(), remove, add}}) {
        const Bytes bytes = written(batch);
        ByteReader in(bytes);
        CHECK(read_batch(in) == batch);
        CHECK(in.at_end());
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            ByteReader cut(std::string_view(bytes).substr(0, size));
            static_cast<void>(read_batch(cut));
            REQUIRE_FALSE(cut.ok());
        }
    }
    const Bytes one = written(sample_change());
    ByteReader in(one);
    CHECK(read_change(in) == sample_change());
    CHECK(in.at_end());
}

TEST_CASE("a batch that claims more changes than its bytes can hold is empty and not ok") {
    const Bytes bytes = little_endian(2, 4) + twin(sample_change());
    ByteReader in(bytes);
    CHECK(read_batch(in).empty());
    CHECK_FALSE(in.ok());
}

TEST_CASE("every field of a change enters its bytes") {
    check_each_field_counts<Change>(sample_change(), {
                                                         [](Change& c) { c.kind = ChangeKind::add; },
                                                         [](Change& c) { c.peer = NodeId{1}; },
                                                         [](Change& c) { c.incarnation = Incarnation{1}; },
                                                         [](Change& c) { c.protocol = 0; },
                                                         [](Change& c) { c.key.bytes[31] ^= 1; },
                                                         [](Change& c) { c.seat = 4; },
                                                         [](Change& c) { c.old_life = 1; },
                                                         [](Change& c) { c.new_life = 1; },
                                                     });
}

TEST_CASE("every field of a links record but its signature enters its bytes, list ends included") {
    check_each_field_counts<LinksRecord>(sample_links(), {
                                                             [](LinksRecord& r) { r.peer = NodeId{9}; },
                                                             [](LinksRecord& r) { r.incarnation = Incarnation{9}; },
                                                             [](LinksRecord& r) { r.version = 9; },
                                                             [](LinksRecord& r) { r.links[1] = NodeId{9}; },
                                                             [](LinksRecord& r) { r.successors[0] = NodeId{9}; },
                                                             [](LinksRecord& r) { std::swap(r.links[0], r.links[1]); },
                                                             [](LinksRecord& r) {
                                                                 r.links.push_back(NodeId{6});
                                                                 r.successors.clear();
                                                             },
                                                             [](LinksRecord& r) { r.links.pop_back(); },
                                                         });
    LinksRecord other_signature = sample_links();
    other_signature.signature = {};
    CHECK(canonical_bytes(other_signature) == canonical_bytes(sample_links()));
}

TEST_CASE("every field of a statement but its signature enters its bytes") {
    const Statement base{NodeId{1}, Incarnation{2}, 3, Verdict::refused, NodeId{4}, Signature{pattern<64>(1)}};
    check_each_field_counts<Statement>(base, {
                                                 [](Statement& s) { s.suspect = NodeId{9}; },
                                                 [](Statement& s) { s.incarnation = Incarnation{9}; },
                                                 [](Statement& s) { s.links_version = 9; },
                                                 [](Statement& s) { s.verdict = Verdict::reachable; },
                                                 [](Statement& s) { s.verdict = Verdict::unreachable; },
                                                 [](Statement& s) { s.witness = NodeId{9}; },
                                             });
    Statement other_signature = base;
    other_signature.signature = {};
    CHECK(canonical_bytes(other_signature) == canonical_bytes(base));
}

TEST_CASE("every field of an ALIVE but its signature enters its bytes") {
    const msg::Alive base{NodeId{1}, Incarnation{2}, 3, Signature{pattern<64>(1)}};
    check_each_field_counts<msg::Alive>(base, {
                                                  [](msg::Alive& a) { a.peer = NodeId{9}; },
                                                  [](msg::Alive& a) { a.incarnation = Incarnation{9}; },
                                                  [](msg::Alive& a) { a.refutation = 9; },
                                              });
    msg::Alive other_signature = base;
    other_signature.signature = {};
    CHECK(canonical_bytes(other_signature) == canonical_bytes(base));
}

TEST_CASE("every field of a decision enters its bytes, the order of its batch included") {
    const Change add{ChangeKind::add, NodeId{9}, Incarnation{1}};
    const Decision base{4, {sample_change(), add}, Digest{pattern<32>(1)}};
    check_each_field_counts<Decision>(base, {
                                                [](Decision& d) { d.epoch = 5; },
                                                [](Decision& d) { d.digest.bytes[0] ^= 1; },
                                                [](Decision& d) { d.batch.pop_back(); },
                                                [](Decision& d) { d.batch.clear(); },
                                                [](Decision& d) { std::swap(d.batch[0], d.batch[1]); },
                                            });
}

TEST_CASE("a signature over one kind of value can never stand for another: domains differ") {
    const std::vector<Bytes> forms{canonical_bytes(Change{}), canonical_bytes(LinksRecord{}),
                                   canonical_bytes(Statement{}), canonical_bytes(msg::Alive{}),
                                   canonical_bytes(Decision{})};
    for (const Bytes& a : forms) {
        for (const Bytes& b : forms) {
            if (&a != &b) CHECK_FALSE(a.starts_with(b));
        }
    }
}
