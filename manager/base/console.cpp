#include "manager/base/console.hpp"

#include "manager/base/output.hpp"
#include "node/base/file.hpp"

#include <unistd.h>

#include <cstdio>

namespace gossip {
namespace {

TableFormat default_format() { return isatty(STDOUT_FILENO) == 1 ? TableFormat::table : TableFormat::tsv; }

}  // namespace

Console::Console(bool interactive, ColorMode color, std::optional<TableFormat> format)
    : manner_{interactive, use_color(color, STDOUT_FILENO), format.value_or(default_format())} {}

void Console::set_color(ColorMode mode) { manner_.colored = use_color(mode, STDOUT_FILENO); }

void Console::print(std::FILE* file, std::string_view text) {
    if (above_prompt_ && above_prompt_(text)) return;
    if (file == stdout) return write_output(text);
    static_cast<void>(write_all(STDERR_FILENO, text));
}

void Console::result(std::string_view text) {
    if (sink_) return sink_(false, text);
    print(stdout, text);
}

void Console::result(const Table& table) {
    const std::size_t width = sink_ ? manner_.width : terminal_width(STDOUT_FILENO);
    result(table.render(manner_.format, manner_.colored, width));
}

void Console::remark(std::string_view line) {
    const std::string text = std::string(line) + "\n";
    if (sink_) return sink_(true, text);
    print(manner_.interactive ? stdout : stderr, text);
}

void Console::announce(std::string_view line) {
    if (own().interactive) print(stdout, std::string(line) + "\n");
    if (listener_) listener_(line);
}

void Console::error(std::string_view word, std::string_view where, std::string_view text) {
    std::string line = manner_.interactive ? "" : "gossipctl: ";
    line += paint(word, Style::red, manner_.interactive && manner_.colored);
    if (!where.empty()) line += " " + std::string(where);
    line += ": " + std::string(text);
    remark(line);
}

Console::Redirection::Redirection(Console& console, Manner manner, Sink sink)
    : console_(console), manner_before_(console.manner_), sink_before_(std::move(console.sink_)) {
    if (!sink_before_) console.own_while_redirected_ = manner_before_;
    console.manner_ = manner;
    console.sink_ = std::move(sink);
}

Console::Redirection::~Redirection() {
    console_.manner_ = manner_before_;
    console_.sink_ = std::move(sink_before_);
}

}  // namespace gossip
