#include "node/transport/link_fault.hpp"

#include "node/base/value_text.hpp"

#include <cstdio>

namespace gossip {
namespace {

std::string percent(std::uint32_t per_million) {
    char text[32];
    std::snprintf(text, sizeof text, "%g%%", static_cast<double>(per_million) / 10'000);
    return text;
}

}  // namespace

std::string fault_text(const LinkFault& fault) {
    std::string text;
    const auto add = [&](bool there, const std::string& words) {
        if (there) text += (text.empty() ? "" : " ") + words;
    };
    add(fault.cut, "cut");
    add(fault.deaf && !fault.cut, "nothing comes back");
    add(fault.delay > Duration::zero(), "delay " + duration_text(fault.delay));
    add(fault.jitter > Duration::zero(), "jitter " + duration_text(fault.jitter));
    add(fault.loss > 0, "loss " + percent(fault.loss));
    add(fault.duplicate > 0, "dup " + percent(fault.duplicate));
    add(fault.reorder > 0, "reorder " + percent(fault.reorder));
    add(fault.bytes_per_second > 0, "rate " + std::to_string(fault.bytes_per_second) + "B/s");
    return text.empty() ? "none" : text;
}

}  // namespace gossip
