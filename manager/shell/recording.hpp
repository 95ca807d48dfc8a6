#pragma once
// Whether and where a run is recorded.

#include "manager/base/failure.hpp"
#include "manager/shell/known_script.hpp"
#include "manager/shell/session.hpp"

namespace gossip {

// Called before `session.start()`, so that the bring-up is recorded. A folder that the user named must be usable;
// without one the network also runs when recording fails. `script` is null when commands are typed one by one.
[[nodiscard]] Result begin_record(Session& session, const KnownScript* script);

}  // namespace gossip
