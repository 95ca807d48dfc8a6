#include "manager/hosts/process.hpp"

#include "manager/base/boost_process.hpp"
#include "manager/base/program.hpp"
#include "node/base/file.hpp"
#include "node/base/listener.hpp"
#include "node/base/signals.hpp"

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

namespace process = boost::process::v2;

std::string failed(const std::string& what) { return what + ": " + error_text(errno); }

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

FileDescriptor lifted(int fd) {
    constexpr int above_targets = 16;
    return FileDescriptor{::fcntl(fd, F_DUPFD_CLOEXEC, above_targets)};
}

// Boost's launcher asks this what to do beside its own work. `on_exec_setup` runs in the child, a copy of a running
// program, between fork and exec: system calls only.
class NodeSetup {
public:
    NodeSetup(std::string_view name, const std::vector<FileDescriptor>& descriptors) : name_(name) {
        for (const FileDescriptor& descriptor : descriptors) descriptors_.push_back(descriptor.get());
    }

    process::error_code on_setup(process::posix::default_launcher& launcher, const std::filesystem::path&,
                                 const char* const*& words) {
        for (const char* const* word = words; *word != nullptr; ++word) words_.push_back(*word);
        words_.front() = name_.c_str();  // what ps shows
        words_.push_back(nullptr);
        words = words_.data();
        for (std::size_t target = 0; target < descriptors_.size(); ++target) {
            launcher.fd_whitelist.push_back(static_cast<int>(target));
        }
        return {};
    }

    process::error_code on_exec_setup(const process::posix::default_launcher& launcher, const std::filesystem::path&,
                                      const char* const*) const {
        ::setpgid(0, 0);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        // The parent may have ended before the line above: nobody would tell us.
        if (::getppid() != parent_) return {ESRCH, process::system_category()};
        reset_signals();
        arrange_descriptors(launcher.fd_whitelist.back());
        return {};
    }

private:
    // The sources lie above the targets, so no dup2 overwrites what a later one needs. `report` is where the launcher
    // says that exec failed; exec closes it.
    void arrange_descriptors(int report) const {
        for (std::size_t i = 0; i < descriptors_.size(); ++i) ::dup2(descriptors_[i], static_cast<int>(i));
        const auto kept = static_cast<unsigned>(report);
        ::close_range(static_cast<unsigned>(descriptors_.size()), kept - 1, 0);
        ::close_range(kept + 1, ~0U, 0);
    }

    std::string name_;
    std::vector<int> descriptors_;  // what becomes 0, 1, 2 …
    std::vector<const char*> words_;
    pid_t parent_{::getpid()};
};

FileDescriptor open_for_appending(const std::string& path) {
    return FileDescriptor{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
}

// Keeps the numbers that the child's descriptors will have from the launcher's own pipe.
std::vector<FileDescriptor> hold_numbers_below(std::size_t count) {
    std::vector<FileDescriptor> held;
    do {
        held.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    } while (held.back() && static_cast<std::size_t>(held.back().get()) < count);
    return held;
}

std::variant<pid_t, std::string> run_program(const std::string& program, const std::vector<std::string>& words,
                                             std::span<const int> descriptors) {
    std::vector<FileDescriptor> sources;
    for (const int descriptor : descriptors) {
        sources.push_back(lifted(descriptor));
        if (!sources.back()) return failed("descriptors for a process");
    }
    const auto held = hold_numbers_below(descriptors.size());
    // Of its own: the launcher tells each descriptor of the context of the fork.
    boost::asio::io_context context;
    process::error_code error;
    process::posix::default_launcher launcher;
    NodeSetup setup(words.front(), sources);
    const std::span arguments = std::span(words).subspan(1);
    process::process started = launcher(context.get_executor(), error, program, arguments, setup);
    if (error) return program + ": " + error.message();
    return started.detach().id();
}

}  // namespace

std::variant<pid_t, std::string> spawn(const SpawnRequest& request) {
    std::vector<std::string> words{"gossipctl"};
    words.insert(words.end(), request.arguments.begin(), request.arguments.end());
    const FileDescriptor null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const FileDescriptor output = open_for_appending(request.stderr_path);
    if (!output) return failed(request.stderr_path);
    const std::array given{null.get(), output.get(), output.get(), request.listen_fd, request.control_fd};
    return run_program("/proc/self/exe", words, given);
}

std::variant<pid_t, std::string> spawn(const CommandRequest& request) {
    const auto program = find_program(request.words.front());  // before the fork, so that its reason can be said
    if (!program) return "cannot run " + request.words.front() + ": " + error_text(errno);
    const FileDescriptor output = open_for_appending(request.stderr_path);
    if (!output) return failed(request.stderr_path);
    return run_program(*program, request.words, std::array{request.channel_fd, request.channel_fd, output.get()});
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
