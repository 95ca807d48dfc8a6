#include "manager/shell/line_reader.hpp"

#include "manager/base/terminal.hpp"
#include "node/base/file.hpp"

// readline/history.h needs stdio.h before it.
#include <cstdio>

#include <readline/history.h>
#include <readline/readline.h>
#include <unistd.h>

#include <langinfo.h>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace gossip {

LineReader* LineReader::active_ = nullptr;

namespace {

constexpr int history_lines = 2000;

// What is printed is UTF-8 whatever the locale; where none is named, as in a container, a letter that is typed is to
// be one as well. Readline keeps what is set when no variable says otherwise.
void use_utf8() {
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

std::string history_file() {
    namespace fs = std::filesystem;
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if ((state == nullptr || *state == '\0') && (home == nullptr || *home == '\0')) return {};
    const fs::path base = state != nullptr && *state != '\0' ? fs::path(state) : fs::path(home) / ".local/state";
    std::error_code error;
    fs::create_directories(base / "gossipctl", error);
    return error ? std::string{} : (base / "gossipctl" / "history").string();
}

LineReader::LineReader(boost::asio::io_context& io, std::string history_path, Completer completer)
    : input_(io, reopened(STDIN_FILENO)), history_path_(std::move(history_path)), completer_(std::move(completer)) {
    active_ = this;
    use_utf8();
    rl_readline_name = "gossipctl";
    rl_catch_signals = 0;  // the event loop hears them
    rl_catch_sigwinch = 1;
    rl_attempted_completion_function = &LineReader::complete;
    rl_completer_word_break_characters = const_cast<char*>(" \t,(");
    // While a command runs the terminal stays as it is while a line is edited: what is typed ahead is shown once, on
    // its own line, and a Ctrl-D is not made into a zero by the terminal.
    rl_deprep_term_function = nullptr;
    rl_bind_key('\t', rl_complete);
    rl_variable_bind("enable-bracketed-paste", "on");
    stifle_history(history_lines);
    if (!history_path_.empty()) read_history(history_path_.c_str());
}

LineReader::~LineReader() {
    stop();
    rl_deprep_terminal();
    if (!history_path_.empty() && write_history(history_path_.c_str()) == 0) {
        std::error_code error;
        std::filesystem::permissions(history_path_, std::filesystem::perms(0600), error);
    }
    active_ = nullptr;
}

void LineReader::start(const std::string& prompt) {
    prompt_ = prompt;
    line_.reset();
    shown_ = true;
    rl_callback_handler_install(prompt_.c_str(), &LineReader::on_line);
    if (!waiting_) await_input();
}

void LineReader::await_input() {
    waiting_ = true;
    input_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
        if (error) return;
        waiting_ = false;
        if (shown_) rl_callback_read_char();
        if (shown_) await_input();
    });
}

// Called by readline from within rl_callback_read_char.
void LineReader::on_line(char* line) {
    LineReader& self = *active_;
    rl_callback_handler_remove();
    self.shown_ = false;
    if (line == nullptr) {
        self.ended_ = true;
        std::puts("exit");
        return;
    }
    self.line_ = line;
    std::free(line);
    remember(*self.line_);
}

void LineReader::remember(const std::string& line) {
    if (line.find_first_not_of(" \t") == std::string::npos) return;
    const HIST_ENTRY* last = history_length > 0 ? history_get(history_base + history_length - 1) : nullptr;
    if (last == nullptr || line != last->line) add_history(line.c_str());
}

std::optional<std::string> LineReader::take() { return std::exchange(line_, std::nullopt); }

bool LineReader::above(std::string_view text) {
    if (!shown_) return false;
    rl_clear_visible_line();
    std::fflush(rl_outstream);
    static_cast<void>(write_all(fileno(rl_outstream), text));
    rl_on_new_line();
    rl_redisplay();
    std::fflush(rl_outstream);
    return true;
}

void LineReader::set_prompt(const std::string& prompt) {
    if (!shown_ || prompt == prompt_) return;
    prompt_ = prompt;
    rl_clear_visible_line();
    rl_set_prompt(prompt_.c_str());
    rl_on_new_line();
    rl_redisplay();
    std::fflush(rl_outstream);
}

void LineReader::drop_line() {
    if (!shown_) return;
    std::fputs("^C\n", rl_outstream);
    rl_replace_line("", 0);
    rl_point = 0;
    rl_done = 0;
    rl_callback_sigcleanup();  // leaves a search or a numeric argument
    rl_set_prompt(prompt_.c_str());
    rl_on_new_line();
    rl_redisplay();
    std::fflush(rl_outstream);
}

void LineReader::suspend() {
    rl_deprep_terminal();
    ::raise(SIGSTOP);
    rl_prep_terminal(1);
    if (!shown_) return;
    rl_on_new_line();
    rl_redisplay();
    std::fflush(rl_outstream);
}

void LineReader::stop() {
    if (!std::exchange(shown_, false)) return;
    rl_clear_visible_line();
    rl_callback_handler_remove();
    std::fflush(rl_outstream);
}

char* LineReader::next_match(const char*, int state) {
    static std::size_t next = 0;
    if (state == 0) next = 0;
    const auto& matches = active_->matches_;
    return next < matches.size() ? ::strdup(matches[next++].c_str()) : nullptr;
}

char** LineReader::complete(const char* word, int begin, int) {
    rl_attempted_completion_over = 1;  // no file names unless the completer gives some
    const std::string before(rl_line_buffer, static_cast<std::size_t>(begin));
    active_->matches_ = active_->completer_(before, word);
    return active_->matches_.empty() ? nullptr : rl_completion_matches(word, &LineReader::next_match);
}

}  // namespace gossip
