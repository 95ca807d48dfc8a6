#include "manager/app/shell.hpp"

#include "manager/base/failure.hpp"
#include "manager/base/options.hpp"
#include "manager/network/start_check.hpp"
#include "manager/network/supervisor.hpp"
#include "manager/page/web_site.hpp"
#include "manager/remote/remote_server.hpp"
#include "manager/shell/completion.hpp"
#include "manager/shell/known_script.hpp"
#include "manager/shell/line_reader.hpp"
#include "manager/shell/parser.hpp"
#include "manager/shell/recording.hpp"
#include "manager/shell/report.hpp"
#include "manager/shell/script_input.hpp"
#include "manager/shell/script_runner.hpp"

#include <unistd.h>

namespace gossip {
namespace {

// The sources of commands end the network themselves: their pending reads need them alive that long.
int run_known(Session& session, const KnownScript& known) {
    const Result result = run_script(session, known.script, known.name);
    session.finish();
    return result ? report(session.console(), *result, &session.loop()) : 0;
}

// Commands as they come through a pipe: each runs when its line is there.
int run_piped(Session& session) {
    constexpr const char* name = "stdin";
    ScriptInput input(session.loop().io(), STDIN_FILENO);
    Result first;
    while (session.open()) {
        bool timed_out = false;
        bool over = false;
        Result result = session.wait([&] { return input.ready() || !session.open(); }, std::nullopt, timed_out);
        if (!result && !session.open()) break;
        if (!result) {
            const auto block = input.take();
            over = !block;
            if (over && input.problem().empty()) break;
            result = over ? Failure{ErrorKind::usage, "cannot read stdin: " + input.problem()}
                          : run_text(session, *block, name);
        }
        if (!result) continue;
        const bool ends_all = result->kind == ErrorKind::interrupted || result->kind == ErrorKind::terminated;
        if (!result->printed) report(session.console(), *result);
        result->printed = true;
        if (!first || ends_all) first = std::move(result);
        if (over || !session.settings().keep_going || ends_all) break;
    }
    session.finish();
    return first ? report(session.console(), *first, &session.loop()) : 0;
}

std::string banner(const Session& session, const std::string& url) {
    std::set<NodeId> seeds;
    std::set<NodeId> peers;
    for (const auto& [id, node] : session.network().nodes()) (node.role == Role::seed ? seeds : peers).insert(id);
    const NetworkPlan& plan = session.network().plan();
    const bool color = session.console().colored();
    std::string text = paint("gossipctl", Style::bold, color) + ": " + std::to_string(seeds.size()) + " seeds (" +
                       port_ranges(seeds) + ") and " + std::to_string(peers.size()) + " peers";
    if (!peers.empty()) text += " (" + port_ranges(peers) + ")";
    text += " are up.\nLogs: " + plan.log_dir + "/" +
            (plan.shared_log ? ", all nodes together in " + plan.log_dir + "/outputfile.txt" : "") + "\n";
    if (!url.empty()) text += "Page: " + paint(url, Style::cyan, color) + "\n";
    text += "Try: ";
    const std::string first = peers.empty() ? "7000" : short_name(*peers.begin());
    const std::string fourth = peers.empty() ? "7003" : short_name(*std::next(peers.begin(), peers.size() > 3 ? 3 : 0));
    for (std::string word : std::initializer_list<std::string>{"list", "say " + first + " hello", "trace last",
                                                               "kill " + fourth, "votes " + fourth, "add 2"}) {
        text += paint(word, Style::cyan, color) + "   ";
    }
    return text + "\nhelp lists all commands, Tab completes, Ctrl-D ends the network.\n";
}

// Lines from the terminal until exit, Ctrl-D or a signal.
class Shell {
public:
    explicit Shell(Session& session)
        : session_(session),
          reader_(session.loop().io(), history_file(),
                  [&session](const std::string& before, const std::string& word) {
                      return completions(before, word, session.network().view());
                  }),
          redraw_(session.loop().io()) {
        session.console().set_above_prompt([this](std::string_view text) { return reader_.above(text); });
        session.set_changed([this] { schedule_redraw(); });
        session.loop().on_suspend([this] { reader_.suspend(); });
    }

    ~Shell() {
        session_.console().set_above_prompt({});
        session_.set_changed({});
        session_.loop().on_suspend({});
    }

    int run() {
        while (session_.open()) {
            const auto text = read_block();
            if (!text) break;
            static_cast<void>(run_text(session_, *text, ""));
            if (session_.loop().termination() != 0) break;
        }
        const int signal = session_.loop().termination();
        session_.finish();
        return signal == 0 ? 0 : 128 + signal;
    }

private:
    // A line, or several when a block is open.
    std::optional<ParsedText> read_block() {
        std::string text;
        for (;;) {
            const auto line = read_line(text.empty() ? decorated_prompt() : "... ");
            if (!line) return std::nullopt;
            if (line->dropped) {
                text.clear();
                continue;
            }
            text += line->text + "\n";
            ParsedText block = parse_text(text);
            if (!block.incomplete()) return block;
        }
    }

    struct Line {
        std::string text;
        bool dropped{false};
    };

    std::optional<Line> read_line(const std::string& prompt) {
        main_prompt_ = prompt != "... ";
        reader_.start(prompt);
        for (;;) {
            const WaitEnd end = session_.loop().run_until([this] { return reader_.ready() || !session_.open(); });
            if (end == WaitEnd::terminated || !session_.open()) {
                reader_.stop();
                return std::nullopt;
            }
            if (end == WaitEnd::done) {
                auto text = reader_.take();
                if (!text) return std::nullopt;
                return Line{std::move(*text), false};
            }
            reader_.drop_line();
            if (!main_prompt_) {
                reader_.stop();
                return Line{{}, true};
            }
        }
    }

    // Invisible parts are marked for readline, which counts columns.
    std::string decorated_prompt() const {
        const std::string plain = session_.prompt();
        if (!session_.console().colored()) return plain;
        const bool doubt = plain.find('!') != std::string::npos;
        return "\001" + style_code(doubt ? Style::yellow : Style::cyan) + "\002" + plain.substr(0, plain.size() - 2) +
               "\001" + style_code(Style::plain) + "\002> ";
    }

    void schedule_redraw() {
        if (redraw_pending_) return;
        redraw_pending_ = true;
        redraw_.expires_after(std::chrono::milliseconds(50));
        redraw_.async_wait([this](const boost::system::error_code& error) {
            redraw_pending_ = false;
            if (!error && main_prompt_) reader_.set_prompt(decorated_prompt());
        });
    }

    Session& session_;
    LineReader reader_;
    boost::asio::steady_timer redraw_;
    bool redraw_pending_{false};
    bool main_prompt_{true};
};

int run_interactive(Session& session, const std::string& url) {
    session.console().result(banner(session, url));
    Shell shell(session);
    return shell.run();
}

bool wants_page(const Session& session) {
    const ServePage page = session.network().plan().page;
    return page == ServePage::always || (page == ServePage::on_terminal && session.console().interactive());
}

// The network runs without it as well.
void serve_page(Session& session, std::optional<WebSite>& page) {
    Console& console = session.console();
    if (const auto problem = page->open(session.network().plan().page_listen)) {
        page.reset();
        console.remark(*problem);
        return;
    }
    session.set_page(page->url());
    if (!console.interactive()) console.remark("Page: " + page->url());
}

// How the network went, once it is described; the exit code.
int run_commands(Session& session, const std::optional<KnownScript>& known) {
    Console& console = session.console();
    std::optional<WebSite> page;
    if (wants_page(session)) page.emplace(session);
    if (const auto failure = session.start()) return report(console, *failure, &session.loop());
    RemoteServer second_terminals(session);
    if (const std::string problem = second_terminals.open(); !problem.empty()) {
        console.remark("no second terminal can attach: " + problem);
    }
    if (page) serve_page(session, page);
    if (known) return run_known(session, *known);
    return console.interactive() ? run_interactive(session, page ? page->url() : "") : run_piped(session);
}

int run_session(const Options& options, Console& console, const std::optional<KnownScript>& known) {
    auto plan = plan_network(options);
    if (const auto* problem = std::get_if<std::string>(&plan)) return report(console, {ErrorKind::config, *problem});
    EventLoop loop;
    Settings settings;
    settings.keep_going = options.keep_going;
    const auto processes = [&](ManagedNetwork::Observers observers) -> std::unique_ptr<ManagedNetwork> {
        return std::make_unique<Supervisor>(loop, std::get<NetworkPlan>(std::move(plan)), std::move(observers));
    };
    if (const auto failure = check_start(std::get<NetworkPlan>(plan))) return report(console, *failure);
    Session session(loop, console, processes, settings);
    if (const auto failure = begin_record(session, known ? &*known : nullptr)) return report(console, *failure);
    const int code = run_commands(session, known);
    session.close_record(code);
    return code;
}

}  // namespace

int run_network(const Options& options) {
    const bool scripted = options.script_file || options.script_text;
    const bool interactive = !scripted && isatty(STDIN_FILENO) == 1;
    Console console(interactive, options.color, options.format);
    std::optional<KnownScript> known;
    if (scripted) {
        auto script = read_known_script(options);
        if (const auto* failure = std::get_if<Failure>(&script)) return report(console, *failure);
        known = std::get<KnownScript>(std::move(script));
    }
    return run_session(options, console, known);
}

}  // namespace gossip
