#pragma once
// The degree distribution of a graph that grows by preferential attachment, in the limit of infinite size.

namespace gossip::sim {

// P(degree >= k) when each new node opens `links` links to nodes chosen with weight degree + extra
// (Dorogovtsev, Mendes, Samukhin, "Structure of growing networks with preferential
// linking", Phys. Rev. Lett. 85, 2000, eq. 9). For large k it is k^-(2 + extra/links); extra = 0 is
// Barabási and Albert's (Science 286, 1999). 1 for k <= links.
[[nodiscard]] double grown_tail(double k, double links, double extra);

}  // namespace gossip::sim
