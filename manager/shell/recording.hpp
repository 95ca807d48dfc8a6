#pragma once
// Whether and where a run is recorded.

#include "manager/shell/known_script.hpp"
#include "manager/shell/session.hpp"

namespace gossip {

// Before `session.start()`, so that the bring-up is in it. Asked for by name, the folder has to be right; else a
// network runs without being recorded as well. `script` is null where commands come one by one.
[[nodiscard]] Result begin_record(Session& session, const KnownScript* script);

}  // namespace gossip
