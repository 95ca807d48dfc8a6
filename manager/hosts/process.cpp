#include "manager/hosts/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <span>
#include <sstream>

namespace gossip {
namespace {

std::string error_text(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

// Only async-signal-safe calls from here to exec: the child is a copy of a running program.
struct ChildPlan {
    const char* program;
    char* const* arguments;
    std::array<int, 5> descriptors;  // what becomes 0, 1, 2 …; the first `count` of them
    std::size_t count;
    pid_t parent;
};

void reset_signals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The sources lie above the targets, so no dup2 overwrites what a later one needs.
void arrange_descriptors(const ChildPlan& plan) {
    for (std::size_t i = 0; i < plan.count; ++i) ::dup2(plan.descriptors[i], static_cast<int>(i));
    ::close_range(static_cast<unsigned>(plan.count), ~0U, 0);
}

[[noreturn]] void run_child(const ChildPlan& plan) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before the line above: nobody would tell us.
    if (::getppid() != plan.parent) ::_exit(127);
    reset_signals();
    arrange_descriptors(plan);
    ::execv(plan.program, plan.arguments);
    ::_exit(127);
}

Fd lifted(int fd) {
    constexpr int above_targets = 16;
    return Fd{::fcntl(fd, F_DUPFD_CLOEXEC, above_targets)};
}

std::variant<Child, std::string> fork_child(ChildPlan plan) {
    const pid_t pid = ::fork();
    if (pid < 0) return error_text("fork");
    if (pid == 0) run_child(plan);
    ::setpgid(pid, pid);  // both sides do it, so that neither has to wait for the other
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) {
        const std::string error = error_text("pidfd_open");
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return error;
    }
    return Child{pid, Fd{pidfd}};
}

Fd open_for_appending(const std::string& path) {
    return Fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
}

std::variant<Child, std::string> run_program(const std::string& program, std::vector<std::string> words,
                                             std::span<const int> descriptors) {
    ChildPlan plan{program.c_str(), nullptr, {}, descriptors.size(), ::getpid()};
    std::vector<Fd> high;
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        high.push_back(lifted(descriptors[i]));
        if (!high.back().valid()) return error_text("descriptors for a process");
        plan.descriptors[i] = high.back().get();
    }
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    plan.arguments = arguments.data();
    return fork_child(plan);
}

}  // namespace

void Fd::reset(int value) {
    if (value_ >= 0) ::close(value_);
    value_ = value;
}

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string whole = (folder.empty() ? "." : folder) + "/" + name;
        if (::access(whole.c_str(), X_OK) == 0) return whole;
    }
    errno = ENOENT;
    return std::nullopt;
}

std::string shell_word(const std::string& text) {
    constexpr std::string_view harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+%";
    if (!text.empty() && text.find_first_not_of(harmless) == std::string::npos) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::variant<Child, std::string> spawn(const SpawnRequest& request) {
    std::vector<std::string> words{"gossipctl"};
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    const Fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const Fd output = open_for_appending(request.stderr_path);
    if (!output.valid()) return error_text(request.stderr_path.c_str());
    const std::array given{null.get(), output.get(), output.get(), request.listen_fd, request.control_fd};
    return run_program("/proc/self/exe", words, given);
}

std::variant<Child, std::string> spawn(const CommandRequest& request) {
    const auto program = find_program(request.words.front());  // before the fork, so that its reason can be said
    if (!program) return "cannot run " + request.words.front() + ": " + std::strerror(errno);
    const Fd output = open_for_appending(request.stderr_path);
    if (!output.valid()) return error_text(request.stderr_path.c_str());
    return run_program(*program, request.words, std::array{request.channel_fd, request.channel_fd, output.get()});
}

bool send_signal(int pidfd, int number) { return ::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0) == 0; }

void stop_process(int pidfd, pid_t pid) {
    siginfo_t info{};
    if (!send_signal(pidfd, SIGSTOP)) return;
    // By pid: a pidfd that an event loop holds is non-blocking, and waiting for it would not wait.
    const auto child = static_cast<id_t>(pid);
    while (::waitid(P_PID, child, &info, WSTOPPED | WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
}

std::optional<ExitStatus> reap(int pidfd) {
    siginfo_t info{};
    if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0) {
        return std::nullopt;
    }
    if (info.si_pid == 0) return std::nullopt;
    return ExitStatus{info.si_code != CLD_EXITED, info.si_status};
}

std::string describe(ExitStatus status) {
    if (!status.signalled) return "exit code " + std::to_string(status.value);
    const char* name = ::sigabbrev_np(status.value);
    return name == nullptr ? "signal " + std::to_string(status.value) : "SIG" + std::string(name);
}

std::optional<std::pair<Fd, Fd>> control_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return std::nullopt;
    std::pair<Fd, Fd> pair{Fd{fds[0]}, Fd{fds[1]}};
    ::fcntl(pair.first.get(), F_SETFL, O_NONBLOCK);
    return pair;
}

std::variant<Fd, int> bind_listener(NodeId id) {
    Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!fd.valid()) return errno;
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint(id).port);
    address.sin_addr.s_addr = htonl(endpoint(id).ip);
    constexpr int backlog = 512;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
    if (::listen(fd.get(), backlog) != 0) return errno;
    return fd;
}

Listening bind_first(const std::vector<NodeId>& candidates, std::size_t count, std::map<NodeId, Fd>& listeners) {
    Listening result;
    std::map<NodeId, Fd> bound;
    for (const NodeId id : candidates) {
        if (bound.size() == count) break;
        auto listener = bind_listener(id);
        if (auto* fd = std::get_if<Fd>(&listener)) {
            bound.emplace(id, std::move(*fd));
            result.bound.push_back(id);
        } else if (std::get<int>(listener) == EADDRINUSE) {
            result.taken.push_back(id);
        } else {
            return {{}, {}, id, std::strerror(std::get<int>(listener))};
        }
    }
    if (bound.size() < count) return {{}, std::move(result.taken), {}, {}};
    for (auto& [id, fd] : bound) listeners[id] = std::move(fd);
    return result;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gossip
