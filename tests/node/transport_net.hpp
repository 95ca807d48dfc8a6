#pragma once
// Transports over real loopback sockets, several on one loop, and raw connections that misbehave.

#include "node/base/descriptor.hpp"
#include "node/base/listener.hpp"
#include "node/openssl_crypto.hpp"
#include "node/transport/transport.hpp"
#include "node/transport/transport_options.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gossip::net {

constexpr std::uint32_t loopback = 0x7f000001;

// A port of the kernel's choosing, already listening.
struct Listener {
    Listener() : fd(std::get<FileDescriptor>(listen_on(node_id({loopback, 0}))).release()) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        id = node_id({loopback, ntohs(address.sin_port)});
    }
    int fd;
    NodeId id{};
};

struct Heard {
    NodeId from{};
    Trust trust{};
    Message message;
};

inline TransportOptions options(Role role, std::vector<NodeId> seeds, NodeId self, std::uint64_t cluster = 1) {
    TransportOptions o;
    o.self = self;
    o.role = role;
    o.cluster = cluster;
    o.seeds = std::move(seeds);
    o.hello_deadline = std::chrono::milliseconds(600);
    o.line_deadline = std::chrono::milliseconds(600);
    o.dial_deadline = std::chrono::seconds(2);
    return o;
}

struct Node {
    Node(boost::asio::io_context& io, Role role, std::vector<NodeId> seeds, const Listener& at,
         std::uint64_t cluster = 1)
        : Node(io, options(role, std::move(seeds), at.id, cluster), at) {}
    Node(boost::asio::io_context& io, const TransportOptions& o, const Listener& at)
        : id(at.id), transport(io, o, crypto, handlers()) {
        transport.serve(at.fd);
    }
    TransportHandlers handlers() {
        return {.received =
                    [this](NodeId from, Trust trust, Message m) {
                        heard.push_back({from, trust, std::move(m)});
                    },
                .lost = [this](NodeId node, LossReason reason) { lost.emplace_back(node, reason); },
                .credential = [this] { return credential; },
                .vouches = [this](NodeId node, const PublicKey& key,
                                  const Credential& shown) { return vouches(node, key, shown); },
                .offence = [this](const std::string& text) { offences.push_back(text); }};
    }
    NodeId id;
    Ed25519Crypto crypto;
    // Everybody is a member, unless a test says otherwise.
    std::function<bool(NodeId, const PublicKey&, const Credential&)> vouches = [](NodeId, const PublicKey&,
                                                                                  const Credential&) { return true; };
    Credential credential{Incarnation{1}, {{0, {}}}};  // empty: it is no member yet
    std::vector<Heard> heard;
    std::vector<std::pair<NodeId, LossReason>> lost;
    std::vector<std::string> offences;
    Transport transport;
};

inline Message ping(std::uint64_t sequence, NodeId sender = node_id({loopback, 1})) {
    msg::Ping m;
    m.sender = sender;
    m.sequence = sequence;
    return m;
}

inline std::uint64_t sequence(const Heard& h) { return std::get<msg::Ping>(h.message).sequence; }

// What only a seed may say.
inline Message order(std::uint64_t number) { return msg::Behind{.epoch = number}; }

inline std::uint64_t number(const Heard& h) { return std::get<msg::Behind>(h.message).epoch; }

// Runs the loop until `done` or a generous deadline; says which.
template <class Done>
bool run_until(boost::asio::io_context& io, Done done, std::chrono::seconds patience = std::chrono::seconds(60)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

// A client that speaks bytes.
class Raw {
public:
    explicit Raw(NodeId to) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(endpoint(to).ip);
        address.sin_port = htons(endpoint(to).port);
        REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    Raw(Raw&& other) noexcept : fd_(std::exchange(other.fd_, -1)), got_(std::move(other.got_)) {}
    Raw& operator=(Raw&&) = delete;
    ~Raw() {
        if (fd_ >= 0) ::close(fd_);
    }

    // As much as fits without waiting; false once the other side is gone.
    bool write(std::string_view text) {
        const ssize_t size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return size == static_cast<ssize_t>(text.size()) || (size < 0 && errno == EAGAIN);
    }
    void end_writing() { ::shutdown(fd_, SHUT_WR); }
    // Everything that came so far.
    const std::string& read() {
        char block[4096];
        for (;;) {
            const ssize_t size = ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
            if (size <= 0) {
                ended_ = ended_ || size == 0 || errno != EAGAIN;
                return got_;
            }
            got_.append(block, static_cast<std::size_t>(size));
        }
    }
    bool says(std::string_view text) { return read().find(text) != std::string::npos; }
    bool hung_up() {
        read();
        return ended_;
    }

private:
    int fd_;
    std::string got_;
    bool ended_{false};
};

}  // namespace gossip::net
