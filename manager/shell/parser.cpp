#include "manager/shell/parser.hpp"

#include "node/base/escape.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

enum class TokenKind : std::uint8_t { word, separator, end };

struct Token {
    TokenKind kind{};
    std::string text;
    std::size_t begin{0};
    std::size_t end{0};
    int line{1};
    int column{1};
    bool quoted{false};
};

// Cuts the text into words and separators.
class Lexer {
public:
    Lexer(std::string_view text, int line) : text_(text), line_(line) {}

    // False on an unclosed quote; see error().
    bool next(Token& token) {
        skip_blanks_and_comments();
        token = {TokenKind::end, {}, at_, at_, line_, static_cast<int>(at_ - line_begin_) + 1, false};
        if (at_ == text_.size()) return true;
        if (ends_command(at_)) return separator(token);
        if (text_[at_] == '"' || text_[at_] == '\'') return quoted_word(token);
        return plain_word(token);
    }

    [[nodiscard]] const ParseError& error() const { return error_; }

private:
    [[nodiscard]] bool ends_command(std::size_t at) const {
        if (text_[at] == '\n') return true;
        if (text_[at] != ';') return false;
        return at + 1 == text_.size() || is_blank(text_[at + 1]) || text_[at + 1] == '\n';
    }

    void skip_blanks_and_comments() {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
        if (at_ == text_.size() || text_[at_] != '#') return;
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    }

    bool separator(Token& token) {
        token.kind = TokenKind::separator;
        const bool new_line = text_[at_] == '\n';
        token.end = ++at_;
        if (new_line) {
            ++line_;
            line_begin_ = at_;
        }
        return true;
    }

    bool plain_word(Token& token) {
        while (at_ < text_.size() && !is_blank(text_[at_]) && !ends_command(at_)) token.text += text_[at_++];
        return finish(token);
    }

    bool quoted_word(Token& token) {
        const char quote = text_[at_++];
        while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
            const bool escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
                                (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
            if (escape) ++at_;
            token.text += text_[at_++];
        }
        if (at_ == text_.size() || text_[at_] == '\n') {
            error_ = {line_, token.column, std::string("the quote ") + quote + " is not closed", false};
            return false;
        }
        ++at_;
        token.quoted = true;
        return finish(token);
    }

    // JSON, in which nodes and manager talk, holds UTF-8 only; names of files end at a zero byte.
    bool finish(Token& token) {
        token.kind = TokenKind::word;
        token.end = at_;
        const std::string_view source = text_.substr(token.begin, token.end - token.begin);
        const std::size_t bad = std::min(find_not_utf8(source), source.find('\0'));
        if (bad == std::string_view::npos) return true;
        error_ = {line_, token.column + static_cast<int>(bad),
                  "the byte " + escape_text(source.substr(bad, 1)) + " is no text; write commands in UTF-8", false};
        return false;
    }

    std::string_view text_;
    std::size_t at_{0};
    std::size_t line_begin_{0};
    int line_;
    ParseError error_;
};

// Builds commands and their blocks out of tokens.
class Parser {
public:
    Parser(std::string_view text, int first_line) : text_(text), lexer_(text, first_line) {}

    std::variant<Script, ParseError> run() {
        Script script;
        if (!commands(script, 0)) return error_;
        return script;
    }

private:
    static constexpr int max_depth = 16;

    bool fail(int line, int column, std::string text, bool incomplete = false) {
        error_ = {line, column, std::move(text), incomplete};
        return false;
    }

    bool advance() {
        if (lexer_.next(token_)) return true;
        error_ = lexer_.error();
        return false;
    }

    // Up to the end of the text (depth 0) or the closing brace.
    bool commands(Script& out, int depth) {
        const int opened = token_.line;
        const int column = token_.column;
        for (;;) {
            if (!advance()) return false;
            if (token_.kind == TokenKind::separator) continue;
            if (token_.kind == TokenKind::end) {
                return depth == 0 || fail(opened, column, "the block opened with { is not closed", true);
            }
            if (closes_block()) {
                return depth > 0 || fail(token_.line, token_.column, "} without a block");
            }
            bool closed = false;
            if (!command(out, depth, closed)) return false;
            if (closed) return true;
        }
    }

    // `closed`: the command was ended by the brace that ends the block around it.
    bool command(Script& out, int depth, bool& closed) {
        Command command;
        command.line = token_.line;
        command.column = token_.column;
        const std::size_t begin = take_verb(command);
        std::size_t end = token_.end;
        for (;;) {
            if (!advance()) return false;
            if (token_.kind != TokenKind::word) break;
            if (depth > 0 && closes_block()) {
                closed = true;
                break;
            }
            if (opens_block(command)) {
                if (!block(command, depth)) return false;
                break;
            }
            command.words.push_back({token_.text, token_.begin - begin, token_.quoted});
            end = token_.end;
        }
        command.source = text_.substr(begin, end - begin);
        // Text that is no command alone is no command behind a "-".
        const bool none =
            command.verb().empty() ||
            (command.ignore_failure && std::string_view("\"'#}").find(command.verb()[0]) != std::string_view::npos);
        if (none) return fail(command.line, command.column, "- needs a command after it");
        out.push_back(std::move(command));
        return true;
    }

    // Where the command's own text begins: behind the "-" if there is one.
    std::size_t take_verb(Command& command) {
        std::string verb = token_.text;
        std::size_t begin = token_.begin;
        if (!token_.quoted && verb.starts_with('-')) {
            command.ignore_failure = true;
            verb.erase(0, 1);
            ++begin;
            ++command.column;
        }
        command.words.push_back({std::move(verb), 0, token_.quoted});
        return begin;
    }

    bool block(Command& command, int depth) {
        if (depth + 1 > max_depth) return fail(token_.line, token_.column, "blocks are nested too deeply");
        command.has_body = true;
        return commands(command.body, depth + 1);
    }

    [[nodiscard]] bool opens_block(const Command& command) const {
        return command.verb() == "repeat" && !token_.quoted && token_.text == "{";
    }
    [[nodiscard]] bool closes_block() const { return !token_.quoted && token_.text == "}"; }

    std::string_view text_;
    Lexer lexer_;
    Token token_;
    ParseError error_;
};

}  // namespace

std::string Command::tail(std::size_t index) const {
    if (index >= words.size()) return {};
    if (index + 1 == words.size()) return words[index].text;
    return source.substr(words[index].begin);
}

std::variant<Script, ParseError> parse_script(std::string_view text, int first_line) {
    return Parser(text, first_line).run();
}

bool ParsedText::incomplete() const {
    const auto* error = std::get_if<ParseError>(&parsed);
    return error != nullptr && error->incomplete;
}

ParsedText parse_text(std::string text, int first_line) {
    auto parsed = parse_script(text, first_line);
    return {std::move(text), std::move(parsed)};
}

std::string place_of(const std::string& name, int line, int column) {
    return name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string to_text(const Command& command) {
    std::string text = (command.ignore_failure ? "-" : "") + command.source;
    if (!command.has_body) return text;
    text += " {\n";
    for (const Command& inner : command.body) text += to_text(inner) + "\n";
    return text + "}";
}

}  // namespace gossip
