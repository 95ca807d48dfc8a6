#pragma once
// The running network's end of ctl and attach: commands of second terminals run between batches of events, wherever
// the first one waits.

#include "manager/shell/session.hpp"
#include "node/base/file_lock.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>

namespace gossip {

struct RemoteFrame;

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
    FileLock lock_;  // of the socket's name
    std::unique_ptr<boost::asio::posix::stream_descriptor> listener_;
    std::list<std::shared_ptr<Client>> clients_;
    boost::asio::steady_timer wake_;
};

}  // namespace gossip
