#pragma once
// Deliberate bugs, one per build (-DGOSSIP_MUTANT=k), that the tests must catch: a suite that lets
// one of them live would not notice the real thing. 0 in every build that ships.

#ifndef GOSSIP_MUTANT
#define GOSSIP_MUTANT 0
#endif

namespace gossip {

enum class Mutant {
    none,
    promise_not_durable,  // the bound of the promised rounds is not written
    accept_not_durable,   // an accepted batch is not written before it is acknowledged
    adopt_dropped,        // an earlier accepted batch is ignored
    vote_counted_twice,   // a duplicated vote or ack counts again
    quorum_half,          // n/2 seats decide
    ballot_reuse,         // a ballot of this seat may be issued twice
};

inline constexpr Mutant mutant = static_cast<Mutant>(GOSSIP_MUTANT);

}  // namespace gossip
