// Verbs that keep what happened: save.

#include "manager/base/failure.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/session.hpp"
#include "node/base/file.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace gossip::commands {
namespace {

constexpr std::string_view mark = "# A session of gossipctl";

bool is_ours_or_new(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    return !file || (std::getline(file, line) && line.starts_with(mark));
}

Result write_file(const std::string& path, const std::string& text) {
    if (!is_ours_or_new(path)) {
        return Failure{ErrorKind::command, path + " exists and is no saved session; choose another name"};
    }
    auto problem = replace_file(path, text);
    return problem.empty() ? std::nullopt : Result(Failure{ErrorKind::command, std::move(problem)});
}

Result save_configuration(Session& session, const std::string& path, const std::string& head) {
    return write_file(path, head + "\n" + session.network().plan().toml);
}

Result save_session(Session& session, const std::string& path, const std::string& configuration) {
    const std::string replay = "gossipctl sim " + path + " --config " + configuration + " --seed " +
                               std::to_string(session.network().plan().seed);
    std::string text = std::string(mark) + ": " + std::to_string(session.history().size()) + " commands. Again, in " +
                       "virtual time:\n#   " + replay + "\n" + session.history().script();
    if (auto failure = write_file(path, text)) return failure;
    const std::string head = std::string(mark) + ": the configuration of " + path + ".";
    if (auto failure = save_configuration(session, configuration, head)) return failure;
    session.console().result(std::to_string(session.history().size()) + " commands saved; again, in virtual time:\n" +
                             replay + "\n");
    return std::nullopt;
}

}  // namespace

Compiled save(const Command& command) {
    if (command.words.size() != 2) return "one file is needed, as in: save session.gsh";
    const std::string path = command.words[1].text;
    const std::filesystem::path name(path);
    if (name.extension() == ".toml") {
        return [path](Session& session) {
            return save_configuration(session, path, std::string(mark) + ": its configuration.");
        };
    }
    if (name.extension() != ".gsh")
        return "\"" + path + "\" is neither a .gsh (the session) nor a .toml (the configuration)";
    return [path, configuration = std::filesystem::path(name).replace_extension(".toml").string()](Session& session) {
        return save_session(session, path, configuration);
    };
}

}  // namespace gossip::commands
