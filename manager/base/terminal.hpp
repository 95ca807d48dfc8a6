#pragma once
// Colours, and text from the network made harmless for a terminal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gossip {

enum class Style : std::uint8_t { plain, bold, dim, red, green, yellow, blue, cyan, magenta };

enum class ColorMode : std::uint8_t { automatic, always, never };
[[nodiscard]] std::optional<ColorMode> parse_color_mode(std::string_view text);

// --color, then NO_COLOR, then TERM=dumb, then whether `fd` is a terminal.
[[nodiscard]] bool use_color(ColorMode mode, int fd);

// Its columns; 0: it is no terminal, or does not say.
[[nodiscard]] std::size_t terminal_width(int fd);

// `fd` opened anew, else duplicated. Descriptors of one opening share their flags: what is waited for in an event loop
// becomes non-blocking, and with it stdout on the same terminal, and stdin of the shell we came from.
[[nodiscard]] int reopened(int fd);

// The escape that begins it; of `plain`, the one that ends all others.
[[nodiscard]] std::string style_code(Style style);
// On terminals of 256 colours they are of middle brightness, to be read on dark and on light ground.
[[nodiscard]] std::string paint(std::string_view text, Style style, bool colored);

// Control characters become visible escapes: a peer's text never moves the cursor.
[[nodiscard]] std::string printable(std::string_view text);
// At most `most` bytes and an ellipsis; never half a UTF-8 letter.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace gossip
