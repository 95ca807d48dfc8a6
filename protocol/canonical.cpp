#include "protocol/canonical.hpp"

#include <span>

namespace gossip {
namespace {

constexpr std::size_t change_size = 1 + 8 + 8 + 1 + 32 + 1 + 8 + 8;

void write_ids(ByteWriter& out, std::span<const NodeId> ids) {
    out.u32(static_cast<std::uint32_t>(ids.size()));
    for (const NodeId id : ids) out.u64(static_cast<std::uint64_t>(id));
}

// Each form begins with a tag of its own, so that a signature over one kind of value is never valid for another.
ByteWriter tagged(std::string_view domain) {
    ByteWriter out;
    out.text(domain);
    return out;
}

}  // namespace

std::uint64_t ByteReader::integer(std::size_t size) {
    if (rest_.size() < size) {
        ok_ = false;
        rest_ = {};
        return 0;
    }
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < size; ++i) {
        v |= std::uint64_t{static_cast<std::uint8_t>(rest_[i])} << (8 * i);
    }
    rest_.remove_prefix(size);
    return v;
}

Bytes ByteReader::text() {
    const std::size_t size = count(1);
    Bytes result(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return result;
}

std::size_t ByteReader::count(std::size_t item_size) {
    const std::size_t n = u32();
    if (n > rest_.size() / item_size) {
        ok_ = false;
        rest_ = {};
        return 0;
    }
    return n;
}

void write(ByteWriter& out, const Change& c) {
    out.u8(static_cast<std::uint8_t>(c.kind));
    out.u64(static_cast<std::uint64_t>(c.peer));
    out.u64(static_cast<std::uint64_t>(c.incarnation));
    out.u8(c.protocol);
    out.raw(c.key.bytes);
    out.u8(c.seat);
    out.u64(c.old_life);
    out.u64(c.new_life);
}

Change read_change(ByteReader& in) {
    Change c;
    c.kind = static_cast<ChangeKind>(in.u8());
    c.peer = NodeId{in.u64()};
    c.incarnation = Incarnation{in.u64()};
    c.protocol = in.u8();
    c.key.bytes = in.raw<32>();
    c.seat = in.u8();
    c.old_life = in.u64();
    c.new_life = in.u64();
    return c;
}

void write(ByteWriter& out, const Batch& batch) {
    out.u32(static_cast<std::uint32_t>(batch.size()));
    for (const Change& c : batch) write(out, c);
}

Batch read_batch(ByteReader& in) {
    Batch batch(in.count(change_size));
    for (Change& c : batch) c = read_change(in);
    return batch;
}

Bytes canonical_bytes(const Change& change) {
    ByteWriter out = tagged("gossip/change");
    write(out, change);
    return out.take();
}

Bytes canonical_bytes(const LinksRecord& record) {
    ByteWriter out = tagged("gossip/links");
    out.u64(static_cast<std::uint64_t>(record.peer));
    out.u64(static_cast<std::uint64_t>(record.incarnation));
    out.u64(record.version);
    write_ids(out, record.links);
    write_ids(out, record.successors);
    return out.take();
}

Bytes canonical_bytes(const Statement& s) {
    ByteWriter out = tagged("gossip/statement");
    out.u64(static_cast<std::uint64_t>(s.suspect));
    out.u64(static_cast<std::uint64_t>(s.incarnation));
    out.u64(s.links_version);
    out.u8(static_cast<std::uint8_t>(s.verdict));
    out.u64(static_cast<std::uint64_t>(s.witness));
    return out.take();
}

Bytes canonical_bytes(const msg::Alive& a) {
    ByteWriter out = tagged("gossip/alive");
    out.u64(static_cast<std::uint64_t>(a.peer));
    out.u64(static_cast<std::uint64_t>(a.incarnation));
    out.u64(a.refutation);
    return out.take();
}

Bytes canonical_bytes(const Decision& d) {
    ByteWriter out = tagged("gossip/decision");
    out.u64(d.epoch);
    out.raw(d.digest.bytes);
    write(out, d.batch);
    return out.take();
}

}  // namespace gossip
