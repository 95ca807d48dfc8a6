#pragma once
// Parsed once for protocol/, sim/ and their tests: half the compile time of a small file.
// A file still includes what it uses; the sanitizer presets build without this header and so check it.
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
