#pragma once
// The canonical bytes of values, little endian and length-prefixed: they are hashed, signed and journalled,
// whatever the encoding on the wire. A changed form needs a new domain tag.

#include "protocol/membership.hpp"
#include "protocol/messages.hpp"

#include <optional>
#include <string_view>

namespace gossip {

class ByteWriter {
public:
    void u8(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
    void u32(std::uint32_t v) { integer(v, 4); }
    void u64(std::uint64_t v) { integer(v, 8); }
    void raw(std::string_view s) { bytes_.append(s); }
    void text(std::string_view s) {
        u32(static_cast<std::uint32_t>(s.size()));
        raw(s);
    }
    template <std::size_t N>
    void raw(const std::array<std::uint8_t, N>& a) {
        bytes_.append(reinterpret_cast<const char*>(a.data()), N);
    }
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }
    [[nodiscard]] Bytes take() { return std::move(bytes_); }

private:
    void integer(std::uint64_t v, int size) {
        for (int i = 0; i < size; ++i) u8(static_cast<std::uint8_t>(v >> (8 * i)));
    }
    Bytes bytes_;
};

// Reads what ByteWriter wrote. Past the end it yields zeros and ok() turns false; never throws.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
    std::uint64_t u64() { return integer(8); }
    Bytes text();
    template <std::size_t N>
    std::array<std::uint8_t, N> raw() {
        std::array<std::uint8_t, N> a{};
        for (auto& b : a) b = u8();
        return a;
    }
    // A count of items that each take at least `item_size` bytes: 0 and not ok() when they cannot fit.
    std::size_t count(std::size_t item_size);
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

private:
    std::uint64_t integer(std::size_t size);
    std::string_view rest_;
    bool ok_{true};
};

// What a peer signs to be added or to leave, and what enters a batch's digest.
[[nodiscard]] Bytes canonical_bytes(const Change& change);
// The signature fields themselves are left out of the next three.
[[nodiscard]] Bytes canonical_bytes(const LinksRecord& record);
[[nodiscard]] Bytes canonical_bytes(const Statement& statement);
[[nodiscard]] Bytes canonical_bytes(const msg::Alive& alive);
[[nodiscard]] Bytes canonical_bytes(const Decision& decision);

void write(ByteWriter& out, const Change& change);
[[nodiscard]] Change read_change(ByteReader& in);
void write(ByteWriter& out, const Batch& batch);
[[nodiscard]] Batch read_batch(ByteReader& in);

}  // namespace gossip
