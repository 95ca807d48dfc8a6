#pragma once
// Lessons: scripts with explaining text. A lesson asks a question, runs a network and answers with measured values;
// docs/LESSONS.md says how to write one.

#include "manager/shell/compiled_script.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gossip {

struct LessonStep {
    enum class Kind : std::uint8_t { tell, ask, answer, keep, command };
    Kind kind{};
    int line{0};
    std::string text;  // of keep: the measure
    std::string name;  // of keep
    CompiledCommand command;
};

struct LessonNetwork {
    std::string name;
    std::uint32_t seeds{3};
    std::uint32_t peers{8};
    std::uint32_t loss_percent{0};
    std::uint64_t seed{42};
    std::vector<std::string> sets;  // key=value of the configuration
    std::vector<LessonStep> steps;
};

struct Lesson {
    std::string file;
    std::string title;
    std::vector<LessonNetwork> networks;
};

// The error is one line that begins with FILE:LINE.
[[nodiscard]] std::variant<Lesson, std::string> parse_lesson(std::string_view text, const std::string& file);

// Reads a built-in lesson by its name, or a file.
[[nodiscard]] std::variant<Lesson, std::string> find_lesson(const std::string& name);
// The names and titles of the built-in lessons.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> built_in_lessons();

struct LessonLine {
    LessonStep::Kind kind{};
    std::string text;
    std::string network;  // its name, at the first line of its part
};
struct LessonRun {
    std::vector<LessonLine> lines;
    std::string page;  // {"kind":"lesson","title":…,"parts":[{"name":…,"strategies":{…},"frames":[…]}]}
};
// Plays it over virtual time. The error is one line: the command that failed, or the measure without a value.
[[nodiscard]] std::variant<LessonRun, std::string> play_lesson(const Lesson& lesson);

}  // namespace gossip
