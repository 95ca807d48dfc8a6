#pragma once
// The neighbour table: links that are up; and links asked for, and targets to leave alone for a while.
// Small sorted vectors: a peer has a handful of links, a hub 128.

#include "protocol/config.hpp"
#include "protocol/membership.hpp"
#include "protocol/memory/copy_on_write.hpp"
#include "protocol/memory/slim_vector.hpp"
#include "protocol/messages.hpp"
#include "protocol/rng.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace gossip {

// Shared by all that hold it: a record goes to every neighbour, and is replaced as a whole.
using RecordPtr = std::shared_ptr<const LinksRecord>;

// What changes seldom, and is alike for many links of a calm network.
struct LinkDetails {
    Incarnation incarnation{};      // 0 from protocol 0
    std::uint64_t sent_version{0};  // of our record, as it was last sent to it
    std::uint64_t refutation{0};    // number of its last ALIVE that was passed on to us
    std::int64_t offset_ms{0};      // of its clock: see Links::offset_ms
    std::optional<PublicKey> key;   // none when not known
    RecordPtr record;               // its newest; none when it published none
    bool in_snapshot{false};        // its newest record is the one that the SnapshotSource knows
};

// The details of all links of a peer, in the order of the links: one object for all while they are the same, else one
// of each; and one for all peers whose links are alike. Where `links` is asked for, it is their present number.
class SharedLinkDetails {
public:
    [[nodiscard]] const LinkDetails& at(std::size_t link) const {
        const Each& each = *each_;
        return *each[each.size() == 1 ? 0 : link];
    }
    [[nodiscard]] LinkDetails& mutable_at(std::size_t link, std::size_t links) {
        return apart(links)[link].mutable_value();
    }
    void insert(std::size_t link, LinkDetails details, std::size_t links);
    void erase(std::size_t link, std::size_t links);
    // Before any link: the same for all of them, or those of one more.
    void add(LinkDetails details) { each_.mutable_value().push_back(CopyOnWrite(std::move(details))); }

private:
    using Each = SlimVector<CopyOnWrite<LinkDetails>>;
    [[nodiscard]] Each& apart(std::size_t links);

    CopyOnWrite<Each> each_;
};

// A neighbour, in twelve bytes: a message looks at all of them. The table is the overlay's, which alone adds and
// removes; a few fields are of other parts, and only changed by them: `lazy` of the dissemination, `heard` and `missed`
// of the heartbeat and the accuser, `offset` of the heartbeat.
struct [[gnu::packed, gnu::aligned(4)]] Link {
    static constexpr std::uint32_t most = (1U << 12) - 1;
    static constexpr std::uint32_t most_missed = (1U << 10) - 1;
    static_assert(OverlayConfig::cap_limit < most && LivenessConfig::misses_limit < most_missed);

    NodeId id : 48 {};  // links are between endpoints
    LinkKind kind : 2 {};
    bool mending : 1 {false};              // it said that it does not count us; we asked it again
    bool lazy : 1 {false};                 // carries announcements instead of messages: see Plumtree
    bool heard : 1 {true};                 // in this cycle: that in which a link comes up is never a missed one
    std::uint32_t missed : 10 {0};         // cycles in a row; more count as `most_missed`
    std::uint32_t offset : 13 {1U << 12};  // see Links::offset_ms
    std::uint32_t degree : 12 {0};         // its own, as it last said; more counts as `most`
    ProtocolVersion protocol : 8 {1};

    void set_degree(std::uint32_t said) { degree = std::min(said, most) & most; }
};
static_assert(sizeof(Link) == 12);

struct Dial {
    NodeId id{};
    LinkKind kind{};
    ProtocolVersion protocol{1};
    Time deadline{};
};

class Links {
public:
    [[nodiscard]] std::span<const Link> all() const { return links_; }
    [[nodiscard]] std::span<Link> all() { return links_; }
    // Where they are, for the cache.
    [[nodiscard]] const void* block() const { return links_.block(); }
    [[nodiscard]] std::size_t degree() const { return links_.size(); }
    // Links that count for the degree law: all but ring links.
    [[nodiscard]] std::size_t preferential() const;
    [[nodiscard]] std::vector<NodeId> ids() const;  // ascending
    [[nodiscard]] const Link* find(NodeId id) const;
    [[nodiscard]] Link* find(NodeId id);
    // What changes seldom, of one of these links; and for changing.
    [[nodiscard]] const LinkDetails& details(const Link& link) const;
    [[nodiscard]] LinkDetails& mutable_details(const Link& link);
    // Adds or renews. A link that both sides asked for at once has one kind on both sides: the
    // preferential request wins. Says whether the link is new.
    bool add(NodeId id, LinkKind kind, Incarnation incarnation, ProtocolVersion protocol);
    // Those that are there already, ascending: the table was empty.
    void restore(std::span<const Link> links, const SharedLinkDetails& details);
    std::optional<Link> remove(NodeId id);
    // The clock of the other side of one of these links minus ours; 0 when it is not known, or is decades.
    [[nodiscard]] std::int64_t offset_ms(const Link& link) const;
    void set_offset_ms(Link& link, std::int64_t ms);

private:
    static constexpr std::size_t linear_search_max = 12;

    // A link has room for an offset of four seconds, counted from that; 0 stands for one among the details.
    static constexpr std::int64_t middle = std::int64_t{1} << 12;
    static constexpr std::int64_t decades = std::int64_t{1} << 41;

    [[nodiscard]] std::size_t position(const Link& link) const {
        return static_cast<std::size_t>(&link - links_.data());
    }

    SlimVector<Link, SharedLinkDetails> links_;  // ascending by id
};
static_assert(sizeof(Links) == 8);

class Dials {
public:
    // Under way at once, so that the orphans of a hub do not stampede.
    static constexpr std::size_t limit = 3;
    static constexpr Duration timeout = std::chrono::seconds(5);

    [[nodiscard]] std::span<const Dial> all() const { return dials_; }
    [[nodiscard]] const Dial* find(NodeId id) const;
    void begin(NodeId id, LinkKind kind, ProtocolVersion protocol, Time now);
    std::optional<Dial> end(NodeId id);
    // Those that got no answer in time, removed from the list.
    [[nodiscard]] std::vector<Dial> expire(Time now);

    // Leaves `id` alone for 1 s doubling to 60 s, ±50 %.
    void back_off(NodeId id, Time now, Rng& rng);
    void forgive(NodeId id);
    [[nodiscard]] std::vector<NodeId> backed_off(Time now) const;  // ascending
    // When the next dial deadline or back-off ends; nothing when there is none.
    [[nodiscard]] std::optional<Time> next_deadline(Time now) const;

private:
    struct BackOff {
        NodeId id{};
        std::uint32_t failures{0};
        Time until{};
    };
    SlimVector<Dial> dials_;         // in the order dialled
    SlimVector<BackOff> back_offs_;  // ascending by id
};

}  // namespace gossip
