#include "manager/base/program.hpp"

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include <unistd.h>

namespace gossip {

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string whole = (folder.empty() ? "." : folder) + "/" + name;
        if (::access(whole.c_str(), X_OK) == 0) return whole;
    }
    errno = ENOENT;
    return std::nullopt;
}

std::string shell_word(const std::string& text) {
    constexpr std::string_view harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+%";
    if (!text.empty() && text.find_first_not_of(harmless) == std::string::npos) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace gossip
