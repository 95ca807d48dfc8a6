#include "manager/base/strategy_options.hpp"

#include "manager/base/command_line.hpp"
#include "node/config/graph_file.hpp"
#include "protocol/spread.hpp"

namespace gossip {
namespace {

std::string name_in_options(const OverlayStrategy& strategy) {
    return std::string(strategy.name()) + (strategy.follows_given() ? ":PATH" : "");
}

// "a, b or c"
std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        out += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
    }
    return out;
}

std::string table_lines(const std::string& name, std::string_view rule, std::string_view source,
                        std::string_view section, std::string_view keys) {
    constexpr std::size_t text_column = 14;
    return option_line(name, rule, text_column) + std::string(text_column, ' ') + "(" + std::string(source) + "; [" +
           std::string(section) + "]: " + std::string(keys) + ")\n";
}

}  // namespace

std::variant<OverlayWord, std::string> parse_overlay(const std::string& text) {
    const std::size_t colon = text.find(':');
    OverlayWord word{find_overlay(text.substr(0, colon)), {}};
    const bool given = word.strategy != nullptr && word.strategy->follows_given();
    if (word.strategy == nullptr || given != (colon != std::string::npos)) return "is not " + overlay_names();
    if (given) word.file = text.substr(colon + 1);
    return word;
}

std::string apply(const OverlayWord& word, OverlayConfig& config) {
    config.strategy = word.strategy;
    if (!word.strategy->follows_given()) return {};
    ReadGraph read = read_graph_file(word.file);
    if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
    config.given = std::get<std::shared_ptr<const GivenLinks>>(std::move(read));
    return {};
}

std::vector<std::string> settings_of(const OverlayWord& word) {
    std::vector<std::string> out{"overlay.strategy=" + std::string(word.strategy->name())};
    if (word.strategy->follows_given()) out.push_back("overlay.file=" + word.file);
    return out;
}

std::string overlay_names() {
    std::vector<std::string> names;
    for (const OverlayStrategy* s : overlay_strategies()) names.push_back(name_in_options(*s));
    return listed(names);
}

std::string overlay_table() {
    std::string out;
    for (const OverlayStrategy* s : overlay_strategies()) {
        const OverlayFacts& f = s->facts();
        out += table_lines(name_in_options(*s), f.rule, f.source, "overlay", f.options);
    }
    return out;
}

std::string spread_names() {
    std::vector<std::string> names;
    for (const SpreadMode* mode : spread_modes()) names.emplace_back(mode->name());
    return listed(names);
}

std::string spread_table() {
    std::string out;
    for (const SpreadMode* mode : spread_modes()) {
        const SpreadFacts& f = mode->facts();
        const std::string name = std::string(f.name) + (f.number != nullptr ? "[:N]" : "");
        out += table_lines(name, f.rule, f.source, "gossip", f.options);
    }
    return out;
}

}  // namespace gossip
