#include "node/control/control_channel.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include <array>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using namespace gossip;

namespace {

// A node's end on a loop, and the manager's end as a plain descriptor.
struct Pair {
    boost::asio::io_context io{1};
    FileDescriptor manager;
    std::vector<ToNode> commands;
    bool closed{false};
    std::shared_ptr<ControlChannel> node;

    Pair() {
        std::array<int, 2> fds{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) == 0);
        manager.reset(fds[0]);
        ControlHandlers handlers;
        handlers.command = [this](const ToNode& command) { commands.push_back(command); };
        handlers.closed = [this] { closed = true; };
        node = std::make_shared<ControlChannel>(io, fds[1], std::move(handlers));
        node->start();
    }
    ~Pair() {
        node->close();
        io.restart();
        io.run();
    }
    void turn(int times = 20) {
        for (int i = 0; i < times; ++i) {
            io.restart();
            io.poll();
        }
    }
    void write(const std::string& bytes) { REQUIRE(write_all(manager.get(), bytes)); }
    // What waits for the manager, while the node goes on writing.
    std::string read_everything() {
        std::string all;
        std::array<char, 65536> chunk{};
        for (;;) {
            const ssize_t got = ::read(manager.get(), chunk.data(), chunk.size());
            if (got <= 0) return all;
            all.append(chunk.data(), static_cast<std::size_t>(got));
            turn(3);
        }
    }
};

std::vector<FromNode> lines_of(const std::string& text) {
    std::vector<FromNode> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        REQUIRE(end != std::string::npos);
        const auto line = decode_from_node(std::string_view(text).substr(at, end - at));
        REQUIRE(line);
        lines.push_back(*line);
        at = end + 1;
    }
    return lines;
}

NodeEvent event(std::size_t size) {
    return {1, 2, node_id({1, 1}), Notice{.kind = NoticeKind::refused_message, .text = std::string(size, 'x')}};
}

}  // namespace

TEST_CASE("commands arrive one a line, however the bytes are cut; what is no command is skipped") {
    Pair pair;
    const std::string bytes = encode(ToNode{SayCommand{1, "hello"}}) + "nonsense\n" + encode(ToNode{StatusCommand{2}});
    for (const char byte : bytes) {
        pair.write(std::string(1, byte));
        pair.turn(2);
    }
    REQUIRE(pair.commands.size() == 2);
    CHECK(std::get<SayCommand>(pair.commands[0]).text == "hello");
    CHECK(std::get<StatusCommand>(pair.commands[1]).seq == 2);
    CHECK_FALSE(pair.closed);
}

TEST_CASE("lines go out whole and in order") {
    Pair pair;
    pair.node->send(NodeReady{node_id({1, 1}), Role::peer, 5});
    for (std::uint64_t seq = 1; seq <= 100; ++seq) pair.node->send(NodeReply{seq, true, {}});
    pair.turn();
    const auto lines = lines_of(pair.read_everything());
    REQUIRE(lines.size() == 101);
    CHECK(std::holds_alternative<NodeReady>(lines[0]));
    for (std::uint64_t seq = 1; seq <= 100; ++seq) CHECK(std::get<NodeReply>(lines[seq]).seq == seq);
}

TEST_CASE("a manager that does not read costs events, not memory, and no reply") {
    Pair pair;
    for (int i = 0; i < 3000; ++i) {
        pair.node->send(event(10'000));
        pair.turn(1);
    }
    pair.node->send(NodeReply{7, true, {}});
    CHECK(pair.node->dropped_events() > 2000);
    const auto lines = lines_of(pair.read_everything());
    CHECK(lines.size() == 3001 - pair.node->dropped_events());
    CHECK(std::get<NodeReply>(lines.back()).seq == 7);
}

TEST_CASE("the end of the line is the manager's end") {
    Pair pair;
    pair.manager.reset();
    pair.turn();
    CHECK(pair.closed);
}

TEST_CASE("a line that is too long costs that line, and memory is bounded") {
    Pair pair;
    for (int i = 0; i < 40; ++i) {
        pair.write(std::string(64'000, 'x'));
        pair.turn(8);
    }
    pair.write("\n" + encode(ToNode{StatusCommand{3}}));
    pair.turn();
    CHECK_FALSE(pair.closed);
    REQUIRE(pair.commands.size() == 1);
    CHECK(std::get<StatusCommand>(pair.commands[0]).seq == 3);
}
