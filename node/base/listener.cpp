#include "node/base/listener.hpp"

#include "node/base/file.hpp"
#include "protocol/names.hpp"

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

namespace gossip {

std::variant<FileDescriptor, int> bind_socket(NodeId id) {
    FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return errno;
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint(id).port);
    address.sin_addr.s_addr = htonl(endpoint(id).ip);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
    return fd;
}

std::variant<FileDescriptor, int> bind_listener(NodeId id) {
    constexpr int backlog = 512;
    auto bound = bind_socket(id);
    const auto* fd = std::get_if<FileDescriptor>(&bound);
    if (fd != nullptr && ::listen(fd->get(), backlog) != 0) return errno;
    return bound;
}

std::variant<FileDescriptor, std::string> listen_on(NodeId id) {
    auto listener = bind_listener(id);
    if (auto* fd = std::get_if<FileDescriptor>(&listener)) return std::move(*fd);
    const int error = std::get<int>(listener);
    if (error != EADDRINUSE) return node_name(id) + ": " + error_text(error);
    return node_name(id) + ": address already in use (is another node running there? choose another --listen)";
}

}  // namespace gossip
