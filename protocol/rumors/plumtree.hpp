#pragma once
// Messages over few links (Leitão, Pereira, Rodrigues: Epidemic Broadcast Trees, SRDS 2007, section 3). A
// link that brings what its receiver has had often enough is pruned at both ends: it carries announcements
// from then on. Who lacks an announced message after a while asks for it, and the link carries messages
// again, so the links that carry them stay a connected whole whatever dies.
//
// This keeps what is to be announced and what was announced to us; the router prunes and grafts.

#include "protocol/messages.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace gossip {

class Plumtree {
public:
    static constexpr Duration announce_after = std::chrono::milliseconds(100);  // what comes up meanwhile goes along
    static constexpr Duration graft_after = std::chrono::milliseconds(400);     // a push on its way comes in time
    static constexpr std::size_t announced_limit = 1024;                        // keys in one IHAVE
    static constexpr Duration sample_after = std::chrono::milliseconds(400);    // all copies of a message have come
    static constexpr std::uint32_t samples = 3;                                 // too few copies in each: no chance
    static constexpr std::size_t request_limit = 128;                           // keys in one GRAFT
    static constexpr std::size_t wanted_limit = 4096;  // beyond it repair finds what is missing

    // To be told to the links that do not carry messages. True for the first since they were taken.
    bool announce(const RumorKey& key);
    // At most `announced_limit`, oldest first.
    [[nodiscard]] std::vector<RumorKey> take_announcements();

    // `from` has a message that we lack. True when nothing was wanted before.
    bool announced(const RumorKey& key, NodeId from, Time now);
    void arrived(const RumorKey& key);
    void lost(NodeId neighbour);
    struct Request {
        NodeId to{};
        std::vector<RumorKey> keys;
    };
    // What is overdue, each message from the next of those that announced it.
    [[nodiscard]] std::vector<Request> overdue(Time now);
    [[nodiscard]] std::optional<Time> next() const;

    // A message is looked at now and then, once its copies had time to come: the one that is to be looked at
    // now, and `fresh` instead of it next time.
    [[nodiscard]] std::optional<RumorKey> sample(const RumorKey& fresh, Time now);
    // What was looked at came in fewer copies than wanted, or not. True when that is so time after time.
    bool short_of_copies(bool fewer);

    // How much the messages weigh that come in, in bytes a second over about one second.
    void weigh(std::size_t bytes, Time now);
    [[nodiscard]] std::uint64_t rate() const { return rate_; }

private:
    struct Wanted {
        RumorKey key;
        NodeId from{};
        Time at{};
    };
    std::vector<RumorKey> announcements_;
    std::vector<Wanted> wanted_;                       // in the order announced
    std::optional<std::pair<RumorKey, Time>> sample_;  // and since when
    std::uint32_t short_{0};                           // samples in a row
    Time window_{};
    std::uint64_t weight_{0};  // since then
    std::uint64_t rate_{0};
};

}  // namespace gossip
