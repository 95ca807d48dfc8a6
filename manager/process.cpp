#include "manager/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace gossip {
namespace {

std::string error_text(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

// Only async-signal-safe calls from here to exec: the child is a copy of a running program.
struct ChildPlan {
    char* const* arguments;
    int null_fd;
    int output_fd;
    int listen_fd;
    int control_fd;
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
    ::dup2(plan.null_fd, 0);
    ::dup2(plan.output_fd, 1);
    ::dup2(plan.output_fd, 2);
    ::dup2(plan.listen_fd, node_listen_fd);
    ::dup2(plan.control_fd, node_control_fd);
    ::close_range(node_control_fd + 1, ~0U, 0);
}

[[noreturn]] void run_child(const ChildPlan& plan) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before the line above: nobody would tell us.
    if (::getppid() != plan.parent) ::_exit(127);
    reset_signals();
    arrange_descriptors(plan);
    ::execv("/proc/self/exe", plan.arguments);
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

}  // namespace

void Fd::reset(int value) {
    if (value_ >= 0) ::close(value_);
    value_ = value;
}

std::variant<Child, std::string> spawn(const SpawnRequest& request) {
    const Fd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const Fd output{::open(request.stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
    if (!output.valid()) return error_text(request.stderr_path.c_str());
    const Fd null_high = lifted(null.get());
    const Fd output_high = lifted(output.get());
    const Fd listen_high = lifted(request.listen_fd);
    const Fd control_high = lifted(request.control_fd);
    if (!null_high.valid() || !output_high.valid() || !listen_high.valid() || !control_high.valid()) {
        return error_text("descriptors for a node");
    }
    std::vector<std::string> words{"gossipctl"};
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    return fork_child(
        {arguments.data(), null_high.get(), output_high.get(), listen_high.get(), control_high.get(), ::getpid()});
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

std::uint64_t resident_bytes(pid_t pid) {
    std::FILE* file = std::fopen(("/proc/" + std::to_string(pid) + "/statm").c_str(), "re");
    if (file == nullptr) return 0;
    unsigned long long size = 0;
    unsigned long long resident = 0;
    const int read = std::fscanf(file, "%llu %llu", &size, &resident);
    std::fclose(file);
    return read == 2 ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gossip
