#include "manager/remote/remote_client.hpp"

#include "manager/base/event_loop.hpp"
#include "manager/base/failure.hpp"
#include "manager/base/output.hpp"
#include "manager/base/terminal.hpp"
#include "manager/remote/remote_options.hpp"
#include "manager/remote/remote_socket.hpp"
#include "manager/shell/command_table.hpp"
#include "manager/shell/line_reader.hpp"
#include "manager/shell/run_request.hpp"
#include "node/base/descriptor.hpp"
#include "node/base/file.hpp"
#include "node/base/value_text.hpp"
#include "node/base/words.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace gossip {
namespace {

constexpr std::string_view ended_text = "the network has ended";

// Frames over a blocking socket.
class Line {
public:
    explicit Line(FileDescriptor fd) : fd_(std::move(fd)) {}
    [[nodiscard]] int fd() const { return fd_.get(); }

    bool send(std::string_view kind, std::string_view payload) {
        const std::string bytes = encode_frame(kind, payload);
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const ssize_t size = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0 && errno == EAGAIN && await_room()) continue;
            if (size <= 0) return false;
            sent += static_cast<std::size_t>(size);
        }
        return true;
    }

    // Waits for it; nothing when the other side is gone.
    std::optional<RemoteFrame> receive() {
        std::optional<RemoteFrame> frame;
        while (reader_.next(frame)) {
            if (frame || !await_some()) return frame;
        }
        return std::nullopt;
    }

    // What is there already, without waiting.
    bool take(std::optional<RemoteFrame>& frame) { return reader_.next(frame); }

    // False when the other side is gone. There may be nothing to read: the event loop shares the socket.
    bool read_some() {
        std::array<char, 64 * 1024> buffer;
        const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size > 0) reader_.feed({buffer.data(), static_cast<std::size_t>(size)});
        return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
    }

    bool await_some() {
        pollfd ready{fd_.get(), POLLIN, 0};
        return (::poll(&ready, 1, -1) > 0 || errno == EINTR) && read_some();
    }

private:
    bool await_room() {
        pollfd ready{fd_.get(), POLLOUT, 0};
        return ::poll(&ready, 1, -1) > 0 || errno == EINTR;
    }

    FileDescriptor fd_;
    FrameReader reader_;
};

void print(const RemoteFrame& frame) {
    if (frame.kind == "out") return write_output(frame.payload);
    static_cast<void>(write_all(STDERR_FILENO, frame.payload));
}

int code_of(const RemoteFrame& frame) { return static_cast<int>(parse_count(frame.payload).value_or(1)); }

// After exit: until the nodes have ended and the manager with them.
void await_end(Line& line) {
    while (line.receive()) {
    }
}

int run_text(Line& line, const RunRequest& request) {
    if (!line.send("run", encode_run(request))) return complain(ErrorKind::command, std::string(ended_text));
    while (auto frame = line.receive()) {
        if (frame->kind == "done") return code_of(*frame);
        if (frame->kind == "closing") {
            await_end(line);
            return code_of(*frame);
        }
        print(*frame);
    }
    return complain(ErrorKind::command, std::string(ended_text));
}

std::string read_input() {
    std::string text;
    std::array<char, 4096> buffer;
    for (std::size_t size; (size = std::fread(buffer.data(), 1, buffer.size(), stdin)) > 0;) {
        text.append(buffer.data(), size);
    }
    return text;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
        out.emplace_back(text.substr(0, end));
    }
    return out;
}

// A prompt for another terminal, with what happens above it.
class AttachedShell {
public:
    AttachedShell(Line& line, const RemoteOptions& options)
        : line_(line),
          options_(options),
          input_(loop_.io(), ::dup(line.fd())),
          reader_(loop_.io(), history_file(),
                  [this](const std::string& before, const std::string& word) { return completions(before, word); }) {
        loop_.on_suspend([this] { reader_.suspend(); });
        await_frames();
    }

    int run() {
        if (!line_.send("attach", "")) gone_ = true;
        while (!gone_) {
            reader_.start(prompt_);
            const WaitEnd end = loop_.run_until([this] { return reader_.ready() || gone_; });
            if (end == WaitEnd::interrupted) {
                reader_.drop_line();
                continue;
            }
            if (end == WaitEnd::terminated || gone_) break;
            const auto text = reader_.take();
            if (!text) return leave("detached; the network runs on");
            if (!trim(*text).empty()) run_line(*text);
        }
        reader_.stop();
        if (loop_.termination() != 0) return 128 + loop_.termination();
        return leave(ended_text);
    }

private:
    static int leave(std::string_view text) {
        std::printf("%s\n", std::string(text).c_str());
        return 0;
    }

    void run_line(const std::string& text) {
        busy_ = line_.send("run", encode_run({options_.format_name(), options_.colored(), true, text + "\n",
                                              terminal_width(STDOUT_FILENO)}));
        // A Ctrl-C here has nothing to end but our own wait: the command goes on over there.
        const WaitEnd end = loop_.run_until([this] { return !busy_ || gone_; });
        if (end == WaitEnd::terminated) gone_ = true;
        if (end == WaitEnd::interrupted) gone_ = !reconnect();
    }

    // A connection that is gone ends its command.
    bool reconnect() {
        std::printf("\n");
        busy_ = false;
        FileDescriptor fresh = connect_to(options_.path);
        if (!fresh) return false;
        boost::system::error_code ignored;
        input_.close(ignored);
        line_ = Line(std::move(fresh));
        input_.assign(::dup(line_.fd()));
        await_frames();
        return line_.send("attach", "");
    }

    void await_frames() {
        input_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this](const boost::system::error_code& error) {
                              if (error) return;
                              gone_ = !line_.read_some() || gone_;
                              take_frames();
                              if (!gone_) await_frames();
                          });
    }

    void take_frames() {
        std::optional<RemoteFrame> frame;
        while (line_.take(frame) && frame) handle(*frame);
    }

    void handle(const RemoteFrame& frame) {
        if (frame.kind == "done" || frame.kind == "closing") {
            busy_ = false;
        } else if (frame.kind == "prompt") {
            prompt_ = frame.payload;
            if (!busy_) reader_.set_prompt(prompt_);
        } else if (frame.kind == "note") {
            show(frame.payload + "\n");
        } else if (frame.kind == "words") {
            words_ = frame.payload;
        } else {
            show(frame.payload);
        }
    }

    void show(const std::string& text) {
        if (reader_.above(text)) return;
        std::fflush(stdout);
        static_cast<void>(write_all(STDOUT_FILENO, text));
    }

    // Asked from within readline: the answer is awaited on the spot, at most as long as the manager is busy.
    std::vector<std::string> completions(const std::string& before, const std::string& word) {
        words_.reset();
        if (!line_.send("complete", before + "\n" + word)) return {};
        while (!words_ && line_.await_some()) take_frames();
        return lines_of(words_.value_or(""));
    }

    Line& line_;
    const RemoteOptions& options_;
    EventLoop loop_;
    boost::asio::posix::stream_descriptor input_;
    LineReader reader_;
    std::string prompt_{"gossip> "};
    std::optional<std::string> words_;
    bool busy_{false};
    bool gone_{false};
};

// The one that was asked for, or the only one.
std::variant<FileDescriptor, std::string> find_network(RemoteOptions& options) {
    const RuntimeFolder folder = runtime_folder();
    if (!folder.problem.empty()) return folder.problem;
    const auto networks = running_networks(folder.path);
    std::string names;
    for (const RunningNetwork& network : networks) {
        names += (names.empty() ? "" : ", ") + std::to_string(network.name);
        if (options.network && *options.network != network.name) continue;
        options.path = network.path;
    }
    if (networks.empty()) return "no network runs here; gossipctl starts one";
    if (!options.network && networks.size() > 1) {
        return std::to_string(networks.size()) + " networks run; choose one by its first seed's port: --network " +
               std::to_string(networks.front().name) + " (there are " + names + ")";
    }
    if (options.path.empty()) return "no network " + std::to_string(*options.network) + "; there are " + names;
    FileDescriptor fd = connect_to(options.path);
    if (!fd) return std::string(ended_text);
    return fd;
}

template <class Run>
int with_network(const std::vector<std::string>& arguments, std::string_view usage, Run run) {
    auto parsed = parse_remote_options(arguments);
    if (const auto* problem = std::get_if<std::string>(&parsed)) return complain(ErrorKind::usage, *problem);
    auto& options = std::get<RemoteOptions>(parsed);
    if (options.help) {
        std::fwrite(usage.data(), 1, usage.size(), stdout);
        return 0;
    }
    auto found = find_network(options);
    if (const auto* problem = std::get_if<std::string>(&found)) return complain(ErrorKind::command, *problem);
    Line line(std::get<FileDescriptor>(std::move(found)));
    return run(line, options);
}

}  // namespace

int ctl_command(const std::vector<std::string>& arguments) {
    return with_network(arguments, ctl_usage, [](Line& line, const RemoteOptions& options) {
        std::string text = options.command;
        if (text.empty() && ::isatty(STDIN_FILENO) == 1) {
            return complain(ErrorKind::usage, "ctl needs a command, as in: gossipctl ctl list");
        }
        if (text.empty()) text = read_input();
        return run_text(line,
                        {options.format_name(), options.colored(), false, text + "\n", terminal_width(STDOUT_FILENO)});
    });
}

std::vector<std::string> remote_completions(const std::string& before, const std::string& word) {
    RemoteOptions options;
    auto found = find_network(options);
    if (auto* fd = std::get_if<FileDescriptor>(&found)) {
        Line line(std::move(*fd));
        const bool asked = line.send("complete", before + "\n" + word);
        const auto frame = asked ? line.receive() : std::nullopt;
        return frame ? lines_of(frame->payload) : std::vector<std::string>{};
    }
    std::vector<std::string> verbs;
    for (const CommandSpec& spec : command_table()) {
        if (before.empty() && spec.verb.starts_with(word)) verbs.emplace_back(spec.verb);
    }
    return verbs;
}

int attach_command(const std::vector<std::string>& arguments) {
    return with_network(arguments, attach_usage, [](Line& line, const RemoteOptions& options) {
        if (!options.command.empty()) {
            return complain(ErrorKind::usage, "attach takes no command; see gossipctl ctl");
        }
        if (::isatty(STDIN_FILENO) != 1) return run_text(line, {options.format_name(), false, false, read_input(), 0});
        AttachedShell shell(line, options);
        return shell.run();
    });
}

}  // namespace gossip
