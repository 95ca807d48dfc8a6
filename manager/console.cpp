#include "manager/console.hpp"

#include <unistd.h>

#include <cstdio>

namespace gossip {
namespace {

void write_all(std::FILE* file, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), file);
    std::fflush(file);
}

TableFormat default_format() { return isatty(STDOUT_FILENO) == 1 ? TableFormat::table : TableFormat::tsv; }

}  // namespace

Console::Console(bool interactive, ColorMode color, std::optional<TableFormat> format)
    : interactive_(interactive),
      colored_(use_color(color, STDOUT_FILENO)),
      format_(format.value_or(default_format())) {}

void Console::set_color(ColorMode mode) { colored_ = use_color(mode, STDOUT_FILENO); }

void Console::result(std::string_view text) {
    if (above_prompt_ && above_prompt_(text)) return;
    write_all(stdout, text);
}

void Console::remark(std::string_view line) {
    const std::string text = std::string(line) + "\n";
    if (above_prompt_ && above_prompt_(text)) return;
    write_all(interactive_ ? stdout : stderr, text);
}

void Console::error(std::string_view word, std::string_view where, std::string_view text) {
    std::string line = interactive_ ? "" : "gossipctl: ";
    line += paint(word, Style::red, interactive_ && colored_);
    if (!where.empty()) line += " " + std::string(where);
    line += ": " + std::string(text);
    remark(line);
}

}  // namespace gossip
