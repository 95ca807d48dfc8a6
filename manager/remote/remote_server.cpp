#include "manager/remote/remote_server.hpp"

#include "manager/remote/remote_socket.hpp"
#include "manager/shell/completion.hpp"
#include "manager/shell/remote_job.hpp"
#include "manager/shell/session.hpp"
#include "node/base/descriptor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gossip {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr std::size_t unsent_limit = 64 * 1024 * 1024;

}  // namespace

// A connection; its pending operations keep it alive.
struct RemoteServer::Client : std::enable_shared_from_this<Client> {
    Client(boost::asio::io_context& io, int fd) : socket(io, fd) {}

    void await_input() {
        socket.async_wait(Descriptor::wait_read, [self = shared_from_this()](const error_code& error) {
            if (!error && self->read_some()) self->await_input();
        });
    }

    bool read_some() {
        std::array<char, 16 * 1024> buffer;
        const ssize_t size = ::read(socket.native_handle(), buffer.data(), buffer.size());
        if (size < 0) return errno == EAGAIN || errno == EINTR || (gone = true, false);
        if (size == 0) return gone = true, false;
        reader.feed({buffer.data(), static_cast<std::size_t>(size)});
        return true;
    }

    void send(std::string_view kind, std::string_view payload) {
        if (gone) return;
        unsent += encode_frame(kind, payload);
        if (unsent.size() > unsent_limit) gone = true;
        if (!writing) write_some();
    }

    void write_some() {
        writing = false;
        const ssize_t size = ::send(socket.native_handle(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
        if (size < 0 && errno != EAGAIN && errno != EINTR) gone = true;
        if (size > 0) unsent.erase(0, static_cast<std::size_t>(size));
        if (gone || unsent.empty()) return;
        writing = true;
        socket.async_wait(Descriptor::wait_write, [self = shared_from_this()](const error_code& error) {
            if (!error) self->write_some();
        });
    }

    Descriptor socket;
    FrameReader reader;
    std::string unsent;
    std::unique_ptr<RemoteJob> job;
    bool attached{false};  // it wants to hear what happens
    bool writing{false};
    bool gone{false};
    std::string prompt;
};

RemoteServer::RemoteServer(Session& session) : session_(session), wake_(session.loop().io()) {}

RemoteServer::~RemoteServer() {
    session_.loop().on_idle(this, {});
    session_.console().set_listener({});
    if (listener_) ::unlink(path_.c_str());
    for (const auto& client : clients_) client->socket.close();
}

std::string RemoteServer::open() {
    const RuntimeFolder folder = runtime_folder();
    if (!folder.problem.empty()) return folder.problem;
    path_ = socket_path(folder.path, endpoint(session_.network().plan().config.seeds.front()).port);
    auto listening = listen_at(path_);
    if (auto* problem = std::get_if<std::string>(&listening)) return std::move(*problem);
    lock_ = std::move(std::get<ListeningSocket>(listening).lock);
    const int fd = std::get<ListeningSocket>(listening).fd.release();
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    listener_ = std::make_unique<Descriptor>(session_.loop().io(), fd);
    session_.loop().on_idle(this, [this] { serve(); });
    await_client();
    return {};
}

void RemoteServer::await_client() {
    listener_->async_wait(Descriptor::wait_read, [this](const error_code& error) {
        if (error) return;
        accept();
        await_client();
    });
}

void RemoteServer::accept() {
    const int fd = ::accept4(listener_->native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    clients_.push_back(std::make_shared<Client>(session_.loop().io(), fd));
    clients_.back()->await_input();
}

// A served command may wait and let new clients come: the list only grows at its end meanwhile.
void RemoteServer::serve() {
    std::optional<std::chrono::steady_clock::time_point> wake;
    bool attached = false;
    for (auto client = clients_.begin(); client != clients_.end();) {
        const std::shared_ptr<Client> current = *client;
        const bool keep = serve_client(*current, wake);
        attached = attached || (keep && current->attached);
        client = keep ? std::next(client) : clients_.erase(client);
        if (!keep) current->socket.close();
    }
    if (!attached) session_.console().set_listener({});
    if (!wake || *wake == wake_.expiry()) return;  // to set it anew is itself an event, which would call us again
    wake_.expires_at(*wake);
    wake_.async_wait([](const error_code&) {});  // the loop turns, and serves
}

bool RemoteServer::serve_client(Client& client, std::optional<std::chrono::steady_clock::time_point>& wake) {
    std::optional<RemoteFrame> frame;
    while (!client.gone) {
        if (!client.job) {
            if (!client.reader.next(frame)) return false;
            if (!frame) break;
            handle(client, *frame);
        } else if (client.job->advance(wake)) {
            const int code = client.job->exit_code();
            client.job.reset();
            client.send(session_.open() ? "done" : "closing", std::to_string(code));
        } else {
            break;
        }
    }
    if (client.attached && client.prompt != session_.prompt()) {
        client.prompt = session_.prompt();
        client.send("prompt", client.prompt);
    }
    return !client.gone;
}

void RemoteServer::handle(Client& client, const RemoteFrame& frame) {
    if (frame.kind == "run") {
        auto request = decode_run(frame.payload);
        if (!request) return void(client.gone = true);
        client.job = std::make_unique<RemoteJob>(
            session_, std::move(*request),
            [&client](std::string_view kind, std::string_view payload) { client.send(kind, payload); });
    } else if (frame.kind == "attach") {
        client.attached = true;
        session_.console().set_listener([this](std::string_view line) { announce(line); });
    } else if (frame.kind == "complete") {
        const std::size_t line = frame.payload.find('\n');
        if (line == std::string::npos) return void(client.gone = true);
        std::string words;
        for (const std::string& word :
             completions(frame.payload.substr(0, line), frame.payload.substr(line + 1), session_.network().view())) {
            words += word + "\n";
        }
        client.send("words", words);
    } else {
        client.gone = true;
    }
}

void RemoteServer::announce(std::string_view line) {
    for (const auto& client : clients_) {
        if (client->attached) client->send("note", line);
    }
}

}  // namespace gossip
