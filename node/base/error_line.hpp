#pragma once
// How every command of gossipctl reports an error to its user.

#include <string_view>

namespace gossip {

// "gossipctl: SUBJECT: TEXT" on stderr.
void print_error(std::string_view subject, std::string_view text);

}  // namespace gossip
