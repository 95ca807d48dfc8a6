#pragma once
// stdout: what could not be written there makes the whole tool fail, when it ends.

#include <string_view>

namespace gossip {

// Empty places among the descriptors 0 to 2 would be taken by the next file that is opened: a script's input ends at
// once there, and output is lost, which counts.
void open_standard_streams();

// Writes to stdout at once, behind what was printed before. A reader that left (`| head`) has seen enough.
void write_output(std::string_view text);

// The code of a tool that ends: 1 in place of 0 when some of its output could not be written, which is said on stderr.
[[nodiscard]] int with_output_checked(int code);

}  // namespace gossip
