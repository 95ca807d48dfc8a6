#include "manager/demo/demo_command.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/demo/demo.hpp"
#include "manager/demo/lesson.hpp"
#include "manager/network/network_plan.hpp"
#include "manager/page/recorded_site.hpp"
#include "protocol/names.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <sstream>

namespace gossip {
namespace {

constexpr const char* usage =
    "Examples:\n"
    "  gossipctl demo                                   six phases of a network's life, in a browser\n"
    "  gossipctl demo --seeds 5 --peers 20 --seed 7     another network; the same seed is the same run\n"
    "  gossipctl demo --loss 10                         a tenth of all messages is lost\n"
    "  gossipctl demo --text                            in the terminal, a sentence for each Enter\n"
    "  gossipctl demo --text > demo.txt                 all of it\n"
    "  gossipctl demo --lesson minority                 a question, what happens then, and the measured answer\n"
    "  gossipctl demo --lesson mine.gsh --text          your own: docs/LESSONS.md says how to write one\n"
    "\n"
    "Seeds, registration and votes, overlay, gossip, failure detection, removal by quorum: done by the real seeds and\n"
    "peers over virtual time and simulated links. The page plays, steps both ways and seeks; what is done there, at\n"
    "whatever time, runs the demo again from that time on. In the terminal: Enter for the next event, p for the next\n"
    "phase, a for all, q to end.\n"
    "\n"
    "  --seeds N          1 to 10 (3)\n"
    "  --peers N          1 to 50 (14)\n"
    "  --links N          that a peer opens itself, 1 to 10 (3)\n"
    "  --loss PERCENT     of messages, 0 to 50 (0)\n"
    "  --seed S           what everything random is drawn from (42)\n"
    "  --lesson NAME|FILE a lesson instead of the six phases:\n"
    "                     @LESSONS@\n"
    "  --text             in the terminal instead of a browser\n"
    "  --listen IP:PORT   where the page is, on this machine (default: web.listen of the configuration)\n";

struct DemoOptions {
    DemoPlan plan;
    bool text{false};
    bool help{false};
    std::optional<std::string> lesson;
    std::optional<NodeId> listen;
};

constexpr OptionText demo_options[] = {
    {"--seeds", "", "N", ""},        {"--peers", "", "N", ""}, {"--links", "", "N", ""},
    {"--loss", "", "PERCENT", ""},   {"--seed", "", "S", ""},  {"--lesson", "", "NAME|FILE", ""},
    {"--listen", "", "IP:PORT", ""}, {"--text", "", "", ""},
};

std::string set_option(DemoOptions& demo, const GivenOption& given) {
    if (given.name == "--text") return demo.text = true, "";
    if (given.name == "--lesson") return demo.lesson = given.value, "";
    if (given.name != "--listen") {
        const std::string problem = set_demo(demo.plan, given.name.substr(2), given.value);
        return problem.empty() ? "" : "--" + problem;
    }
    demo.listen = parse_node(given.value);
    if (demo.listen && endpoint(*demo.listen).ip >> 24 == 127) return {};
    return "--listen: \"" + given.value + "\" is not an address of this machine alone, as 127.0.0.1:8080 is";
}

std::variant<DemoOptions, std::string> parse(const std::vector<std::string>& arguments) {
    DemoOptions demo;
    const auto read = read_command_line(demo_options, arguments, "gossipctl demo --help");
    if (const auto* problem = std::get_if<std::string>(&read)) return *problem;
    const auto& line = std::get<CommandLine>(read);
    demo.help = line.help;
    if (!line.words.empty()) return "\"" + line.words.front() + "\" is too much; see gossipctl demo --help";
    for (const GivenOption& given : line.options) {
        if (std::string problem = set_option(demo, given); !problem.empty()) return problem;
    }
    return demo;
}

constexpr std::size_t text_width = 80;

// Wraps at words; further lines are indented like the first one's text.
void print_wrapped(const std::string& head, const std::string& text) {
    std::string line = head;
    std::size_t width = head.size();
    const std::string indent(head.size(), ' ');
    bool fresh = true;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (!fresh && width + 1 + word.size() > text_width) {
            std::printf("%s\n", line.c_str());
            line = indent;
            width = indent.size();
            fresh = true;
        }
        line += (fresh ? "" : " ") + word;
        width += word.size() + (fresh ? 0 : 1);
        fresh = false;
    }
    std::printf("%s\n", line.c_str());
}

void print_step(const DemoStep& step, bool after_phase) {
    using Kind = DemoStep::Kind;
    char time[24];
    std::snprintf(time, sizeof time, "%8.3f s  ", static_cast<double>(step.us) / 1e6);
    switch (step.kind) {
        case Kind::phase:
            std::printf("\n== %s ==\n", step.text.c_str());
            print_wrapped("", step.more + ".");
            std::printf("\n");
            break;
        case Kind::command:
            std::printf("%s%sgossip> %s\n", after_phase ? "" : "\n", time, step.text.c_str());
            break;
        case Kind::sentence:
            print_wrapped(time, step.text);
            break;
        case Kind::bar:
            std::printf("            %s\n", step.text.c_str());
            break;
        case Kind::finding:
            std::printf("\n");
            print_wrapped("= ", step.text + ".");
            break;
    }
}

// Prints one step after the other; at a terminal it waits for a key in between.
class Terminal {
public:
    void show(const DemoRun& run) {
        bool after_phase = false;
        for (const DemoStep& step : run.steps) {
            if (step.kind == DemoStep::Kind::phase) skip_phase_ = false;
            print_step(step, after_phase);
            after_phase = step.kind == DemoStep::Kind::phase;
            if (step.kind != DemoStep::Kind::bar && !ask()) return;
        }
        std::printf("\nThis was the demo; the same --seed shows it again.\n");
    }

private:
    // False when the reader wants no more.
    bool ask() {
        if (!reading_ || all_ || skip_phase_) return true;
        std::fputs("\x1b[2m[Enter: next, p: phase, a: all, q: quit]\x1b[0m ", stdout);
        std::fflush(stdout);
        std::string line;
        if (!std::getline(std::cin, line) || line == "q") return false;
        std::fputs("\x1b[1A\x1b[2K", stdout);  // erases the question
        all_ = line == "a";
        skip_phase_ = line == "p";
        return true;
    }

    bool reading_{::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1};
    bool all_{false};
    bool skip_phase_{false};
};

WebReply act(const std::string& body, std::string& page) {
    auto plan = parse_demo_plan(body);
    if (const auto* problem = std::get_if<std::string>(&plan)) return refusal(400, *problem);
    auto run = run_demo(std::get<DemoPlan>(plan));
    if (const auto* problem = std::get_if<std::string>(&run)) return refusal(400, *problem);
    page = std::move(std::get<DemoRun>(run).page);
    return {200, "application/json", page + "\n"};
}

int serve(const DemoOptions& options, std::string page, bool acts) {
    const auto network = plan_network({});
    if (const auto* problem = std::get_if<std::string>(&network)) return complain(ErrorKind::config, *problem);
    EventLoop loop;
    RecordedSite site(
        loop, [&] { return page; },
        acts ? RecordedSite::Act([&](const std::string& body) { return act(body, page); }) : RecordedSite::Act{});
    const NodeId listen = options.listen.value_or(std::get<NetworkPlan>(network).page_listen);
    if (const auto problem = site.open(listen)) return complain(ErrorKind::start, *problem);
    std::printf("Page: %s\nSpace plays, . and , step. Ctrl-C ends it; gossipctl demo --text needs no browser.\n",
                site.url().c_str());
    std::fflush(stdout);
    return serve_until_ended(loop);
}

void wait_for_enter(const char* what) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) return;
    std::printf("\x1b[2m[Enter: %s]\x1b[0m ", what);
    std::fflush(stdout);
    std::string line;
    std::getline(std::cin, line);
    std::fputs("\x1b[1A\x1b[2K", stdout);
}

std::string indented(const std::string& command) {
    std::string out = "    ";
    for (const char c : command) out += c == '\n' ? std::string("\n    ") : std::string(1, c);
    return out;
}

void show_lesson(const Lesson& lesson, const LessonRun& run) {
    std::printf("== %s ==\n", lesson.title.c_str());
    constexpr const char* marks[] = {"", "? ", "= "};
    bool commands = false;
    for (const LessonLine& line : run.lines) {
        if (!line.network.empty()) std::printf("\n-- %s --\n", line.network.c_str());
        const bool is_command = line.kind == LessonStep::Kind::command;
        if (!is_command || !commands) std::fputs("\n", stdout);
        commands = is_command;
        if (is_command) {
            std::printf("%s\n", indented(line.text).c_str());
        } else {
            std::printf("%s%s\n", marks[static_cast<std::size_t>(line.kind)], line.text.c_str());
        }
        if (line.kind == LessonStep::Kind::ask) wait_for_enter("what happens");
    }
}

int run_lesson(const DemoOptions& options) {
    const auto lesson = find_lesson(*options.lesson);
    if (const auto* problem = std::get_if<std::string>(&lesson)) return complain(ErrorKind::usage, *problem);
    auto run = play_lesson(std::get<Lesson>(lesson));
    if (const auto* problem = std::get_if<std::string>(&run)) return complain(ErrorKind::command, *problem);
    if (!options.text) return serve(options, std::move(std::get<LessonRun>(run).page), false);
    show_lesson(std::get<Lesson>(lesson), std::get<LessonRun>(run));
    return 0;
}

std::string help_text() {
    std::string text = usage;
    std::string names;
    for (const auto& [name, title] : built_in_lessons()) names += (names.empty() ? "" : ", ") + name;
    return text.replace(text.find("@LESSONS@"), 9, names);
}

}  // namespace

int demo_command(const std::vector<std::string>& arguments) {
    ::setenv("TZ", "UTC", 1);  // virtual time has no time zone
    ::tzset();
    auto parsed = parse(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain(ErrorKind::usage, *problem);
    const auto& options = std::get<DemoOptions>(parsed);
    if (options.help) {
        std::fputs(help_text().c_str(), stdout);
        return 0;
    }
    if (options.lesson) return run_lesson(options);
    auto run = run_demo(options.plan);
    if (const auto* problem = std::get_if<std::string>(&run)) return complain(ErrorKind::config, *problem);
    if (!options.text) return serve(options, std::move(std::get<DemoRun>(run).page), true);
    Terminal().show(std::get<DemoRun>(run));
    return 0;
}

}  // namespace gossip
