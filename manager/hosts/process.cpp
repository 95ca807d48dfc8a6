#include "manager/hosts/process.hpp"

#include "manager/base/program.hpp"
#include "node/base/file.hpp"
#include "node/base/listener.hpp"
#include "node/base/signals.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
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

std::string failed(const std::string& what) { return what + ": " + error_text(errno); }

// Only async-signal-safe calls from here to exec: the child is a copy of a running program.
struct ChildPlan {
    const char* program;
    char* const* arguments;
    std::array<int, 5> descriptors;  // what becomes 0, 1, 2 …; the first `count` of them
    std::size_t count;
    pid_t parent;
};

// What the user's shell ignores (nohup, trap '' HUP) stays ignored.
void reset_signals() {
    for (const int number : {SIGTERM, SIGTSTP, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
    for (const int number : {SIGINT, SIGHUP}) {
        if (!is_ignored(number)) ::signal(number, SIG_DFL);
    }
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

FileDescriptor lifted(int fd) {
    constexpr int above_targets = 16;
    return FileDescriptor{::fcntl(fd, F_DUPFD_CLOEXEC, above_targets)};
}

std::variant<Child, std::string> fork_child(ChildPlan plan) {
    const pid_t pid = ::fork();
    if (pid < 0) return failed("fork");
    if (pid == 0) run_child(plan);
    ::setpgid(pid, pid);  // both sides do it, so that neither has to wait for the other
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) {
        const std::string error = failed("pidfd_open");
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return error;
    }
    return Child{pid, FileDescriptor{pidfd}};
}

FileDescriptor open_for_appending(const std::string& path) {
    return FileDescriptor{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
}

std::variant<Child, std::string> run_program(const std::string& program, std::vector<std::string> words,
                                             std::span<const int> descriptors) {
    ChildPlan plan{program.c_str(), nullptr, {}, descriptors.size(), ::getpid()};
    std::vector<FileDescriptor> high;
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        high.push_back(lifted(descriptors[i]));
        if (!high.back()) return failed("descriptors for a process");
        plan.descriptors[i] = high.back().get();
    }
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    plan.arguments = arguments.data();
    return fork_child(plan);
}

}  // namespace

std::variant<Child, std::string> spawn(const SpawnRequest& request) {
    std::vector<std::string> words{"gossipctl"};
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    const FileDescriptor null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const FileDescriptor output = open_for_appending(request.stderr_path);
    if (!output) return failed(request.stderr_path);
    const std::array given{null.get(), output.get(), output.get(), request.listen_fd, request.control_fd};
    return run_program("/proc/self/exe", words, given);
}

std::variant<Child, std::string> spawn(const CommandRequest& request) {
    const auto program = find_program(request.words.front());  // before the fork, so that its reason can be said
    if (!program) return "cannot run " + request.words.front() + ": " + error_text(errno);
    const FileDescriptor output = open_for_appending(request.stderr_path);
    if (!output) return failed(request.stderr_path);
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

std::optional<std::pair<FileDescriptor, FileDescriptor>> control_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return std::nullopt;
    std::pair<FileDescriptor, FileDescriptor> pair{FileDescriptor{fds[0]}, FileDescriptor{fds[1]}};
    ::fcntl(pair.first.get(), F_SETFL, O_NONBLOCK);
    return pair;
}

Listening bind_first(const std::vector<NodeId>& candidates, std::size_t count,
                     std::map<NodeId, FileDescriptor>& listeners) {
    Listening result;
    std::map<NodeId, FileDescriptor> bound;
    for (const NodeId id : candidates) {
        if (bound.size() == count) break;
        auto listener = bind_listener(id);
        if (auto* fd = std::get_if<FileDescriptor>(&listener)) {
            bound.emplace(id, std::move(*fd));
            result.bound.push_back(id);
        } else if (std::get<int>(listener) == EADDRINUSE) {
            result.taken.push_back(id);
        } else {
            return {{}, {}, id, error_text(std::get<int>(listener))};
        }
    }
    if (bound.size() < count) return {{}, std::move(result.taken), {}, {}};
    for (auto& [id, fd] : bound) listeners[id] = std::move(fd);
    return result;
}

}  // namespace gossip
