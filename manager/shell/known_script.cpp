#include "manager/shell/known_script.hpp"

#include "manager/base/options.hpp"

#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

namespace gossip {
namespace {

std::optional<std::string> read_text(const std::string& name) {
    std::ostringstream text;
    if (name == "-") {
        text << std::cin.rdbuf();
        return text.str();
    }
    std::ifstream file(name);
    if (file) text << file.rdbuf();
    return file ? std::optional(text.str()) : std::nullopt;
}

}  // namespace

std::variant<KnownScript, Failure> read_known_script(const Options& options) {
    KnownScript known;
    known.name = options.script_text ? "-e" : *options.script_file;
    auto text = options.script_text ? options.script_text : read_text(known.name);
    if (!text) return Failure{ErrorKind::usage, "cannot read " + known.name};
    known.text = std::move(*text);
    auto compiled = compile_text(parse_text(known.text), known.name);
    if (auto* failure = std::get_if<Failure>(&compiled)) return std::move(*failure);
    known.script = std::get<CompiledScript>(std::move(compiled));
    return known;
}

}  // namespace gossip
