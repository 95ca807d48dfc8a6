#pragma once
// Does the node that wants to be registered listen at the address it names, with the key it names? Each seed asks for
// itself before it says YES: without that, anybody could register any address with a key of his own
// (PROTOCOL.md section 6).

#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <optional>
#include <vector>

namespace gossip {

class ByteWriter;

class AddressChecks {
public:
    static constexpr std::size_t limit = 50'000;  // addresses at the same time
    static constexpr std::size_t keys_limit = 4;  // that claim one address at the same time
    // A message may be lost: the question is repeated, evenly over seeds.probe_timeout.
    static constexpr std::uint8_t challenges_limit = 4;

    enum class Result : std::uint8_t { none, running, answered, failed };
    [[nodiscard]] Result result(const Change& add, Time now) const;

    // Asks, unless it was asked lately; AddressChecked follows. False when there are too many.
    [[nodiscard]] bool begin(SeedTurn& t, const Change& add);
    // Asks about those of which nothing is known; true while an answer is awaited.
    [[nodiscard]] bool awaited(SeedTurn& t, const std::vector<Change>& adds);
    void on_answer(SeedTurn& t, const msg::ChallengeAnswer& m);
    // A refused dial is an answer.
    void handle_link_lost(SeedTurn& t, const LinkLost& event);
    void handle_timeout(SeedTurn& t, const TimerTag& tag);

    void fingerprint(ByteWriter& out) const;

private:
    struct Check {
        Digest nonce;
        std::uint32_t generation{0};
        std::uint8_t challenges{0};  // sent
        std::vector<PublicKey> claimed;
        std::optional<PublicKey> answered;
        bool over{false};
        Time since;  // of its begin, or of its end
    };

    void challenge(SeedTurn& t, NodeId peer, Check& check);
    void conclude(SeedTurn& t, NodeId peer, Check& check);
    void forget_old(Time now);

    std::map<NodeId, Check> checks_;
    std::uint32_t generations_{0};
};

}  // namespace gossip
