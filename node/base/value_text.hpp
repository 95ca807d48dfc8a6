#pragma once
// The texts of single values as configuration files, options and commands write them: durations, numbers,
// endpoints, roles, strings.

#include "protocol/types.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gossip {

// "5s", "100ms", "1.5m", "2h"; nothing when it is not one, or longer than 1000 hours.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// The text that parse_duration reads back to the same.
[[nodiscard]] std::string duration_text(Duration d);
// "30s", "1.5s", "250ms": the shortest form that reads well.
[[nodiscard]] std::string format_time(Duration duration);

// Decimal digits only, no sign, no overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// "1 peer", "3 peers"
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);
[[nodiscard]] constexpr double in_milliseconds(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }
// Without the unit: "5.2"
[[nodiscard]] std::string milliseconds_text(std::int64_t ns, int decimals);
// "0x" and 16 digits
[[nodiscard]] std::string hex_text(std::uint64_t value);

// "seed" or "peer"
[[nodiscard]] std::string_view role_name(Role role);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

[[nodiscard]] std::string toml_string(std::string_view text);

// Parses IP:PORT. The error says what is wrong; for an IPv6 address it says that IPv6 is not supported.
[[nodiscard]] std::variant<NodeId, std::string> read_endpoint(std::string_view text);

}  // namespace gossip
