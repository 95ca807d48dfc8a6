#include "manager/base/failure.hpp"

#include "node/base/error_line.hpp"

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
    print_error(error_word(kind), text);
    return exit_code(kind);
}

int complain(std::string_view tool, ErrorKind kind, std::string_view text) {
    return complain(kind, std::string(tool) + ": " + std::string(text));
}

}  // namespace gossip
