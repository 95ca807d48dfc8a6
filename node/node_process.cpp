#include "node/node_process.hpp"

#include "node/base/clock.hpp"
#include "node/base/error_line.hpp"
#include "node/base/file.hpp"
#include "node/base/key_text.hpp"
#include "node/base/listener.hpp"
#include "node/base/signals.hpp"
#include "node/config/config_file.hpp"
#include "node/identity.hpp"
#include "node/transport/link_fault.hpp"
#include "node/transport/transport_options.hpp"
#include "protocol/names.hpp"

#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace gossip {
namespace {

// How long a peer waits for any seed before it says that it is waiting.
constexpr auto seed_patience = std::chrono::seconds(3);

// A machine that has been told to leave and says nothing for this long is not waited for.
constexpr auto leave_patience = std::chrono::seconds(5);

std::uint64_t random_number() {
    std::uint64_t value = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) != 1) {
        throw std::runtime_error("the system's random generator failed");
    }
    return value;
}

std::string list(const std::vector<NodeId>& ids) {
    std::string text;
    for (const NodeId id : ids) text += (text.empty() ? "" : ", ") + node_name(id);
    return text;
}

bool wants_colour(Colour colour) {
    if (colour != Colour::automatic) return colour == Colour::always;
    const char* no_colour = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
    return (no_colour == nullptr || *no_colour == '\0') && !dumb && ::isatty(STDOUT_FILENO) != 0;
}

void close_on_exec(int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }

}  // namespace

std::variant<std::unique_ptr<NodeProcess>, NodeStartFailure> NodeProcess::start(const NodeOptionsGiven& given) {
    ConfigSources sources = standard_sources(given.config);
    sources.overrides = given.overrides;
    sources.seeds_file = given.seeds_file;
    auto loaded = load_config(sources);
    if (const auto* error = std::get_if<std::string>(&loaded)) return NodeStartFailure{2, *error};
    std::unique_ptr<NodeProcess> node(new NodeProcess(given, std::get<LoadedConfig>(std::move(loaded))));
    for (const auto check : {&NodeProcess::check_place, &NodeProcess::check_exposure}) {
        if (auto problem = ((*node).*check)()) return *problem;
    }
    for (const auto step :
         {&NodeProcess::open_log, &NodeProcess::open_key, &NodeProcess::listen, &NodeProcess::make_runtime}) {
        if (auto problem = ((*node).*step)()) return *problem;
    }
    return node;
}

NodeProcess::NodeProcess(const NodeOptionsGiven& given, LoadedConfig config)
    : given_(given), config_(std::move(config)) {
    if (!given_.log_dir.empty()) config_.node.log_dir = given_.log_dir;
    if (!given_.state_dir.empty()) config_.node.state_dir = given_.state_dir;
    if (config_.node.state_dir.empty()) config_.node.state_dir = config_.node.log_dir + "/state";
}

// Without TLS everybody on the wire can read and forge: only loopback is safe unasked.
NodeProcess::Problem NodeProcess::check_exposure() const {
    const std::uint32_t ip = endpoint(given_.listen).ip;
    if (ip >> 24 == 127 || config_.node.tls == "off") return std::nullopt;
    return NodeStartFailure{2, "--listen " + node_name(given_.listen) +
                                   ": this version has no TLS, so it listens on loopback addresses only; on a network "
                                   "you trust, allow others with --set security.tls=off"};
}

NodeProcess::Problem NodeProcess::check_place() const {
    const auto& seeds = config_.config.seeds;
    const bool listed = std::find(seeds.begin(), seeds.end(), given_.listen) != seeds.end();
    if (listed == (given_.role == Role::seed)) return std::nullopt;
    const std::string place = "--listen " + node_name(given_.listen);
    if (listed) return NodeStartFailure{2, place + " is a seed's address in the seed list; a peer needs another one"};
    return NodeStartFailure{2, place + " is not in the seed list (" + list(seeds) + "); every seed has to be in it"};
}

NodeProcess::Problem NodeProcess::open_log() {
    LogOptions options;
    options.role = given_.role;
    options.self = given_.listen;
    options.dir = config_.node.log_dir;
    options.shared_file = given_.output_file;
    if (options.shared_file.empty() && config_.node.log_profile == LogProfile::classic) {
        options.shared_file = config_.node.log_dir + "/outputfile.txt";
    }
    options.level = config_.node.log_level;
    options.console = given_.control_fd < 0 && !given_.quiet;
    options.colour = wants_colour(given_.colour);
    auto opened = NodeLog::open(options);
    if (const auto* error = std::get_if<std::string>(&opened)) return NodeStartFailure{5, *error};
    log_ = std::get<std::unique_ptr<NodeLog>>(std::move(opened));
    return std::nullopt;
}

NodeProcess::Problem NodeProcess::open_key() {
    std::string path = given_.identity;
    if (path.empty()) {
        std::error_code error;
        std::filesystem::create_directories(config_.node.state_dir, error);
        if (error) return NodeStartFailure{5, "cannot make " + config_.node.state_dir + ": " + error.message()};
        path = identity_path(config_.node.state_dir, given_.role, given_.listen);
    }
    auto opened = open_identity(path);
    if (auto* error = std::get_if<std::string>(&opened)) return NodeStartFailure{5, std::move(*error)};
    crypto_ = std::make_unique<Ed25519Crypto>(std::get<Identity>(opened));
    // For the lists of seeds of others.
    if (given_.role == Role::seed) log_->line(LogLevel::info, "Key of this seed: " + key_text(crypto_->public_key()));
    context_ = std::make_unique<PeerContext>(PeerContext{config_.config, *crypto_});
    return std::nullopt;
}

NodeProcess::Problem NodeProcess::listen() {
    if (given_.listen_fd >= 0) {
        listener_.reset(given_.listen_fd);
        close_on_exec(listener_.get());
        return std::nullopt;
    }
    auto result = listen_on(given_.listen);
    if (const auto* error = std::get_if<std::string>(&result)) return NodeStartFailure{5, *error};
    listener_ = std::get<FileDescriptor>(std::move(result));
    return std::nullopt;
}

std::variant<std::unique_ptr<Journal>, std::string> NodeProcess::open_journal(std::vector<Record>& records) {
    const std::string path = config_.node.state_dir + "/" + journal_name(given_.listen);
    auto opened = Journal::open(io_, path, config_.config.seed.durable);
    if (auto* error = std::get_if<std::string>(&opened)) return std::move(*error);
    auto& journal = std::get<Journal::Opened>(opened);
    if (journal.contents.torn_bytes > 0) {
        log_->line(LogLevel::warning, "Journal " + path + ": cut off a torn tail of " +
                                          std::to_string(journal.contents.torn_bytes) + " bytes");
    }
    if (!journal.moved_to.empty()) {
        log_->line(LogLevel::error, "Journal " + path + " is damaged; kept as " + journal.moved_to +
                                        "; this seed learns anew before it votes");
    }
    records = std::move(journal.contents.records);
    if (!journal.moved_to.empty()) given_.bootstrap = false;
    return std::move(journal.journal);
}

NodeProcess::Problem NodeProcess::make_runtime() {
    TransportOptions options;
    options.self = given_.listen;
    options.role = given_.role;
    options.cluster = membership_fingerprint(config_.config);
    options.seeds = config_.config.seeds;
    options.seed_keys = config_.config.seed_keys;
    std::unique_ptr<Machine> machine;
    std::unique_ptr<Journal> journal;
    if (given_.role == Role::seed) {
        std::vector<Record> records;
        auto opened = open_journal(records);
        if (auto* error = std::get_if<std::string>(&opened)) return NodeStartFailure{5, std::move(*error)};
        journal = std::get<std::unique_ptr<Journal>>(std::move(opened));
        const SeedOptions seed{given_.listen, random_number() | 1, given_.bootstrap};
        auto made = std::make_unique<SeedMachine>(config_.config, *crypto_, seed, Rng(random_number()), records);
        seed_ = made.get();
        machine = std::move(made);
    } else {
        const PeerOptions peer{given_.listen, given_.last_life};
        auto made = std::make_unique<PeerMachine>(*context_, peer, Rng(random_number()));
        peer_ = made.get();
        machine = std::move(made);
    }
    runtime_ = std::make_unique<Runtime>(io_, std::move(options), *crypto_, std::move(machine), std::move(journal),
                                         handlers());
    return std::nullopt;
}

RuntimeHandlers NodeProcess::handlers() {
    return {.notice = [this](Time now, const Notice& notice) { on_notice(now, notice); },
            .offence = [this](const std::string& text) { log_->line(LogLevel::warning, text); },
            .ended =
                [this] {
                    Notice stopped{NoticeKind::stopped};
                    stopped.role = given_.role;
                    on_notice(machine_now(), stopped);
                    // At the loop's next turn: in this one the notice is sent to the manager.
                    boost::asio::post(io_, [this] { io_.stop(); });
                },
            .failed = [this](const std::string& text) { fail(text); }};
}

int NodeProcess::run() {
    await_signals();
    if (given_.control_fd >= 0) join_manager();
    if (given_.role == Role::peer) watch_for_seeds();
    runtime_->start(listener_.release());
    io_.run();
    return exit_code_;
}

void NodeProcess::fail(const std::string& text) {
    log_->line(LogLevel::error, text);
    print_error(node_name(given_.listen), text);
    exit_code_ = 1;
    io_.stop();
}

// ---------------------------------------------------------------- notices

void NodeProcess::on_notice(Time now, const Notice& notice) {
    heard_of_seed_ =
        heard_of_seed_ || notice.kind == NoticeKind::registration_ack || notice.kind == NoticeKind::registration_nack;
    if (notice.kind == NoticeKind::publish_refused) publish_problem_ = notice.text;
    if (notice.kind == NoticeKind::said) said_id_ = notice.rumor->id;
    log_->notice(notice);
    if (!control_) return;
    control_->send(NodeEvent{now.time_since_epoch().count(), wall_now(), given_.listen, notice});
}

// A peer alone in a terminal must not seem to hang.
void NodeProcess::watch_for_seeds() {
    patience_.expires_after(seed_patience);
    patience_.async_wait([this](const boost::system::error_code& error) {
        if (error || heard_of_seed_ || leaving_) return;
        const bool answered = runtime_->counters().messages_received > 0;
        const std::string why = answered ? "not registered: the seeds have no quorum yet"
                                         : "no seed answers at " + list(config_.config.seeds);
        log_->line(LogLevel::warning, why + "; still trying (Ctrl-C to stop)");
    });
}

// ---------------------------------------------------------------- commands of the manager

void NodeProcess::join_manager() {
    close_on_exec(given_.control_fd);
    ControlHandlers on;
    on.command = [this](const ToNode& command) { on_command(command); };
    on.closed = [] { std::_Exit(0); };  // the manager is gone: nobody is left to leave in order for
    control_ = std::make_shared<ControlChannel>(io_, given_.control_fd, std::move(on));
    control_->start();
    control_->send(NodeReady{given_.listen, given_.role, ::getpid()});
}

void NodeProcess::on_command(const ToNode& command) {
    if (const auto* words = std::get_if<SayCommand>(&command)) return say(*words);
    if (const auto* status = std::get_if<StatusCommand>(&command)) return answer_status(status->seq);
    if (const auto* faults = std::get_if<FaultCommand>(&command)) return set_faults(*faults);
    leave();
}

void NodeProcess::say(const SayCommand& command) {
    if (peer_ == nullptr)
        return control_->send(NodeReply{command.seq, false, "a seed does not gossip; say it at a peer"});
    publish_problem_.clear();
    runtime_->feed(Publish{command.text});
    // Posted, so that the machine takes the text first.
    boost::asio::post(io_, [this, seq = command.seq] {
        const bool ok = publish_problem_.empty();
        control_->send(NodeReply{seq, ok, ok ? said_id_ : publish_problem_});
    });
}

void NodeProcess::set_faults(const FaultCommand& command) {
    runtime_->set_faults(command.seed, command.rules);
    if (command.rules.empty()) log_->line(LogLevel::info, "FAULTS: none any more");
    for (const FaultRule& rule : command.rules) {
        log_->line(LogLevel::info, "FAULTS: " + fault_text(rule.fault) + " to " + list(rule.nodes));
    }
    control_->send(NodeReply{command.seq, true, {}});
}

void NodeProcess::answer_status(std::uint64_t seq) {
    NodeStatus status;
    status.seq = seq;
    status.id = given_.listen;
    if (seed_ != nullptr) {
        status.seed = seed_->status();
        status.members = seed_->members();
    } else {
        status.peer = peer_->status();
    }
    status.transport = runtime_->counters();
    status.events_lost = control_->dropped_events();
    status.resident = resident_bytes(::getpid());
    control_->send(status);
}

void NodeProcess::await_signals() {
    const bool managed = given_.control_fd >= 0;  // the manager's `stop` is a SIGTERM, whatever it ignores itself
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        if (!leaving_ && (!is_ignored(signal) || (managed && signal == SIGTERM))) signals_.add(signal);
    }
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        if (leaving_) std::_Exit(130);
        leave();
        await_signals();
    });
}

void NodeProcess::leave() {
    if (std::exchange(leaving_, true)) return;
    runtime_->feed(LeaveRequested{});
    patience_.expires_after(leave_patience);
    patience_.async_wait([this](const boost::system::error_code& error) {
        if (!error) fail("did not leave in time; ending without");
    });
}

}  // namespace gossip
