#pragma once
// Why something did not work: the kind decides the word that is printed and gossipctl's exit code.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gossip {

enum class ErrorKind : std::uint8_t {
    command,
    usage,
    config,
    expect,
    wait,
    start,
    node_died,
    broken,
    interrupted,
    terminated
};

struct Failure {
    ErrorKind kind{ErrorKind::command};
    std::string text;
    std::string where{};  // "exp.gsh:12", filled in by the script's runner
    bool printed{false};
};
using Result = std::optional<Failure>;

[[nodiscard]] std::string_view error_word(ErrorKind kind);  // "E_WAIT"
[[nodiscard]] int exit_code(ErrorKind kind);

// "gossipctl: E_USAGE: TEXT" on stderr, for a tool that has no console; the exit code.
int complain(ErrorKind kind, std::string_view text);
// "gossipctl: E_USAGE: sim: TEXT"
int complain(std::string_view tool, ErrorKind kind, std::string_view text);

}  // namespace gossip
