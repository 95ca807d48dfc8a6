// `gossipctl node` as its users meet it: a process, its arguments, its output and its exit code.

#include "node/node_command.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/listener.hpp"
#include "node/control/control.hpp"
#include "protocol/names.hpp"
#include "tests/node/temp_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace gossip;
using Clock = std::chrono::steady_clock;

namespace {

// For an event that is awaited, on a machine that is slow and busy.
constexpr std::chrono::seconds patience{60};

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// One node in a process of its own, stopped with its owner.
class Process {
public:
    Process(const TempFolder& folder, std::vector<std::string> arguments, int control_fd = -1)
        : output_(folder.file("out-" + std::to_string(++count_))) {
        std::cout.flush();  // what waits there would be written by the child as well
        std::fflush(nullptr);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) run(folder, std::move(arguments), control_fd);
    }
    ~Process() {
        if (exit_code_ != running) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }
    // The exit code, 128 + n after signal n, or `running` when patience ends.
    int wait() {
        for (const auto end = Clock::now() + patience; Clock::now() < end && !ended();) pause();
        return exit_code_;
    }
    [[nodiscard]] std::string output() const { return contents(output_); }
    bool says(const std::string& text) {
        for (const auto end = Clock::now() + patience; Clock::now() < end;) {
            if (output().find(text) != std::string::npos) return true;
            if (ended()) break;
            pause();
        }
        return output().find(text) != std::string::npos;
    }
    static constexpr int running = -1;

private:
    bool ended() {
        int status = 0;
        if (exit_code_ == running && ::waitpid(pid_, &status, WNOHANG) == pid_) {
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return exit_code_ != running;
    }
    static void pause() { ::poll(nullptr, 0, 5); }

    [[noreturn]] void run(const TempFolder& folder, std::vector<std::string> arguments, int control_fd) const {
        const int out = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        if (::chdir(folder.file("").c_str()) != 0) std::_Exit(99);
        if (control_fd >= 0) ::dup2(control_fd, 3);
        ::close_range(control_fd >= 0 ? 4 : 3, ~0U, 0);
        arguments.insert(arguments.begin(), "node");
        std::vector<char*> argv;
        for (std::string& a : arguments) argv.push_back(a.data());
        argv.push_back(nullptr);
        std::exit(node_command(static_cast<int>(argv.size()) - 1, argv.data()));
    }

    static inline int count_ = 0;
    std::string output_;
    pid_t pid_{-1};
    int exit_code_{running};
};

// Free at this moment: bound and let go.
NodeId free_address() {
    static std::uint16_t next = static_cast<std::uint16_t>(20'000 + ::getpid() % 10'000);
    for (;;) {
        const NodeId id = node_id({0x7f000001, ++next});
        const auto bound = listen_on(id);
        if (std::holds_alternative<FileDescriptor>(bound)) return id;
    }
}

struct Host {
    // The list is written once: a node that is starting reads it at any time.
    Host() { std::ofstream(folder.file("config.txt")) << "# one seed\n" << node_name(seed) << "\n"; }

    TempFolder folder;
    NodeId seed = free_address();
    std::vector<std::string> quick{"--set", "liveness.interval=1s", "--set", "gossip.first_after=1s"};

    [[nodiscard]] std::vector<std::string> arguments(const std::string& role, NodeId id,
                                                     const std::vector<std::string>& more = {}) const {
        std::vector<std::string> all{"--role", role, "--listen", node_name(id), "--seeds", "config.txt"};
        all.insert(all.end(), quick.begin(), quick.end());
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    int exit_of(const std::vector<std::string>& arguments, std::string& output) {
        Process process(folder, arguments);
        const int code = process.wait();
        output = process.output();
        return code;
    }
};

}  // namespace

TEST_CASE("a seed and a peer, each in its own terminal: they find each other and leave in order") {
    Host host;
    const NodeId id = free_address();
    Process seed(host.folder, host.arguments("seed", host.seed, {"--bootstrap"}));
    REQUIRE(seed.says("Seed node listening on " + node_name(host.seed)));
    Process peer(host.folder, host.arguments("peer", id, {"--color", "always"}));
    CHECK(peer.says("Registration complete"));
    CHECK(peer.output().find("\x1b[") != std::string::npos);
    CHECK(seed.says("CONSENSUS OUTCOME — APPROVED: Peer " + node_name(id)));
    CHECK(seed.output().find("\x1b[") == std::string::npos);

    peer.signal(SIGTERM);
    CHECK(peer.wait() == 0);
    CHECK(peer.output().find("Peer node stopped.") != std::string::npos);
    CHECK(seed.says("Peer " + node_name(id) + " left the Peer List"));
    seed.signal(SIGINT);
    CHECK(seed.wait() == 0);
    CHECK(seed.output().find("Seed node stopped.") != std::string::npos);
    const std::string shared = contents(host.folder.file("logs/outputfile.txt"));
    CHECK(shared.find("[SEED:") != std::string::npos);
    CHECK(shared.find("[PEER:") != std::string::npos);
}

TEST_CASE("a seed killed with SIGKILL knows everything it acknowledged") {
    Host host;
    const NodeId id = free_address();
    Process seed(host.folder, host.arguments("seed", host.seed, {"--bootstrap"}));
    Process peer(host.folder, host.arguments("peer", id));
    REQUIRE(peer.says("ACK from seed"));
    seed.signal(SIGKILL);
    REQUIRE(seed.wait() == 128 + SIGKILL);
    Process again(host.folder, host.arguments("seed", host.seed));
    // As decided, or, when death came between the ack and that record, as accepted and now finished.
    REQUIRE_MESSAGE(again.says("Recovered"), again.output());
    CHECK((again.output().find("Recovered 1 peers") != std::string::npos ||
           again.says("Current Peer List: ['" + node_name(id))));
}

TEST_CASE("a peer that no seed answers says so and goes on trying") {
    Host host;
    Process peer(host.folder, host.arguments("peer", free_address()));
    CHECK(peer.says("no seed answers at " + node_name(host.seed) + "; still trying (Ctrl-C to stop)"));
    Process seed(host.folder, host.arguments("seed", host.seed, {"--bootstrap"}));
    CHECK(peer.says("Registration complete"));
}

TEST_CASE("what is wrong with the command line is said in one line, with exit code 2") {
    Host host;
    const NodeId id = free_address();
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
        {{}, "--role is missing"},
        {{"--role", "judge"}, "--role judge: must be seed or peer"},
        {{"--role", "peer"}, "--listen is missing"},
        {{"--role", "peer", "--listen", "7000"}, "is not an address"},
        {{"--role", "peer", "--listen", "[::1]:7000"}, "IPv6 is not supported yet"},
        {{"--role", "peer", "--listen", "0.0.0.0:7000"}, "must be the address by which the other nodes"},
        {{"--role", "peer", "--listen", "127.0.0.1:7000", "--colour", "x"}, "unrecognised option '--colour'"},
        {{"--role", "peer", "--listen", "127.0.0.1:7000", "extra"}, "too many positional options"},
        {host.arguments("seed", id), "is not in the seed list (" + node_name(host.seed) + ")"},
        {host.arguments("peer", host.seed), "is a seed's address in the seed list"},
        {host.arguments("peer", *parse_node("192.0.2.1:7000")), "security.tls=off"},
        {host.arguments("peer", id, {"--set", "gossip.intervall=5s"}), "did you mean gossip.interval?"},
        {{"--role", "peer", "--listen", "127.0.0.1:7000", "--config", "none.toml"}, "none.toml: cannot read it"},
        {{"--role", "peer", "--listen", "127.0.0.1:7000", "--seeds", "none.txt"}, "none.txt: cannot read it"},
    };
    for (const auto& [arguments, words] : cases) {
        CAPTURE(words);
        std::string output;
        CHECK(host.exit_of(arguments, output) == 2);
        CHECK_MESSAGE(output.find(words) != std::string::npos, output);
        CHECK_MESSAGE(output.find('\n') == output.size() - 1, output);
    }
}

TEST_CASE("a port that is taken, a journal in use: exit code 5 and the reason") {
    Host host;
    Process seed(host.folder, host.arguments("seed", host.seed, {"--bootstrap"}));
    REQUIRE(seed.says("listening"));
    std::string output;
    CHECK(host.exit_of(host.arguments("seed", host.seed), output) == 5);
    CHECK_MESSAGE(output.find(node_name(host.seed) + ": address already in use") != std::string::npos, output);
}

TEST_CASE("help begins with examples") {
    Host host;
    std::string output;
    CHECK(host.exit_of({"--help"}, output) == 0);
    CHECK(output.find("Examples:") < output.find("Options"));
    CHECK(output.find("--state-dir") != std::string::npos);
}

TEST_CASE("every option has a variable, and the command line comes first") {
    Host host;
    ::setenv("GOSSIPCTL_ROLE", "judge", 1);
    ::setenv("GOSSIPCTL_GOSSIP_INTERVAL", "soon", 1);
    std::string output;
    CHECK(host.exit_of({"--listen", "127.0.0.1:7000"}, output) == 2);
    CHECK(output.find("--role judge") != std::string::npos);
    CHECK(host.exit_of(host.arguments("peer", free_address()), output) == 2);
    CHECK_MESSAGE(output.find("GOSSIPCTL_GOSSIP_INTERVAL: gossip.interval: must be") != std::string::npos, output);
    ::unsetenv("GOSSIPCTL_ROLE");
    ::unsetenv("GOSSIPCTL_GOSSIP_INTERVAL");
}

namespace {

// The manager's end of a node's control channel.
class Manager {
public:
    Manager() {
        std::array<int, 2> fds{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
        own_.reset(fds[0]);
        nodes_.reset(fds[1]);
    }
    [[nodiscard]] int nodes_end() const { return nodes_.get(); }
    void started() { nodes_.reset(); }
    void send(const ToNode& command) { REQUIRE(write_all(own_.get(), encode(command))); }
    void hang_up() { own_.reset(); }

    // The next line for which `wanted` holds; nothing when the node ends first or is silent until patience ends.
    std::optional<FromNode> next(const std::function<bool(const FromNode&)>& wanted) {
        for (;;) {
            const std::size_t end = input_.find('\n');
            if (end == std::string::npos) {
                if (!fill()) return std::nullopt;
                continue;
            }
            const auto line = decode_from_node(std::string_view(input_).substr(0, end));
            input_.erase(0, end + 1);
            REQUIRE(line);
            if (wanted(*line)) return line;
        }
    }
    template <class T>
    std::optional<T> next() {
        const auto line = next([](const FromNode& l) { return std::holds_alternative<T>(l); });
        if (!line) return std::nullopt;
        return std::get<T>(*line);
    }
    std::optional<Notice> notice(NoticeKind kind) {
        const auto line = next([kind](const FromNode& l) {
            const auto* event = std::get_if<NodeEvent>(&l);
            return event != nullptr && event->notice.kind == kind;
        });
        if (!line) return std::nullopt;
        return std::get<NodeEvent>(*line).notice;
    }
    bool hears(NoticeKind kind) { return notice(kind).has_value(); }

private:
    bool fill() {
        pollfd wait{own_.get(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) != 1) return false;
        std::array<char, 65536> chunk{};
        const ssize_t got = ::read(own_.get(), chunk.data(), chunk.size());
        if (got <= 0) return false;
        input_.append(chunk.data(), static_cast<std::size_t>(got));
        return true;
    }
    FileDescriptor own_;
    FileDescriptor nodes_;
    std::string input_;
};

}  // namespace

TEST_CASE("under a manager: ready, events, status, say, leave") {
    Host host;
    const NodeId id = free_address();
    Process seed(host.folder, host.arguments("seed", host.seed, {"--bootstrap"}));
    Manager manager;
    Process peer(host.folder, host.arguments("peer", id, {"--control-fd", "3"}), manager.nodes_end());
    manager.started();
    const auto ready = manager.next<NodeReady>();
    REQUIRE(ready);
    CHECK(ready->id == id);
    CHECK(ready->role == Role::peer);
    const auto registered = manager.notice(NoticeKind::registration_complete);
    REQUIRE_MESSAGE(registered, seed.output());
    CHECK(registered->epoch == 1);

    manager.send(StatusCommand{7});
    const auto status = manager.next<NodeStatus>();
    REQUIRE(status);
    CHECK(status->seq == 7);
    REQUIRE(status->peer);
    CHECK(status->peer->registered);
    CHECK(status->peer->epoch == registered->epoch);
    CHECK(status->transport.messages_sent > 0);

    manager.send(SayCommand{8, "hello"});
    CHECK(manager.hears(NoticeKind::said));
    auto reply = manager.next<NodeReply>();
    REQUIRE(reply);
    CHECK(reply->seq == 8);
    CHECK(reply->ok);
    manager.send(SayCommand{9, std::string(5000, 'x')});
    reply = manager.next<NodeReply>();
    REQUIRE(reply);
    CHECK_FALSE(reply->ok);
    CHECK_FALSE(reply->text.empty());

    manager.send(LeaveCommand{});
    CHECK(manager.hears(NoticeKind::stopped));
    CHECK(peer.wait() == 0);
    CHECK(peer.output().empty());
}

TEST_CASE("a node ends when its manager is gone") {
    Host host;
    Manager manager;
    Process peer(host.folder, host.arguments("peer", free_address(), {"--control-fd", "3"}), manager.nodes_end());
    manager.started();
    REQUIRE(manager.next<NodeReady>());
    manager.hang_up();
    CHECK(peer.wait() == 0);
}
