#include "manager/hosts/agent_host.hpp"

#include "manager/base/log_files.hpp"
#include "manager/base/program.hpp"
#include "manager/base/terminal.hpp"
#include "manager/base/version.hpp"
#include "manager/hosts/agent.hpp"
#include "node/base/clock.hpp"
#include "node/base/escape.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace gossip {
namespace {

// ssh gives up after ten; another command may have to build a container first.
constexpr Duration start_timeout = std::chrono::seconds(60);
constexpr Duration answer_timeout = std::chrono::seconds(60);
constexpr auto clock_interval = std::chrono::seconds(2);
constexpr int first_clock_questions = 5;

class AgentLink final : public NodeLink {
public:
    AgentLink(AgentHost& host, std::uint64_t number) : host_(host), number_(number) {}
    void send(const ToNode& command) override {
        std::string line = encode(command);
        line.pop_back();
        host_.send(agent::NodeLine{number_, line});
    }
    void signal(int number) override { host_.send(agent::Signal{number_, number}); }
    void stop() override { host_.stop(number_); }
    [[nodiscard]] bool stands() const override { return host_.stands(number_); }

private:
    AgentHost& host_;
    std::uint64_t number_;
};

// As a node's own log is rotated, at its size: one file before this one is kept.
void rotate(const std::string& path) {
    constexpr std::uintmax_t most = 10 * 1024 * 1024;
    std::error_code error;
    if (std::filesystem::file_size(path, error) < most || error) return;
    const std::filesystem::path old = std::filesystem::path(path).replace_extension(".1.log");
    std::filesystem::rename(path, old, error);
}

void append(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::app | std::ios::binary);
    file << text;
}

}  // namespace

AgentHost::AgentHost(EventLoop& loop, Settings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      error_path_(settings_.log_dir + "/agent.err"),
      clock_timer_(loop.io()),
      end_timer_(loop.io()) {}

AgentHost::~AgentHost() { kill(); }

// ---------------------------------------------------------------- the agent itself

std::vector<std::string> AgentHost::command() const {
    const HostSettings& host = settings_.host;
    if (!host.command.empty()) return host.command;
    const std::string binary = host.binary.empty() ? "gossipctl" : shell_word(host.binary);  // for the shell there
    // A connection that is cut without a word is noticed after 15 s.
    return {"ssh",    "-T",
            "-o",     "BatchMode=yes",
            "-o",     "ConnectTimeout=10",
            "-o",     "ServerAliveInterval=5",
            "-o",     "ServerAliveCountMax=3",
            host.ssh, binary + " agent --stdio"};
}

void AgentHost::begin() {
    if (link_) return;
    greeted_ = ready_ = same_clock_ = false;
    problem_.clear();
    passed_over_.clear();
    clock_ = {};
    std::error_code error;
    std::filesystem::create_directories(settings_.log_dir, error);
    std::filesystem::remove(error_path_, error);
    auto pair = control_pair();
    if (!pair) return fail(std::strerror(errno));
    auto spawned = spawn(CommandRequest{command(), pair->second.get(), error_path_});
    if (const auto* why = std::get_if<std::string>(&spawned)) return fail(*why);
    ControlLink::Handlers handlers;
    handlers.line = [this](std::string_view line) { take(line); };
    handlers.exited = [this](ExitStatus status) { on_exit(status); };
    handlers.closed = [this] { on_closed(); };
    link_ = std::make_shared<ControlLink>(loop_.io(), std::move(pair->first), std::get<pid_t>(spawned), handlers);
    link_->start();
}

std::string AgentHost::await(WaitEnd& end) {
    end = loop_.run_until([this] { return ready_ || !problem_.empty(); }, start_timeout);
    if (end == WaitEnd::timed_out) {
        end = WaitEnd::done;
        fail("it did not answer in 60 s");
        kill();
    }
    return problem_;
}

// Said of the host; what it was about to do cannot be done.
void AgentHost::fail(const std::string& text) {
    if (problem_.empty()) problem_ = "host " + settings_.host.name + ": " + text;
}

void AgentHost::close() {
    if (link_) link_->close();
}

void AgentHost::kill() {
    if (link_) link_->signal(SIGKILL);
}

void AgentHost::send(const agent::Request& request) {
    if (link_) link_->send(agent::encode(request));
}

// Of what the command wrote to stderr; else, before it was the agent that spoke, of what came in its place.
std::string AgentHost::last_words() const {
    std::string last;
    std::ifstream file(error_path_);
    for (std::string line; std::getline(file, line);) {
        if (line.ends_with('\r')) line.pop_back();  // ssh's, for a terminal that it left raw
        if (line.find_first_not_of(' ') != std::string::npos) last = printable(line);
    }
    return (last.empty() ? passed_over_ : last).substr(0, 300);
}

// What has closed the channel is about to end and to say by its exit code why; but not for ever.
void AgentHost::on_closed() {
    end_timer_.expires_after(std::chrono::seconds(1));
    end_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) kill();
    });
}

void AgentHost::on_exit(ExitStatus status) {
    link_.reset();
    clock_timer_.cancel();
    end_timer_.cancel();
    const std::string words = last_words();
    const std::string how = describe(status) + (words.empty() ? "" : ": " + words);
    fail((greeted_ ? "its agent ended (" : "its agent could not be started (") + how + ")");
    ready_ = false;
    // They had their death signal from the agent; or will have, when it hears that nobody is at the other end.
    const auto nodes = std::exchange(nodes_, {});
    for (const auto& [number, node] : nodes) {
        node.handlers.ended({{true, SIGKILL}, "the agent of " + settings_.host.name + " ended: " + how});
    }
}

// ---------------------------------------------------------------- what it says

void AgentHost::pass_over(std::string_view line) {
    if (line.find_first_not_of(" \r") != std::string_view::npos) passed_over_ = printable(std::string(line));
}

void AgentHost::take(std::string_view line) {
    if (!greeted_ && !agent::is_hello(line)) return pass_over(line);
    const auto report = agent::decode_report(line);
    if (const auto* problem = std::get_if<std::string>(&report)) {
        fail("its agent says what cannot be understood: " + *problem);
        return kill();
    }
    std::visit([this](const auto& value) { handle(value); }, std::get<agent::Report>(report));
}

void AgentHost::handle(const agent::Hello& hello) {
    greeted_ = true;
    if (hello.version != version_number() || hello.protocol != agent::protocol_version) {
        const auto named = [](const std::string& version, std::uint64_t protocol) {
            return "gossipctl " + printable(version) + " (agent protocol " + std::to_string(protocol) + ")";
        };
        fail("it has " + named(hello.version, hello.protocol) + ", here is " +
             named(version_number(), agent::protocol_version) +
             "; install the same version there, or name it with the key binary of its [[host]]");
        return close();
    }
    for (int i = 0; i < first_clock_questions; ++i) ask_clock();
    send(agent::Setup{settings_.host.name, settings_.host.dir, settings_.config, settings_.seeds});
}

void AgentHost::handle(const agent::Ready& ready) {
    same_clock_ = ready.clock == monotonic_clock_name();
    ready_ = true;
    folder_there_ = printable(ready.dir);
    news_ = settings_.host.name + ": logs in " + settings_.log_dir + ", there in " + folder_there_;
    if (!same_clock_) await_clock();
}

void AgentHost::handle(const agent::Trouble& trouble) {
    fail(printable(trouble.text));
    close();
}

void AgentHost::ask_clock() { send(agent::AskClock{machine_now().time_since_epoch().count()}); }

void AgentHost::await_clock() {
    clock_timer_.expires_after(clock_interval);
    clock_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || !link_) return;
        ask_clock();
        await_clock();
    });
}

void AgentHost::handle(const agent::Clock& clock) {
    clock_.add(clock.sent, clock.mono_ns, machine_now().time_since_epoch().count());
}

// As if it had happened here: on our monotonic clock, and on our wall clock.
void AgentHost::correct(NodeEvent& event) const {
    if (same_clock_ || !clock_.known()) return;
    event.mono_ns = clock_.here(event.mono_ns);
    event.wall = wall_now() - (machine_now().time_since_epoch().count() - event.mono_ns) / 1'000'000;
}

// ---------------------------------------------------------------- its nodes

Listening AgentHost::listen(const std::vector<NodeId>& candidates, std::size_t count, WaitEnd& end) {
    begin();
    if (std::string problem = await(end); !problem.empty()) return {{}, {}, {}, std::move(problem)};
    if (end != WaitEnd::done) return {};
    const std::uint64_t seq = next_seq_++;
    send(agent::Listen{seq, count, candidates});
    end = loop_.run_until([&] { return answers_.contains(seq) || !ready_; }, answer_timeout);
    auto answer = answers_.extract(seq);
    if (!answer.empty()) return std::move(answer.mapped());
    if (end == WaitEnd::timed_out) fail("its agent does not answer");
    if (end != WaitEnd::interrupted && end != WaitEnd::terminated) end = WaitEnd::done;
    return {{}, {}, {}, problem_};
}

void AgentHost::handle(const agent::Heard& heard) { answers_[heard.seq] = heard.listening; }

std::variant<StartedNode, std::string> AgentHost::start(NodeLaunch launch) {
    if (!ready_) return problem_.empty() ? "its agent does not run" : problem_;
    const std::uint64_t number = next_number_++;
    const std::string error_path = settings_.log_dir + "/" + file_stem(launch.id, Role::peer) + ".err";
    nodes_[number] = {std::move(launch.handlers), error_path};
    send(agent::Start{number, launch.id, launch.last_life});
    return StartedNode{std::make_shared<AgentLink>(*this, number), 0, error_path};
}

void AgentHost::stop(std::uint64_t number) {
    const auto node = nodes_.find(number);
    if (node != nodes_.end()) node->second.stands = false;
    send(agent::Signal{number, SIGSTOP});
}

bool AgentHost::stands(std::uint64_t number) const {
    const auto node = nodes_.find(number);
    return node == nodes_.end() || node->second.stands;
}

void AgentHost::handle(const agent::Stopped& stopped) {
    const auto node = nodes_.find(stopped.number);
    if (node != nodes_.end()) node->second.stands = true;
}

void AgentHost::handle(const agent::Exited& exited) {
    auto node = nodes_.extract(exited.number);
    if (node.empty()) return;
    if (!exited.errors.empty()) append(node.mapped().error_path, exited.errors);
    node.mapped().handlers.ended({exited.status, describe(exited.status)});
}

void AgentHost::handle(const agent::NodeLine& line) {
    const auto node = nodes_.find(line.number);
    auto decoded = node == nodes_.end() ? std::nullopt : decode_from_node(line.json);
    if (!decoded) return;
    if (auto* event = std::get_if<NodeEvent>(&*decoded)) correct(*event);
    node->second.handlers.line(std::move(*decoded));
}

std::uint64_t AgentHost::ask_logs() {
    const std::uint64_t seq = next_seq_++;
    send(agent::AskLogs{seq});
    return seq;
}

void AgentHost::handle(const agent::LogText& log) {
    const std::string path = settings_.log_dir + "/" + file_stem(log.id, Role::peer) + ".log";
    rotate(path);
    append(path, log.text);
    if (!settings_.shared_log.empty()) append(settings_.shared_log, log.text);
}

}  // namespace gossip
