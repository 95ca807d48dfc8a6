#include "protocol/seed_machine.hpp"

namespace gossip {

SeedMachine::SeedMachine(const Config&, const Crypto&, SeedOptions, Rng, std::span<const Record>) {}
void SeedMachine::step(Time, const Event&, Effects&) {}
SeedStatus SeedMachine::status() const { return {}; }
std::vector<Member> SeedMachine::members() const { return {}; }

}  // namespace gossip
