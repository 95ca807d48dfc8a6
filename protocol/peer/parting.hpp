#pragma once
// Why a neighbour parts from us, as far as it steers anything. UNLINK and LINK_REJECT carry a text, which is for people
// too: whatever else it says means nothing more than that there is no link.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gossip {

enum class Parting : std::uint8_t {
    leaving,     // it goes, in order
    ring_moved,  // a nearer successor takes the place of a ring link
    removed,     // the list no longer has this life
    other,
};

constexpr std::array<std::string_view, 3> parting_texts{"leaving", "ring moved", "removed"};

[[nodiscard]] inline std::string text_of(Parting why) {
    return std::string(parting_texts.at(static_cast<std::size_t>(why)));
}

[[nodiscard]] constexpr Parting parting_of(std::string_view text) {
    for (std::size_t i = 0; i < parting_texts.size(); ++i) {
        if (text == parting_texts[i]) return static_cast<Parting>(i);
    }
    return Parting::other;
}

}  // namespace gossip
