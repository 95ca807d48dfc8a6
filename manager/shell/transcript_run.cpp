#include "manager/shell/transcript_run.hpp"

#include "manager/shell/parser.hpp"
#include "manager/shell/script_runner.hpp"
#include "node/base/file.hpp"

namespace gossip {
namespace {

// The output as a terminal without colours shows it.
std::string output_of(Session& session, const TranscriptStep& step) {
    std::string output;
    const Console::Redirection redirection(session.console(), {true, false, session.console().format()},
                                           [&output](bool, std::string_view text) { output += text; });
    static_cast<void>(run_text(session, parse_text(step.command), ""));
    return as_output(output);
}

Result rewrite_file(Session& session, const std::string& path, const Transcript& transcript, std::size_t changed) {
    if (auto problem = replace_file(path, to_text(transcript)); !problem.empty())
        return Failure{ErrorKind::command, std::move(problem)};
    session.console().result(std::to_string(changed) + " outputs of " + std::to_string(transcript.steps.size()) +
                             " rewritten\n");
    return std::nullopt;
}

}  // namespace

bool is_transcript(const std::string& path) { return path.ends_with(".transcript"); }

std::variant<Transcript, Failure> read_transcript(const std::string& path) {
    auto read = read_file(path);
    if (auto* problem = std::get_if<std::string>(&read)) return Failure{ErrorKind::usage, std::move(*problem)};
    auto parsed = parse_transcript(std::get<FileText>(read).text);
    if (const auto* error = std::get_if<ParseError>(&parsed)) {
        return Failure{ErrorKind::usage, error->text, place_of(path, error->line, error->column)};
    }
    return std::get<Transcript>(std::move(parsed));
}

Result play_transcript(Session& session, const std::string& path, Transcript transcript, bool rewrite) {
    std::size_t differing = 0;
    int first = 0;
    for (TranscriptStep& step : transcript.steps) {
        if (!session.open()) break;
        const std::string actual = output_of(session, step);
        if (session.loop().termination() != 0) return Failure{ErrorKind::terminated, "terminated"};
        if (actual == step.output) continue;
        if (differing++ == 0) first = step.line;
        if (!rewrite) {
            session.console().result(path + ":" + std::to_string(step.line) + ": > " + step.command + "\n" +
                                     difference(step.output, actual));
        }
        step.output = actual;
    }
    if (rewrite) return rewrite_file(session, path, transcript, differing);
    if (differing == 0) return std::nullopt;
    return Failure{ErrorKind::expect,
                   std::to_string(differing) + " outputs of " + std::to_string(transcript.steps.size()) +
                       " differ; --rewrite accepts what came",
                   path + ":" + std::to_string(first)};
}

}  // namespace gossip
