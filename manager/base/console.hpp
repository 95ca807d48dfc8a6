#pragma once
// Where text goes: results to stdout, all else to stderr; on a terminal everything above the prompt.

#include "manager/base/table.hpp"
#include "manager/base/terminal.hpp"

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gossip {

class Console {
public:
    // Where a second terminal's command prints; `error` is its stderr.
    using Sink = std::function<void(bool error, std::string_view text)>;
    // How somebody wants to be talked to.
    struct Manner {
        bool interactive{false};
        bool colored{false};
        TableFormat format{};
        std::size_t width{0};  // of a second terminal; our own is asked each time
    };

    Console(bool interactive, ColorMode color, std::optional<TableFormat> format);

    [[nodiscard]] bool interactive() const { return manner_.interactive; }
    [[nodiscard]] bool colored() const { return manner_.colored; }
    [[nodiscard]] TableFormat format() const { return manner_.format; }
    void set_color(ColorMode mode);
    void set_format(TableFormat format) { manner_.format = format; }

    // What a command was asked for. Text ends with a newline.
    void result(std::string_view text);
    void result(const Table& table);
    // One line of what happens meanwhile, without its newline.
    void remark(std::string_view line);
    // "gossipctl: E_WAIT exp.gsh:12: …"
    void error(std::string_view word, std::string_view where, std::string_view text);

    // What happens in the network, whoever's command is running: to our own terminal and to listeners.
    void announce(std::string_view line);
    [[nodiscard]] bool is_announcing() const { return own().interactive || listener_ != nullptr; }
    [[nodiscard]] bool announces_in_color() const { return own().colored; }
    void set_listener(std::function<void(std::string_view line)> listener) { listener_ = std::move(listener); }

    // While the prompt is shown text has to go above it.
    void set_above_prompt(std::function<bool(std::string_view)> above) { above_prompt_ = std::move(above); }

    // For the length of a command of a second terminal.
    class Redirection {
    public:
        Redirection(Console& console, Manner manner, Sink sink);
        ~Redirection();
        Redirection(const Redirection&) = delete;
        Redirection& operator=(const Redirection&) = delete;
        [[nodiscard]] const Manner& manner() const { return console_.manner_; }

    private:
        Console& console_;
        Manner manner_before_;
        Sink sink_before_;
    };

private:
    [[nodiscard]] const Manner& own() const { return sink_ ? own_while_redirected_ : manner_; }
    void print(std::FILE* file, std::string_view text);

    Manner manner_;
    Manner own_while_redirected_;
    Sink sink_;
    std::function<bool(std::string_view)> above_prompt_;
    std::function<void(std::string_view)> listener_;
};

}  // namespace gossip
