#pragma once
// The command lines of ctl and attach.

#include "manager/base/table.hpp"
#include "manager/base/terminal.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

struct RemoteOptions {
    std::optional<std::uint16_t> network;  // its first seed's port
    std::optional<TableFormat> format;
    ColorMode color{ColorMode::automatic};
    bool help{false};
    std::string command;  // the words after the options, as they were
    std::string path;     // of the socket, once it was found

    [[nodiscard]] std::string format_name() const;
    [[nodiscard]] bool colored() const;
};

[[nodiscard]] std::variant<RemoteOptions, std::string> parse_remote_options(const std::vector<std::string>& arguments);

extern const std::string_view ctl_usage;
extern const std::string_view attach_usage;

}  // namespace gossip
