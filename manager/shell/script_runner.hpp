#pragma once
// Commands of a session, one after another: from the terminal, a pipe, a file or -e.

#include "manager/shell/compiled_script.hpp"

#include <string>

namespace gossip {

class Session;

// Until one fails (unless told to keep going) or the session closes. What is returned has been printed already.
Result run_script(Session& session, const CompiledScript& script, const std::string& name);

// Commands as they come: checked before the first of them runs, failures printed. No name: typed at a prompt.
Result run_text(Session& session, const ParsedText& text, const std::string& name);

}  // namespace gossip
