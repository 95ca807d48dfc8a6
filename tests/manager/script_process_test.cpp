// gossipctl as scripts see it: exit codes, messages, streams, and a network that is always gone after.

#include "gossipctl_process.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace gossip::testing;

namespace {

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

pid_t pid_of(const std::string& list, int port) { return static_cast<pid_t>(std::stoi(field(list, port, pid_column))); }

// A port somebody else listens on.
class TakenPort {
public:
    explicit TakenPort(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const int on = 1;
        ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        taken_ = ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(fd_, 1) == 0;
    }
    ~TakenPort() { ::close(fd_); }
    [[nodiscard]] bool taken() const { return taken_; }

private:
    int fd_;
    bool taken_{false};
};

// "pipe:[4711]", "socket:[4712]" that a process holds.
std::set<std::string> pipes_of(pid_t pid) {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        std::error_code error;
        const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
        if (target.starts_with("pipe:") || target.starts_with("socket:")) found.insert(target);
    }
    return found;
}

}  // namespace

TEST_CASE("-e: results on stdout, nothing else anywhere, exit code 0") {
    const Workplace place;
    const Finished run = run_gossipctl(place, {"-e", "list; echo done"});
    CHECK(run.code == 0);
    CHECK(run.err == "");
    CHECK(lines_of(run.out) == 10);  // heading, 3 seeds, 5 peers, done
    CHECK(run.out.starts_with("id\trole\tpid\tstate"));
    CHECK(run.out.ends_with("done\n"));
    CHECK(field(run.out, 17004, 1) == "peer");
    CHECK(is_gone(pid_of(run.out, 16000)));
    CHECK(is_gone(pid_of(run.out, 17004)));
}

TEST_CASE("exit codes and one-line messages") {
    struct Case {
        std::vector<std::string> arguments;
        std::string input;
        int code;
        std::string message;
    };
    const Workplace place;
    place.write("bad.gsh", "list\n\nkill 7003 now\n");
    place.write("unclosed.gsh", "list\nrepeat 2 {\nlist\n");
    place.write("bad.toml", "[gossip]\nintervall = \"5s\"\n");
    place.write("far.toml", "[[seed]]\nip = \"192.0.2.1\"\nport = 16000\n");
    for (const Case& c : std::initializer_list<Case>{
             {{}, "kill 9999\n", 1, "gossipctl: E_COMMAND stdin:1: no such node: 9999\n"},
             {{"-e", "echo; resume 17000"}, "", 1, "gossipctl: E_COMMAND -e:1: cannot resume 17000: it is alive\n"},
             {{"--frobnicate"}, "", 2, "gossipctl: E_USAGE: unknown option --frobnicate; see gossipctl --help\n"},
             {{"--peers", "x"}, "", 2, "gossipctl: E_USAGE: --peers: \"x\" is not N\n"},
             {{"frob"}, "", 2, "gossipctl: E_USAGE: unknown command \"frob\"; see gossipctl --help\n"},
             {{"-e", "kil 7003"}, "", 2, "gossipctl: E_USAGE -e:1:1: unknown command \"kil\"; did you mean kill?\n"},
             {{}, "list\nfrob\n", 2, "gossipctl: E_USAGE stdin:2:1: unknown command \"frob\"; see help\n"},
             {{"run", "bad.gsh"},
              "",
              2,
              "gossipctl: E_USAGE bad.gsh:3:1: kill: one selector is needed; lists go with commas: 7001,7003 (usage: "
              "kill SEL)\n"},
             {{"run", "unclosed.gsh"},
              "",
              2,
              "gossipctl: E_USAGE unclosed.gsh:2:10: the block opened with { is not closed\n"},
             {{"run", "none.gsh"}, "", 2, "gossipctl: E_USAGE: cannot read none.gsh: No such file or directory\n"},
             {{"--config", "bad.toml"}, "", 2, "E_CONFIG: bad.toml:2:1"},
             {{"check", "bad.toml"}, "", 2, "E_CONFIG: bad.toml:2:1"},
             {{"-e", "expect registered == 99"}, "", 3, "gossipctl: E_EXPECT -e:1: expect registered == 99: "},
             {{"-e", "wait registered 99 200ms"}, "", 4, "gossipctl: E_WAIT -e:1: wait registered 99 200ms: "},
             {{"--config", "far.toml"}, "", 5, "gossipctl: E_START: seed 192.0.2.1:16000: cannot listen: "},
         }) {
        const Finished run = run_gossipctl(place, c.arguments, c.input);
        CAPTURE(c.message);
        CHECK(run.code == c.code);
        CHECK_MESSAGE(run.err.find(c.message) != std::string::npos, run.err);
        CHECK_MESSAGE(lines_of(run.err) == 1, run.err);
    }
}

TEST_CASE("a script file is checked whole before anything starts") {
    const Workplace place;
    place.write("late.gsh", "echo started\nrepeat 2 {\n  list\n  wait registerd 5\n}\n");
    const Finished run = run_gossipctl(place, {"run", "late.gsh"});
    CHECK(run.code == 2);
    CHECK(run.out.empty());
    CHECK(run.err.find("late.gsh:4:8: wait: unknown condition \"registerd\"; did you mean registered?") !=
          std::string::npos);
    CHECK_FALSE(place.has("logs"));
}

TEST_CASE("the first failure ends a script, unless it is ignored or told to keep going") {
    const Workplace place;
    const std::string script = "kill 9999\necho after\nexpect registered == 77\necho end\n";
    const Finished stops = run_gossipctl(place, {}, script);
    CHECK(stops.code == 1);
    CHECK(stops.out.empty());
    const Finished goes_on = run_gossipctl(place, {"--keep-going"}, script);
    CHECK(goes_on.code == 1);
    CHECK(goes_on.out == "after\nend\n");
    const Finished ignored = run_gossipctl(place, {}, "-kill 9999\necho after\n");
    CHECK(ignored.code == 0);
    CHECK(ignored.out == "after\n");
}

TEST_CASE("exit ends a script where it stands, quit as well; blocks come through a pipe") {
    const Workplace place;
    const Finished run = run_gossipctl(place, {}, "repeat 2 {\n echo x\n}\nexit\necho never\n");
    CHECK(run.code == 0);
    CHECK(run.out == "x\nx\n");
    CHECK(run_gossipctl(place, {"-e", "repeat 3 { quit }; echo never"}).out.empty());
}

TEST_CASE("source runs a file, checked whole, with its own name in messages") {
    const Workplace place;
    place.write("good.gsh", "echo sourced\nkill 9999\n");
    place.write("bad.gsh", "echo never\nfrob\n");
    const Finished good = run_gossipctl(place, {"-e", "source good.gsh"});
    CHECK(good.out == "sourced\n");
    CHECK(good.err == "gossipctl: E_COMMAND good.gsh:2: no such node: 9999\n");
    CHECK(good.code == 1);
    const Finished bad = run_gossipctl(place, {"-e", "source bad.gsh"});
    CHECK(bad.out.empty());
    CHECK(bad.code == 2);
}

TEST_CASE("add takes fresh ports, kill and restart keep them, with another process") {
    const Workplace place;
    const Finished run =
        run_gossipctl(place, {"--peers", "2"}, "list\nadd 2\nkill 17001\nadd\nlist\nrestart 17001\nlist peers\n");
    REQUIRE(run.code == 0);
    CHECK(run.out.find("127.0.0.1:17002\n127.0.0.1:17003\n") != std::string::npos);
    CHECK(run.out.find("\n127.0.0.1:17004\n") != std::string::npos);
    CHECK(run.out.find("127.0.0.1:17001\tpeer\t\tkilled") != std::string::npos);
    const pid_t first = pid_of(run.out.substr(0, run.out.find("17003")), 17001);
    CHECK(pid_of(run.out, 17001) != first);
    CHECK(pid_of(run.out, 17001) > 0);
}

TEST_CASE("a taken port is passed over, and that is said") {
    const Workplace place;
    const TakenPort seed(16001);
    const TakenPort peer(17000);
    REQUIRE(seed.taken());
    REQUIRE(peer.taken());
    const Finished run = run_gossipctl(place, {"--peers", "1", "-e", "list"});
    CHECK(run.code == 0);
    CHECK(run.err.find("port 16001 is taken; this seed listens on 16003") != std::string::npos);
    CHECK(run.err.find("port 17000 is taken; trying the next") != std::string::npos);
    CHECK_FALSE(field(run.out, 16003, pid_column).empty());
    CHECK_FALSE(field(run.out, 17001, pid_column).empty());
}

TEST_CASE("a node that dies unasked ends a script with 6") {
    const Workplace place;
    Gossipctl process(place, {});
    process.type("list\necho ready\nwait registered 99 20s\n");
    REQUIRE(process.shows("ready\n"));
    ::kill(pid_of(process.out(), 17002), SIGKILL);
    CHECK(process.exit_code() == 6);
    CHECK(process.err().find("E_NODE_DIED stdin:3: 17002 died that nobody killed (SIGKILL)") != std::string::npos);
}

TEST_CASE("a death that comes while a script waits for its next line is noticed as well") {
    const Workplace place;
    Gossipctl process(place, {});
    process.type("list\necho ready\n");
    REQUIRE(process.shows("ready\n"));
    ::kill(pid_of(process.out(), 17002), SIGKILL);
    CHECK(process.exit_code() == 6);
}

TEST_CASE("SIGINT, SIGTERM and SIGHUP tear a script's network down: 130, 143, 129") {
    for (const auto& [number, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}, std::pair{SIGHUP, 129}}) {
        const Workplace place;
        Gossipctl process(place, {});
        process.type("list\necho ready\nsleep 60s\n");
        REQUIRE(process.shows("ready\n"));
        const std::vector<pid_t> nodes = children_of(process.pid());
        CHECK(nodes.size() == 8);
        process.signal(number);
        CHECK(process.exit_code() == code);
        CHECK(all_gone(nodes, Seconds(0)));
    }
}

TEST_CASE("a manager killed with SIGKILL leaves no node behind for more than a second, paused ones included") {
    const Workplace place;
    Gossipctl process(place, {});
    process.type("pause 17001\nlist\necho ready\n");
    REQUIRE(process.shows("ready\n"));
    const std::vector<pid_t> nodes = children_of(process.pid());
    REQUIRE(nodes.size() == 8);
    CHECK(process_state(pid_of(process.out(), 17001)) == 'T');
    process.signal(SIGKILL);
    CHECK(all_gone(nodes, Seconds(1)));
}

TEST_CASE("pause stops the process, resume lets it go on") {
    const Workplace place;
    Gossipctl process(place, {"--peers", "1"});
    process.type("pause 17000\nlist\necho paused\n");
    REQUIRE(process.shows("paused\n"));
    const pid_t pid = pid_of(process.out(), 17000);
    CHECK(process_state(pid) == 'T');
    CHECK(field(process.out(), 17000, 3) == "paused");
    process.type("resume 17000\necho resumed\n");
    REQUIRE(process.shows("resumed\n"));
    CHECK(process_state(pid) != 'T');
    process.close_input();
    CHECK(process.exit_code() == 0);
}

TEST_CASE("a node is in a process group of its own and inherits nothing but its two descriptors") {
    const Workplace place;
    Gossipctl process(place, {"--peers", "0"});
    process.type("list\necho ready\n");
    REQUIRE(process.shows("ready\n"));
    const pid_t pid = pid_of(process.out(), 16002);
    CHECK(::getpgid(pid) == pid);
    const std::set<std::string> ours = pipes_of(process.pid());
    CHECK(ours.size() >= 3);  // its stdin, stdout and stderr
    for (const std::string& pipe : pipes_of(pid)) CHECK_FALSE(ours.contains(pipe));
}

TEST_CASE("check says what would start, and starts nothing") {
    const Workplace place;
    const Finished run = run_gossipctl(place, {"check"});
    CHECK(run.code == 0);
    CHECK(run.out.ends_with("\n# ok: 3 seeds (16000-16002), quorum 2; 5 peers from port 17000; logs in logs\n"));
    CHECK_FALSE(place.has("logs"));
}

TEST_CASE("what check prints is a configuration that checks to the same") {
    const Workplace place;
    const Finished first = run_gossipctl(place, {"check", "--peers", "7", "--set", "gossip.interval=2500ms"});
    REQUIRE(first.code == 0);
    CHECK(first.out.find("interval = \"2500ms\"") != std::string::npos);
    CHECK(first.out.find("initial_peers = 7") != std::string::npos);
    place.write("full.toml", first.out);
    CHECK(run_gossipctl(place, {"check", "full.toml"}).out == first.out);
}

TEST_CASE("lists come as JSON when asked") {
    const Workplace place;
    const Finished run = run_gossipctl(place, {"-o", "json", "--peers", "1", "-e", "list peers"});
    CHECK(run.code == 0);
    CHECK(run.out.starts_with("[\n  {\"id\": \"127.0.0.1:17000\", \"role\": \"peer\", \"pid\": "));
}

TEST_CASE("help begins with examples; every verb has one that compiles") {
    const Workplace place;
    CHECK(run_gossipctl(place, {"--help"}).out.starts_with("Examples:\n"));
    CHECK(run_gossipctl(place, {"run", "--help"}).out.starts_with("Examples:\n"));
    CHECK(run_gossipctl(place, {"check", "--help"}).out.starts_with("Examples:\n"));
    CHECK(run_gossipctl(place, {"--version"}).out.starts_with("gossipctl "));
}
