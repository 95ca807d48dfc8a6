#pragma once
// Deliberate bugs that the tests must catch: tests that miss one would miss the real bug. No shipped build has
// them: the compiler drops the branches. The tests compile the two files that include this once more with
// GOSSIP_MUTANTS and choose a bug at run time.

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

#ifdef GOSSIP_MUTANTS
extern Mutant mutant;
#else
inline constexpr Mutant mutant = Mutant::none;
#endif

}  // namespace gossip
