#pragma once
// Parsed once for node/, manager/ and their tests (see protocol/precompiled.hpp).
#include "protocol/precompiled.hpp"

#include <boost/asio.hpp>
