#pragma once
// The inside of Transport: which connection leads to which node, and what a line on it may do.

#include "node/connection.hpp"
#include "node/handshake.hpp"
#include "node/transport.hpp"
#include "node/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>

namespace gossip {

// A connection and what is known of its other end.
struct Channel {
    std::shared_ptr<Connection> connection;
    std::uint64_t serial{0};
    bool dialled{false};
    bool greeted{false};   // the other side said HELLO or HELLO_ACK
    bool heard{false};     // at least one whole line came
    bool offended{false};  // it is being closed for what it sent
    bool key_only{false};  // dialled for the seed's key and nothing else
    NodeId node{};         // who it leads to; anonymous until greeted when accepted
    Trust trust{Trust::anonymous};
    Nonce nonce{};         // ours
    // An accepted connection that claims to be a seed: what it said waits for its proof.
    bool awaits_proof{false};
    std::optional<Signature> proof;
    bool relearnt{false};  // the seed was dialled for its key because of this proof
    std::vector<Message> held;
};

class Transport::Impl : public std::enable_shared_from_this<Transport::Impl> {
public:
    Impl(boost::asio::io_context& io, TransportOptions options, const Crypto& crypto, TransportHandlers handlers);

    void serve(int listening_fd);
    void send(NodeId to, const Message& message);
    void disconnect(NodeId node);
    void shutdown(Duration grace, std::function<void()> done);
    void abandon();  // the owner is gone: no handler is called any more
    [[nodiscard]] TransportCounters counters() const;

private:
    using Channels = std::map<std::uint64_t, Channel>;

    // ---- connections (transport.cpp)
    void accept();
    void on_accepted(boost::asio::ip::tcp::socket socket);
    void make_room();
    Channel& add_channel(boost::asio::ip::tcp::socket socket, bool dialled);
    Channel& dial(NodeId to, bool key_only);
    void on_closed(std::uint64_t serial, CloseCause cause);
    void report_close(const Channel& channel, CloseCause cause);
    [[nodiscard]] Channel* route(NodeId to);
    void lead_to(Channel& channel, NodeId node, Trust trust);
    [[nodiscard]] bool is_seed(NodeId node) const;
    [[nodiscard]] Frame encoded(const Message& message);
    void watch_deadlines();
    void sweep();
    void finish_shutdown();

    // ---- lines (transport_lines.cpp)
    void on_line(std::uint64_t serial, std::string_view line);
    void on_message(Channel& channel, Message message);
    void on_hello(Channel& channel, const Hello& hello);
    void on_hello_ack(Channel& channel, const HelloAck& ack);
    void on_hello_proof(Channel& channel, const HelloProof& proof);
    void judge_proof(Channel& channel);
    void release_held(Channel& channel);
    void greet(Channel& channel);
    [[nodiscard]] Hello own_hello(const Channel& channel) const;
    [[nodiscard]] std::string refusal(const Hello& hello) const;
    void offend(Channel& channel, const std::string& code, const std::string& text);
    void complain(const Channel& channel, const std::string& code, const std::string& text);
    [[nodiscard]] std::string source(const Channel& channel) const;
    [[nodiscard]] WallMs wall_now() const;

    boost::asio::io_context& io_;
    TransportOptions options_;
    const Crypto& crypto_;
    TransportHandlers handlers_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer accept_retry_;
    boost::asio::steady_timer sweeper_;
    boost::asio::steady_timer grace_;
    Channels channels_;                          // by serial: oldest first
    std::map<NodeId, std::uint64_t> routes_;     // the connection that sends to a node use
    SeedKeys seed_keys_;
    std::map<std::string, SteadyTime> complaints_;  // what was said lately, by source and code
    std::function<void()> on_shut_;
    std::uint64_t next_serial_{1};
    bool sweeping_{false};
    bool closing_{false};
    TransportCounters counters_;
    // One flooded message goes to many links: its line is written once.
    const Rumor* encoded_rumor_{nullptr};
    std::uint32_t encoded_hop_{0};
    bool encoded_repair_{false};
    WallMs encoded_sent_{0};
    RumorPtr encoded_owner_;
    Frame encoded_frame_;
};

}  // namespace gossip
