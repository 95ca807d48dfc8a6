#pragma once
// What holds for every notice of a kind. One table (notice_traits.cpp) has a row for each kind; logs, the page,
// traces and explanations read it instead of keeping lists of kinds.

#include "protocol/log_level.hpp"
#include "protocol/notice.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace gossip {

// The part of the protocol that a notice is about.
enum class NoticeClass : std::uint8_t {
    seed,        // a seed, its decisions and its list
    membership,  // a peer's registration and its links
    gossip,      // messages
    detection,   // who suspects whom, and what witnesses say
    node,        // any node: its end, what it could not read
};

// A set of those who use notices of a kind.
using NoticeReaders = std::uint8_t;
namespace notice_reader {
constexpr NoticeReaders trace = 1;  // the trace of the node that the notice is about
constexpr NoticeReaders page = 2;   // the page and demos: a step of their clock
constexpr NoticeReaders wave = 4;   // the page: a message reached a node
// It changes what is known of other nodes too, not only of the one that raises it.
constexpr NoticeReaders others = 8;
// The list changed by more than the notice says: the reader asks the node for its status.
constexpr NoticeReaders status = 16;
}  // namespace notice_reader

// What a notice says of the way of one message.
enum class MessageStep : std::uint8_t { none, begun, passed };

// What a notice means for the node that it is about, or for the one that raises it.
enum class Tone : std::uint8_t { neutral, good, doubtful, bad };

// The steps of a removal in the protocol's order.
enum class RemovalStep : std::uint8_t {
    none,
    suspected,
    refuted,
    asked,
    witness,
    cancelled,
    consensus,
    report,
    answered,
    probe,
    proposal,
    vote,
    decided,
    removed,
};

struct NoticeTraits {
    NoticeKind kind{};
    std::string_view name;  // the kind's identifier: in the control channel, in recorded runs, on the page
    NoticeClass subject_class{};
    LogLevel level{LogLevel::info};
    std::string_view log_words;  // what to search a log for: each line has the words of its kind; empty: never logged
    NoticeReaders readers{0};
    MessageStep message{};
    Tone tone{};
    RemovalStep removal{};     // of a notice about a removal; see removal_step
    std::string_view refusal;  // of a refusal: what it means and what follows from it; see refusal_meaning

    [[nodiscard]] constexpr bool read_by(NoticeReaders readers_) const { return (readers & readers_) != 0; }
};

// A row for each kind, in the order of the kinds.
[[nodiscard]] std::span<const NoticeTraits> all_notice_traits();
[[nodiscard]] const NoticeTraits& traits(NoticeKind kind);
[[nodiscard]] inline std::string_view kind_name(NoticeKind kind) { return traits(kind).name; }
[[nodiscard]] std::optional<NoticeKind> kind_named(std::string_view name);
[[nodiscard]] inline LogLevel log_level(NoticeKind kind) { return traits(kind).level; }

// `none` for notices about an admission, whose kinds also tell of removals.
[[nodiscard]] RemovalStep removal_step(const Notice& notice);
// Empty when the notice refuses nothing.
[[nodiscard]] std::string_view refusal_meaning(const Notice& notice);

// A notice's text in recorded runs and on the page. Where the code goes by an enum, its name.
[[nodiscard]] std::string notice_text(const Notice& notice);
// Reads back what notice_text gave; the notice's kind is known already.
void set_notice_text(Notice& notice, std::string text);

}  // namespace gossip
