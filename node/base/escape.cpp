#include "node/base/escape.hpp"

namespace gossip {
namespace {

unsigned byte_at(std::string_view s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

// Length of the well-formed UTF-8 sequence at `i` (Unicode 15, table 3-7), 0 when there is none.
std::size_t sequence_length(std::string_view s, std::size_t i) {
    const unsigned lead = byte_at(s, i);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > s.size()) return 0;
    for (std::size_t k = 1; k < length; ++k) {
        if ((byte_at(s, i + k) & 0xc0U) != 0x80) return 0;
    }
    const unsigned second = byte_at(s, i + 1);
    if (lead == 0xe0 && second < 0xa0) return 0;  // over-long
    if (lead == 0xed && second > 0x9f) return 0;  // surrogates
    if (lead == 0xf0 && second < 0x90) return 0;  // over-long
    if (lead == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
    return length;
}

// C0, DEL, and C1 (U+0080..U+009F), which terminals obey as well.
bool is_control(std::string_view s, std::size_t i, std::size_t length) {
    if (length == 1) return byte_at(s, i) < 0x20 || byte_at(s, i) == 0x7f;
    return length == 2 && byte_at(s, i) == 0xc2 && byte_at(s, i + 1) < 0xa0;
}

void append_hex(std::string& out, unsigned byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\x";
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15U]);
}

}  // namespace

std::string escape_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text, i);
        if (length == 0 || is_control(text, i, length)) {
            for (std::size_t k = 0; k < (length == 0 ? 1 : length); ++k) append_hex(out, byte_at(text, i + k));
        } else {
            out.append(text.substr(i, length));
        }
        i += length == 0 ? 1 : length;
    }
    return out;
}

std::size_t find_not_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text, i);
        if (length == 0) return i;
        i += length;
    }
    return std::string_view::npos;
}

}  // namespace gossip
