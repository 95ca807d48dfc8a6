#include "node/log.hpp"

#include "protocol/names.hpp"
#include "tests/node/temp_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace gossip;

namespace {

const NodeId seed = *parse_node("127.0.0.1:6000");
const NodeId peer = *parse_node("127.0.0.1:7001");

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::unique_ptr<NodeLog> open_log(const LogOptions& options) {
    auto opened = NodeLog::open(options);
    if (const auto* error = std::get_if<std::string>(&opened)) FAIL(*error);
    return std::get<std::unique_ptr<NodeLog>>(std::move(opened));
}

// The line behind its time stamp, which is checked for its form.
std::string after_stamp(const std::string& line) {
    static const std::regex form(R"(\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] )");
    constexpr std::size_t size = 22;  // the rest may be longer than std::regex has stack for
    REQUIRE_MESSAGE(std::regex_match(line.substr(0, size), form), line.substr(0, 100));
    return line.substr(size);
}

}  // namespace

TEST_CASE("lines have document 000's form, in the node's own file and in the shared one") {
    const TempFolder folder;
    const auto log =
        open_log({.role = Role::seed, .self = seed, .dir = folder.file("logs"), .shared_file = folder.file("out.txt")});
    log->line(LogLevel::info, "Seed node initialized at 127.0.0.1:6000");
    log->line(LogLevel::warning, "careful");
    log->line(LogLevel::debug, "not at this level");
    for (const std::string& path : {folder.file("logs/seed-6000.log"), folder.file("out.txt")}) {
        const auto lines = lines_of(path);
        REQUIRE(lines.size() == 2);
        CHECK(after_stamp(lines[0]) == "[SEED:6000] INFO - Seed node initialized at 127.0.0.1:6000");
        CHECK(after_stamp(lines[1]) == "[SEED:6000] WARNING - careful");
    }
}

TEST_CASE("the level decides what is kept") {
    const TempFolder folder;
    const auto count = [&](LogLevel level) {
        const std::string dir = folder.file(std::to_string(static_cast<int>(level)));
        const auto log = open_log({.role = Role::peer, .self = peer, .dir = dir, .level = level});
        for (const auto l : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) log->line(l, "x");
        return lines_of(dir + "/peer-7001.log").size();
    };
    CHECK(count(LogLevel::debug) == 4);
    CHECK(count(LogLevel::info) == 3);
    CHECK(count(LogLevel::warning) == 2);
    CHECK(count(LogLevel::error) == 1);
}

TEST_CASE("a notice of several lines is several log lines") {
    const TempFolder folder;
    const auto log = open_log({.role = Role::seed, .self = seed, .dir = folder.file("")});
    log->notice({.kind = NoticeKind::seed_started, .count = 3, .need = 2, .subject = seed, .ids = {peer}});
    const auto lines = lines_of(folder.file("seed-6000.log"));
    REQUIRE(lines.size() == 4);
    CHECK(after_stamp(lines[1]) == "[SEED:6000] INFO - Total seeds: 3, Quorum: 2");
}

TEST_CASE("what a stranger chose can neither break a line nor fake one, nor talk to a terminal") {
    const TempFolder folder;
    const auto log = open_log({.role = Role::peer, .self = peer, .dir = folder.file("")});
    Notice n{.kind = NoticeKind::delivered, .other = seed};
    n.rumor = make_rumor(Rumor{.id = "1.0:127.0.0.1:7000:1",
                               .typed = true,
                               .text = "hi\n[2026-01-01 00:00:00] [SEED:6000] INFO - fake\x1b[2J"});
    log->notice(n);
    log->notice({.kind = NoticeKind::refused_message, .other = seed, .text = "a\r\nb"});
    const auto lines = lines_of(folder.file("peer-7001.log"));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].find("\\x0a[2026-01-01") != std::string::npos);
    CHECK(lines[0].find('\x1b') == std::string::npos);
    CHECK(lines[1].find("a\\x0d\\x0ab") != std::string::npos);
}

TEST_CASE("lines of many processes never tear, however long") {
    const TempFolder folder;
    constexpr int processes = 4;
    constexpr int lines_each = 50;
    std::vector<pid_t> children;
    for (int p = 0; p < processes; ++p) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child > 0) {
            children.push_back(child);
            continue;
        }
        auto opened = NodeLog::open({.role = Role::peer, .self = peer, .shared_file = folder.file("out.txt")});
        auto* log = std::get_if<std::unique_ptr<NodeLog>>(&opened);
        const std::string text(20'000, static_cast<char>('a' + p));
        for (int i = 0; log != nullptr && i < lines_each; ++i) (*log)->line(LogLevel::info, text);
        std::_Exit(log == nullptr ? 1 : 0);
    }
    for (const pid_t child : children) {
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    const auto lines = lines_of(folder.file("out.txt"));
    REQUIRE(lines.size() == processes * lines_each);
    for (const std::string& line : lines) {
        const std::string text = after_stamp(line).substr(std::string("[PEER:7001] INFO - ").size());
        REQUIRE(text == std::string(20'000, text[0]));
    }
}

TEST_CASE("a node's own file is rotated") {
    const TempFolder folder;
    const auto log = open_log({.role = Role::peer, .self = peer, .dir = folder.file("")});
    const std::string text(1'000'000, 'x');
    for (int i = 0; i < 45; ++i) log->line(LogLevel::info, text);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) {
        ++files;
        CHECK(entry.file_size() <= 11'000'000);
    }
    CHECK(files == 4);  // the current one and three before it
}

TEST_CASE("a log that cannot be opened says why") {
    const TempFolder folder;
    std::ofstream(folder.file("taken")) << "a file";
    for (const LogOptions& options :
         {LogOptions{.role = Role::peer, .self = peer, .dir = folder.file("taken/logs")},
          LogOptions{.role = Role::peer, .self = peer, .shared_file = folder.file("taken/out.txt")}}) {
        const auto opened = NodeLog::open(options);
        REQUIRE(std::holds_alternative<std::string>(opened));
        CHECK(std::get<std::string>(opened).find("Not a directory") != std::string::npos);
    }
}
