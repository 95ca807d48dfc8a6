#pragma once
// A broadcast message, as those who hold it share it.

#include "protocol/types.hpp"

#include <memory>
#include <string>

namespace gossip {

// That the fields derived from a message's id were computed by this process' own code. Never copied: what is
// made from another object has to be looked at again.
class Checked {
public:
    Checked() = default;
    Checked(const Checked&) {}
    Checked& operator=(const Checked&) {
        marked_ = false;
        return *this;
    }
    void mark() { marked_ = true; }
    explicit operator bool() const { return marked_; }

private:
    bool marked_{false};
};

// A broadcast message: immutable, shared by everything in this process that holds it.
struct Rumor {
    std::string id;             // <timestamp>:<IP>:<Port>:<Msg#>; part of the identity, never re-formatted
    RumorKey key;               // computed from id on receipt
    NodeId origin{};            // parsed from id
    Incarnation incarnation{};  // of the origin; 0 from protocol 0
    std::uint64_t number{0};    // Msg#, from 1 within (origin, incarnation, typed)
    bool typed{false};          // `say`: has a counter of its own
    std::string text;           // payload, UTF-8
    WallMs born{0};             // the origin's wall clock; 0 when unknown
    Checked checked;
};
using RumorPtr = std::shared_ptr<const Rumor>;

}  // namespace gossip
