#pragma once
// What a process may use and may leave behind. A limit that the system does not grant stays as it was.

namespace gossip {

// Each connection needs a descriptor: raises the soft limit to the hard limit.
void raise_descriptor_limit();

// A core dump would hold the private keys in the memory of the process.
void forbid_core_dumps();

}  // namespace gossip
