#include "protocol/peer_machine.hpp"

namespace gossip {

PeerMachine::PeerMachine(const Config&, const Crypto&, PeerOptions, Rng) {}
void PeerMachine::step(Time, const Event&, Effects&) {}
PeerStatus PeerMachine::status() const { return {}; }

}  // namespace gossip
