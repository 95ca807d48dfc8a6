#pragma once
// A violation of an invariant of PROTOCOL.md section 7, and the alarm through which checkers report it.

#include "protocol/types.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gossip::sim {

struct Violation {
    std::string invariant;  // "S4"
    Time at{};
    std::vector<NodeId> nodes;
    std::string text;
};

// "S4 at 12.345 s [127.0.0.1:5000]: …"
[[nodiscard]] std::string to_string(const Violation& violation);

// Keeps the first violation; later ones are mostly its consequences.
class Alarm {
public:
    void raise(std::string invariant, Time at, std::vector<NodeId> nodes, std::string text) {
        if (!first_) first_ = Violation{std::move(invariant), at, std::move(nodes), std::move(text)};
    }
    [[nodiscard]] bool raised() const { return first_.has_value(); }
    [[nodiscard]] const std::optional<Violation>& first() const { return first_; }

private:
    std::optional<Violation> first_;
};

}  // namespace gossip::sim
