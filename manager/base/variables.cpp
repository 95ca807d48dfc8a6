#include "manager/base/variables.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <sstream>

namespace gossip {
namespace {

struct Known {
    std::string_view subcommand;
    std::string_view options;  // with a value
    std::string_view flags;
};

constexpr std::array known{
    Known{"sim",
          "arrival bring-up budget check config duration faults latency links messages out output overlay peers replay "
          "repro runs seed seeds shrink swarm",
          ""},
    Known{"sweep", "jobs out output", "print-commands"},
    Known{"topology", "alpha cap csv links output overlay peers plot replicates runs seed", ""},
    Known{"predict", "config faults latency links messages output overlay peers seeds", ""},
    Known{"advise", "false-removals latency link-delay loss peers stall", "no-check"},
    Known{"demo", "links listen loss peers seed seeds", "text"},
    Known{"replay", "config listen", ""},
    Known{"stats", "output", "predicted"},
    Known{"compare", "output", ""},
    Known{"export", "to", ""},
    Known{"plot", "to", ""},
};

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

bool gives(const std::vector<std::string>& arguments, const std::string& option) {
    const std::string brief = option == "--output" ? "-o" : option == "--config" ? "-c" : option;
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
        return argument == option || argument == brief || argument.starts_with(option + "=");
    });
}

// A simulated script has the options of gossipctl run, which reads their variables itself; compare has none.
bool reads_its_own(const std::vector<std::string>& arguments) {
    return std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
        return argument.ends_with(".gsh") || argument.ends_with(".transcript") || argument == "-" || argument == "-e" ||
               argument.starts_with("--execute") || argument == "compare";
    });
}

std::string value_of(const std::string& option) {
    const char* value = std::getenv(variable_name(option).c_str());
    const std::string text = value == nullptr ? "" : value;
    // Addresses are those of [[seed]] and for the configuration.
    return option == "--seed" && text.find(':') != std::string::npos ? "" : text;
}

bool is_yes(const std::string& text) { return text == "1" || text == "true" || text == "yes" || text == "on"; }

}  // namespace

std::string variable_name(std::string_view option) {
    std::string name = "GOSSIPCTL_";
    for (const char c : option.substr(2)) {
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

std::vector<std::string> with_variables(std::string_view subcommand, std::vector<std::string> arguments) {
    const auto* const spec =
        std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.subcommand == subcommand; });
    if (spec == known.end() || (subcommand == "sim" && reads_its_own(arguments))) return arguments;
    std::vector<std::string> all;
    for (const std::string& word : words_of(spec->options)) {
        const std::string option = "--" + word;
        const std::string value = value_of(option);
        if (!value.empty() && !gives(arguments, option)) all.insert(all.end(), {option, value});
    }
    for (const std::string& word : words_of(spec->flags)) {
        if (is_yes(value_of("--" + word)) && !gives(arguments, "--" + word)) all.push_back("--" + word);
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

}  // namespace gossip
