#pragma once
// What Transport does: which connection leads to which node, and what a line on it may do. Shared with the handlers of
// pending operations, which end it after its owner.

#include "node/base/clock.hpp"
#include "node/transport/connection.hpp"
#include "node/transport/fault_gate.hpp"
#include "node/transport/handshake.hpp"
#include "node/transport/link_fault.hpp"
#include "node/transport/transport_counters.hpp"
#include "node/transport/transport_options.hpp"
#include "node/wire/wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <set>

namespace gossip {

// A connection and what is known of its other end.
struct Channel {
    std::shared_ptr<Connection> connection;
    std::uint64_t serial{0};
    bool dialled{false};
    bool dial_waits{false};    // for a partition to heal
    bool greeted{false};       // the other side said HELLO or HELLO_ACK: see `theirs`
    bool heard{false};         // at least one whole line came
    bool offended{false};      // it is being closed for what it sent
    bool ends_greeted{false};  // to be ended once the other side can believe what was sent on it
    bool key_only{false};      // dialled for the seed's key and nothing else, or accepted from one who did
    NodeId node{};             // who it leads to; anonymous when accepted, until that is shown
    Trust trust{Trust::anonymous};
    Nonce nonce{};       // ours
    Hello theirs;        // what the other side says of itself
    bool proved{false};  // and it holds that key
    // An accepted connection: what comes before HELLO_PROOF waits for it.
    bool awaits_proof{false};
    bool relearnt{false};          // the seed was dialled for its key because of this proof
    std::uint32_t credentials{0};  // shown after HELLO
    std::vector<Message> held;
    std::size_t held_bytes{0};
    // The connection of the same pair that this one replaces; writing here waits for its end.
    std::uint64_t replaces{0};
};

class TransportCore : public std::enable_shared_from_this<TransportCore> {
public:
    TransportCore(boost::asio::io_context& io, TransportOptions options, const Crypto& crypto,
                  TransportHandlers handlers);

    void serve(int listening_fd);
    void send(NodeId to, const Message& message);
    void disconnect(NodeId node);
    void show_credential();
    void set_faults(std::uint64_t seed, const std::vector<FaultRule>& rules);
    void shutdown(Duration grace, std::function<void()> done);
    void abandon();  // the owner is gone: no handler is called any more
    [[nodiscard]] TransportCounters counters() const;

private:
    using Channels = std::map<std::uint64_t, Channel>;

    // ---- connections (transport_core.cpp)
    void accept();
    void on_accepted(boost::asio::ip::tcp::socket socket);
    [[nodiscard]] bool make_room();
    void retry_accept();
    Channel& add_channel(boost::asio::ip::tcp::socket socket, bool dialled);
    Channel& dial(NodeId to, bool key_only);
    void on_closed(std::uint64_t serial, CloseCause cause);
    void report_close(const Channel& channel, CloseCause cause);
    void end(Channel& channel, bool deliver);
    [[nodiscard]] Channel* route(NodeId to);
    void lead_to(Channel& channel, NodeId node, Trust trust);
    [[nodiscard]] bool is_seed(NodeId node) const;
    [[nodiscard]] Channel* find(std::uint64_t serial);
    void set_limits(Channel& channel, NodeId node);
    [[nodiscard]] std::size_t send_limit(const Channel& channel) const;
    [[nodiscard]] Frame encoded(const Message& message);
    void refuse_to_send(const Channel& channel, const Message& message, std::size_t bytes);
    void watch_deadlines();
    void sweep();
    void end_overdue(Channel& channel);
    void finish_shutdown();
    void end_all(NodeId node);

    // ---- faults (transport_faults.cpp)
    void start_dial(Channel& channel);
    void send_late(Channel& channel, Frame frame);
    void release_due();
    void release(std::vector<FaultGate::Released> released);
    void arm_gate();
    // True while the connection has something to wait for; closes it when it waited too long.
    bool end_stalled(Channel& channel, SteadyTime now);
    [[nodiscard]] bool is_unheard(const Channel& channel, CloseCause cause);
    void tell_unheard_losses();

    // ---- lines (transport_lines.cpp)
    void on_line(std::uint64_t serial, std::string_view line);
    void on_message(Channel& channel, Message message, std::size_t bytes);
    void hand_on(Channel& channel, Message message);
    [[nodiscard]] static bool only_from_seeds(const Message& message);
    void on_unknown_type(Channel& channel, const UnknownType& unknown);
    void extend_deadline(Channel& channel);
    void offend(Channel& channel, const std::string& code, const std::string& text);
    void complain(const Channel& channel, const std::string& code, const std::string& text);
    [[nodiscard]] std::string source(const Channel& channel) const;

    // ---- handshake (transport_hello.cpp)
    void greet(Channel& channel);
    [[nodiscard]] Hello own_hello(const Channel& channel) const;
    [[nodiscard]] std::string refusal(const Hello& hello) const;
    [[nodiscard]] std::string other_cluster(const Hello& hello) const;
    void on_hello(Channel& channel, const Hello& hello);
    void on_hello_ack(Channel& channel, const HelloAck& ack);
    void on_hello_proof(Channel& channel, const HelloProof& proof);
    void on_credential(Channel& channel, const CredentialChanged& changed);
    void look_again(Channel& channel);
    [[nodiscard]] bool is_stranger(const Channel& channel) const;
    [[nodiscard]] bool is_stranger_to_others() const;
    [[nodiscard]] bool is_vouched(const Channel& channel) const;
    [[nodiscard]] bool trust_acceptor(Channel& channel);
    void identify(Channel& channel);
    void identify_seed(Channel& channel);
    void hand_on_what_anybody_may_say(Channel& channel);
    void admit(Channel& channel, Trust trust);
    void note_key(const Channel& channel);
    [[nodiscard]] Channel* admit_listed(NodeId node);
    void on_key_dial_ended(NodeId seed);
    void release_held(Channel& channel);
    void limit_unproven(Role role);
    void settle_pair(NodeId node);

    boost::asio::io_context& io_;
    TransportOptions options_;
    const Crypto& crypto_;
    TransportHandlers handlers_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer accept_retry_;
    boost::asio::steady_timer sweeper_;
    boost::asio::steady_timer grace_;
    boost::asio::steady_timer gate_timer_;
    Channels channels_;                       // by serial: oldest first
    std::map<NodeId, std::uint64_t> routes_;  // the connection that sends to a node use
    SeedKeys seed_keys_;
    std::map<NodeId, PublicKey> peer_keys_;  // of peers that proved who they are, lately
    FaultGate gate_;
    std::set<NodeId> unheard_losses_;               // connections whose end a partition keeps from us
    std::map<std::string, SteadyTime> complaints_;  // what was said lately, by source and code
    std::function<void()> on_shut_;
    std::uint64_t next_serial_{1};
    bool sweeping_{false};
    bool closing_{false};
    TransportCounters counters_;
    // One flooded message goes to many links: its line is written once.
    msg::Gossip encoded_;
    Frame encoded_frame_;
};

}  // namespace gossip
