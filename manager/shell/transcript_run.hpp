#pragma once
// Plays a transcript in a session and compares.

#include "manager/base/failure.hpp"
#include "manager/shell/session.hpp"
#include "manager/shell/transcript.hpp"

namespace gossip {

[[nodiscard]] bool is_transcript(const std::string& path);
[[nodiscard]] std::variant<Transcript, Failure> read_transcript(const std::string& path);

// A difference is printed and fails as an expectation does; with `rewrite` the file gets the new output instead.
[[nodiscard]] Result play_transcript(Session& session, const std::string& path, Transcript transcript, bool rewrite);

}  // namespace gossip
