#pragma once
// The server-sent events in a bounded ring. Each viewer reads on from its own position while the ring still holds
// the events behind it. Viewers have no queues, so none can grow.
// https://html.spec.whatwg.org/multipage/server-sent-events.html

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gossip {

class WebFeed {
public:
    // Large enough to hold an ordinary run from its beginning, which a page that is opened late then shows.
    struct Limits {
        std::size_t events = 200'000;
        std::size_t bytes = 32 * 1024 * 1024;
    };

    // `run` is part of every id: the ids of another run mean nothing here.
    explicit WebFeed(std::string run) : WebFeed(std::move(run), Limits{}) {}
    WebFeed(std::string run, Limits limits) : run_(std::move(run)), limits_(limits) {}

    // `data` is one line.
    void add(std::string_view kind, std::string_view data);

    // The number of the newest event; 0 before the first.
    [[nodiscard]] std::uint64_t newest() const { return first_ + frames_.size() - 1; }
    // True when the ring still holds the events behind `position`.
    [[nodiscard]] bool holds(std::uint64_t position) const { return position + 1 >= first_ && position <= newest(); }
    // Appends the events behind `position`, about `most` bytes and at least one if there is one; moves it on.
    void read(std::uint64_t& position, std::size_t most, std::string& out) const;

    // All events that the ring holds: [["node",{…}],["wave",{…}],…]
    [[nodiscard]] std::string history() const;

    // "id: RUN.NUMBER", what a viewer sends back as Last-Event-ID.
    [[nodiscard]] std::string id(std::uint64_t number) const { return run_ + "." + std::to_string(number); }
    // Nothing for an id of another run, and for a text that is no id.
    [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view id) const;
    // One event as it goes over the wire.
    [[nodiscard]] std::string frame(std::uint64_t number, std::string_view kind, std::string_view data) const;

private:
    std::string run_;
    Limits limits_;
    std::uint64_t first_{1};  // the number of frames_.front()
    std::size_t bytes_{0};
    std::deque<std::string> frames_;
};

}  // namespace gossip
