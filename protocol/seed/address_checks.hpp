#pragma once
// Who listens at an address? Each seed asks for itself before it says YES to a registration: the node that listens
// there answers with its key, and the registration has to name that key. Without that, anybody could register any
// address with a key of his own (PROTOCOL.md section 6). What is asked is the address: whoever names a wrong key for it
// changes nothing for the node that is there.

#include "protocol/seed/seed_turn.hpp"

#include <map>
#include <optional>
#include <vector>

namespace gossip {

class ByteWriter;

class AddressChecks {
public:
    static constexpr std::size_t limit = 50'000;  // addresses at the same time
    // A message may be lost: the question is repeated, evenly over seeds.probe_timeout.
    static constexpr std::uint8_t challenges_limit = 4;

    enum class Result : std::uint8_t { none, running, answered, failed };
    // A failure counts for those who want this address since its check began, or earlier: the node may have come later.
    [[nodiscard]] Result result(const Change& add, Time now, Time wanted_since = Time::min()) const;

    // Asks, unless it answered with this key lately; AddressChecked follows. False when there are too many.
    [[nodiscard]] bool begin(SeedTurn& t, const Change& add);
    // Asks at those of which nothing is known; true while an answer is awaited.
    [[nodiscard]] bool awaited(SeedTurn& t, const std::vector<Change>& adds, Time wanted_since = Time::min());
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
        bool running{false};
        Time begun;
        Time ended;                         // the last that is over
        std::optional<PublicKey> answered;  // then, with this key
    };

    void challenge(SeedTurn& t, NodeId peer, Check& check);
    void conclude(SeedTurn& t, NodeId peer, Check& check, const std::optional<PublicKey>& answered);
    void forget_old(Time now);

    std::map<NodeId, Check> checks_;
    std::uint32_t generations_{0};
};

}  // namespace gossip
