#pragma once
// A naive propose-vote-commit: a YES promises nothing, nothing is on disk, and duplicate votes count. It has known
// defects with known shortest traces (PROTOCOL.md section 2), which test that the explorer finds them.

#include "event.hpp"

#include <map>
#include <optional>
#include <vector>

namespace gossip::explorer {

struct NaiveMessage {
    enum class Type : std::uint8_t { propose, vote, commit };
    Type type{};
    std::uint8_t from{0};
    std::uint8_t to{0};
    std::uint8_t value{0};
    friend auto operator<=>(const NaiveMessage&, const NaiveMessage&) = default;
};

struct NaiveOptions {
    std::size_t seeds{3};
    std::size_t proposals{2};  // proposal k is made at seed k
    std::uint32_t crashes{0};
    bool check_split{true};    // two conflicting proposals approved
    bool check_lost{false};    // an acknowledged change that nobody holds
    bool check_quorum{false};  // approved by fewer distinct voters than a quorum
};

class NaiveSystem {
public:
    struct Node {
        std::uint8_t list{0};      // the change it holds, by value + 1; 0 = none
        std::uint8_t proposed{0};  // own proposal, by value + 1
        std::uint8_t yes{0};       // votes counted, its own included
        std::uint8_t unsent{0};    // COMMIT is still to be sent
        std::uint8_t approved{0};  // ghost: said to the client, by value + 1; survives a crash
        std::uint8_t crashes{0};
        std::vector<MessageId> sent;
    };

    explicit NaiveSystem(NaiveOptions options) : options_(options) {}

    [[nodiscard]] std::size_t size() const { return options_.seeds; }
    [[nodiscard]] Node start(std::size_t) const { return {}; }
    [[nodiscard]] std::string key(const Node& node) const;
    void own_events(const Node& node, std::vector<LocalEvent>& out) const;
    [[nodiscard]] std::optional<Node> step(std::size_t seat, const Node& before, LocalEvent event);
    [[nodiscard]] std::size_t target(MessageId id) const { return messages_[id].to; }
    [[nodiscard]] bool admissible(WorldView<NaiveSystem> world) const;
    [[nodiscard]] std::optional<std::string> violation(WorldView<NaiveSystem> world, std::size_t seat) const;
    [[nodiscard]] std::string describe(std::size_t seat, const Node& before, LocalEvent event);

private:
    void request(std::size_t seat, Node& node);
    void on_message(std::size_t seat, Node& node, const NaiveMessage& m);
    void send(Node& node, NaiveMessage message);
    void broadcast(std::size_t seat, Node& node, NaiveMessage::Type type, std::uint8_t value);
    [[nodiscard]] bool someone_knows(WorldView<NaiveSystem> world, std::uint8_t change) const;
    [[nodiscard]] std::size_t voters(WorldView<NaiveSystem> world, std::size_t proposer) const;

    NaiveOptions options_;
    std::vector<NaiveMessage> messages_;
    std::map<NaiveMessage, MessageId> known_;
};

}  // namespace gossip::explorer
