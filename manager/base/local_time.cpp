#include "manager/base/local_time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace gossip {

std::string local_time(WallMs wall, const char* form) {
    const std::time_t seconds = wall / 1000;
    std::tm local{};
    std::array<char, 40> text{};
    std::strftime(text.data(), text.size(), form, ::localtime_r(&seconds, &local));
    return text.data();
}

std::string clock_text(WallMs wall) {
    std::array<char, 8> milliseconds{};
    std::snprintf(milliseconds.data(), milliseconds.size(), ".%03d", static_cast<int>(wall % 1000));
    return local_time(wall, "%H:%M:%S") + milliseconds.data();
}

}  // namespace gossip
