#include "node/config/settings.hpp"

#include <algorithm>
#include <cctype>

namespace gossip {

bool is_host_name(std::string_view name) {
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
    return !name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
           std::all_of(name.begin(), name.end(), fits);
}

}  // namespace gossip
