#include "manager/base/event_loop.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

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

TEST_CASE("what came before a wait is for the idle handlers as well") {
    EventLoop loop;
    bool came = false;
    bool served = false;
    loop.on_idle(&loop, [&] { served = came; });
    boost::asio::post(loop.io(), [&] { came = true; });
    const auto begin = std::chrono::steady_clock::now();
    CHECK(loop.run_until([&] { return served; }, seconds(30)) == WaitEnd::done);
    CHECK(std::chrono::steady_clock::now() - begin < seconds(20));  // not only when the time had run out
}

TEST_CASE("what comes while an idle handler waits is for those before it as well") {
    EventLoop loop;
    const int owners[2] = {};  // served in this order
    bool came = false;
    bool served = false;
    bool waited = false;
    loop.on_idle(&owners[0], [&] { served = came; });
    loop.on_idle(&owners[1], [&] {
        if (std::exchange(waited, true)) return;
        boost::asio::post(loop.io(), [&] { came = true; });
        CHECK(loop.run_until([&] { return came; }, seconds(10)) == WaitEnd::done);
    });
    CHECK(loop.run_until([&] { return served; }, seconds(10)) == WaitEnd::done);
}
