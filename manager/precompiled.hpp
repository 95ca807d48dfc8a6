#pragma once
// Parsed once for manager/ (see protocol/precompiled.hpp): nearly every file of it knows the session.
#include "node/precompiled.hpp"

#include "manager/base/table.hpp"
#include "manager/shell/session.hpp"
