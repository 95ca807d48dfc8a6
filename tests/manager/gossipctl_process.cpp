#include "gossipctl_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace gossip::testing {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* quick_config =
    "[ports]\npeers = \"17000-17999\"\n"
    "[[seed]]\nip = \"127.0.0.1\"\nport = 16000\n"
    "[[seed]]\nip = \"127.0.0.1\"\nport = 16001\n"
    "[[seed]]\nip = \"127.0.0.1\"\nport = 16002\n"
    "[web]\nenabled = false\n";

void clean_environment(const fs::path& home) {
    for (const char* name : {"NO_COLOR", "INPUTRC", "XDG_STATE_HOME", "LANG", "LC_ALL", "LC_CTYPE"}) ::unsetenv(name);
    ::setenv("HOME", home.c_str(), 1);
    ::setenv("XDG_RUNTIME_DIR", home.c_str(), 1);  // its sockets: another network on these ports is none of ours
    ::setenv("TERM", "xterm", 1);
}

std::string slurp(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// /proc/PID/stat after the name in parentheses: state, parent, …
std::istringstream stat_fields(pid_t pid) {
    const std::string stat = slurp("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end = stat.rfind(')');
    return std::istringstream(end == std::string::npos ? std::string() : stat.substr(end + 1));
}

}  // namespace

// The ports are the same for all: one test process at a time.
Workplace::Workplace()
    : lock_(::open((fs::temp_directory_path() / "gossipctl-test-ports.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC,
                   0666)) {
    ::flock(lock_, LOCK_EX);
    std::string name = (fs::temp_directory_path() / "gossipctl-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    write("config.toml", quick_config);
}

Workplace::~Workplace() {
    std::error_code error;
    fs::remove_all(path_, error);
    ::close(lock_);
}

void Workplace::write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }

std::string Workplace::read(const std::string& name) const { return slurp(path_ / name); }

Gossipctl::Gossipctl(const Workplace& place, const std::vector<std::string>& arguments, Input input,
                     const std::map<std::string, std::string>& environment) {
    start(place, arguments, input, environment);
}

void Gossipctl::start(const Workplace& place, const std::vector<std::string>& arguments, Input input,
                      const std::map<std::string, std::string>& environment) {
    std::vector<char*> words{const_cast<char*>("gossipctl")};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    if (input == Input::pipe &&
        (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0)) {
        std::abort();
    }
    winsize size{.ws_row = 30, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1;
    pid_ = input == Input::terminal ? ::forkpty(&master, nullptr, nullptr, &size) : ::fork();
    if (pid_ == 0) {
        if (input == Input::pipe) {
            ::dup2(in[0], 0);
            ::dup2(out[1], 1);
            ::dup2(err[1], 2);
        }
        clean_environment(place.path());
        for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
        if (::chdir(place.path().c_str()) != 0) ::_exit(126);
        ::execv(GOSSIPCTL_PATH, words.data());
        ::_exit(127);
    }
    if (input == Input::terminal) {
        input_ = master;
        output_ = ::dup(master);
        return;
    }
    for (const int fd : {in[0], out[1], err[1]}) ::close(fd);
    input_ = in[1];
    output_ = out[0];
    error_ = err[0];
}

Gossipctl::~Gossipctl() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {input_, output_, error_}) {
        if (fd >= 0) ::close(fd);
    }
}

void Gossipctl::type(const std::string& text) const {
    if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
}

void Gossipctl::resize(unsigned short columns) const {
    const winsize size{.ws_row = 30, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::ioctl(input_, TIOCSWINSZ, &size) != 0) std::abort();
}

bool Gossipctl::echoes() const {
    termios settings{};
    if (::tcgetattr(input_, &settings) != 0) std::abort();
    return (settings.c_lflag & ECHO) != 0;
}

void Gossipctl::close_input() {
    ::close(input_);
    input_ = -1;
}

void Gossipctl::signal(int number) const { ::kill(pid_, number); }

bool Gossipctl::read_some(Seconds within) {
    pollfd fds[2] = {{output_, POLLIN, 0}, {error_, POLLIN, 0}};
    if (::poll(fds, 2, static_cast<int>(within.count() * 1000)) <= 0) return false;
    bool got = false;
    for (int i = 0; i < 2; ++i) {
        if (fds[i].revents == 0) continue;
        char buffer[4096];
        const ssize_t size = ::read(fds[i].fd, buffer, sizeof buffer);
        int& fd = i == 0 ? output_ : error_;
        if (size > 0) {
            (i == 0 ? out_ : err_).append(buffer, static_cast<std::size_t>(size));
            got = true;
        } else {
            ::close(fd);
            fd = -1;
        }
    }
    return got;
}

bool Gossipctl::shows(const std::string& text, Seconds within) {
    const auto deadline = Clock::now() + within;
    for (;;) {
        const std::size_t at = out_.find(text, matched_);
        if (at != std::string::npos) {
            matched_ = at + text.size();
            return true;
        }
        const Seconds left = deadline - Clock::now();
        if (left.count() <= 0 || output_ < 0) return false;
        read_some(left);
    }
}

int Gossipctl::exit_code(Seconds within) {
    const auto deadline = Clock::now() + within;
    while ((output_ >= 0 || error_ >= 0) && Clock::now() < deadline) read_some(deadline - Clock::now());
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
        if (Clock::now() >= deadline) return -1;
        std::this_thread::sleep_for(
            std::chrono::milliseconds(1));  // its end is not an event we can wait for with a limit
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Finished run_gossipctl(const Workplace& place, const std::vector<std::string>& arguments, const std::string& input) {
    Gossipctl process(place, arguments);
    process.type(input);
    process.close_input();
    const int code = process.exit_code(Seconds(60));
    return {code, process.out(), process.err()};
}

std::string field(const std::string& tsv, int port, int column) {
    std::istringstream lines(tsv);
    const std::string ending = ":" + std::to_string(port);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string text;
        std::getline(fields, text, '\t');
        if (!text.ends_with(ending)) continue;
        for (int i = 0; i < column; ++i) {
            text.clear();
            std::getline(fields, text, '\t');
        }
        found = text;
    }
    return found;
}

char process_state(pid_t pid) {
    char state = 0;
    stat_fields(pid) >> state;
    return state;
}

bool is_gone(pid_t pid) {
    const char state = process_state(pid);
    return state == 0 || state == 'Z' || state == 'X';
}

bool all_gone(const std::vector<pid_t>& pids, Seconds within) {
    const auto deadline = Clock::now() + within;
    for (;;) {
        bool gone = true;
        for (const pid_t pid : pids) gone = gone && is_gone(pid);
        if (gone || Clock::now() >= deadline) return gone;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));  // processes that are not our children
    }
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> pids;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        char state = 0;
        pid_t ppid = 0;
        stat_fields(std::stoi(name)) >> state >> ppid;
        if (ppid == parent) pids.push_back(std::stoi(name));
    }
    return pids;
}

}  // namespace gossip::testing
