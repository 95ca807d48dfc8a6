#pragma once
// Commands that somebody wants run in a network that runs already, and how the answer is to look.

#include <cstddef>
#include <string>

namespace gossip {

struct RunRequest {
    std::string format;
    bool colored{false};
    bool interactive{false};
    std::string text;
    std::size_t width{0};  // of the terminal; 0: none
};

}  // namespace gossip
