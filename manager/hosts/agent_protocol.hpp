#pragma once
// What a manager and the agent of another machine say to each other over the agent's stdin and stdout: one JSON
// object a line. A node's own control lines stand in it unchanged: {"n":7,"l":{…}}.
//
//   agent    {"agent":"hello","protocol":1,"version":"0.1.0"}          the first line; what comes before is passed over
//   manager  {"op":"clock","t":…}                                       answered by the agent's clock
//   manager  {"op":"setup","host":"h1","dir":"","config":"…","seeds":["10.0.0.1:6000"]}     answered by ready
//   manager  {"op":"listen","seq":1,"count":2,"candidates":["10.0.0.11:7000",…]}            answered by listening
//   manager  {"op":"start","n":7,"id":"10.0.0.11:7000","last_life":0}                       then lines, and exit
//   manager  {"op":"signal","n":7,"signal":"KILL"}                      KILL, TERM, STOP (answered by stopped), CONT
//   manager  {"op":"logs","seq":2}                                      answered by logs, behind all that is written
//   either   {"n":7,"l":{…}}                                            a line of this node's control channel
//   agent    {"agent":"log","id":"10.0.0.11:7000","text":"…"}           what it wrote to its log
//   agent    {"agent":"error","text":"…"}                               why it ends now

#include "manager/hosts/process.hpp"
#include "protocol/types.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gossip::agent {

constexpr std::uint64_t protocol_version = 1;
// Of a line: a configuration, or a status with a very long list.
constexpr std::size_t line_limit = std::size_t{16} * 1024 * 1024;

// A line of a node's control channel, both ways; valid as long as the line it was read from.
struct NodeLine {
    std::uint64_t number{0};
    std::string_view json;
};

// ---- from the manager
struct Setup {
    std::string host;
    std::string dir;     // of its files there; empty: the agent chooses
    std::string config;  // config.toml
    std::string seeds;   // seeds.txt
};
struct Listen {
    std::uint64_t seq{0};
    std::size_t count{0};
    std::vector<NodeId> candidates;
};
struct Start {
    std::uint64_t number{0};  // chosen by the manager, never used again
    NodeId id{};
    Incarnation last_life{};
};
struct Signal {
    std::uint64_t number{0};
    int signal{0};
};
struct AskClock {
    std::int64_t sent{0};  // handed back
};
struct AskLogs {
    std::uint64_t seq{0};
};
using Request = std::variant<Setup, Listen, Start, Signal, AskClock, AskLogs, NodeLine>;

// ---- from the agent
struct Hello {
    std::uint64_t protocol{0};
    std::string version;
};
struct Ready {
    std::string dir;    // where its files are, whole
    std::string clock;  // names the clock that CLOCK_MONOTONIC is there
};
struct Heard {
    std::uint64_t seq{0};
    Listening listening;
};
struct Stopped {
    std::uint64_t number{0};
};
struct Exited {
    std::uint64_t number{0};
    ExitStatus status;
    std::string errors;  // the end of what it wrote to stderr
};
struct Clock {
    std::int64_t sent{0};
    std::int64_t mono_ns{0};
};
struct LogText {
    NodeId id{};
    std::string text;  // whole lines, or the beginning of one that is longer than it ought to be
};
struct LogsTold {
    std::uint64_t seq{0};
};
struct Trouble {
    std::string text;
};
using Report = std::variant<Hello, Ready, Heard, Stopped, Exited, Clock, LogText, LogsTold, Trouble, NodeLine>;

// With the trailing newline.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Report& report);

// A line without its newline; the error says what is wrong with it.
[[nodiscard]] std::variant<Request, std::string> decode_request(std::string_view line);
[[nodiscard]] std::variant<Report, std::string> decode_report(std::string_view line);
// What a login shell says before the agent speaks is no report.
[[nodiscard]] bool is_hello(std::string_view line);

}  // namespace gossip::agent
