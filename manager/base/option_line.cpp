#include "manager/base/option_line.hpp"

#include <algorithm>

namespace gossip {

std::string option_line(std::string_view typed, std::string_view help, std::size_t column) {
    std::string line = "  " + std::string(typed);
    line.resize(std::max(line.size() + 2, column), ' ');
    return line + std::string(help) + "\n";
}

}  // namespace gossip
