#pragma once
// The running network's end of ctl and attach. Commands of second terminals run between batches of events,
// wherever the first one waits; what would hold it up (wait, sleep, repeat) is taken apart and looked after here.

#include "manager/remote/remote_socket.hpp"
#include "manager/shell/condition_watch.hpp"
#include "manager/shell/session.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <list>
#include <memory>

namespace gossip {

// What one second terminal asked for, and how far it is.
class RemoteJob {
public:
    using Emit = std::function<void(std::string_view kind, std::string_view payload)>;

    RemoteJob(Session& session, RunRequest request, Emit emit);
    // Goes on as far as it can; true when it is done. `wake` is when to look again at the latest.
    bool advance(std::optional<std::chrono::steady_clock::time_point>& wake);
    [[nodiscard]] int exit_code() const { return exit_code_; }

private:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Step {
        Command command;
        std::uint64_t times{1};  // of a repeat: rounds still to go
        std::string file{};      // of a sourced file
    };
    struct Waiting {
        std::unique_ptr<WaitRequest> request;  // none: a sleep
        std::unique_ptr<ConditionWatch> watch;
        Duration timeout{};
        Deadline deadline{};
        Step step;
    };

    void parse();
    bool run_next();
    void begin_wait(Step step);
    void begin_sleep(Step step);
    void unroll(Step step);
    void include(const Step& step);
    void run_command(const Step& step);
    bool still_waiting(std::optional<Deadline>& wake);
    void fail(Failure failure, const Step* step);

    Session& session_;
    RunRequest request_;
    Emit emit_;
    Console::Manner manner_;
    std::deque<Step> steps_;
    std::optional<Waiting> waiting_;
    bool parsed_{false};
    bool ended_{false};
    bool left_{false};  // it said exit
    int exit_code_{0};
};

class RemoteServer {
public:
    explicit RemoteServer(Session& session);
    ~RemoteServer();
    RemoteServer(const RemoteServer&) = delete;
    RemoteServer& operator=(const RemoteServer&) = delete;

    // Why nobody can attach; empty when they can.
    std::string open();

private:
    struct Client;

    void await_client();
    void accept();
    void serve();
    bool serve_client(Client& client, std::optional<std::chrono::steady_clock::time_point>& wake);
    void handle(Client& client, const RemoteFrame& frame);
    void announce(std::string_view line);

    Session& session_;
    std::string path_;
    std::unique_ptr<boost::asio::posix::stream_descriptor> listener_;
    std::list<std::shared_ptr<Client>> clients_;
    boost::asio::steady_timer wake_;
};

}  // namespace gossip
