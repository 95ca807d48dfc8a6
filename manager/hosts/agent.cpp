#include "manager/hosts/agent.hpp"

#include "manager/base/event_loop.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/log_files.hpp"
#include "manager/base/version.hpp"
#include "manager/hosts/local_host.hpp"
#include "node/base/clock.hpp"
#include "node/base/escape.hpp"
#include "node/base/file.hpp"
#include "node/base/process_limits.hpp"
#include "node/base/written_files.hpp"
#include "node/identity.hpp"
#include "protocol/names.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gossip {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

// What waits for a slow connection: beyond the first, nodes wait; beyond half of it, logs stay in their files.
constexpr std::size_t backlog_limit = 4 * 1024 * 1024;
constexpr auto log_interval = std::chrono::milliseconds(50);
constexpr std::size_t log_chunk = 256 * 1024;
constexpr std::size_t errors_kept = 4096;
// The agent of a manager that has just died holds its folder for a moment.
constexpr int lock_attempts = 40;
constexpr useconds_t lock_pause_us = 50'000;

// One agent a folder: two would take each other's logs away. Empty, or why it cannot be had.
std::string lock_folder(const std::string& dir, FileLock& lock) {
    std::string holder;
    for (int i = 0; i < lock_attempts; ++i) {
        auto taken = FileLock::take(dir + "/" + std::string(FileLock::in_folder));
        if (auto* problem = std::get_if<std::string>(&taken)) return std::move(*problem);
        if (auto* held = std::get_if<FileLock>(&taken)) return lock = std::move(*held), std::string();
        holder = std::get<FileLock::Taken>(taken).by;
        ::usleep(lock_pause_us);
    }
    return dir + " is in use by the agent of " + holder + "; give this host a dir of its own in [[host]]";
}

constexpr std::string_view advice = "the key dir of its [[host]]";
constexpr const char* state_folder = "state";  // in the agent's folder: its nodes' keys

std::string claim_node_files(const std::string& dir, NodeId id) {
    WrittenFiles::Names names = node_files(file_stem(id, Role::peer));
    for (const char* end : {"", ".new"}) names.push_back(identity_path(state_folder, Role::peer, id) + end);
    WrittenFiles written(dir);
    std::string problem = written.in_the_way(names, advice);
    if (problem.empty()) problem = written.add(WrittenFiles::Kind::folder, {state_folder});
    return problem.empty() ? written.add(WrittenFiles::Kind::file, names) : problem;
}

}  // namespace

std::string default_agent_folder(const std::string& host) {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    const std::string base = state != nullptr && *state == '/' ? std::string(state)
                             : home != nullptr                 ? std::string(home) + "/.local/state"
                                                               : "/tmp";
    return base + "/gossipctl/" + host;
}

std::string monotonic_clock_name() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string boot;
    std::getline(file, boot);
    std::error_code error;
    return boot + " " + fs::read_symlink("/proc/self/ns/time", error).string();
}

Agent::Agent(asio::io_context& io, int in, int out) : io_(io), in_(io, in), out_(io, out), log_timer_(io) {}

int Agent::run() {
    raise_descriptor_limit();
    report(agent::Hello{agent::protocol_version, version_number()});
    read();
    io_.run();
    return exit_code_.value_or(0);
}

// ---------------------------------------------------------------- the manager's line

void Agent::read() {
    asio::async_read_until(
        in_, asio::dynamic_buffer(input_, agent::line_limit), '\n',
        [this](const boost::system::error_code& error, std::size_t bytes) { on_read(error, bytes); });
}

void Agent::on_read(const boost::system::error_code& error, std::size_t bytes) {
    if (exit_code_) return;
    if (error == asio::error::not_found) {
        return give_up("line " + std::to_string(lines_read_ + 1) + " is longer than 16 MiB");
    }
    if (error) return io_.stop();  // the manager is gone
    const std::string line = input_.substr(0, bytes - 1);
    input_.erase(0, bytes);
    ++lines_read_;
    take(line);
    if (!exit_code_) read();
}

void Agent::take(std::string_view line) {
    const auto request = agent::decode_request(line);
    if (const auto* problem = std::get_if<std::string>(&request)) {
        return give_up("line " + std::to_string(lines_read_) + ": " + escape_text(*problem));
    }
    std::visit([this](const auto& value) { handle(value); }, std::get<agent::Request>(request));
}

// What cannot be understood is not guessed at: half a network would be worse than none.
void Agent::give_up(const std::string& text) {
    report(agent::Trouble{text});
    exit_code_ = complain("agent", ErrorKind::usage, text);
    hold_nodes(true);
}

void Agent::report(const agent::Report& report) {
    waiting_ += agent::encode(report);
    if (waiting_.size() > backlog_limit && !held_) hold_nodes(true);
    write();
}

void Agent::write() {
    if (!in_flight_.empty()) return;
    if (waiting_.empty()) return exit_code_ ? io_.stop() : hold_nodes(false);
    in_flight_.swap(waiting_);
    asio::async_write(out_, asio::buffer(in_flight_), [this](const boost::system::error_code& error, std::size_t) {
        in_flight_.clear();
        if (error) return io_.stop();
        write();
    });
}

void Agent::hold_nodes(bool held) {
    if (held_ == held) return;
    held_ = held;
    for (const auto& [number, node] : nodes_) node.link->hold(held);
}

// ---------------------------------------------------------------- what it asks for

// Empty, or why not.
std::string Agent::prepare_folder(const agent::Setup& setup) {
    std::error_code error;
    const fs::path wanted = setup.dir.empty() ? default_agent_folder(setup.host) : setup.dir;
    const std::string dir = fs::absolute(wanted, error).string();
    fs::create_directories(dir, error);
    if (error) return "cannot make the folder " + dir + ": " + error.message();
    if (std::string problem = lock_folder(dir, lock_); !problem.empty()) return problem;
    WrittenFiles written(dir);
    std::string problem = written.in_the_way({"config.toml", "seeds.txt", "outputfile.txt", state_folder}, advice);
    if (!problem.empty()) return problem;
    written.remove_all();                 // of an earlier network
    const mode_t others = ::umask(0077);  // the configuration may hold a join token
    problem = written.write("config.toml", setup.config, advice);
    if (problem.empty()) problem = written.write("seeds.txt", setup.seeds, advice);
    ::umask(others);
    if (problem.empty()) problem = written.add(WrittenFiles::Kind::file, {"outputfile.txt"});
    if (!problem.empty()) return problem;
    dir_ = dir;
    return {};
}

void Agent::handle(const agent::Setup& setup) {
    if (!dir_.empty()) return give_up("setup came twice");
    if (const std::string problem = prepare_folder(setup); !problem.empty()) return give_up(problem);
    report(agent::Ready{dir_, monotonic_clock_name()});
    await_logs();
}

void Agent::handle(const agent::Listen& listen) {
    report(agent::Heard{listen.seq, bind_first(listen.candidates, listen.count, listeners_)});
}

void Agent::handle(const agent::Start& start) {
    if (dir_.empty()) return give_up("start came before setup");
    auto listener = listeners_.extract(start.id);
    if (listener.empty()) return give_up("start: nothing listens on " + node_name(start.id));
    if (nodes_.contains(start.number)) return give_up("start: number " + std::to_string(start.number) + " is taken");
    if (const std::string problem = claim_node_files(dir_, start.id); !problem.empty()) {
        return report(agent::Exited{start.number, {false, 127}, problem});
    }
    std::vector<std::string> arguments = node_arguments(start.id, Role::peer, false, start.last_life);
    arguments.insert(arguments.end(), {"--config", dir_ + "/config.toml", "--seeds", dir_ + "/seeds.txt"});
    arguments.insert(arguments.end(), {"--log-dir", dir_, "--state-dir", dir_ + "/" + state_folder});
    ControlLink::Handlers handlers;
    handlers.line = [this, n = start.number](std::string_view line) { report(agent::NodeLine{n, line}); };
    handlers.exited = [this, n = start.number](ExitStatus status) { handle_exit(n, status); };
    const std::string stem = dir_ + "/" + file_stem(start.id, Role::peer);
    auto started = start_node(io_, std::move(listener.mapped()), std::move(arguments), stem + ".err", handlers);
    if (const auto* problem = std::get_if<std::string>(&started)) {
        return report(agent::Exited{start.number, {false, 127}, *problem});
    }
    auto& node = std::get<NodeChild>(started);
    nodes_.emplace(start.number, Node{start.id, node.pid, node.link, stem + ".err"});
    logs_.try_emplace(start.id, stem + ".log");
    node.link->hold(held_);
}

void Agent::handle(const agent::Signal& signal) {
    const auto node = nodes_.find(signal.number);
    if (node == nodes_.end()) return;  // it has ended meanwhile
    if (signal.signal != SIGSTOP) {
        node->second.link->signal(signal.signal);
        return;
    }
    node->second.link->stop();
    report(agent::Stopped{signal.number});
}

void Agent::handle(const agent::AskClock& ask) {
    report(agent::Clock{ask.sent, machine_now().time_since_epoch().count()});
}

void Agent::handle(const agent::AskLogs& ask) {
    for (const auto& [id, log] : logs_) {
        while (hand_on_log(id)) {
        }
    }
    report(agent::LogsTold{ask.seq});
}

void Agent::handle(const agent::NodeLine& line) {
    const auto node = nodes_.find(line.number);
    if (node != nodes_.end()) node->second.link->send(std::string(line.json) + "\n");
}

// ---------------------------------------------------------------- what becomes of nodes

void Agent::handle_exit(std::uint64_t number, ExitStatus status) {
    const auto node = nodes_.find(number);
    if (node == nodes_.end()) return;
    while (hand_on_log(node->second.id)) {
    }
    const std::string errors = harmless_lines(end_of_file(node->second.error_path, errors_kept));
    nodes_.erase(node);
    report(agent::Exited{number, status, errors});
}

void Agent::await_logs() {
    log_timer_.expires_after(log_interval);
    log_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        hand_on_logs();
        await_logs();
    });
}

// Files are their own queue: what the connection cannot take yet stays there.
void Agent::hand_on_logs() {
    for (const auto& [id, log] : logs_) {
        while (waiting_.size() < backlog_limit / 2 && hand_on_log(id)) {
        }
    }
}

bool Agent::hand_on_log(NodeId id) {
    const auto log = logs_.find(id);
    const std::string lines = log == logs_.end() ? std::string() : log->second.fresh(log_chunk);
    if (lines.empty()) return false;
    report(agent::LogText{id, harmless_lines(lines)});
    return true;
}

}  // namespace gossip
