// The byte form of the journal, apart from files and threads.

#include "node/storage/journal.hpp"

#include <array>

namespace gossip {
namespace {

constexpr std::size_t prefix_size = 9;  // len, crc, type
constexpr std::size_t body_limit = std::size_t{256} << 20;

// Castagnoli's polynomial, reflected (RFC 3720, appendix B.4).
constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? c >> 1 ^ 0x82f63b78U : c >> 1;
        table[i] = c;
    }
    return table;
}();

void put_u32(Bytes& out, std::uint32_t v) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(v >> shift & 255U));
}

std::uint32_t get_u32(std::string_view in) {
    std::uint32_t v = 0;
    for (unsigned i = 0; i < 4; ++i) v |= std::uint32_t{static_cast<unsigned char>(in[i])} << 8 * i;
    return v;
}

std::uint32_t record_sum(std::string_view len, std::string_view type_and_body) {
    return crc32c(type_and_body, crc32c(len));
}

bool known_type(char type) {
    return type >= static_cast<char>(RecordType::header) && type <= static_cast<char>(RecordType::seat_life);
}

// Size of the good record at the front of `bytes`; 0 when there is none.
std::size_t good_record(std::string_view bytes) {
    if (bytes.size() < prefix_size || !known_type(bytes[8])) return 0;
    const std::size_t size = get_u32(bytes);
    if (size > body_limit || size > bytes.size() - prefix_size) return 0;
    const bool matches = record_sum(bytes.substr(0, 4), bytes.substr(8, 1 + size)) == get_u32(bytes.substr(4));
    return matches ? prefix_size + size : 0;
}

// The length field of the bad record may itself be wrong, so every later byte is tried.
bool holds_a_good_record(std::string_view bytes) {
    for (std::size_t at = 1; at + prefix_size <= bytes.size(); ++at) {
        if (good_record(bytes.substr(at)) > 0) return true;
    }
    return false;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
    std::uint32_t c = ~seed;
    for (const char byte : bytes) c = crc_table[(c ^ static_cast<unsigned char>(byte)) & 255U] ^ c >> 8;
    return ~c;
}

Bytes frame_record(RecordType type, std::string_view body) {
    Bytes out;
    out.reserve(prefix_size + body.size());
    put_u32(out, static_cast<std::uint32_t>(body.size()));
    Bytes rest(1, static_cast<char>(type));
    rest.append(body);
    put_u32(out, record_sum(out, rest));
    return out + rest;
}

JournalContents parse_journal(std::string_view bytes) {
    JournalContents contents;
    while (const std::size_t size = good_record(bytes.substr(contents.good_bytes))) {
        const std::string_view record = bytes.substr(contents.good_bytes, size);
        contents.records.push_back({static_cast<RecordType>(record[8]), Bytes(record.substr(prefix_size))});
        contents.good_bytes += size;
    }
    const std::string_view rest = bytes.substr(contents.good_bytes);
    contents.damaged = holds_a_good_record(rest);
    contents.torn_bytes = contents.damaged ? 0 : rest.size();
    return contents;
}

}  // namespace gossip
