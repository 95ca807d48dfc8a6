// The unavoidable work of a bring-up and nothing else: three servers that put every request on disk
// (many in one fdatasync) before they answer, and N executed processes that each ask two of them.
// What gossipctl takes is printed as a ratio to this, measured in the same run.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int seed_count = 3;
constexpr int backlog = 512;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Any free port; it is returned.
int listen_anywhere(int& port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, backlog) != 0) fail("listen");
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return fd;
}

void serve(int listener, const std::string& journal_path) {
    const int journal = open(journal_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (journal < 0) fail("journal");
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    const auto watch = [poll](int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    };
    watch(listener);
    std::array<epoll_event, 256> events{};
    std::array<char, 4096> buffer{};
    for (;;) {
        const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        std::vector<int> asked;
        for (int i = 0; i < ready; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                watch(accept(listener, nullptr, nullptr));
                continue;
            }
            const ssize_t got = read(fd, buffer.data(), buffer.size());
            if (got <= 0) {
                close(fd);
            } else if (write(journal, buffer.data(), static_cast<std::size_t>(got)) == got) {
                asked.push_back(fd);
            }
        }
        if (asked.empty()) continue;
        if (fdatasync(journal) != 0) fail("fdatasync");
        for (const int fd : asked) {
            if (write(fd, "ok\n", 3) != 3) close(fd);
        }
    }
}

void register_with(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(port);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const std::string request(250, 'r');
    char answer[8];
    if (write(fd, request.data(), request.size()) < 0 || read(fd, answer, sizeof answer) <= 0) fail("register");
}

// argv: peer, two ports, the pipe that says "registered".
int peer(char** argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int own_port = 0;
    listen_anywhere(own_port);
    register_with(std::atoi(argv[2]));
    register_with(std::atoi(argv[3]));
    if (write(std::atoi(argv[4]), "r", 1) != 1) return 1;
    pause();
    return 0;
}

pid_t start_seed(int listener, const std::string& folder, int number) {
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener, folder + "/floor-" + std::to_string(number) + ".journal");
    }
    return pid;
}

pid_t start_peer(const char* self, const std::array<int, seed_count>& ports, int number, int pipe_end) {
    const std::string first = std::to_string(ports[static_cast<std::size_t>(number % seed_count)]);
    const std::string second = std::to_string(ports[static_cast<std::size_t>((number + 1) % seed_count)]);
    const std::string done = std::to_string(pipe_end);
    const pid_t pid = vfork();
    if (pid == 0) {
        execl(self, self, "peer", first.c_str(), second.c_str(), done.c_str(), nullptr);
        _exit(1);
    }
    return pid;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 5 && std::strcmp(argv[1], "peer") == 0) return peer(argv);
    if (argc != 3) {
        std::fprintf(stderr, "usage: bench_floor PEERS FOLDER\n");
        return 2;
    }
    const int peers = std::atoi(argv[1]);
    const auto start = std::chrono::steady_clock::now();
    std::vector<pid_t> children;
    std::array<int, seed_count> ports{};
    for (int i = 0; i < seed_count; ++i) {
        const int listener = listen_anywhere(ports[static_cast<std::size_t>(i)]);
        children.push_back(start_seed(listener, argv[2], i));
        close(listener);
    }
    int ends[2];
    if (pipe(ends) != 0) fail("pipe");
    for (int i = 0; i < peers; ++i) children.push_back(start_peer("/proc/self/exe", ports, i, ends[1]));
    char registered = 0;
    for (int i = 0; i < peers; ++i) {
        if (read(ends[0], &registered, 1) != 1) fail("read");
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%.4f\n", took.count());
    for (const pid_t child : children) kill(child, SIGKILL);
    while (wait(nullptr) > 0) {
    }
    return 0;
}
