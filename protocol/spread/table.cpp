// Every way to spread, in the order in which they are listed; the first is the default. To add one, write its class and
// a row here (docs/EXTENDING.md): configuration, options, help and the man page follow.

#include "protocol/spread.hpp"
#include "protocol/spread/automatic.hpp"
#include "protocol/spread/flood.hpp"
#include "protocol/spread/push.hpp"
#include "protocol/spread/tree.hpp"

#include <array>

namespace gossip {
namespace {

template <class Mode>
const SpreadMode* row() {
    static const Mode mode;
    return &mode;
}

}  // namespace

std::span<const SpreadMode* const> spread_modes() {
    static const std::array table{
        row<spreading::Flood>(),      //
        row<spreading::Tree>(),       //
        row<spreading::Automatic>(),  //
        row<spreading::Push>(),       //
    };
    return table;
}

}  // namespace gossip
