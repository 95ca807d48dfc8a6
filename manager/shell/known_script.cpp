#include "manager/shell/known_script.hpp"

#include "manager/base/options.hpp"
#include "node/base/file.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gossip {
namespace {

std::variant<FileText, std::string> text_of(const Options& options) {
    if (options.script_text) return FileText{*options.script_text};
    if (*options.script_file != "-") return read_file(*options.script_file);
    FileText input;
    if (read_all(STDIN_FILENO, input.text)) return input;
    return "cannot read stdin: " + error_text(errno);
}

}  // namespace

std::variant<KnownScript, Failure> read_known_script(const Options& options) {
    KnownScript known;
    known.name = options.script_text ? "-e" : *options.script_file;
    auto read = text_of(options);
    if (auto* problem = std::get_if<std::string>(&read)) return Failure{ErrorKind::usage, std::move(*problem)};
    known.text = std::get<FileText>(std::move(read)).text;
    auto compiled = compile_text(parse_text(known.text), known.name);
    if (auto* failure = std::get_if<Failure>(&compiled)) return std::move(*failure);
    known.script = std::get<CompiledScript>(std::move(compiled));
    return known;
}

}  // namespace gossip
