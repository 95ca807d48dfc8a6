#include "manager/base/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace gossip {
namespace {

bool has_many_colors() {
    const char* term = std::getenv("TERM");
    return term != nullptr && std::string_view(term).find("256color") != std::string_view::npos;
}

}  // namespace

std::optional<ColorMode> parse_color_mode(std::string_view text) {
    if (text == "auto") return ColorMode::automatic;
    if (text == "always") return ColorMode::always;
    if (text == "never") return ColorMode::never;
    return std::nullopt;
}

bool use_color(ColorMode mode, int fd) {
    if (mode != ColorMode::automatic) return mode == ColorMode::always;
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: any non-empty value
    if (no_color != nullptr && *no_color != '\0') return false;
    const char* term = std::getenv("TERM");
    if (term == nullptr || std::string_view(term) == "dumb") return false;
    return isatty(fd) == 1;
}

std::size_t terminal_width(int fd) {
    winsize size{};
    return ::isatty(fd) == 1 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int reopened(int fd) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const int fresh = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fresh >= 0 ? fresh : ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

std::string style_code(Style style) {
    constexpr std::string_view basic[] = {"0", "1", "2", "31", "32", "33", "34", "36", "35"};
    // Contrast of 3 and more (WCAG 2.1) with black as with white; the basic yellow, green and cyan vanish on white.
    constexpr std::string_view middle[] = {"0",        "1",       "2",       "38;5;160", "38;5;28",
                                           "38;5;130", "38;5;26", "38;5;30", "38;5;127"};
    static const bool many = has_many_colors();
    const auto& codes = many ? middle : basic;
    return "\x1b[" + std::string(codes[static_cast<std::size_t>(style)]) + "m";
}

std::string paint(std::string_view text, Style style, bool colored) {
    if (!colored || style == Style::plain || text.empty()) return std::string(text);
    return style_code(style) + std::string(text) + style_code(Style::plain);
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // C1 controls are two bytes in UTF-8: 0xc2 0x80..0x9f.
        const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte >= 0x20 && byte != 0x7f && !c1) {
            out += text[i];
            continue;
        }
        char escape[5];
        std::snprintf(escape, sizeof escape, "\\x%02x", c1 ? static_cast<unsigned char>(text[++i]) : byte);
        out += escape;
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
    return std::string(text.substr(0, most)) + "…";
}

}  // namespace gossip
