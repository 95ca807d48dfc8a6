#pragma once
// Lessons: scripts with text. One asks before it shows, and answers with what it has measured; docs/LESSONS.md says
// how to write one.

#include "manager/shell/parser.hpp"

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
    std::string text;  // of keep the measure
    std::string name;  // keep
    Command command;
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

// A name of those that are part of gossipctl, or a file.
[[nodiscard]] std::variant<Lesson, std::string> find_lesson(const std::string& name);
// Of gossipctl's own, and what they are about.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> own_lessons();

struct LessonLine {
    LessonStep::Kind kind{};
    std::string text;
    std::string network;  // of the first line of one
};
struct LessonRun {
    std::vector<LessonLine> lines;
    std::string page;  // {"kind":"lesson","title":…,"parts":[{"name":…,"frames":[…]}]}
};
// Plays it over virtual time. The error is one line: a command that failed, or what cannot be measured.
[[nodiscard]] std::variant<LessonRun, std::string> play_lesson(const Lesson& lesson);

}  // namespace gossip
