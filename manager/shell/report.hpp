#pragma once
// How a failure ends a tool that has a console.

#include "manager/base/failure.hpp"

namespace gossip {

class Console;
class EventLoop;

// Prints a failure that was not printed yet; returns the exit code.
int report(Console& console, const Failure& failure, const EventLoop* loop = nullptr);

}  // namespace gossip
