// Every overlay strategy, in the order in which they are listed; the first is the default. To add one, write its class
// and a row here (docs/EXTENDING.md): configuration, options, help, `topology` and the man page follow.

#include "protocol/overlay.hpp"
#include "protocol/overlay/file.hpp"
#include "protocol/overlay/pa.hpp"
#include "protocol/overlay/pa_ring.hpp"
#include "protocol/overlay/random.hpp"
#include "protocol/overlay/rank2.hpp"
#include "protocol/overlay/tophalf.hpp"
#include "protocol/overlay/zipf.hpp"
#include "protocol/overlay/zipf_half.hpp"
#include "protocol/overlay/zipf_log.hpp"

#include <array>

namespace gossip {
namespace {

template <class Strategy>
const OverlayStrategy* row() {
    static const Strategy strategy;
    return &strategy;
}

}  // namespace

std::span<const OverlayStrategy* const> overlay_strategies() {
    static const std::array table{
        row<overlay::PaRing>(),    //
        row<overlay::Pa>(),        //
        row<overlay::Zipf>(),      //
        row<overlay::Random>(),    //
        row<overlay::ZipfHalf>(),  //
        row<overlay::ZipfLog>(),   //
        row<overlay::TopHalf>(),   //
        row<overlay::Rank2>(),     //
        row<overlay::File>(),      //
    };
    return table;
}

}  // namespace gossip
