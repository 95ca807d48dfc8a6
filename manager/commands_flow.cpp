// Verbs that steer: wait, expect, sleep, source, repeat, echo, set, help, exit.

#include "manager/command_table.hpp"
#include "manager/condition.hpp"
#include "manager/session.hpp"
#include "node/config_keys.hpp"

#include <fstream>
#include <sstream>

namespace gossip::commands {
namespace {

constexpr std::uint64_t repeat_limit = 1'000'000;

// Evaluates when something was heard since the last look, not with every turn of the loop.
class Watch {
public:
    Watch(Session& session, const Condition& condition) : session_(session), condition_(condition) {}

    bool holds() {
        if (looked_ && session_.network.version() == version_) return std::get_if<Outcome>(&last_)->holds;
        look(Detail::verdict);
        const auto* outcome = std::get_if<Outcome>(&last_);
        return outcome == nullptr || outcome->holds;  // an error ends the wait as well
    }

    void look(Detail detail) {
        version_ = session_.network.version();
        looked_ = true;
        const LogSearch search = [this](NodeId node, const std::string& text) {
            return session_.searcher.contains(session_.network.log_path(node), text);
        };
        last_ = evaluate(condition_, session_.network.view(), search, detail);
    }

    [[nodiscard]] const std::string* problem() const { return std::get_if<std::string>(&last_); }
    [[nodiscard]] const Outcome& outcome() const { return *std::get_if<Outcome>(&last_); }

private:
    Session& session_;
    const Condition& condition_;
    bool looked_{false};
    std::uint64_t version_{0};
    std::variant<Outcome, std::string> last_;
};

// "8 of 10" where that says it; "2 components, wanted one component" otherwise.
std::string said(const Outcome& outcome, const std::string& after) {
    const bool equality = outcome.right.starts_with("== ");
    std::string text =
        equality ? outcome.left + " of " + outcome.right.substr(3) : outcome.left + ", wanted " + outcome.right;
    text += after;
    return outcome.differ.empty() ? text : text + "; " + outcome.differ;
}

Result await_condition(Session& session, const Condition& condition, Duration timeout) {
    Watch watch(session, condition);
    bool timed_out = false;
    if (auto failure = session.wait([&] { return watch.holds(); }, timeout, timed_out)) return failure;
    if (const std::string* problem = watch.problem()) return Failure{ErrorKind::command, *problem};
    if (!timed_out) return std::nullopt;
    watch.look(Detail::explained);  // a last time: a log may have grown without an event
    if (watch.problem() == nullptr && watch.outcome().holds) return std::nullopt;
    return Failure{ErrorKind::wait, said(watch.outcome(), " after " + format_time(timeout))};
}

Result check_condition(Session& session, const Condition& condition) {
    Watch watch(session, condition);
    bool timed_out = false;
    if (auto failure = session.wait([&] { return watch.holds(); }, session.settings.settle, timed_out)) return failure;
    if (const std::string* problem = watch.problem()) return Failure{ErrorKind::command, *problem};
    watch.look(Detail::explained);
    if (watch.outcome().holds) return std::nullopt;
    return Failure{ErrorKind::expect, said(watch.outcome(), "")};
}

std::string read_file(const std::string& path, std::string& error) {
    std::ifstream file(path);
    std::ostringstream text;
    if (file) text << file.rdbuf();
    if (!file) error = "cannot read " + path;
    return text.str();
}

Result run_file(Session& session, const std::string& path) {
    std::string error;
    const std::string text = read_file(path, error);
    if (!error.empty()) return Failure{ErrorKind::command, error};
    auto parsed = parse_script(text);
    if (const auto* problem = std::get_if<ParseError>(&parsed)) {
        return Failure{ErrorKind::usage, problem->text, path + ":" + std::to_string(problem->line)};
    }
    const Script& script = std::get<Script>(parsed);
    if (auto failure = check_script(script, path)) return failure;
    static int depth = 0;  // a file that sources itself
    if (depth == 16) return Failure{ErrorKind::command, path + ": source is nested too deeply"};
    ++depth;
    Result result = session.run(script, path);
    --depth;
    return result;
}

std::optional<bool> parse_switch(std::string_view text) {
    if (text == "on") return true;
    if (text == "off") return false;
    return std::nullopt;
}

Result show_settings(Session& session) {
    const Settings& s = session.settings;
    Table table({{"setting"}, {"value"}});
    constexpr std::string_view formats[] = {"table", "tsv", "json"};
    table.add({{"output"}, {std::string(formats[static_cast<std::size_t>(session.console.format())])}});
    table.add({{"color"}, {session.console.colored() ? "on" : "off"}});
    table.add({{"live"}, {s.live ? "on" : "off"}});
    table.add({{"timeout"}, {format_time(s.wait_timeout)}});
    table.add({{"settle"}, {format_time(s.settle)}});
    table.add({{"keep-going"}, {s.keep_going ? "on" : "off"}});
    session.console.result(table);
    return std::nullopt;
}

Compiled set_time(const std::string& name, const std::string& value) {
    const auto time = parse_duration(value);
    if (!time) return "\"" + value + "\" is not a time, as in: set " + name + " 60s";
    const bool timeout = name == "timeout";
    return [time = *time, timeout](Session& session) -> Result {
        (timeout ? session.settings.wait_timeout : session.settings.settle) = time;
        return std::nullopt;
    };
}

Compiled set_switch(const std::string& name, const std::string& value) {
    const auto on = parse_switch(value);
    if (!on) return "\"" + value + "\" is neither on nor off";
    const bool live = name == "live";
    return [on = *on, live](Session& session) -> Result {
        (live ? session.settings.live : session.settings.keep_going) = on;
        return std::nullopt;
    };
}

}  // namespace

Compiled wait(const Command& command) {
    if (command.words.size() < 2) return "a condition is missing";
    std::optional<Duration> timeout;
    std::size_t end = command.source.size();
    if (command.words.size() > 2 && !command.words.back().quoted) {
        timeout = parse_duration(command.words.back().text);
        if (timeout) end = command.words.back().begin;
    }
    const std::size_t begin = command.words[1].begin;
    auto parsed = parse_condition(std::string_view(command.source).substr(begin, end - begin));
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [condition = std::get<Condition>(std::move(parsed)), timeout](Session& session) {
        return await_condition(session, condition, timeout.value_or(session.settings.wait_timeout));
    };
}

Compiled expect(const Command& command) {
    if (command.words.size() < 2) return "a condition is missing";
    auto parsed = parse_condition(std::string_view(command.source).substr(command.words[1].begin));
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [condition = std::get<Condition>(std::move(parsed))](Session& session) {
        return check_condition(session, condition);
    };
}

Compiled sleep(const Command& command) {
    if (command.words.size() != 2) return "one time is needed, as in: sleep 2s";
    const auto time = parse_duration(command.words[1].text);
    if (!time) return "\"" + command.words[1].text + "\" is not a time; use 500ms, 2s, 1m";
    return [time = *time](Session& session) -> Result {
        bool timed_out = false;
        return session.wait([] { return false; }, time, timed_out);
    };
}

Compiled source(const Command& command) {
    if (command.words.size() != 2) return "one file is needed";
    return [path = command.words[1].text](Session& session) { return run_file(session, path); };
}

Compiled repeat(const Command& command) {
    const auto count = command.words.size() == 2 ? parse_count(command.words[1].text) : std::nullopt;
    if (!count || *count > repeat_limit) return "a number is needed, as in: repeat 3 { add; sleep 1s }";
    if (!command.has_body) return "{ is missing, as in: repeat 3 { add; sleep 1s }";
    return [count = *count, body = command.body](Session& session) -> Result {
        Result first;
        for (std::uint64_t i = 0; i < count && session.open(); ++i) {
            Result result = session.run(body, session.script_name());
            if (!result) continue;
            if (!first) first = std::move(result);
            if (!session.settings.keep_going) break;
        }
        return first;
    };
}

Compiled echo(const Command& command) {
    return [text = command.tail(1)](Session& session) -> Result {
        session.console.result(text + "\n");
        return std::nullopt;
    };
}

Compiled set(const Command& command) {
    if (command.words.size() == 1) return show_settings;
    if (command.words.size() != 3) return "a name and a value are needed";
    const std::string& name = command.words[1].text;
    const std::string& value = command.words[2].text;
    if (name == "timeout" || name == "settle") return set_time(name, value);
    if (name == "live" || name == "keep-going") return set_switch(name, value);
    if (name == "output") {
        const auto format = parse_table_format(value);
        if (!format) return "\"" + value + "\" is not table, json or tsv";
        return [format = *format](Session& s) -> Result { return s.console.set_format(format), std::nullopt; };
    }
    if (name == "color") {
        const auto mode = parse_color_mode(value);
        if (!mode) return "\"" + value + "\" is not auto, always or never";
        return [mode = *mode](Session& s) -> Result { return s.console.set_color(mode), std::nullopt; };
    }
    return "no setting \"" + name + "\"";
}

Compiled help(const Command& command) {
    if (command.words.size() > 2) return "one verb at the most";
    if (command.words.size() == 1) {
        return [](Session& session) -> Result {
            session.console.result(command_summary() + "\nhelp VERB says more, with examples.\n");
            return std::nullopt;
        };
    }
    const std::string text = command_help(command.words[1].text);
    if (text.empty()) return "no verb \"" + command.words[1].text + "\"; help lists them";
    return [text](Session& session) -> Result { return session.console.result(text), std::nullopt; };
}

Compiled exit(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return [](Session& session) -> Result { return session.close(), std::nullopt; };
}

}  // namespace gossip::commands
