#include "node/base/value_text.hpp"

#include "protocol/names.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace gossip {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
// Largest first: duration_text takes the first that divides evenly.
constexpr std::array units{Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
                           Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};
constexpr double longest_ns = 1000.0 * 3.6e12;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    double number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
    if (error != std::errc{} || !(number >= 0)) return std::nullopt;
    const std::string_view suffix(end, static_cast<std::size_t>(last - end));
    for (const Unit& unit : units) {
        const double ns = number * static_cast<double>(unit.nanoseconds);
        if (suffix == unit.name && ns <= longest_ns) return Duration{std::llround(ns)};
    }
    return std::nullopt;
}

std::string duration_text(Duration d) {
    if (d.count() == 0) return "0s";
    for (const Unit& unit : units) {
        if (d.count() % unit.nanoseconds != 0) continue;
        return std::to_string(d.count() / unit.nanoseconds) + std::string(unit.name);
    }
    return {};
}

std::string format_time(Duration duration) {
    const double seconds = in_seconds(duration);
    char text[32];
    if (duration == Duration::zero()) {
        return "0s";
    } else if (seconds < 0.0009995) {
        std::snprintf(text, sizeof text, "%.0fus", seconds * 1e6);
    } else if (seconds < 0.9995) {
        std::snprintf(text, sizeof text, "%.0fms", seconds * 1e3);
    } else if (seconds < 120) {
        const bool whole = std::abs(seconds - std::round(seconds)) < 0.05;
        std::snprintf(text, sizeof text, whole ? "%.0fs" : "%.1fs", seconds);
    } else {
        const auto whole = static_cast<long long>(seconds);
        std::snprintf(text, sizeof text, "%lldm%02llds", whole / 60, whole % 60);
    }
    return text;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (!std::isfinite(value)) return std::nullopt;
    return value;
}

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string milliseconds_text(std::int64_t ns, int decimals) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", decimals, in_milliseconds(ns));
    return text;
}

std::string hex_text(std::uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(value));
    return text;
}

std::string_view role_name(Role role) { return role == Role::seed ? "seed" : "peer"; }

std::optional<Role> parse_role(std::string_view text) {
    for (const Role role : {Role::seed, Role::peer}) {
        if (text == role_name(role)) return role;
    }
    return std::nullopt;
}

std::string toml_string(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') out.push_back('\\');
        if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15U]);
        } else {
            out.push_back(c);
        }
    }
    return out + "\"";
}

std::variant<NodeId, std::string> read_endpoint(std::string_view text) {
    if (const auto id = parse_node(text)) return *id;
    const std::string quoted = toml_string(text);
    if (text.find(':') != text.rfind(':')) return quoted + ": IPv6 is not supported yet, use an IPv4 address";
    return quoted + " is not an address; write it as 127.0.0.1:6000, with a port in 1..65535";
}

}  // namespace gossip
