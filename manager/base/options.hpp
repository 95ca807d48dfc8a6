#pragma once
// gossipctl's command line and its GOSSIPCTL_* variables.

#include "manager/base/command_line.hpp"
#include "manager/base/table.hpp"
#include "manager/base/terminal.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gossip {

enum class Mode : std::uint8_t { network, check, doctor, help, version, build_info };

struct Options {
    Mode mode{Mode::network};
    std::optional<std::string> config;  // none: ./config.toml if there is one
    std::vector<std::string> sets;      // key=value
    std::optional<std::string> seeds;   // how many, or a file of them
    std::optional<std::uint32_t> peers;
    std::optional<std::uint64_t> seed;       // of drawn faults and of @random
    std::uint32_t port_offset{0};            // added to every port of the configuration
    std::optional<std::string> out;          // --out: this run's folder
    std::optional<std::string> script_file;  // run FILE.gsh
    std::optional<std::string> script_text;  // -e
    bool keep_going{false};
    bool web{false};  // serve the page, whatever the configuration says
    ColorMode color{ColorMode::automatic};
    std::optional<TableFormat> format;
    std::string help_topic;
};

// The error is what to print after E_USAGE.
[[nodiscard]] std::variant<Options, std::string> parse_options(const std::vector<std::string>& arguments);

[[nodiscard]] std::vector<OptionText> option_texts();

}  // namespace gossip
