// Parses the text of a lesson.

#include "manager/base/failure.hpp"
#include "manager/base/terminal.hpp"
#include "manager/base/web_assets.hpp"
#include "manager/demo/lesson.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/parser.hpp"
#include "node/base/file.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

namespace gossip {
namespace {

constexpr std::array<std::string_view, 5> own{"flooding", "hub-attack", "missed-pings", "split-vote", "minority"};
constexpr std::size_t size_limit = 256 * 1024;

using Kind = LessonStep::Kind;

class Reader {
public:
    explicit Reader(const std::string& file) { lesson_.file = file; }

    std::variant<Lesson, std::string> read(std::string_view text) {
        std::istringstream in{std::string(text)};
        for (std::string line; problem_.empty() && std::getline(in, line);) {
            ++line_;
            take(trim(line), line);
        }
        end_commands();
        if (problem_.empty() && lesson_.title.empty()) fail(1, "a lesson has a title: #: title TEXT");
        for (const LessonNetwork& network : lesson_.networks) {
            if (problem_.empty() && network.steps.empty()) fail(line_, "nothing happens on network " + network.name);
        }
        if (problem_.empty() && lesson_.networks.empty()) fail(line_, "nothing happens in this lesson");
        if (!problem_.empty()) return problem_;
        return std::move(lesson_);
    }

private:
    void fail(int line, const std::string& text) {
        if (problem_.empty()) problem_ = lesson_.file + ":" + std::to_string(line) + ": " + text;
    }

    void take(std::string_view line, const std::string& whole) {
        const std::string_view mark = line.substr(0, 2);
        const std::string text(line.size() > 2 ? trim(line.substr(2)) : "");
        if (mark == "#:") {
            end_commands();
            return set(text);
        }
        const Kind kind = mark == "#>"   ? Kind::tell
                          : mark == "#?" ? Kind::ask
                          : mark == "#=" ? Kind::answer
                                         : Kind::command;
        if (kind == Kind::command) {
            if (commands_.empty()) first_ = line_;
            commands_ += whole + "\n";
            if (!line.empty()) before_ = Kind::command;
            return;
        }
        end_commands();
        const bool goes_on = before_ == kind && !network().steps.empty();
        if (goes_on) {
            network().steps.back().text += " " + text;
        } else {
            network().steps.push_back({kind, line_, text, {}, {}});
        }
        before_ = kind;
    }

    // Consecutive command lines are parsed together, because a block spans several.
    void end_commands() {
        auto script = parse_script(std::exchange(commands_, {}), first_);
        if (const auto* error = std::get_if<ParseError>(&script)) return fail(error->line, error->text);
        auto compiled = compile_script(std::get<Script>(script), lesson_.file);
        if (const auto* failure = std::get_if<Failure>(&compiled)) {
            if (problem_.empty()) problem_ = failure->where + ": " + failure->text;
            return;
        }
        for (CompiledCommand& command : std::get<CompiledScript>(compiled).commands) {
            const int line = command.command.line;
            network().steps.push_back({Kind::command, line, {}, {}, std::move(command)});
        }
    }

    LessonNetwork& network() {
        if (lesson_.networks.empty()) lesson_.networks.emplace_back();
        return lesson_.networks.back();
    }

    void set(const std::string& text) {
        before_ = Kind::command;
        const std::size_t space = std::min(text.find(' '), text.size());
        const std::string name = text.substr(0, space);
        const std::string value(trim(std::string_view(text).substr(space)));
        if (value.empty()) return fail(line_, "\"#: " + name + "\" needs a value");
        if (name == "title") {
            lesson_.title = value;
        } else if (name == "network") {
            lesson_.networks.emplace_back().name = value;
        } else if (name == "keep") {
            keep(value);
        } else if (!network().steps.empty()) {
            fail(line_, "\"#: " + name + "\" comes before what happens on the network");
        } else if (name == "set") {
            network().sets.push_back(value);
        } else {
            set_number(name, value);
        }
    }

    void keep(const std::string& value) {
        const std::size_t space = value.find(' ');
        if (space == std::string::npos)
            return fail(line_, "a name and a measure are needed: #: keep ring coverage(last)");
        network().steps.push_back(
            {Kind::keep, line_, std::string(trim(std::string_view(value).substr(space))), value.substr(0, space), {}});
    }

    void set_number(const std::string& name, const std::string& value) {
        const auto number = parse_count(value);
        const auto within = [&](std::uint64_t least, std::uint64_t most) {
            if (number && *number >= least && *number <= most) return true;
            fail(line_, name + ": \"" + value + "\" is not a number from " + std::to_string(least) + " to " +
                            std::to_string(most));
            return false;
        };
        if (name == "seeds") {
            if (within(1, 9)) network().seeds = static_cast<std::uint32_t>(*number);
        } else if (name == "peers") {
            if (within(1, 300)) network().peers = static_cast<std::uint32_t>(*number);
        } else if (name == "loss") {
            if (within(0, 50)) network().loss_percent = static_cast<std::uint32_t>(*number);
        } else if (name == "seed") {
            if (within(0, ~std::uint64_t{0})) network().seed = *number;
        } else {
            const std::string near =
                closest(name, {"title", "network", "seeds", "peers", "loss", "seed", "set", "keep"});
            fail(line_, "unknown setting \"" + printable(name) + "\"" +
                            (near.empty() ? ": title, network, seeds, peers, loss, seed, set or keep"
                                          : "; did you mean " + near + "?"));
        }
    }

    Lesson lesson_;
    int line_{0};
    int first_{1};
    Kind before_{Kind::command};
    std::string commands_;
    std::string problem_;
};

std::optional<std::string_view> own_text(std::string_view name) {
    if (std::ranges::find(own, name) == own.end()) return std::nullopt;
    return web_asset("lesson-" + std::string(name) + ".gsh");
}

}  // namespace

std::variant<Lesson, std::string> parse_lesson(std::string_view text, const std::string& file) {
    return Reader(file).read(text);
}

std::variant<Lesson, std::string> find_lesson(const std::string& name) {
    if (const auto text = own_text(name)) return parse_lesson(*text, name + ".gsh");
    auto read = read_file(name);
    if (const auto* file = std::get_if<FileText>(&read)) {
        if (file->text.size() <= size_limit) return parse_lesson(file->text, name);
        return name + ": a lesson has at most 256 KiB";
    }
    if (std::filesystem::exists(name)) return std::get<std::string>(std::move(read));
    std::string names;
    for (const auto& known : own) names += (names.empty() ? "" : ", ") + std::string(known);
    const std::string near = closest(name, {own.begin(), own.end()});
    return "no lesson \"" + printable(name) + "\"" +
           (near.empty() ? ": there are " + names + ", or name a file" : "; did you mean " + near + "?");
}

std::vector<std::pair<std::string, std::string>> built_in_lessons() {
    std::vector<std::pair<std::string, std::string>> found;
    for (const std::string_view name : own) {
        const auto lesson = find_lesson(std::string(name));
        if (const auto* read = std::get_if<Lesson>(&lesson)) found.emplace_back(name, read->title);
    }
    return found;
}

}  // namespace gossip
