#pragma once
// Sockets that others connect to: an IPv4 endpoint, bound and listening.

#include "node/base/descriptor.hpp"
#include "protocol/types.hpp"

#include <string>
#include <variant>

namespace gossip {

// A bound socket that does not listen yet, or the error number.
[[nodiscard]] std::variant<FileDescriptor, int> bind_socket(NodeId endpoint);
// A listening socket, or the error number.
[[nodiscard]] std::variant<FileDescriptor, int> bind_listener(NodeId endpoint);
// The same; the error names the endpoint and the cause ("address already in use").
[[nodiscard]] std::variant<FileDescriptor, std::string> listen_on(NodeId endpoint);

}  // namespace gossip
