// The verbs on a real network: what is said is heard, who dies is removed, who restarts comes back.

#include "gossipctl_process.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sstream>
#include <string>

using namespace gossip::testing;

namespace {

// How many lines of `text` contain all of these.
std::size_t lines_with(const std::string& text, std::initializer_list<const char*> parts) {
    std::istringstream lines(text);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        bool all = true;
        for (const char* part : parts) all = all && line.find(part) != std::string::npos;
        count += all ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("the whole story: register, agree, say, kill, removed, add") {
    const Workplace place;
    const Finished run =
        run_gossipctl(place, {},
                      "wait registered == 5 60s\nwait agree 60s\nexpect connected\nsay 17000 hello\n"
                      "wait reached last == all 60s\nexpect coverage(last) == 100%\n"
                      "expect degree.min >= 1\nexpect alive(17003)\n"
                      "kill 17003\nwait removed 17003 60s\nwait votes(remove 17003).yes >= quorum 60s\n"
                      "expect not alive(17003)\nadd 3\nwait registered == 7 60s\nlist\n");
    CHECK_MESSAGE(run.code == 0, run.err);
    CHECK(field(run.out, 17003, 3) == "killed");
    CHECK(lines_with(run.out, {"peer", "alive", "yes"}) == 7);
}

TEST_CASE("trace tells a message's way and a node's life; votes, seeds, members and logs agree with it") {
    const Workplace place;
    const Finished run =
        run_gossipctl(place, {},
                      "wait registered == 5 20s\nexpect connected\nsay 17000 it's \"quoted\" & 100% ok\n"
                      "wait reached last == all 10s\ntrace last\nkill 17003\nwait removed 17003 10s\n"
                      "wait agree\ntrace 17003\nvotes 17003\nseeds\nmembers\n"
                      "wait log 17000 ~ \"it's\" 5s\nlogs seeds -n 500 --grep \"CONFIRMED REMOVAL\"\n");
    REQUIRE_MESSAGE(run.code == 0, run.err);
    CHECK(lines_with(run.out, {"\t0\t0.0\t", "origin"}) == 1);
    CHECK(lines_with(run.out, {"push"}) + lines_with(run.out, {"\trepair"}) == 4);
    CHECK(lines_with(run.out, {"PROPOSAL: Register peer 127.0.0.1:17003"}) >= 1);
    CHECK(lines_with(run.out, {"PEER CONSENSUS REACHED: 127.0.0.1:17003"}) >= 1);
    CHECK(lines_with(run.out, {"\tremove\t", "approved"}) == 1);
    CHECK(lines_with(run.out, {"\tadd\t", "approved"}) >= 1);
    CHECK(lines_with(run.out, {"alive\t", "\tyes\tyes"}) == 3);
    CHECK(lines_with(run.out, {"127.0.0.1:16000,127.0.0.1:16001,127.0.0.1:16002"}) == 4);
    CHECK(lines_with(run.out, {"[SEED:1600", "CONFIRMED REMOVAL: Peer 127.0.0.1:17003"}) >= 3);
}

TEST_CASE("stop leaves in order, restart comes back with a greater incarnation") {
    const Workplace place;
    const Finished run =
        run_gossipctl(place, {},
                      "wait registered == 5 20s\nmembers\nstop 17001\nwait removed 17001 10s\nlist 17001\n"
                      "restart 17002\nwait registered == 4 20s\nwait agree 10s\nsleep 300ms\n"
                      "wait registered == 4 20s\necho again\nmembers\n");
    REQUIRE_MESSAGE(run.code == 0, run.err);
    CHECK(field(run.out, 17001, 3) == "left");
    const std::size_t again = run.out.find("again\n");
    const std::string before = field(run.out.substr(0, again), 17002, 2);
    const std::string after = field(run.out.substr(again), 17002, 2);
    CHECK(std::stoull(after) > std::stoull(before));
}

TEST_CASE("all seeds killed and restarted: the list is whole, and the next peer is admitted") {
    const Workplace place;
    const Finished run = run_gossipctl(place, {},
                                       "wait registered == 5 20s\nwait agree\nkill seeds\nlist seeds\nrestart seeds\n"
                                       "wait registered == 5 20s\nwait agree 10s\nadd\nwait registered == 6 20s\n");
    CHECK_MESSAGE(run.code == 0, run.err);
    CHECK(lines_with(run.out, {"seed", "killed"}) == 3);
}

TEST_CASE("a wait that runs out names who is missing and why") {
    const Workplace place;
    const Finished run = run_gossipctl(place, {},
                                       "wait registered == 5 20s\npause 17004\nkill 16001,16002\nadd --port 17100\n"
                                       "wait registered == 6 1500ms\n");
    CHECK(run.code == 4);
    CHECK_MESSAGE(
        run.err.find("5 of 6 after 1.5s; 1 of 3 seeds hold that list, 2 needed; missing 17100 (") != std::string::npos,
        run.err);
}

TEST_CASE("two hundred commands through a pipe at once, in order") {
    const Workplace place;
    std::string script;
    std::string wanted;
    for (int i = 0; i < 200; ++i) {
        script += "echo " + std::to_string(i) + "\n";
        wanted += std::to_string(i) + "\n";
    }
    CHECK(run_gossipctl(place, {"--peers", "0"}, script).out == wanted);
}

TEST_CASE("on a terminal, what happens shows above the prompt and the typed half line stays whole") {
    const Workplace place;
    Gossipctl shell(place, {"--color", "never"}, Input::terminal);
    REQUIRE(shell.shows("gossip[3s 5p]> "));
    REQUIRE(shell.shows(" registered"));  // one line or several: they may come one after the other
    shell.type("wait registered == 5 60s\recho all of them\r");
    REQUIRE(shell.shows("\nall of them"));
    shell.type("say 17000 half a line");
    REQUIRE(shell.shows("half a line"));
    ::kill(children_of(shell.pid()).back(), SIGKILL);
    REQUIRE(shell.shows("17004 removed: dead"));
    REQUIRE(shell.shows("say 17000 half a line"));  // redrawn under the live line
    shell.type("\r");
    CHECK(shell.shows("\"half a line\" reached all 4 peers"));
    shell.type("exit\r");
    CHECK(shell.shows("Network stopped."));
    CHECK(shell.exit_code() == 0);
}
