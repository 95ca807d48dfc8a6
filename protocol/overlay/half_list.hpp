#pragma once
// What the strategies have in common whose joiner links with half of the list (documents 000 and 002): the links grow
// with the square of the peers.

#include "protocol/overlay.hpp"

namespace gossip::overlay {

constexpr std::size_t half_list_peers = 64;

[[nodiscard]] inline std::optional<std::string> warn_half_list(std::string_view name, std::size_t peers) {
    if (peers <= half_list_peers) return std::nullopt;
    return std::string(name) + ": every joiner opens links to half of the peers, " + std::to_string(peers / 2) +
           " each at " + std::to_string(peers) + "; above " + std::to_string(half_list_peers) +
           " peers use zipf-log, pa or pa-ring";
}

}  // namespace gossip::overlay
