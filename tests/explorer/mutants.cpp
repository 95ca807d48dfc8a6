// The one definition that the build with deliberate bugs needs (protocol/mutant.hpp).

#include "protocol/mutant.hpp"

namespace gossip {

Mutant mutant = Mutant::none;

}  // namespace gossip
