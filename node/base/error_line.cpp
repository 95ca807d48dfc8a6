#include "node/base/error_line.hpp"

#include <cstdio>
#include <string>

namespace gossip {

void print_error(std::string_view subject, std::string_view text) {
    const std::string line = "gossipctl: " + std::string(subject) + ": " + std::string(text) + "\n";
    std::fputs(line.c_str(), stderr);
}

}  // namespace gossip
