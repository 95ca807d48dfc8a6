// The ring of events behind the page, and whom the page answers.

#include "manager/page/web_feed.hpp"
#include "manager/page/web_site.hpp"
#include "node/base/file.hpp"

#include <doctest/doctest.h>

using namespace gossip;

namespace {

std::string read_all(const WebFeed& feed, std::uint64_t& position) {
    std::string out;
    feed.read(position, 1'000'000, out);
    return out;
}

}  // namespace

TEST_CASE("events come in order, once, as the format wants them") {
    WebFeed feed("run");
    std::uint64_t position = 0;
    CHECK(feed.newest() == 0);
    CHECK(feed.holds(0));
    CHECK(read_all(feed, position).empty());
    feed.add("node", "{}");
    feed.add("line", "{\"a\":1}");
    CHECK(read_all(feed, position) ==
          "id: run.1\nevent: node\ndata: {}\n\nid: run.2\nevent: line\ndata: {\"a\":1}\n\n");
    CHECK(position == 2);
    CHECK(read_all(feed, position).empty());
}

TEST_CASE("what has left the ring cannot be read, and neither can the future") {
    WebFeed feed("run", {.events = 3, .bytes = 100'000});
    for (int i = 0; i < 10; ++i) feed.add("node", "{}");
    CHECK(feed.newest() == 10);
    CHECK_FALSE(feed.holds(6));
    CHECK(feed.holds(7));
    CHECK(feed.holds(10));
    CHECK_FALSE(feed.holds(11));
    std::uint64_t position = 7;
    CHECK(read_all(feed, position).starts_with("id: run.8\n"));
    CHECK(position == 10);
}

TEST_CASE("the ring is bounded in bytes, but always holds the newest event") {
    WebFeed feed("run", {.events = 1000, .bytes = 1000});
    for (int i = 0; i < 50; ++i) feed.add("node", std::string(100, 'x'));
    CHECK(feed.newest() == 50);
    CHECK(feed.holds(50));
    CHECK_FALSE(feed.holds(30));
    feed.add("node", std::string(5000, 'y'));
    CHECK(feed.holds(50));
    CHECK_FALSE(feed.holds(49));
}

TEST_CASE("a reader takes about as much as it asks for, and at least one event") {
    WebFeed feed("run");
    for (int i = 0; i < 10; ++i) feed.add("node", std::string(100, 'x'));
    std::uint64_t position = 0;
    std::string out;
    feed.read(position, 1, out);
    CHECK(position == 1);
    feed.read(position, 300, out);
    CHECK(position > 2);
    CHECK(position < 6);
}

TEST_CASE("the history is every event that the ring holds") {
    WebFeed feed("run", {.events = 2, .bytes = 1000});
    CHECK(feed.history() == "[]");
    feed.add("line", R"({"text":"lost"})");
    feed.add("node", R"({"id":"a","text":"\ndata: x"})");
    feed.add("wave", R"({"id":"b"})");
    CHECK(feed.history() == R"([["node",{"id":"a","text":"\ndata: x"}],["wave",{"id":"b"}]])");
}

TEST_CASE("only ids of this run are understood") {
    const WebFeed feed("ab12");
    CHECK(feed.number_of("ab12.7") == 7);
    CHECK(feed.number_of(feed.id(3)) == 3);
    for (const char* bad : {"", "7", "ab12", "ab12.", "ab12.x", "ab12.-1", "ab13.7", "ab127", "ab12.7 "}) {
        CHECK_MESSAGE(!feed.number_of(bad).has_value(), bad);
    }
}

TEST_CASE("hosts are names of this machine, origins the host itself") {
    for (const char* host : {"localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:9000", "127.1.2.3:80"}) {
        CHECK_MESSAGE(host_allowed(host), host);
    }
    for (const char* host : {"", "evil.example", "localhost.evil.example", "localhost:", "localhost:80x", "127.0.0.1.x",
                             "10.0.0.1:8080", "0.0.0.0", "user@localhost"}) {
        CHECK_MESSAGE(!host_allowed(host), host);
    }
    CHECK(origin_allowed("", "localhost:8080"));
    CHECK(origin_allowed("http://localhost:8080", "localhost:8080"));
    for (const char* origin : {"null", "http://localhost:8081", "https://localhost:8080", "http://localhost:8080.evil",
                               "http://evil.example", "localhost:8080"}) {
        CHECK_MESSAGE(!origin_allowed(origin, "localhost:8080"), origin);
    }
}
