#pragma once
// One step of a machine, as its parts see it: the time, what they may look at, and where effects go.
// Made by step() and handed down; no part keeps it.

#include "protocol/config.hpp"
#include "protocol/crypto.hpp"
#include "protocol/machine.hpp"
#include "protocol/rng.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace gossip {

struct Turn {
    Time now;
    NodeId self;
    const Config& config;
    const Crypto& crypto;
    Rng& rng;
    Effects& out;

    void send(NodeId to, SharedMessage message, AppendSeq after = 0) { out.send(to, std::move(message), after); }
    void timer(Time due, TimerTag tag) { out.timer(due, tag); }
    void notice(Notice n) { out.notice(std::move(n)); }
    // False: notices go nowhere. Asked where making one costs more than a step should.
    [[nodiscard]] bool observed() const { return !out.quiet; }
    // A message that its sender may not send, or that fails a check.
    void refuse(NodeId from, std::string_view why) {
        notice({.kind = NoticeKind::refused_message, .other = from, .text = std::string(why)});
    }
};

}  // namespace gossip
