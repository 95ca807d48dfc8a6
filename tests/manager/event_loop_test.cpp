#include "manager/base/event_loop.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

using namespace gossip;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("nothing happens between what was waited for and the end of the wait") {
    EventLoop loop;
    bool later = false;
    const auto done = [&] {
        boost::asio::post(loop.io(), [&] { later = true; });  // an event that comes meanwhile
        return true;
    };
    CHECK(loop.run_until(done, seconds(30)) == WaitEnd::done);
    CHECK_FALSE(later);
    CHECK(loop.run_until([&] { return later; }, seconds(30)) == WaitEnd::done);
}

TEST_CASE("what came before a wait is heard, Ctrl-C too, even if there is nothing to wait for") {
    EventLoop loop;
    bool before = false;
    boost::asio::post(loop.io(), [&] { before = true; });
    CHECK(loop.run_until([] { return true; }, seconds(30)) == WaitEnd::done);
    CHECK(before);
}

TEST_CASE("a wait ends in time, and its timer with it") {
    EventLoop loop;
    CHECK(loop.run_until([] { return false; }, milliseconds(1)) == WaitEnd::timed_out);
    int looked = 0;
    CHECK(loop.run_until([&] { return ++looked == 3; }, milliseconds(0)) == WaitEnd::timed_out);
    CHECK(loop.run_until([] { return true; }, milliseconds(1)) == WaitEnd::done);
    CHECK(loop.run_until([] { return false; }, milliseconds(5)) == WaitEnd::timed_out);
}
