#include "manager/shell/transcript.hpp"

#include "node/base/words.hpp"

#include <algorithm>
#include <utility>

namespace gossip {
namespace {

constexpr std::string_view prompt = "> ";
constexpr std::string_view options_mark = "#!";

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool is_blank(const std::string& line) { return trim(line).empty(); }
bool is_command(const std::string& line) { return line.starts_with(prompt) || line == trim(prompt); }

bool is_open(const std::string& command) {
    const auto parsed = parse_script(command);
    const auto* error = std::get_if<ParseError>(&parsed);
    return error != nullptr && error->incomplete;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    const auto parsed = parse_script("options " + std::string(text));
    const auto* script = std::get_if<Script>(&parsed);
    if (script == nullptr || script->empty()) return words;
    for (const Word& word : script->front().words) words.push_back(word.text);
    words.erase(words.begin());
    return words;
}

// Blank lines at the end of an output are only space before the next command.
void part_blank_lines(TranscriptStep& step) {
    const std::size_t last = step.output.find_last_not_of("\n\r \t");
    const std::size_t end =
        last == std::string::npos ? 0 : std::min(step.output.find('\n', last), step.output.size() - 1) + 1;
    step.blank = step.output.substr(end);
    step.output.resize(end);
}

class TranscriptParser {
public:
    std::variant<Transcript, ParseError> run(std::string_view text) {
        for (const std::string& line : lines_of(text)) {
            ++number_;
            if (!take(line)) return ParseError{number_, 1, "a comment or a command (> list) is expected here", false};
        }
        if (transcript_.steps.empty()) return ParseError{1, 1, "no command; they stand behind \"> \"", false};
        for (TranscriptStep& step : transcript_.steps) part_blank_lines(step);
        return std::move(transcript_);
    }

private:
    bool take(const std::string& line) {
        auto& steps = transcript_.steps;
        if (is_command(line)) {
            const std::string text = line.substr(std::min(prompt.size(), line.size()));
            const bool goes_on = !steps.empty() && steps.back().output.empty() && is_open(steps.back().command);
            if (goes_on)
                steps.back().command += "\n" + text;
            else
                steps.push_back({number_, text, {}, {}});
        } else if (!steps.empty()) {
            steps.back().output += line + "\n";
        } else {
            if (!line.starts_with('#') && !is_blank(line)) return false;
            if (line.starts_with(options_mark)) transcript_.options = words_of(line.substr(options_mark.size()));
            transcript_.head += line + "\n";
        }
        return true;
    }

    int number_{0};
    Transcript transcript_;
};

// The length of the longest common subsequence of the lines from each pair of positions on.
std::vector<std::vector<std::size_t>> common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = a.size(); i-- > 0;) {
        for (std::size_t j = b.size(); j-- > 0;) {
            table[i][j] = a[i] == b[j] ? table[i + 1][j + 1] + 1 : std::max(table[i + 1][j], table[i][j + 1]);
        }
    }
    return table;
}

}  // namespace

std::variant<Transcript, ParseError> parse_transcript(std::string_view text) { return TranscriptParser().run(text); }

std::string to_text(const Transcript& transcript) {
    std::string text = transcript.head;
    for (const TranscriptStep& step : transcript.steps) {
        for (const std::string& line : lines_of(step.command)) text.append(prompt).append(line).append("\n");
        text += step.output + step.blank;
    }
    return text;
}

std::string as_output(std::string_view text) {
    TranscriptStep step;
    for (const std::string& line : lines_of(text)) step.output += (is_command(line) ? " " : "") + line + "\n";
    part_blank_lines(step);
    return step.output;
}

std::string difference(std::string_view expected, std::string_view actual) {
    const auto before = lines_of(expected);
    const auto after = lines_of(actual);
    const auto shared = common(before, after);
    std::string text;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.size() || j < after.size()) {
        const bool both = i < before.size() && j < after.size();
        if (both && before[i] == after[j]) {
            ++i, ++j;
        } else if (j == after.size() || (both && shared[i + 1][j] >= shared[i][j + 1])) {
            text += "-" + before[i++] + "\n";
        } else {
            text += "+" + after[j++] + "\n";
        }
    }
    return text;
}

}  // namespace gossip
