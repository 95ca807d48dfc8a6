#pragma once
// Where text goes: results to stdout, all else to stderr; on a terminal everything above the prompt.

#include "manager/table.hpp"
#include "manager/terminal.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace gossip {

class Console {
public:
    Console(bool interactive, ColorMode color, std::optional<TableFormat> format);

    [[nodiscard]] bool interactive() const { return interactive_; }
    [[nodiscard]] bool colored() const { return colored_; }
    [[nodiscard]] TableFormat format() const { return format_; }
    void set_color(ColorMode mode);
    void set_format(TableFormat format) { format_ = format; }

    // What a command was asked for. Text ends with a newline.
    void result(std::string_view text);
    void result(const Table& table) { result(table.render(format_, colored_)); }
    // One line of what happens meanwhile, without its newline.
    void remark(std::string_view line);
    // "gossipctl: E_WAIT exp.gsh:12: …"
    void error(std::string_view word, std::string_view where, std::string_view text);

    // While the prompt is shown text has to go above it.
    void set_above_prompt(std::function<bool(std::string_view)> above) { above_prompt_ = std::move(above); }

private:
    bool interactive_;
    bool colored_;
    TableFormat format_;
    std::function<bool(std::string_view)> above_prompt_;
};

}  // namespace gossip
