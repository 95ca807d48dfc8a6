// gossipctl on a terminal: prompt, Ctrl-C, Ctrl-D, live lines.

#include "gossipctl_process.hpp"
#include "manager/base/table.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <sstream>
#include <thread>

using namespace gossip::testing;
using gossip::display_width;

namespace {

constexpr const char* ctrl_c = "\x03";
constexpr const char* ctrl_d = "\x04";

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + Seconds(60);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace

TEST_CASE("the first screen says what runs and what to type; Ctrl-D ends it with 0") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never"}, Input::terminal);
    CHECK(shell.shows("3 seeds (16000-16002) and 5 peers (17000-17004) are up."));
    CHECK(shell.shows("Try: list"));
    REQUIRE(shell.shows("gossip[3s 5p]> "));
    const std::vector<pid_t> nodes = children_of(shell.pid());
    CHECK(nodes.size() == 8);
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
    CHECK(all_gone(nodes, Seconds(0)));
}

TEST_CASE("Ctrl-C at the prompt drops the line, in a wait it ends the wait, and the nodes do not see it") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 5p]> "));
    const std::vector<pid_t> nodes = children_of(shell.pid());
    shell.type("kill all");
    REQUIRE(shell.shows("kill all"));
    shell.type(ctrl_c);
    REQUIRE(shell.shows("gossip[3s 5p]> "));
    shell.type("wait registered 99 60s\r");
    REQUIRE(shell.shows("60s\r\n"));
    shell.type(ctrl_c);
    REQUIRE(shell.shows("gossip[3s 5p]> "));
    CHECK(children_of(shell.pid()) == nodes);
    shell.type("exit\r");
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("the prompt follows the network, and a failing command does not end the shell") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 5p]> "));
    shell.type("kill 17003\r");
    REQUIRE(shell.shows("gossip[3s 4p]> "));
    shell.type("frob\r");
    CHECK(shell.shows("E_USAGE: unknown command \"frob\""));
    shell.type("add 2\r");
    CHECK(shell.shows("started 17005-17006"));
    REQUIRE(shell.shows("gossip[3s 6p]> "));
    shell.type("quit\r");
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("a block goes on over lines, and Ctrl-C gets out of it") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "0"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 0p]> "));
    shell.type("repeat 2 {\r");
    REQUIRE(shell.shows("... "));
    shell.type("echo again\r");
    REQUIRE(shell.shows("... "));
    shell.type("}\r");
    CHECK(shell.shows("again\r\nagain\r\n"));
    shell.type("repeat 2 {\r");
    REQUIRE(shell.shows("... "));
    shell.type(ctrl_c);
    REQUIRE(shell.shows("gossip[3s 0p]> "));
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("Tab completes verbs and node ids") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 1p]> "));
    shell.type("pau\t");
    REQUIRE(shell.shows("pause "));
    shell.type("170\t");
    REQUIRE(shell.shows("17000"));
    shell.type("\r");
    REQUIRE(shell.shows("gossip[3s 1p]> "));
    shell.type("list\r");
    CHECK(shell.shows("paused"));
    shell.type("exit\r");
    CHECK(shell.exit_code() == 0);
    CHECK(place.read(".local/state/gossipctl/history").find("pause 17000") != std::string::npos);
}

TEST_CASE("a node that dies is one line above the prompt; SIGTERM and SIGHUP act as exit") {
    for (const auto& [number, code] : {std::pair{SIGTERM, 143}, std::pair{SIGHUP, 129}}) {
        const Workplace place;
        Gossipctl shell(place, {"--color", "never"}, Input::terminal);
        REQUIRE(shell.shows("gossip[3s 5p]> "));
        const std::vector<pid_t> nodes = children_of(shell.pid());
        ::kill(nodes.back(), SIGABRT);  // which no sanitizer turns into an exit
        CHECK(shell.shows("died that nobody killed (SIGABRT)"));
        REQUIRE(shell.shows("gossip[3s 4p]> "));
        shell.signal(number);
        CHECK(shell.exit_code() == code);
        CHECK(all_gone(nodes, Seconds(0)));
    }
}

TEST_CASE("NO_COLOR and TERM=dumb aside, colours are there on a terminal and never in a pipe") {
    const Workplace place;
    Gossipctl shell(place, {"--peers", "0"}, Input::terminal);
    CHECK(shell.shows("\x1b[1mgossipctl\x1b[0m"));
    REQUIRE(shell.shows("0p]"));
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
    CHECK(run_gossipctl(place, {"-e", "list"}).out.find('\x1b') == std::string::npos);
    CHECK(run_gossipctl(place, {"--color", "always", "-o", "table", "-e", "list"}).out.find("\x1b[1mID") !=
          std::string::npos);
}

TEST_CASE("letters beyond ASCII are typed and erased whole, without any locale set") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 1p]> "));
    shell.type("echo \xc5\xbc\xc3\xb3\x7f\xe6\x97\xa5z\r");  // ż ó (erased) 日 z
    CHECK(shell.shows("\r\n\xc5\xbc\xe6\x97\xa5z\r\n"));
    shell.type("exit\r");
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("a terminal that gets narrow while a line is typed: the line stays whole, and tables fit") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("registered"));
    shell.type("echo before-the-edge-moves ");
    REQUIRE(shell.shows("moves "));
    shell.resize(24);
    shell.type("and-after\r");
    CHECK(shell.shows("\nbefore-the-edge-moves and-after\r\n"));
    shell.resize(70);
    shell.type("wait log 17000 ~ \"ACKs=2\"; trace 17000\r");
    REQUIRE(shell.shows("STEP"));
    REQUIRE(shell.shows("complete"));
    shell.type("exit\r");
    CHECK(shell.exit_code() == 0);
    const std::size_t table = shell.out().find("TIME  ");
    REQUIRE(table != std::string::npos);
    std::istringstream lines(shell.out().substr(table, shell.out().find("complete") - table));
    for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(display_width(line) <= 71, line);  // with its \r
}

TEST_CASE("line upon line above the prompt: what is typed is answered meanwhile") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "2", "--set", "gossip.burst=1000000"}, Input::terminal);
    REQUIRE(shell.shows("registered"));
    Gossipctl load(place, {"ctl", "--network", "16000", "repeat 100000 { say 17000 load }"});
    for (int line = 0; line < 100; ++line) REQUIRE(shell.shows("= \"load\" reached all 2 peers"));
    shell.type("help echo\r");
    CHECK(shell.shows("print a line"));
    shell.type("list seeds\r");
    CHECK(shell.shows("UPTIME"));
    REQUIRE(shell.shows("= \"load\" reached all 2 peers"));  // and the load goes on
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("what is typed while a command runs is the next line, Ctrl-D too, and the terminal is given back as it was") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 1p]> "));
    shell.type("echo begun; sleep 200ms\r");
    REQUIRE(shell.shows("begun\r\n"));
    shell.type("echo ahead\r");
    CHECK(shell.shows("gossip[3s 1p]> echo ahead\r\nahead\r\n"));
    CHECK(shell.out().find("begun\r\necho") == std::string::npos);
    shell.type("echo begun; sleep 200ms\r");
    REQUIRE(shell.shows("begun\r\n"));
    CHECK_FALSE(shell.echoes());
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
    CHECK(shell.echoes());
}

TEST_CASE("a terminal slower than what is printed loses nothing") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("registered"));
    constexpr std::size_t rounds = 20'000;
    shell.type("repeat " + std::to_string(rounds) + " { echo a line of many }; echo over\r");
    REQUIRE(shell.shows("\nover\r\n"));
    std::size_t printed = 0;
    const std::string text = "\na line of many\r";
    for (std::size_t at = 0; (at = shell.out().find(text, at)) != std::string::npos; at += text.size() - 1) ++printed;
    CHECK(printed == rounds);
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("colours only where they are wanted, and a dumb terminal gets text alone") {
    const Workplace place;
    const auto session = [&](const std::map<std::string, std::string>& environment) {
        Gossipctl shell(place, {"--peers", "2"}, Input::terminal, environment);
        REQUIRE(shell.shows("registered"));
        shell.type("kill 17001\r");
        REQUIRE(shell.shows("17001 removed: dead"));
        shell.type("list\r");
        REQUIRE(shell.shows("UPTIME"));
        shell.type(ctrl_d);
        CHECK(shell.exit_code() == 0);
        return shell.out();
    };
    const std::string red = "\x1b[31m";
    CHECK(session({}).find(red) != std::string::npos);
    const std::string plain = session({{"NO_COLOR", "1"}});
    CHECK(plain.find(red) == std::string::npos);
    CHECK(plain.find('\x1b') != std::string::npos);  // the prompt is redrawn all the same
    CHECK(session({{"TERM", "dumb"}}).find('\x1b') == std::string::npos);
}

TEST_CASE("Ctrl-C ends watch, logs -f and trace --follow, and nothing else") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 1p]> "));
    const std::vector<pid_t> nodes = children_of(shell.pid());
    for (const char* command : {"watch 100ms echo round", "logs seeds -f -n 1", "trace --follow all", "sleep 100s"}) {
        shell.type(std::string(command) + "\r");
        REQUIRE(shell.shows("\r\n"));
        shell.type(ctrl_c);
        REQUIRE_MESSAGE(shell.shows("gossip[3s 1p]> "), command);
    }
    CHECK(children_of(shell.pid()) == nodes);
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
}

TEST_CASE("Ctrl-Z stops the shell and not its nodes; fg shows the prompt again") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never", "--peers", "1"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 1p]> "));
    const std::vector<pid_t> nodes = children_of(shell.pid());
    shell.type("echo half");
    REQUIRE(shell.shows("half"));
    shell.type("\x1a");
    REQUIRE(eventually([&] { return process_state(shell.pid()) == 'T'; }));
    for (const pid_t node : nodes) CHECK(process_state(node) != 'T');
    shell.signal(SIGCONT);
    shell.type(" whole\r");
    CHECK(shell.shows("half whole\r\nhalf whole\r\n"));
    shell.type(ctrl_d);
    CHECK(shell.exit_code() == 0);
}
