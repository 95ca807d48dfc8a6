#pragma once
// Parsed once for protocol/, sim/ and their tests: half the compile time of a small file.
// A file still includes what it uses; the tsan preset builds without this header and so checks it.
#include "protocol/machine.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>
