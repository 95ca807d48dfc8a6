#include "manager/base/failure.hpp"

#include <cstdio>

namespace gossip {

std::string_view error_word(ErrorKind kind) {
    constexpr std::string_view words[] = {"E_COMMAND", "E_USAGE",     "E_CONFIG", "E_EXPECT",      "E_WAIT",
                                          "E_START",   "E_NODE_DIED", "E_EXPECT", "E_INTERRUPTED", "E_TERMINATED"};
    return words[static_cast<std::size_t>(kind)];
}

int exit_code(ErrorKind kind) {
    constexpr int codes[] = {1, 2, 2, 3, 4, 5, 6, 3, 130, 143};
    return codes[static_cast<std::size_t>(kind)];
}

int complain(ErrorKind kind, std::string_view text) {
    const std::string line = "gossipctl: " + std::string(error_word(kind)) + ": " + std::string(text) + "\n";
    std::fputs(line.c_str(), stderr);
    return exit_code(kind);
}

int complain(std::string_view tool, ErrorKind kind, std::string_view text) {
    return complain(kind, std::string(tool) + ": " + std::string(text));
}

}  // namespace gossip
