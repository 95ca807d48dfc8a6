// Verbs that steer: wait, expect, sleep, source, repeat, echo, set, help, exit.

#include "manager/base/failure.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/compiled_script.hpp"
#include "manager/shell/condition_watch.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/script_runner.hpp"
#include "manager/shell/session.hpp"
#include "node/base/value_text.hpp"

namespace gossip::commands {
namespace {

constexpr std::uint64_t repeat_limit = 1'000'000;

Result await_condition(Session& session, const WaitRequest& request) {
    const Duration timeout = request.timeout.value_or(session.settings().wait_timeout);
    ConditionWatch watch(session, request.condition);
    bool timed_out = false;
    if (auto failure = session.wait([&] { return watch.holds(); }, timeout, timed_out)) return failure;
    return watch.verdict(ErrorKind::wait, " after " + format_time(timeout));
}

Result check_condition(Session& session, const Condition& condition) {
    ConditionWatch watch(session, condition);
    bool timed_out = false;
    if (auto failure = session.wait([&] { return watch.holds(); }, session.settings().settle, timed_out))
        return failure;
    return watch.verdict(ErrorKind::expect, "");
}

Result run_file(Session& session, const std::string& path) {
    auto read = compile_file(path);
    if (auto* failure = std::get_if<Failure>(&read)) return std::move(*failure);
    static int depth = 0;  // limits a file that sources itself
    if (depth == 16) return Failure{ErrorKind::command, path + ": source is nested too deeply"};
    ++depth;
    Result result = run_script(session, std::get<CompiledScript>(read), path);
    --depth;
    return result;
}

std::optional<bool> parse_switch(std::string_view text) {
    if (text == "on") return true;
    if (text == "off") return false;
    return std::nullopt;
}

Result show_settings(Session& session) {
    const Settings& s = session.settings();
    Table table({{"setting"}, {"value"}});
    constexpr std::string_view formats[] = {"table", "tsv", "json"};
    table.add({{"output"}, {std::string(formats[static_cast<std::size_t>(session.console().format())])}});
    table.add({{"color"}, {session.console().colored() ? "on" : "off"}});
    table.add({{"live"}, {s.live ? "on" : "off"}});
    table.add({{"timeout"}, {format_time(s.wait_timeout)}});
    table.add({{"settle"}, {format_time(s.settle)}});
    table.add({{"keep-going"}, {s.keep_going ? "on" : "off"}});
    session.console().result(table);
    return std::nullopt;
}

Compiled set_time(const std::string& name, const std::string& value) {
    const auto time = parse_duration(value);
    if (!time) return "\"" + value + "\" is not a time, as in: set " + name + " 60s";
    const bool timeout = name == "timeout";
    return [time = *time, timeout](Session& session) -> Result {
        (timeout ? session.settings().wait_timeout : session.settings().settle) = time;
        return std::nullopt;
    };
}

Compiled set_switch(const std::string& name, const std::string& value) {
    const auto on = parse_switch(value);
    if (!on) return "\"" + value + "\" is neither on nor off";
    const bool live = name == "live";
    return [on = *on, live](Session& session) -> Result {
        (live ? session.settings().live : session.settings().keep_going) = on;
        return std::nullopt;
    };
}

}  // namespace

Compiled wait(const Command& command) {
    auto parsed = parse_wait(command);
    if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
    return [request = std::get<WaitRequest>(std::move(parsed))](Session& session) {
        return await_condition(session, request);
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

Compiled repeat(const Command& command, std::shared_ptr<const CompiledScript> body) {
    const auto count = command.words.size() == 2 ? parse_count(command.words[1].text) : std::nullopt;
    if (!count || *count > repeat_limit) return "a number is needed, as in: repeat 3 { add; sleep 1s }";
    if (!command.has_body) return "{ is missing, as in: repeat 3 { add; sleep 1s }";
    return [count = *count, body = std::move(body)](Session& session) -> Result {
        Result first;
        for (std::uint64_t i = 0; i < count && session.open(); ++i) {
            Result result = run_script(session, *body, session.script_name());
            if (!result) continue;
            if (!first) first = std::move(result);
            if (!session.settings().keep_going) break;
        }
        return first;
    };
}

Compiled watch(const Command& command) {
    std::size_t at = 1;
    Duration interval = std::chrono::seconds(1);
    std::uint64_t rounds = repeat_limit;
    const auto word = [&](std::size_t i) { return i < command.words.size() ? command.words[i].text : std::string(); };
    if (const auto time = parse_duration(word(at))) {
        interval = *time;
        ++at;
    }
    if (word(at) == "-n") {
        const auto count = parse_count(word(at + 1));
        if (!count || *count == 0) return "-n needs a number of times";
        rounds = *count;
        at += 2;
    }
    if (at >= command.words.size()) return "a command is missing, as in: watch 1s list";
    const auto parsed = parse_script(std::string_view(command.source).substr(command.words[at].begin));
    const auto* script = std::get_if<Script>(&parsed);
    if (script == nullptr || script->size() != 1) return "one command is needed, as in: watch 1s list";
    if (script->front().verb() == "watch") return "it cannot watch itself";
    auto compiled = compile_script(*script, "");
    if (auto* failure = std::get_if<Failure>(&compiled)) return std::move(failure->text);
    const Action action = std::get<CompiledScript>(compiled).commands.front().action;
    return [action, interval, rounds](Session& session) -> Result {
        for (std::uint64_t i = 0; i < rounds && session.open(); ++i) {
            bool timed_out = false;
            if (i > 0) {
                if (auto failure = session.wait([] { return false; }, interval, timed_out)) return failure;
            }
            if (auto failure = action(session)) return failure;
        }
        return std::nullopt;
    };
}

Compiled echo(const Command& command) {
    return [text = command.tail(1)](Session& session) -> Result {
        session.console().result(text + "\n");
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
        return [format = *format](Session& s) -> Result { return s.console().set_format(format), std::nullopt; };
    }
    if (name == "color") {
        const auto mode = parse_color_mode(value);
        if (!mode) return "\"" + value + "\" is not auto, always or never";
        return [mode = *mode](Session& s) -> Result { return s.console().set_color(mode), std::nullopt; };
    }
    return "no setting \"" + name + "\"";
}

Compiled help(const Command& command) {
    if (command.words.size() > 2) return "one verb at the most";
    if (command.words.size() == 1) {
        return [](Session& session) -> Result {
            session.console().result(command_summary() + "\nhelp VERB says more, with examples.\n");
            return std::nullopt;
        };
    }
    const std::string text = command_help(command.words[1].text);
    if (text.empty()) return "no verb \"" + command.words[1].text + "\"; help lists them";
    return [text](Session& session) -> Result { return session.console().result(text), std::nullopt; };
}

Compiled exit(const Command& command) {
    if (command.words.size() != 1) return "it takes no arguments";
    return [](Session& session) -> Result { return session.close(), std::nullopt; };
}

}  // namespace gossip::commands
