#pragma once
// Reads lines from the terminal while events are handled: readline in callback mode on the event loop.
// Only line_reader.cpp includes readline.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gossip {

class LineReader {
public:
    // What the word under the cursor may become, given the line before it.
    using Completer = std::function<std::vector<std::string>(const std::string& before, const std::string& word)>;

    // One at a time: readline is global.
    LineReader(boost::asio::io_context& io, std::string history_path, Completer completer);
    ~LineReader();
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    // Shows the prompt and edits until a line or the end of input is there.
    void start(const std::string& prompt);
    [[nodiscard]] bool ready() const { return line_.has_value() || ended_; }
    // Hands out the line; nothing at the end of input (Ctrl-D).
    std::optional<std::string> take();

    // Prints text above the prompt and keeps the prompt whole; false when no prompt is shown.
    bool above(std::string_view text);
    void set_prompt(const std::string& prompt);
    // Ctrl-C: drops what was typed.
    void drop_line();
    // Hands the terminal back and takes it again (Ctrl-Z and fg).
    void suspend();
    void stop();

    static void remember(const std::string& line);

private:
    void await_input();
    static void on_line(char* line);
    static char** complete(const char* word, int begin, int end);
    static char* next_match(const char* word, int state);

    static LineReader* active_;
    boost::asio::posix::stream_descriptor input_;
    std::string history_path_;
    Completer completer_;
    std::vector<std::string> matches_;
    std::string prompt_;
    std::optional<std::string> line_;
    bool shown_{false};
    bool waiting_{false};
    bool ended_{false};
};

// ~/.local/state/gossipctl/history, made if it is not there; empty when there is no home.
[[nodiscard]] std::string history_file();

}  // namespace gossip
