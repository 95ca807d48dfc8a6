#pragma once
// What a command does, once it is understood.

#include "manager/base/failure.hpp"

#include <functional>
#include <string>
#include <variant>

namespace gossip {

class Session;

// A checked command: compiling finds every mistake of form before anything runs.
using Action = std::function<Result(Session&)>;
using Compiled = std::variant<Action, std::string>;

}  // namespace gossip
